"""Slack's pace: about one message a second and channel, edits within the workspace's limit.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

from adapters.chat.pace import Bucket, ChannelPace
from bot.ports import Clock

__all__ = ["Bucket", "Pace"]


class Pace(ChannelPace):
    """The pace of posts in each channel, and one for all edits of the workspace."""

    POST_INTERVAL, POST_BURST = 1.0, 4
    EDIT_INTERVAL, EDIT_BURST = 1.25, 10  # tier 3: 50 a minute and workspace

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, interval=self.POST_INTERVAL, burst=self.POST_BURST)
        self.edits = Bucket(clock, interval=self.EDIT_INTERVAL, burst=self.EDIT_BURST)
