"""What an operator is notified of: each cause once when it begins and once when it is over, also across restarts.

Whoever finds something calls `Operator.note`, as often as it likes: the database remembers what was sent. The
message is a row of the outbox, written in the same transaction, so it is neither lost nor doubled.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bot.cards import Card
from bot.model import Secret
from bot.ports import Clock, Notices
from bot.redact import masked
from bot.replies import operating
from bot.state import Cause, NewDelivery, Notice

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """How something stands; `problem`: what is wrong and how to fix it in full sentences, "" while all is well.

    `subject`: what it is about: a channel's id, a connection's name, a chat's name.
    """

    cause: Cause
    subject: str
    problem: str = ""


Others = Callable[[], Awaitable[Sequence[str]]]
"""Returns the channels that may be told what the operator's cannot, the first that can be reached being chosen."""
UNREACHED = frozenset({Cause.LOST, Cause.HALTED})  # a channel, or all of a chat, takes no messages


async def nobody() -> Sequence[str]:
    """Return no channel."""
    return ()


class Operator:
    """Tells the operator's channel, where there is one, and the log in any case.

    That a channel or a chat takes no messages is told elsewhere where the operator's channel is that one, or where there
    is none: one of `others`. `renderers`: how each chat writes a card. `on_rows` is called when there is something to
    deliver. `secrets` are masked in what is sent, wherever it comes from.
    """

    def __init__(
        self,
        store: Notices,
        clock: Clock,
        *,
        channel: str | None = None,
        renderers: Mapping[str, Callable[[Card], str]],
        on_rows: Callable[[], None] = lambda: None,
        secrets: Iterable[Secret] = (),
        others: Others = nobody,
    ) -> None:
        self.channel = channel
        self._store = store
        self._clock = clock
        self._renderers = renderers
        self._others = others
        self._on_rows = on_rows
        self._secrets = tuple(secrets)

    async def note(self, finding: Finding) -> None:
        """Notify of a problem that is new, or of one that is over. Raises `StoreError`; then nothing was sent."""
        found = {(n.cause, n.subject): n for n in await self._store.notices()}
        known = found.get((finding.cause, finding.subject))
        if finding.problem and known is None:
            await self._begin(finding, found.values())
        elif known is not None and not finding.problem:
            await self._end(known)

    async def open(self) -> tuple[Notice, ...]:
        """Return what is not over, oldest first. Raises `StoreError`."""
        return await self._store.notices()

    async def _begin(self, finding: Finding, open_: Iterable[Notice]) -> None:
        problem = masked(finding.problem, self._secrets)
        notice = Notice(
            cause=finding.cause,
            subject=finding.subject,
            problem=problem,
            since=self._clock.now(),
            channel=await self._elsewhere(finding, open_),
        )
        card = operating.begun(notice.cause, notice.problem, elsewhere=bool(notice.channel))
        message = self._message(notice, "begun", card)
        if await self._store.open_notice(notice, message, notice.since):
            log.error("%s", problem)
            self._on_rows()

    async def _end(self, notice: Notice) -> None:
        now = self._clock.now()
        card = operating.over(notice.cause, notice.problem, notice.since, now)
        message = self._message(notice, "over", card)
        if await self._store.close_notice(notice.cause, notice.subject, message, now):
            log.warning("over: %s", notice.problem)
            self._on_rows()

    async def _elsewhere(self, finding: Finding, open_: Iterable[Notice]) -> str:
        """Return where a problem is told that the operator's channel cannot be told of, "" where that is no question."""
        unreached = {notice.subject for notice in open_ if notice.cause in UNREACHED} | {finding.subject}
        if finding.cause not in UNREACHED or (self.channel and _reached(self.channel, unreached)):
            return ""
        there = (channel for channel in await self._others() if channel.partition(":")[0] in self._renderers)
        return next((channel for channel in there if _reached(channel, unreached)), "")

    def _message(self, notice: Notice, what: str, card: Card) -> NewDelivery | None:
        """Return the message; none about the operator's own channel, which could only come when it is over."""
        channel = notice.channel or self.channel or ""
        render = self._renderers.get(channel.partition(":")[0])
        if render is None or notice.subject == channel:
            return None
        return NewDelivery(key=key_of(notice, what), channel=channel, payload=render(card))


def _reached(channel: str, unreached: Collection[str]) -> bool:
    """Whether a channel is none of those that take no messages, and in none of such chats."""
    return channel not in unreached and channel.partition(":")[0] not in unreached


def key_of(notice: Notice, what: str) -> str:
    """Return the key of a message about a notice: it says the same once, however often it is found out."""
    about = sha256(notice.subject.encode("utf-8", "replace")).hexdigest()[:16]
    return f"operator:{notice.cause}:{about}:{notice.since.isoformat()}:{what}"
