"""Never a second paid launch: whatever is pressed how often, wherever the process dies, whatever is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import cycle, product

import pytest

from adapters.store.store import open_store
from bot.state import Intent, IntentState
from tests.fakes.crash import Crash
from tests.fakes.inbox import left_over
from tests.fakes.mortal import MortalService, MortalStore
from tests.fakes.runs import MOMENT, a_run, run_id
from tests.fakes.service import Launching
from tests.fakes.stage import Stage, an_invocation, silent
from tests.fakes.store import MemoryStore
from tests.fakes.store_database import a_database_store
from tests.faults.conftest import NewDatabase

LAUNCH = "launch basic_test duration=30"
DEBUG = f"debug {run_id(1)} moment={MOMENT.text}"
CALLS = 12  # more store calls than one confirmation makes
OPEN = frozenset({IntentState.DRAFT, IntentState.CONFIRMED, IntentState.POSTING})
STARTED = frozenset({Launching.NORMAL, Launching.NO_ID, Launching.LOST_REPLY})


def the_intent(stage: Stage) -> Intent:
    """Return the first intent."""
    return next(iter(stage.memory.intents.values()))


async def confirm(stage: Stage, times: int = 1) -> None:
    """Press the first intent's button so often at the same moment; the process may die meanwhile."""
    words = f"confirm {the_intent(stage).id}"
    presses = [stage.handler.handle(an_invocation(stage, words), silent) for _ in range(times)]
    await asyncio.gather(*presses, return_exceptions=True)


async def a_stage(words: str, memory: MemoryStore | None = None) -> Stage:
    """Return a stage with one draft."""
    stage = Stage(service=MortalService(), memory=memory or MemoryStore())
    stage.service.add_run(a_run(1))
    await stage.say(words)
    return stage


def sent(stage: Stage) -> int:
    """Return how many launches and sessions the platform was asked for."""
    return len(stage.service.launches) + len(stage.service.debugs)


async def live_on(stage: Stage, *, step: float = 15) -> None:
    """Let a new process work for a quarter of an hour, with the button pressed again in between."""
    later = stage.restarted()
    await later.pass_time(20)
    await confirm(later, times=3)
    await later.pass_time(900, step=step)
    await confirm(later, times=3)


@pytest.mark.parametrize("how", list(Launching))
@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
async def test_confirm__process_dies_at_a_store_call(dies_at: int, committed: bool, how: Launching) -> None:
    """L6: at each call, before or after its commit: one request at most, and every end is the true one."""
    await dies(MemoryStore(), dies_at, how, committed=committed)


async def test_confirm__process_dies_at_a_store_call_of_a_database(new_database: NewDatabase) -> None:
    """L6: the same over the real stores."""
    hows = cycle(Launching)
    for dies_at, committed in product(range(1, CALLS + 1, 2), (False, True)):
        async with new_database() as url, a_database_store(url) as store:
            await dies(store, dies_at, next(hows), committed=committed, step=60)


async def dies(
    memory: MemoryStore, dies_at: int, how: Launching, *, committed: bool, step: float = 15
) -> None:
    """Let the process die at a call while it works on a confirmation, and the next one go on."""
    stage = await a_stage(LAUNCH, memory)
    stage.service.next_launch(how)
    store = MortalStore(stage.memory, dies_at=dies_at, committed=committed)
    await confirm(stage.restarted(store=store.typed))
    before_death = sent(stage)
    await live_on(stage, step=step)
    intent = the_intent(stage)

    assert sent(stage) <= 1
    assert stage.service.violations == []
    assert intent.state not in OPEN
    if sent(stage) == 0:
        assert intent.state is (IntentState.UNKNOWN if intent.posted_at else IntentState.EXPIRED)
    elif how in STARTED:
        assert intent.state is IntentState.ACCEPTED
        assert intent.run_id in stage.service._runs
    else:
        assert intent.state in {IntentState.REJECTED, IntentState.UNKNOWN}
    if before_death:
        assert sent(stage) == before_death


@pytest.mark.parametrize("words", [LAUNCH, DEBUG])
@pytest.mark.parametrize("doomed", ["before", "after"])
async def test_confirm__process_dies_while_sending(doomed: str, words: str) -> None:
    """L6: dying around the request leaves `posting`: a launch is looked up, a session is unknown, none is sent."""
    stage = await a_stage(words)
    assert isinstance(stage.service, MortalService)
    stage.service.doomed = doomed
    with suppress(Crash):
        await confirm(stage)
    before_death = sent(stage)
    await live_on(stage)

    assert before_death == sent(stage) == (1 if doomed == "after" else 0)
    found = doomed == "after" and words == LAUNCH
    assert the_intent(stage).state is (IntentState.ACCEPTED if found else IntentState.UNKNOWN)


@pytest.mark.parametrize("words", [LAUNCH, DEBUG])
async def test_confirm__a_yes_given_beforehand_does_not_outlive_the_process(words: str) -> None:
    """A command that was confirmed beforehand is asked about when a restart takes it up again, not sent again."""
    stage = Stage(service=MortalService())
    stage.service.add_run(a_run(1))
    assert isinstance(stage.service, MortalService)
    stage.service.doomed = "after"
    asked = replace(an_invocation(stage, words), confirmed=True)
    await stage.handler.accept(asked)
    with suppress(Crash):
        await stage.handler.handle(asked, silent)
    later = stage.restarted()

    (kept,) = await left_over(later.handler, asked.place.chat, asked.at)
    await later.handler.handle(kept, silent)
    await live_on(later)

    assert sent(stage) == 1


@pytest.mark.parametrize("words", [LAUNCH, DEBUG])
@pytest.mark.parametrize("how", list(Launching))
async def test_confirm__pressed_by_twenty_at_once(how: Launching, words: str) -> None:
    """L7: twenty presses, again and again, are one request."""
    stage = await a_stage(words)
    stage.service.next_launch(how)
    await confirm(stage, times=20)
    await confirm(stage, times=20)
    await live_on(stage)

    assert sent(stage) == 1
    assert stage.service.violations == []


async def test_confirm__races_with_the_watcher() -> None:
    """The watcher looks at every step of a confirmation, and neither takes the other's place."""
    stage = await a_stage(LAUNCH)
    watching = [asyncio.ensure_future(stage.launches.tick()) for _ in range(5)]
    await asyncio.gather(confirm(stage, times=5), *watching)
    await stage.pass_time(60)

    assert sent(stage) == 1
    assert the_intent(stage).state is IntentState.ACCEPTED


async def test_confirm__races_with_decline() -> None:
    """A yes and a no at the same moment: one of them counts, whole."""
    for first in ("confirm", "decline"):
        stage = await a_stage(LAUNCH)
        second = {"confirm": "decline", "decline": "confirm"}[first]
        words = [f"{verb} {the_intent(stage).id}" for verb in (first, second)]
        await asyncio.gather(*(stage.handler.handle(an_invocation(stage, w), silent) for w in words))

        assert (
            the_intent(stage).state
            is {
                1: IntentState.ACCEPTED,
                0: IntentState.DECLINED,
            }[sent(stage)]
        )


async def test_confirm__pressed_in_two_processes_over_one_database(new_database: NewDatabase) -> None:
    """L7: the condition of one row holds between processes too, over the real database."""
    async with new_database() as url, open_store(url) as one, open_store(url) as two:
        first = Stage(store=one)
        second = Stage(store=two, service=first.service, clock=first.clock, chat=first.chat)
        reply = await first.say(LAUNCH)
        words = reply.card.buttons[0].command
        assert words is not None
        presses = [
            stage.handler.handle(an_invocation(stage, words), silent)
            for stage in (first, second)
            for _ in range(10)
        ]
        replies = await asyncio.gather(*presses)
        intent = await two.intent(words.values["request"])

    assert intent is not None
    assert intent.state is IntentState.ACCEPTED
    assert len(first.service.launches) == 1
    assert sum(reply.live is not None for reply in replies) == 1


async def test_take__delivered_three_times() -> None:
    """L8: one human act that a chat delivers three times is one draft."""
    stage = Stage()
    invocation = an_invocation(stage, LAUNCH)
    taken = [await stage.handler.accept(invocation) for _ in range(3)]

    assert taken == [True, False, False]
