"""Turns: never too many at once, each person's in order, and nobody is passed by for long."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.chat.lanes import LOG_SHARE, LOG_WIDTH, MOST, SHARE, WIDTH, Lanes
from adapters.chat.tasks import Tasks
from adapters.lanes import Lane, acting, half, whose
from adapters.platforms.http.limits import Limits
from bot.replies.load import WAITING_FOR_OTHERS, WAITING_FOR_OWN


class Turns:
    """People who take turns in a lane, and what can be seen of it. A piece of work is a person and a number."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.waiting: list[tuple[str, int]] = []  # in the order of coming
        self.working: list[tuple[str, int]] = []  # in the order of beginning
        self.began: list[tuple[str, int]] = []
        self.told: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.ends: dict[tuple[str, int], asyncio.Event] = {}
        self.tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self.on_begin: Callable[[str], None] = lambda person: None

    async def come(self, person: str) -> tuple[str, int]:
        """Let a person bring a piece of work."""
        piece = (person, len(self.tasks))
        self.ends[piece] = asyncio.Event()
        self.waiting.append(piece)
        self.tasks[piece] = asyncio.create_task(self._work(piece))
        await settled()
        return piece

    async def end(self, piece: tuple[str, int]) -> None:
        """Let a piece of work be done."""
        self.ends[piece].set()
        await settled()

    async def give_up(self, piece: tuple[str, int]) -> None:
        """Cancel a piece of work, whether it has begun or not."""
        self.tasks[piece].cancel()
        await settled()

    async def _work(self, piece: tuple[str, int]) -> None:
        async def report(text: str) -> None:
            self.told[piece].append(text)

        try:
            async with self.lane.turn(piece[0], report):
                self.waiting.remove(piece)
                self.working.append(piece)
                self.began.append(piece)
                self.on_begin(piece[0])
                await self.ends[piece].wait()
        finally:
            for where in (self.waiting, self.working):
                if piece in where:
                    where.remove(piece)


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(10):
        await asyncio.sleep(0)


def people(pieces: list[tuple[str, int]]) -> list[str]:
    """Return whose work it is."""
    return [person for person, _ in pieces]


async def test_turn__of_one_person_leaves_room_for_others() -> None:
    """Whoever brings much has a share of the width, and the next person begins at once."""
    turns = Turns(Lane(4, 2))
    for _ in range(16):
        await turns.come("ann")

    await turns.come("bo")

    assert people(turns.working) == ["ann", "ann", "bo"]


async def test_turn__goes_round_the_people_who_wait() -> None:
    """Who waits with much is not served before others who wait with little."""
    turns = Turns(Lane(1, 1))
    for person in ("ann", "ann", "ann", "ann", "bo", "cy", "bo"):
        await turns.come(person)

    while turns.working:
        await turns.end(turns.working[0])

    assert people(turns.began) == ["ann", "ann", "bo", "cy", "ann", "bo", "ann"]


async def test_turn__that_is_waited_for_says_why_and_when_it_came() -> None:
    """A person sees whether they wait for themselves or for others; whoever does not wait sees nothing."""
    turns = Turns(Lane(2, 1))
    first = await turns.come("ann")
    own = await turns.come("ann")
    await turns.come("bo")
    others = await turns.come("cy")

    await turns.end(first)

    assert turns.told[first] == []
    assert turns.told[own][0] == WAITING_FOR_OWN
    assert turns.told[others][0] == WAITING_FOR_OTHERS
    assert [said[1:] for said in (turns.told[own], turns.told[others])] == [[""], []]


async def test_turn__given_up_at_the_moment_it_came_goes_to_the_next() -> None:
    """No turn is lost between being given and being taken."""
    turns = Turns(Lane(1, 1))
    async with turns.lane.turn("ann"):
        second, third = [await turns.come(person) for person in ("bo", "cy")]
    turns.tasks[second].cancel()  # it was let in just now, and does not know yet
    await settled()

    assert turns.working == [third]


async def test_turn__whose_report_fails_is_given_back() -> None:
    """Where the chat cannot show that somebody waits, nothing of the lane is lost."""
    turns = Turns(Lane(1, 1))
    first = await turns.come("ann")

    async def failing(text: str) -> None:
        raise OSError(text)

    with pytest.raises(OSError, match=WAITING_FOR_OTHERS):
        async with turns.lane.turn("bo", failing):
            pass
    await turns.end(first)
    last = await turns.come("cy")

    assert turns.working == [last]


PEOPLE = st.sampled_from(["ann", "bo", "cy", "dee"])
STEPS = st.lists(
    st.tuples(st.just("come"), PEOPLE)
    | st.tuples(st.just("end"), st.integers(0, 20))
    | st.tuples(st.just("give up"), st.integers(0, 20)),
    max_size=40,
)


COMES_AGAIN = [*[("come", "ann")] * 4, ("come", "bo"), ("end", 0), ("give up", 2), ("come", "bo")]


@given(width=st.integers(1, 4), share=st.integers(1, 3), steps=STEPS)
@example(width=1, share=1, steps=COMES_AGAIN)
def test_lane__whatever_happens(width: int, share: int, steps: list[tuple[str, Any]]) -> None:
    """Width and share hold, nobody waits beside free turns, order is kept, nobody is passed twice, all come to an end."""
    asyncio.run(_whatever_happens(Turns(Lane(width, share)), width, share, steps))


async def _whatever_happens(turns: Turns, width: int, share: int, steps: list[tuple[str, Any]]) -> None:
    passed: dict[str, Counter[str]] = defaultdict(Counter)  # who waits -> how often others were let in before

    def begin(person: str) -> None:
        passed.pop(person, None)
        busy = Counter(people(turns.working))
        for other in set(people(turns.waiting)) - {person}:
            if busy[other] < share:
                passed[other][person] += 1
        assert all(count == 1 for counts in passed.values() for count in counts.values())

    turns.on_begin = begin
    for step, value in steps:
        await _take(turns, step, value)
        _check(turns, width, share)
        for gone in passed.keys() - set(people(turns.waiting)):  # gave up: whoever comes again waits anew
            del passed[gone]
    while turns.working:
        await turns.end(turns.working[0])
        _check(turns, width, share)

    assert turns.waiting == []
    for task in turns.tasks.values():
        assert task.cancelled() or task.exception() is None


async def _take(turns: Turns, step: str, value: Any) -> None:
    if step == "come":
        await turns.come(value)
    elif step == "end" and turns.working:
        await turns.end(turns.working[value % len(turns.working)])
    elif step == "give up" and (left := turns.waiting + turns.working):
        await turns.give_up(left[value % len(left)])


def _check(turns: Turns, width: int, share: int) -> None:
    busy = Counter(people(turns.working))
    assert len(turns.working) <= width
    assert all(count <= share for count in busy.values())
    free = len(turns.working) < width
    assert not (free and any(busy[person] < share for person in people(turns.waiting)))
    for person in set(people(turns.began)):
        numbers = [number for who, number in turns.began if who == person]
        assert numbers == sorted(numbers)


# A chat's lanes ------------------------------------------------------------------------------------


async def test_lanes__logs_are_read_beside_other_work() -> None:
    """Where every turn for logs is taken, other commands begin at once, and the other way round."""
    lanes, begun, gate = Lanes(Tasks()), [], asyncio.Event()

    async def work(person: str, *, long: bool) -> None:
        async with lanes.turn(person, long=long):
            begun.append((person, long))
            await gate.wait()

    readers = [asyncio.create_task(work(f"reader {number}", long=True)) for number in range(2 * LOG_WIDTH)]
    others = [asyncio.create_task(work(f"other {number}", long=False)) for number in range(2 * WIDTH)]
    await settled()

    assert Counter(long for _, long in begun) == {True: LOG_WIDTH, False: WIDTH}
    gate.set()
    await asyncio.gather(*readers, *others)
    assert len(begun) == 2 * (LOG_WIDTH + WIDTH)


def test_lanes__nobody_can_take_the_width_alone() -> None:
    """There is room for several people at their share, and what one may have waiting exceeds the share."""
    assert WIDTH >= 4 * SHARE
    assert LOG_WIDTH >= 4 * LOG_SHARE
    assert MOST > SHARE + LOG_SHARE


async def test_turn__says_for_whom_work_is_done_to_what_it_begins() -> None:
    """Whatever a command begins is its person's, and what Clew does by itself is nobody's."""
    lanes = Lanes(Tasks())

    async def begun() -> str:
        return whose()

    async with lanes.turn("ann"):
        inside = await asyncio.create_task(begun())
        with acting("bo"):
            within = whose()
        after = whose()

    assert (inside, within, after, whose()) == ("ann", "bo", "ann", "")


@pytest.mark.parametrize("width", [2, 3, 4, 8, Limits().reads, Limits().streams])
def test_half__leaves_room(width: int) -> None:
    """One person never has the whole width."""
    assert 1 <= half(width) < width
    assert half(1) == 1


async def test_lanes__count_what_is_under_way_until_it_ends() -> None:
    """Accepted work counts whether it waits, works, fails or is cut off; then there is room again."""
    tasks, gate = Tasks(), asyncio.Event()
    lanes = Lanes(tasks)

    async def work() -> None:
        await gate.wait()
        raise ValueError("expected")

    for _ in range(MOST):
        assert not lanes.is_full("ann")
        lanes.start("ann", work())
    full = lanes.is_full("ann"), lanes.is_full("bo")
    gate.set()
    await tasks.drain(5)
    await settled()
    freed = lanes.is_full("ann")
    gate.clear()
    for _ in range(MOST):
        lanes.start("ann", work())
    await tasks.end(0)
    await settled()
    lanes.start("ann", work())  # nothing is begun after the end

    assert (full, freed, lanes.is_full("ann")) == ((True, False), False, False)


async def test_lanes__take_what_was_accepted_before_whatever_its_number() -> None:
    """What a restart left over was accepted: all of it is begun or waits."""
    tasks, done = Tasks(), []
    lanes = Lanes(tasks)

    async def work(number: int) -> None:
        async with lanes.turn("ann"):
            done.append(number)

    for number in range(3 * MOST):
        lanes.start("ann", work(number))
    await tasks.drain(5)

    assert done == list(range(3 * MOST))


async def test_refuse__tells_one_person_once_at_a_time() -> None:
    """A flood is not answered by a flood; who comes later is told again, and so is anybody else."""
    lanes, gate, told = Lanes(Tasks()), asyncio.Event(), []

    def tell(person: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def telling() -> None:
            told.append(person)
            await gate.wait()

        return telling

    first = asyncio.create_task(lanes.refuse("ann", tell("ann")))
    await settled()
    await lanes.refuse("ann", tell("ann"))
    other = asyncio.create_task(lanes.refuse("bo", tell("bo")))
    await settled()
    gate.set()
    await asyncio.gather(first, other)
    await lanes.refuse("ann", tell("ann"))

    assert told == ["ann", "bo", "ann"]


async def test_tasks__cut_off_before_they_began_leave_nothing_open() -> None:
    """Work that never had a moment to begin is closed like any other."""
    tasks = Tasks()

    async def work() -> None:
        await asyncio.Event().wait()

    coroutine = work()
    tasks.start(coroutine)

    assert await tasks.end(0) == 1
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
