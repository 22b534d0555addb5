"""A program that dies anywhere while something scheduled is due launches it at most once, and tells what came of it once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.access import Denied
from bot.ports import Store
from bot.state import IntentState
from tests.fakes.crash import Crash
from tests.fakes.mortal import MortalService, MortalStore
from tests.fakes.scheduling import Clockwork, at
from tests.fakes.store import MemoryStore
from tests.faults.conftest import NewStore
from tests.unit.commands.door import ALICE, Door

WITHDRAWN = "The confirmed launch was not sent because Clew was interrupted first."
MISSED = "nightly was due at 14 May 04:00 UTC and was not launched."
LAUNCHED = "Launched by the schedule of nightly"


async def _looks(it: Clockwork, minutes: int, step: float = 60.0) -> bool:
    """Look every so often; a process that died is followed by the next one. Return whether one died."""
    died = False
    for _ in range(round(minutes * 60 / step)):
        try:
            await it.tick(step)
        except Crash:
            died = True
            it.start()
    return died


@pytest.mark.parametrize("committed", [False, True], ids=["before", "behind"])
async def test_schedule__killed_at_each_call_of_the_store(*, committed: bool, new_store: NewStore) -> None:
    """Never two launches; where there is none, the channel hears so, once; and the next day goes on."""
    ends: set[str] = set()
    died, dies_at = True, 1
    while died:
        async with new_store() as store:
            end, died = await _killed(store, dies_at, committed=committed)
        ends.add(end)
        dies_at += _step(store)
    assert dies_at > 20
    assert ends == {LAUNCHED, WITHDRAWN} or _step(store) > 1


def _step(store: Store) -> int:
    """Return how many calls further the next process dies: every one is tried in memory, a part of them in a database."""
    return 1 if isinstance(store, MemoryStore) else 7


async def _killed(store: MemoryStore, dies_at: int, *, committed: bool) -> tuple[str, bool]:
    """Let it die at a call; return what was told, and whether there was such a call."""
    it = Clockwork(door=Door(store=store))
    await it.schedule()
    it.skip(at(4) - timedelta(seconds=30))
    it.start(MortalStore(store, dies_at=dies_at, committed=committed).typed)
    died = await _looks(it, 16, step=120)

    launches, told = len(it.launched), it.told
    assert launches <= 1, dies_at
    (schedule,) = await store.schedules()
    intent = await store.intent(schedule.last_intent or "")
    assert intent is not None
    expected = WITHDRAWN if intent.state is IntentState.EXPIRED else LAUNCHED
    assert expected in told[-1], (dies_at, told)
    lost = intent.state is IntentState.UNKNOWN  # it died between noting that it sends and sending
    assert len(told) == (2 if lost else 1), (dies_at, told)
    assert launches or lost or expected == WITHDRAWN
    it.skip(at(4, 15))
    await _looks(it, 3)
    assert len(it.launched) == launches + 1, dies_at
    return expected, died


@pytest.mark.parametrize("committed", [False, True], ids=["before", "behind"])
async def test_schedule__killed_while_it_says_that_nothing_was_launched(
    *, committed: bool, new_store: NewStore
) -> None:
    """Of a person who left, and of what was missed: one message each, one pause."""
    died, dies_at = True, 1
    while died:
        async with new_store() as store:
            died = await _killed_while_missed(store, dies_at, committed=committed)
        dies_at += _step(store)
    assert dies_at > 10


async def _killed_while_missed(store: MemoryStore, dies_at: int, *, committed: bool) -> bool:
    """Let it die at a call; return whether there was such a call."""
    it = Clockwork(door=Door(store=store))
    await it.schedule()
    it.skip(at(5))
    it.people[ALICE.id] = Denied("You left.", "account")
    it.start(MortalStore(store, dies_at=dies_at, committed=committed).typed)
    died = await _looks(it, 2)
    it.skip(at(4, 15))
    died |= await _looks(it, 2)

    assert it.launched == []
    assert [text.partition(" Alice")[0].partition(" Clew")[0] for text in it.told] == [
        MISSED, MISSED.replace("14 May", "15 May"),
    ]  # fmt: skip
    (schedule,) = await store.schedules()
    assert schedule.paused != ""
    return died


@pytest.mark.parametrize(("doomed", "launches"), [("before", 0), ("after", 1)])
async def test_schedule__killed_while_the_platform_is_asked(doomed: str, launches: int) -> None:
    """It is looked for and never sent again; the channel hears once how it stands."""
    it = Clockwork(door=Door(service=MortalService(connection="demo", doomed=doomed)))
    await it.schedule()
    it.skip(at(4) - timedelta(seconds=30))
    assert await _looks(it, 20, step=5)

    assert len(it.launched) == launches
    (schedule,) = await it.door.store.schedules()
    intent = await it.door.store.intent(schedule.last_intent or "")
    assert intent is not None
    assert intent.state is (IntentState.ACCEPTED if launches else IntentState.UNKNOWN)
    assert [LAUNCHED in text for text in it.told].count(True) == 1


async def test_schedule__killed_behind_the_draft_and_long_gone() -> None:
    """A draft that nobody went on with is let go once it is late, and told as missed."""
    it = Clockwork()
    await it.schedule()
    it.skip(at(4))
    store = MortalStore(it.door.store)
    it.start(store.typed)
    change = it.door.store.change_schedule

    async def dies_behind(*args: object, **keywords: object) -> bool:
        await change(*args, **keywords)  # type: ignore[arg-type]  # as it was called
        raise Crash

    it.door.store.change_schedule = dies_behind  # type: ignore[method-assign]  # for one process
    with pytest.raises(Crash):
        await it.tick()
    it.door.store.change_schedule = change  # type: ignore[method-assign]
    it.start()
    it.skip(at(5))
    await _looks(it, 3)

    assert it.launched == []
    (told,) = it.told
    assert told.startswith(f"{MISSED} Clew was not running then")
