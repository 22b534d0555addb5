"""What an operator was told is remembered together with its message."""

from __future__ import annotations

import asyncio

from adapters.store.store import SqlStore
from bot.state import Cause, DeliveryState, Notice
from bot.watch.auditor import Queue
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, later

POLL = Notice(cause=Cause.POLL, subject="prod", problem="It cannot be watched.", since=NOW)


async def test_open_notice__once_with_its_message(database: SqlStore) -> None:
    """Of two that find the same at once one tells it; the other leaves no message behind."""
    told = await asyncio.gather(*(database.open_notice(POLL, a_delivery(key), NOW) for key in ("a", "b")))

    assert sorted(told) == [False, True]
    assert await database.notices() == (POLL,)
    assert (await database.depth()).waiting == 1


async def test_close_notice__once_with_its_message(database: SqlStore) -> None:
    """It is over once; then it can begin anew."""
    await database.open_notice(POLL, None, NOW)

    over = [await database.close_notice(Cause.POLL, "prod", a_delivery(key), later(9)) for key in ("a", "b")]

    assert over == [True, False]
    assert await database.notices() == ()
    assert (await database.depth()).waiting == 1
    assert await database.open_notice(POLL, None, NOW)


async def test_queues__by_channel_and_state(database: SqlStore) -> None:
    """The oldest of each says since when and why; what is delivered is not there."""
    for key, seconds in (("a", 0), ("b", 5), ("c", 9)):
        await database.enqueue(a_delivery(key), later(seconds))
    claimed = await database.claim(CHATS, later(9))
    assert claimed is not None
    await database.mark_dead(claimed, "no such channel")

    dead, waiting = await database.queues()

    assert dead == Queue(
        channel=CHANNEL,
        state=DeliveryState.DEAD,
        rows=1,
        first=claimed.id,
        recorded_at=NOW,
        reason="no such channel",
    )
    assert (waiting.state, waiting.rows, waiting.recorded_at) == (DeliveryState.PENDING, 2, later(5))
