"""What `clew doctor` says of the programs on a database."""

from __future__ import annotations

from dataclasses import replace

from adapters.cli.programs import NOBODY, Seen, findings, look
from adapters.replicas.report import Report, write
from adapters.replicas.timing import BEAT
from adapters.store.replicas import Lease, Replica
from bot.watch.auditor import Polled, Snapshot
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH
from tests.fakes.store_replicas import MemoryReplicas

ONE = Replica(id="1", host="a", place="", pid=7, born="", since=EPOCH, version="0.3")
TWO = replace(ONE, id="2", host="b", pid=8)
A, B = "host a (process 7, version 0.3)", "host b (process 8, version 0.3)"


class Living(ManualClock):
    """A clock in whose every sleep one program beats."""

    def __init__(self, table: MemoryReplicas) -> None:
        super().__init__()
        self.table, self.slept = table, 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await self.table.beat("1", "")


async def test_look__who_lives() -> None:
    """Only over more than one beat it shows which of them is alive."""
    table = MemoryReplicas()
    clock = Living(table)
    empty = await look(table, clock)
    at_once = clock.slept
    for each in (ONE, TWO):
        await table.join(each)
    seen = await look(table, clock)

    assert (empty.alive, empty.silent, at_once) == ([], [], 0.0)
    assert [each.id for each in seen.alive] == ["1"]
    assert [each.id for each in seen.silent] == ["2"]
    assert clock.slept > BEAT


def test_findings__nobody_runs() -> None:
    """That is no fault: it is looked at before the start, too."""
    assert list(findings(Seen([], [], []))) == [("programs", NOBODY, "")]


def test_findings__all_is_well() -> None:
    """Each is named with what it does, and each connection with how old the last look at it is."""
    sees = Snapshot(polls={"prod": Polled(age=12.0, allowed=300.0, looked=True)})
    one = replace(ONE, report=write(Report(can=frozenset({"live", "tidy"}), sees=sees)))
    found = list(findings(Seen([one, TWO], [], [Lease("live", "1", 4), Lease("tidy", "1", 1)])))

    assert found == [
        (
            "programs",
            f"2 programs running: {A} does live and tidy; {B} does nothing but answer",
            "",
        ),
        ("polling prod", "last good look 12 s ago", ""),
    ]


def test_findings__what_somebody_should_look_at() -> None:
    """A program without life, versions side by side, a duty of nobody, and polls that are late or fail."""
    sees = Snapshot(
        polls={
            "prod": Polled(age=400.0, allowed=300.0, looked=True),
            "qa": Polled(age=3.0, allowed=300.0, looked=False, problem="The key was refused."),
        }
    )
    one = replace(ONE, report=write(Report(can=frozenset({"live", "tidy"}), sees=sees)))
    other, dead = replace(TWO, version="0.4"), replace(TWO, id="3", host="c")
    leases = [Lease("live", "1", 4), Lease("tidy", None, 2)]
    found = [(about, said, bool(hint)) for about, said, hint in findings(Seen([one, other], [dead], leases))]

    assert found[1:] == [
        ("programs", "host c (process 8, version 0.3) shows no life", True),
        ("programs", "they are of versions 0.3 and 0.4", True),
        ("duties", "nobody does tidy", True),
        ("polling prod", "last good look 6 min ago", True),
        ("polling qa", "no good look yet, for 3 s", True),
    ]
