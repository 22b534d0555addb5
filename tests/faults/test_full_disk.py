"""A machine without room: nothing is posted that is not on record, and with room again all goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.store.store import SqlStore, open_store
from adapters.web.health import LATE_POLLS, Health
from bot.state import Subscription
from bot.watch.deliver import Deliverer
from tests.fakes.runs import some_results
from tests.fakes.watching import CHANNEL, Watching


async def limit_pages(store: SqlStore, *, growth: int) -> None:
    """Let the file grow by so many pages; the limit holds for the one connection that there is."""
    async with store._db.reading() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages + growth}"))


async def unheard(sentence: str) -> None:
    """Tell nobody."""


async def test_full__nothing_is_posted_and_it_recovers_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of a run that cannot be written down is announced once, when it can be."""
    async with open_store(f"sqlite:///{tmp_path}/clew.db") as store:
        it = Watching(store=store)  # type: ignore[arg-type]  # the real one, in the place of the fake
        deliverer = Deliverer(it.chat, store, services={}, clock=it.clock, tell_operator=unheard)
        polls = lambda: {"demo": it.poller.health.last_good}  # noqa: E731 - as the process wires it
        health = Health(store=store, clock=it.clock, polls=polls, chats=lambda: {"fake": True})
        await it.begin(Subscription(channel=CHANNEL))
        run = it.starts()
        await it.tick()
        await limit_pages(store, growth=2)
        failing = tuple(f"Property {number} of many with a long name" for number in range(3_000))
        it.clock.pass_time(60)
        it.service.finish(run, some_results(run, failing=failing))
        while it.clock.monotonic() - (it.poller.health.last_good or 0) <= LATE_POLLS:
            await it.tick()
            await deliverer.step()
        full, ready = list(it.chat.posts), (await health.ready())[0]

        await limit_pages(store, growth=10_000)
        for _ in range(10):
            await it.tick()
            while (await store.depth()).waiting:
                it.clock.pass_time(await deliverer.step())
        again = (await health.ready())[0]

    assert "has no room left" in caplog.text
    assert (full, ready) == ([], False)
    assert (len(it.chat.messages), again) == (1, True)
    assert it.chat.violations == []
