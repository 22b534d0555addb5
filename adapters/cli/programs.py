"""Which programs run on a database, as `clew doctor` finds out: whether they live shows only over two beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.replicas import timing
from adapters.replicas.member import ReplicaTable, is_seen_dead, place
from adapters.replicas.report import joined, read
from adapters.store.replicas import Lease, Replica
from bot.ports import Clock
from bot.replies.wording import count, duration, listed
from bot.watch.auditor import Polled

LOOKS = 2.5  # beats between two looks
NOBODY = "no Clew runs on this database"
OTHERS_TAKE_OVER = "Others take over what it does. Look at its machine if it is to run."
UPDATE = "Finish the update: start the older ones again with the newer version."
LOOK_AGAIN = "Run `clew doctor` again in a minute. If it stays so, start those programs again."


@dataclass(frozen=True, slots=True)
class Seen:
    """What two looks showed: the programs that live, those that do not, and who has which duty."""

    alive: Sequence[Replica]
    silent: Sequence[Replica]
    leases: Sequence[Lease]


async def look(table: ReplicaTable, clock: Clock) -> Seen:
    """Look twice. Raises `StoreError`."""
    before = {each.id: each.beats for each in await table.replicas()}
    if before:
        await clock.sleep(LOOKS * timing.BEAT)
    found, here = await table.replicas(), place()
    dead = [each for each in found if is_seen_dead(each, here) or before.get(each.id) == each.beats]
    return Seen([each for each in found if each not in dead], dead, await table.leases())


def findings(seen: Seen) -> Iterator[tuple[str, str, str]]:
    """Say what there is to say: of what, what was found, and what helps, "" where all is well."""
    yield "programs", _all(seen) if seen.alive else NOBODY, ""
    for each in seen.silent:
        yield "programs", f"{_named(each)} shows no life", OTHERS_TAKE_OVER
    if len(versions := sorted({each.version for each in seen.alive})) > 1:
        yield "programs", f"they are of versions {listed(versions)}", UPDATE
    can = set().union(*(read(each.report).can for each in seen.alive))
    held = {lease.name for lease in seen.leases if lease.holder is not None}
    if free := sorted(can - held):
        yield "duties", f"nobody does {listed(free)}", LOOK_AGAIN
    for name, polled in joined(read(each.report).sees for each in seen.alive).polls.items():
        yield f"polling {name}", *_polled(polled)


def _all(seen: Seen) -> str:
    return f"{count(len(seen.alive), 'program')} running: {'; '.join(_does(each, seen.leases) for each in seen.alive)}"


def _does(replica: Replica, leases: Sequence[Lease]) -> str:
    names = [lease.name for lease in leases if lease.holder == replica.id]
    return f"{_named(replica)} does {listed(names) if names else 'nothing but answer'}"


def _named(replica: Replica) -> str:
    version = f", version {replica.version}" if replica.version else ""
    return f"host {replica.host} (process {replica.pid}{version})"


def _polled(polled: Polled) -> tuple[str, str]:
    age = duration(timedelta(seconds=polled.age))
    said = f"last good look {age} ago" if polled.looked else f"no good look yet, for {age}"
    late = polled.problem or polled.age > polled.allowed
    return said, (polled.problem or "Look at Clew's log.") if late else ""
