"""The pace of a chat: posts spread over time in each channel, and its rate limits; waits, never drops."""

from __future__ import annotations

from prometheus_client import Histogram

from bot.cache import Bounded
from bot.ports import Clock, Halted, NotDelivered, PostOutcome

KEPT = 2000  # channels whose pace is remembered


class Bucket:
    """Lets `burst` through at once and then one every `interval` seconds, in the order of asking."""

    def __init__(self, clock: Clock, *, interval: float, burst: int) -> None:
        self._clock = clock
        self._interval = interval
        self._credit = interval * (burst - 1)
        self._even = clock.monotonic()  # when the pace would be even again

    async def turn(self) -> float:
        """Wait for a turn; return how many seconds it took."""
        now = self._clock.monotonic()
        even = max(self._even, now)
        self._even = even + self._interval
        wait = max(0.0, even - self._credit - now)
        if wait:
            await self._clock.sleep(wait)
        return wait


class ChannelPace:
    """One bucket per channel for posts, until when the chat limits the rate of each, and whether it takes any.

    `title` names the chat to people; `waited` measures how long posts wait.
    """

    def __init__(self, clock: Clock, title: str, waited: Histogram, *, interval: float, burst: int) -> None:
        self.halted = ""  # why nothing is sent any more
        self._clock = clock
        self._title = title
        self._waited = waited
        self._interval = interval
        self._burst = burst
        self._channels: Bounded[str, Bucket] = Bounded(KEPT)
        self._rate_limited_until: dict[str, float] = {}

    async def post_turn(self, channel: str) -> float:
        """Wait until a message to a channel is due; return how many seconds it took."""
        bucket = self._channels.get(channel) or Bucket(
            self._clock, interval=self._interval, burst=self._burst
        )
        return await self._channels.put(channel, bucket).turn()

    async def turn(self, channel: str) -> PostOutcome | None:
        """Wait for a channel's turn; return why nothing may be sent at all now."""
        if not self.halted and not self.rate_limited(channel):
            self._waited.observe(await self.post_turn(channel))
        if self.halted:
            return Halted(self.halted)
        if limited := self.rate_limited(channel):
            return NotDelivered(f"{self._title} asked for a pause.", retry_after=limited, limits_channel=True)
        return None

    def rate_limit(self, channel: str, seconds: float) -> None:
        """Send nothing to a channel for so long: the chat refused a call there as one too many (429)."""
        self._rate_limited_until[channel] = self._clock.monotonic() + seconds

    def rate_limited(self, channel: str) -> float:
        """Return for how many more seconds nothing may be sent to a channel."""
        left = self._rate_limited_until.get(channel, 0.0) - self._clock.monotonic()
        if left <= 0:
            self._rate_limited_until.pop(channel, None)
        return max(0.0, left)

    @property
    def rate_limited_channels(self) -> int:
        """How many channels wait because the chat asked for it."""
        return sum(self.rate_limited(channel) > 0 for channel in list(self._rate_limited_until))
