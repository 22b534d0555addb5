"""Whatever happens to a list without times, every build that ends is told once, in the list's order, against the one before.

Builds come, end and are launched here; pages are short; the platform fails in the middle of its list; the process is
restarted. The list is the truth that the machine compares with.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.chain import Gap
from bot.earlier import chain_of
from bot.model import Run, RunStatus, Says
from tests.fakes.loop_runner import LoopRunner
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import a_build_server
from tests.fakes.watching import Watching

FAILING = st.sets(st.sampled_from(("a", "b")))
FIRST = 97  # so that numbers grow a digit on the way


class UntimedMachine(RuleBasedStateMachine):
    """A server of builds, and a watcher of it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = LoopRunner()
        self.it = Watching(service=a_build_server(page_size=3))
        self.number = FIRST
        self.ended: list[str] = []  # after the first look, in the order of the list
        self.going: list[str] = []
        for _ in range(2):
            self.build(failing=set(), ends=True)
        self.ended.clear()
        self.runner.run(self.it.begin())

    def teardown(self) -> None:
        self.runner.close()

    def build(self, failing: set[str], *, ends: bool) -> str:
        name = str(self.number)
        self.number += 1
        self.it.service.add_run(a_build(name, status=RunStatus.IN_PROGRESS, status_text="running"))
        if ends:
            self.end(name, failing)
        else:
            self.going.append(name)
        return name

    def end(self, name: str, failing: set[str]) -> None:
        says = Says.FAILED if failing else Says.PASSED
        self.it.service.change(a_build(name), status=RunStatus.COMPLETED, says=says)
        results = build_results(name, failing=tuple(sorted(failing)), passing=("c",), excused=("q",))
        self.it.service.set_results(results)
        self.ended.append(name)

    @rule(failing=FAILING)
    def comes_and_ends(self, failing: set[str]) -> None:
        self.build(failing, ends=True)

    @rule(count=st.integers(1, 7))
    def many_come(self, count: int) -> None:
        for _ in range(count):
            self.build(set(), ends=True)

    @rule()
    def begins(self) -> None:
        self.build(set(), ends=False)

    @precondition(lambda self: self.going)
    @rule(failing=FAILING)
    def goes_to_its_end(self, failing: set[str]) -> None:
        self.end(self.going.pop(0), failing)

    @rule(failing=FAILING)
    def is_launched_here(self, failing: set[str]) -> None:
        name = self.build(failing, ends=True)
        self.runner.run(self.it.store.track(Run.of_id(a_build(name).ref), self.it.clock.now()))

    @rule()
    def restarts(self) -> None:
        self.it.restart()

    @rule(call=st.integers(1, 4))
    def looks_while_the_list_fails(self, call: int) -> None:
        self.it.service.fail_at("runs", call)
        self.runner.run(self.it.tick(120))
        self.it.service.fail_at("runs", 0)

    @rule()
    def looks(self) -> None:
        self.runner.run(self.it.tick(1_000))
        assert sorted(self.told(), key=int) == sorted(self.ended, key=int)

    def told(self) -> list[str]:
        return [row.key.split(":")[1] for row in self.it.told]

    @invariant()
    def nothing_is_told_twice_or_made_up(self) -> None:
        told = self.told()
        assert len(told) == len(set(told))
        assert set(told) <= set(self.ended)

    @precondition(lambda self: self.ended and set(self.told()) == set(self.ended))
    @rule(data=st.data())
    def compares_with_the_build_before(self, data: st.DataObject) -> None:
        """Find the list's order in the record: completed builds with lower numbers, the nearest first."""
        name = data.draw(st.sampled_from(self.ended))
        chain = self.runner.run(chain_of(self.it.service.platform, self.it.store, a_build(name), depth=3))
        lower = [n for n in range(int(name) - 1, FIRST - 1, -1) if str(n) not in self.going]
        assert [past.run.ref.run_id for past in chain.past] == [str(n) for n in lower[:3]]
        assert chain.end is (Gap.DEPTH if len(lower) >= 3 else Gap.FIRST)


def test_untimed__whatever_happens() -> None:
    """No build is lost, doubled or compared with the wrong one."""
    run_state_machine_as_test(
        UntimedMachine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
