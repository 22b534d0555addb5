"""Messages that are not delivered, those that need a person first, with the reason."""

from __future__ import annotations

from datetime import datetime

from adapters.cli.outbox import FATES
from adapters.cli.page.known import Kind, Known, ListPage, State, begin_of
from adapters.store.outbox_admin import Entry
from adapters.web.page.app import Query, Values
from bot.replies.wording import ago, clock_time
from bot.state import DeliveryState

SIZE = 50
KINDS: dict[DeliveryState, Kind] = {DeliveryState.DEAD: "bad", DeliveryState.UNKNOWN: "bad"}
_TO_COME = frozenset({DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.SENDING})


async def read(known: Known, query: Query) -> Values:
    """Return a page of it. Raises `StoreError`."""
    first = begin_of(query)
    entries, total = await known.store.entries(SIZE, skip=first - 1)
    page = ListPage(first=first, shown=len(entries), size=SIZE, total=total, query=query)
    return {"page": page, "entries": [_row(entry, known) for entry in entries]}


def _next(due: datetime, known: Known) -> str:
    return clock_time(due) if due > known.now else "due now"


def _row(entry: Entry, known: Known) -> dict[str, object]:
    delivery = entry.delivery
    due = max(entry.next_at, entry.held_until or entry.next_at)
    ending = delivery.ending
    return {
        "id": delivery.id,
        "state": State(delivery.state.value, KINDS.get(delivery.state, "")),
        "fate": FATES[delivery.state],
        "channel": delivery.channel,
        "thread": bool(delivery.thread),
        "about": f"{ending.launcher or ending.run.run_id}: {ending.outcome}" if ending else "",
        "recorded": f"{clock_time(entry.recorded_at)}, {ago(entry.recorded_at, known.now)}",
        "attempts": delivery.attempts,
        "next": _next(due, known) if delivery.state in _TO_COME else "",
        "reason": delivery.error,
    }
