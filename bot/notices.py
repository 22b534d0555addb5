"""What an operator is notified of: each cause once when it begins and once when it is over, also across restarts.

Whoever finds something calls `Operator.note`, as often as it likes: the database remembers what was sent. The
message is a row of the outbox, written in the same transaction, so it is neither lost nor doubled.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
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


class Operator:
    """Tells the operator's channel, where there is one, and the log in any case.

    `render`: how the channel's chat writes a card. `on_rows` is called when there is something to deliver.
    `secrets` are masked in what is sent, wherever it comes from.
    """

    def __init__(
        self,
        store: Notices,
        clock: Clock,
        *,
        channel: str | None = None,
        render: Callable[[Card], str] | None = None,
        on_rows: Callable[[], None] = lambda: None,
        secrets: Iterable[Secret] = (),
    ) -> None:
        self.channel = channel
        self._store = store
        self._clock = clock
        self._render = render
        self._on_rows = on_rows
        self._secrets = tuple(secrets)

    async def note(self, finding: Finding) -> None:
        """Notify of a problem that is new, or of one that is over. Raises `StoreError`; then nothing was sent."""
        found = {(n.cause, n.subject): n for n in await self._store.notices()}
        known = found.get((finding.cause, finding.subject))
        if finding.problem and known is None:
            await self._begin(finding)
        elif known is not None and not finding.problem:
            await self._end(known)

    async def open(self) -> tuple[Notice, ...]:
        """Return what is not over, oldest first. Raises `StoreError`."""
        return await self._store.notices()

    async def _begin(self, finding: Finding) -> None:
        problem = masked(finding.problem, self._secrets)
        notice = Notice(
            cause=finding.cause, subject=finding.subject, problem=problem, since=self._clock.now()
        )
        message = self._message(notice, "begun", operating.begun(notice.cause, notice.problem))
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

    def _message(self, notice: Notice, what: str, card: Card) -> NewDelivery | None:
        """Return the message; none about the operator's own channel, which could only come when it is over."""
        if self.channel is None or self._render is None or notice.subject == self.channel:
            return None
        return NewDelivery(key=key_of(notice, what), channel=self.channel, payload=self._render(card))


def key_of(notice: Notice, what: str) -> str:
    """Return the key of a message about a notice: it says the same once, however often it is found out."""
    about = sha256(notice.subject.encode("utf-8", "replace")).hexdigest()[:16]
    return f"operator:{notice.cause}:{about}:{notice.since.isoformat()}:{what}"
