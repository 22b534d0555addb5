"""What posts say of the faults at new failures: read before they go out, for a short time, and never of what was not read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.errors import NotFound, ServiceError, Unreachable
from bot.model import Availability, Fault, LogExcerpt, LogQuery, Moment, Results, Run, RunStatus
from bot.ports import Report
from bot.state import Outcome, Subscription
from tests.fakes.loop_time import stopped_time
from tests.fakes.runs import a_line, a_property, an_example, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.watching import CHANNEL, Watching

SAID = "Faults active then: "
NEW = ("Balance", "Cart", "Ledger", "Money", "Stock")


@dataclass(kw_only=True)
class SlowLogs(FakeRunService):
    """A platform whose windows each take so many seconds."""

    takes: float = 0.0
    reading: int = 0
    at_once: int = 0
    tried: list[Moment] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Wait, then answer."""
        self.tried.append(query.moment)
        self.reading += 1
        self.begun.set()
        self.at_once = max(self.at_once, self.reading)
        try:
            await asyncio.sleep(self.takes)
            return await super().logs(query, report)
        finally:
            self.reading -= 1


class Failed:
    """A watched platform where a run passed, and those after it newly fail under faults."""

    def __init__(self) -> None:
        self.service = SlowLogs()
        self.watching = Watching(service=self.service)

    async def begin(self, *watched: Subscription) -> None:
        """Let a run pass that others are compared with."""
        await self.watching.begin(*watched)
        await self.end([self.start(1)], ())

    def start(self, number: int) -> Run:
        """Let a run begin."""
        return self.watching.starts(number)

    async def end(
        self,
        runs: Sequence[Run],
        failing: Sequence[str] = NEW,
        *,
        then: Sequence[str] = NEW,
        cut: str | None = None,
        status: RunStatus = RunStatus.COMPLETED,
    ) -> None:
        """Let runs end in which these fail, each at a moment of its own, and look. `then`: what fails in the second."""
        await self.watching.tick()
        for run, names in zip(runs, (failing, then), strict=False):
            checks = [
                a_property(name, failing=True, counterexamples=(an_example(moment=moment_of(name)),))
                for name in names
            ]
            passing = some_results(
                run, passing=("ok", *(f"ok {n}" for n in range(20)), *set(NEW).difference(names))
            )
            self.service.set_results(
                Results(ref=run.ref, availability=Availability.READY, checks=(*checks, *passing.checks))
            )
            for name in names:
                faults = (Fault(name="clog", kind="network", nodes=(name.lower(),), since="1", until=None),)
                self.service.set_log(run, moment_of(name), a_line("a line", "5.0"), faults=faults, cut=cut)
            self.service.change(run, status=status)
        await self.watching.tick()

    @property
    def said(self) -> list[list[str]]:
        """The faults that each post after the first one names."""
        return [
            [name for name in NEW if f"clog on {name.lower()}" in told.payload]
            for told in self.watching.told
            if "new failure" in told.payload
        ]


def moment_of(name: str) -> Moment:
    """Return where a property fails."""
    return Moment(f"{NEW.index(name) + 7}", "9.335")


async def test_post__says_the_faults_of_the_first_three_new_failures() -> None:
    """Read once for all channels, one window at a time, and no other."""
    it = Failed()
    await it.begin(Subscription(channel=CHANNEL), Subscription(channel="fake:channel:C2"))
    assert it.service.tried == []
    await it.end([it.start(2)])

    assert it.said == [["Balance", "Cart", "Ledger"]] * 2
    assert it.service.tried == [moment_of(name) for name in NEW[:3]]
    assert it.service.at_once == 1


async def test_post__of_what_is_not_new_reads_nothing() -> None:
    """Neither of what fails still nor of what nobody is told of."""
    it = Failed()
    await it.begin()
    await it.end([it.start(2)], NEW[:1])
    await it.end([it.start(3)], NEW[:2])
    await it.end([it.start(4)], NEW[:2])

    assert it.service.tried == [moment_of("Balance"), moment_of("Cart")]
    assert it.said == [["Balance"], ["Cart"]]


async def test_post__that_nobody_gets_reads_nothing() -> None:
    """A channel that asked only for recoveries is not told of a failure."""
    it = Failed()
    await it.begin(Subscription(channel=CHANNEL, outcomes=frozenset({Outcome.RECOVERY})))
    await it.end([it.start(2)])

    assert it.service.tried == []


async def test_post__of_a_run_that_did_not_complete_reads_nothing_of_what_fails_in_it() -> None:
    """Its cause is looked for, and the edit that says it would not know the faults."""
    it = Failed()
    await it.begin()
    await it.end([it.start(2)], status=RunStatus.INCOMPLETE)

    assert it.service.tried == []


async def test_post__does_not_wait_for_slow_windows() -> None:
    """All runs of one look share the time: what was read by then is said, and nothing is read afterwards."""
    it = Failed()
    await it.begin()
    it.service.takes = 8.0
    runs = [it.start(number) for number in (2, 3)]
    await it.watching.tick()
    with stopped_time() as time:
        ending = asyncio.create_task(it.end(runs, NEW[:3], then=NEW[3:]))
        await time.pass_by(40.0)
        assert ending.done()
        await ending

    assert it.service.tried == [moment_of(name) for name in NEW[:3]]
    assert it.said == [["Balance", "Cart"], []]
    assert len(it.watching.told) == 3


async def test_post__of_the_next_look_has_time_again() -> None:
    """What took too long once is no reason never to read."""
    it = Failed()
    await it.begin()
    it.service.takes = 30.0
    with stopped_time() as time:
        ending = asyncio.create_task(it.end([it.start(2)], NEW[:1]))
        await time.pass_by(40.0)
        assert ending.done()
        await ending
    it.service.takes = 0.0
    await it.end([it.start(3)], NEW[:2])

    assert it.said == [[], ["Cart"]]


@pytest.mark.parametrize(
    ("error", "read", "said"),
    [
        (NotFound("There is no such moment.", what="moment"), 3, ["Cart", "Ledger"]),
        (Unreachable("No answer came."), 1, []),
    ],
)
async def test_post__says_nothing_of_a_window_that_cannot_be_read(
    error: ServiceError, read: int, said: list[str]
) -> None:
    """One that is gone leaves the others; a platform that does not answer is not asked on. The post goes out as ever."""
    it = Failed()
    await it.begin()
    it.service.fail("logs", error)
    await it.end([it.start(2)])

    assert (it.said, len(it.service.tried)) == ([said], read)
    assert it.watching.poller.health.problem == ""


async def test_post__says_nothing_of_a_window_that_was_cut() -> None:
    """Its faults are those at the cut, not at the moment."""
    it = Failed()
    await it.begin()
    await it.end([it.start(2)], cut="the stream broke off")

    assert it.said == [[]]
    assert SAID not in it.watching.told[-1].payload


async def test_results__that_come_late_say_the_faults_too() -> None:
    """They are what a channel reads of what is new."""
    it = Failed()
    await it.begin()
    run = it.start(2)
    await it.watching.tick()
    it.service.set_results(Results(ref=run.ref, availability=Availability.NOT_YET))
    it.service.change(run, status=RunStatus.COMPLETED)
    await it.watching.tick(60)
    await it.watching.tick(700)
    assert it.service.tried == []
    await it.end([run], NEW[:1])
    await it.watching.tick(7200)

    assert it.said == [["Balance"]]


async def test_post__of_a_process_that_ended_while_it_read_goes_out_once() -> None:
    """Nothing is recorded before the windows are read, so the next process reads them and posts."""
    it = Failed()
    await it.begin()
    it.service.takes = 1000.0
    ending = asyncio.create_task(it.end([it.start(2)], NEW[:1]))
    await it.service.begun.wait()
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)
    assert it.said == []
    it.service.takes = 0.0
    it.watching.restart()
    await it.watching.tick()
    await it.watching.tick()

    assert it.said == [["Balance"]]
