"""Whether programs elsewhere receive with our app token: Slack says with each connection how many the app has.

What it counts may be a little old: a connection that broke a minute ago may be among them. So somebody is there when Slack
counts more than ours again some minutes later, and never fewer in between.
"""

from __future__ import annotations

from bot.ports import Clock
from bot.replies import operating

LOOKS = 3  # at what other programs of ours have, after Slack has counted: they say it a little later
LASTING = 300.0  # seconds


class Strangers:
    """Compares what Slack counts with what is ours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: int | None = None  # connections that Slack counted and this program has not
        self._elsewhere: list[int] = []
        self._since: float | None = None  # when Slack counted more for the first time
        self._sentence: str | None = None

    def hello(self, counted: int, own: int) -> None:
        """Take what Slack counts now, and how many of them are this program's."""
        self._left, self._elsewhere = counted - own, []

    def look(self, elsewhere: int) -> str | None:
        """Say what is known. `elsewhere`: how many connections other programs of ours had lately."""
        self._elsewhere = [*self._elsewhere, elsewhere][-LOOKS:]
        if self._left is not None and len(self._elsewhere) == LOOKS:
            more, self._left = self._left - max(self._elsewhere), None
            self._judge(more)
        return self._sentence

    def _judge(self, more: int) -> None:
        if more <= 0:
            self._since, self._sentence = None, ""
            return
        now = self._clock.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since >= LASTING:
            self._sentence = operating.others_connected("Slack", more)
