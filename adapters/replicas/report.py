"""What a program tells the others with each beat: what it could do, and what it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from adapters.store.codec import decode, encode
from bot.watch.auditor import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`can`: the names of all duties that it would take. Ages in it are as of the beat."""

    can: frozenset[str] = frozenset()
    sees: Snapshot = field(default_factory=Snapshot)


def write(report: Report) -> str:
    """Write it for the database."""
    return encode(report)


def read(text: str) -> Report:
    """Read it; of what another version writes in another way nothing is known."""
    try:
        return decode(text, Report)
    except msgspec.MsgspecError:
        return Report()


def joined(seen: Iterable[Snapshot]) -> Snapshot:
    """Join what all programs see: a chat is connected where one of them receives from it."""
    whole = Snapshot()
    for each in seen:
        whole = Snapshot(
            polls={**whole.polls, **each.polls},
            connected={
                chat: whole.connected.get(chat, False) or each.connected.get(chat, False)
                for chat in {**whole.connected, **each.connected}
            },
            halted={**whole.halted, **{chat: why for chat, why in each.halted.items() if why}},
            lost={**whole.lost, **each.lost},
            crowded={**whole.crowded, **each.crowded},
            off={**whole.off, **each.off},
            strangers={**each.strangers, **{chat: who for chat, who in whole.strangers.items() if who}},
            connections=Counter(whole.connections) + Counter(each.connections),
        )
    return whole
