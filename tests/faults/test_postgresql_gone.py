"""PostgreSQL is gone for two minutes, hangs, or commits and cannot say so: nothing is sent untrue, nothing is lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from adapters.store.keepalive import GONE_AFTER, IDLE
from adapters.store.store import SqlStore, open_store
from adapters.web import health as pages
from adapters.web.health import Health
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import StoreError
from bot.model import Run
from bot.state import Subscription
from tests.contract.store.kit import an_invocation
from tests.fakes.database_door import Door, a_door
from tests.fakes.inbox import ME
from tests.fakes.runs import some_results
from tests.fakes.stage import silent
from tests.fakes.watching import CHANNEL, Watching

COMMITS = 4  # at least, of a run's end: what the list says, the end with its message, the claim, the post


@dataclass(kw_only=True)
class Team:
    """A process with its database behind a door: what polls, delivers, accepts commands and answers probes."""

    door: Door
    store: SqlStore
    watching: Watching = field(init=False)
    health: Health = field(init=False)
    deliverer: Deliverer = field(init=False)

    def __post_init__(self) -> None:
        self.watching = Watching(store=self.store)  # type: ignore[arg-type]  # the real one, in the place of the fake
        clock = self.watching.clock
        self.health = Health(store=self.store, clock=clock, chats=lambda: {"fake": True})
        self.deliverer = Deliverer(
            self.watching.chat,
            self.store,
            platforms={},
            clock=clock,
            notify_operator=silent,
            pace=Pace(per_channel=0),
        )

    async def begin(self) -> Run:
        """Watch, with a run that goes on."""
        await self.watching.begin(Subscription(channel=CHANNEL))
        run = self.watching.starts()
        await self.watching.tick()
        return run

    def end(self, run: Run) -> None:
        """Let a run end with a failure."""
        self.watching.service.finish(run, some_results(run, failing=("Ledger balances",)))

    async def deliver(self) -> None:
        """Deliver one message, as the deliverer does in a loop that outlives the database."""
        try:
            self.watching.clock.pass_time(await self.deliverer.step())
        except StoreError:
            self.watching.clock.pass_time(1)

    async def settle(self, messages: int) -> None:
        """Go on until so many messages are there and nothing waits, within reason."""
        for _ in range(20):
            await self.watching.tick(30)
            await self.deliver()
            if len(self.watching.chat.messages) >= messages and not (await self.store.depth()).waiting:
                return

    async def ready(self) -> tuple[bool, str]:
        """Ask as a probe does, and not so soon that it gets the last answer."""
        self.watching.clock.pass_time(pages.ASKED_AGAIN)
        ready, figures = await self.health.ready()
        return ready, figures["database"]


@pytest.fixture
async def team(postgresql: str) -> AsyncIterator[Team]:
    async with a_door(postgresql) as door, open_store(door.url) as store:
        yield Team(door=door, store=store)


async def test_gone__for_two_minutes(team: Team) -> None:
    """No command is taken, no message goes out, ready says no; then everything goes on by itself, once."""
    run = await team.begin()
    await team.door.shut()
    team.end(run)
    refused: list[str] = []
    for _ in range(12):
        await team.watching.tick(10)
        await team.deliver()
        with pytest.raises(StoreError) as caught:
            await team.store.accept("slack", "E1", an_invocation(), ME)
        refused.append(str(caught.value))
    away, why = await team.ready()
    during = list(team.watching.chat.posts)
    await team.door.open()
    accepted = await team.store.accept("slack", "E1", an_invocation(), ME)
    back, _ = await team.ready()
    await team.settle(2)  # if there were one more

    assert (away, back, accepted) == (False, True, True)
    assert {sentence.partition(" cannot be reached. ")[2] for sentence in (*refused, why)} == {
        "Check that it runs, and the host and port in DATABASE_URL."
    }
    assert during == []
    assert len(team.watching.chat.messages) == 1


async def test_hangs__and_goes_on(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes everything and says nothing: ready says no in its own time, and what was asked is done in the end, once."""
    run = await team.begin()
    team.door.hold()
    team.end(run)
    looking = asyncio.create_task(team.watching.tick())
    delivering = asyncio.create_task(team.deliver())
    accepting = asyncio.create_task(team.store.accept("slack", "E1", an_invocation(), ME))
    with monkeypatch.context() as impatient:
        impatient.setattr(pages, "PATIENCE", 0.1)
        away, why = await team.ready()
    held = [task.done() for task in (looking, delivering, accepting)]
    during = list(team.watching.chat.posts)
    team.door.let_go()
    async with asyncio.timeout(60):
        await asyncio.gather(looking, delivering)
        accepted = await accepting
    back, _ = await team.ready()
    await team.settle(2)  # if there were one more

    assert (away, back, accepted) == (False, True, True)
    assert why == "The database does not answer within 0.1 s."
    assert held == [False, False, False]
    assert during == []
    assert len(team.watching.chat.messages) == 1


async def test_commit__whose_answer_is_lost(team: Team) -> None:
    """At each commit around a run's end: it counts, and who asked for it hears of an error; one message all the same."""
    await team.begin()
    lost = 0
    while True:
        run = team.watching.starts(lost + 2)
        await team.watching.tick()
        team.door.lose_answer(lost + 1)
        team.end(run)
        await team.settle(lost + 1)
        if team.door.lost == lost:
            break
        lost += 1

        assert len(team.watching.chat.messages) == lost
    await team.settle(lost + 2)  # if there were one more

    assert lost >= COMMITS
    assert len(team.watching.chat.messages) == lost + 1


async def test_accept__whose_answer_is_lost(team: Team) -> None:
    """The command is there and known to be this process's, so that somebody answers it; delivered again it is known."""
    team.door.lose_answer(1)
    with pytest.raises(StoreError, match="broke the connection"):
        await team.store.accept("slack", "E1", an_invocation(), ME)

    assert await team.store.owner_of("slack", "E1") == ME.id
    assert not await team.store.accept("slack", "E1", an_invocation(), ME)


async def test_connection__notices_that_the_server_is_gone_without_a_word(team: Team) -> None:
    """The system asks a silent server whether it is there, and gives up in seconds where it would try for many minutes."""
    async with team.store._db.reading() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        found = driver._transport.get_extra_info("socket")
        set_to = [
            found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            found.getsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", socket.TCP_KEEPCNT)),
        ]
        longest = found.getsockopt(
            socket.IPPROTO_TCP, getattr(socket, "TCP_USER_TIMEOUT", socket.TCP_KEEPCNT)
        )

    assert set_to == [1, IDLE]
    assert longest == GONE_AFTER * 1000
