"""What happens in a run's virtual time: every event with a meaning, at an exact moment.

The chatter between is made per second, on demand, in `lines.py`. Properties take their examples from here, so
the log before a failing moment ends in that very assertion.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from adapters.simulator.antithesis import events, faults
from adapters.simulator.antithesis.ids import input_hash, vtime_between
from adapters.simulator.antithesis.meta import META_NAMES
from adapters.simulator.antithesis.systems import SYSTEMS, Assertion, System
from adapters.simulator.common.ids import dice
from adapters.simulator.common.misbehave import Json

Timed = tuple[float, Json]

LENGTH = 480.0  # virtual seconds of a timeline
BRANCH = 10  # virtual seconds until the fuzzer feeds new input, which changes the input hash
FIRST_FAILURE = 150.0
FAILURE_STEP = 37.0
CRASH_MARGIN = 20.0
CRASHES_AT = 212.0  # about when an incomplete run with a pinned moment breaks


@dataclass(frozen=True, slots=True)
class Timeline:
    """One run's timeline. `failures`, `misses` and `hits`: name to virtual seconds.

    A miss is a condition that was false once although the property passed.
    """

    run_id: str
    system: System
    assertions: tuple[Assertion, ...]
    failing: frozenset[str]
    failures: dict[str, float]
    misses: dict[str, float]
    hits: dict[str, float]
    end: float
    crash: float | None
    by_second: dict[int, list[Timed]] = field(repr=False)

    def hash_at(self, vtime: float) -> str:
        """Return the input hash of the timeline at a virtual time."""
        return input_hash(self.run_id, int(vtime) // BRANCH)

    def moment(self, vtime: float) -> Json:
        """Return a moment as the API writes it: both parts as text."""
        return {"input_hash": self.hash_at(vtime), "vtime": repr(vtime)}

    def knows(self, hash_text: str) -> bool:
        """Whether some moment of this timeline has that input hash."""
        return any(hash_text == input_hash(self.run_id, n) for n in range(int(self.end) // BRANCH + 1))


@lru_cache(maxsize=128)
def timeline(run_id: str, system_name: str, failing: tuple[str, ...], *, crashes: bool = False) -> Timeline:
    """Return the timeline of a run; the same arguments always give the same one."""
    system = SYSTEMS[system_name]
    rng = dice("timeline", run_id)
    declared = _declared(system, failing)
    broken = [a for a in declared if a.name in failing and a.kind != "Reachable"]
    failures = {
        a.name: vtime_between(rng, FIRST_FAILURE + n * FAILURE_STEP, FIRST_FAILURE + n * FAILURE_STEP + 30)
        for n, a in enumerate(broken)
    }
    misses = {
        a.name: vtime_between(rng, 25, 29)
        for a in declared
        if a.kind == "Sometimes" and a.name not in failing
    }
    hits = {a.name: vtime_between(rng, 30, 140) for a in declared if _hit(a, failing)}
    last_failure = max(failures.values(), default=0.0)
    breaks_at = max(CRASHES_AT, last_failure + CRASH_MARGIN)  # after everything that fails
    crash = vtime_between(rng, breaks_at, breaks_at + CRASH_MARGIN) if crashes else None
    end = crash or max(LENGTH, last_failure + FAILURE_STEP)
    story = [
        *_opening(rng, system, declared),
        *_hits(declared, hits),
        *_failures(declared, failures | misses),
    ]
    story += _commands(rng, system, end)
    story += [timed for vtime in failures.values() for timed in _symptoms(rng, system, vtime)]
    story += faults.schedule(rng, system.containers, end, [*failures.values(), *([crash] if crash else [])])
    story += _crash(system, crash) if crash else []
    return Timeline(
        run_id,
        system,
        declared,
        frozenset(failing),
        failures,
        misses,
        hits,
        end,
        crash,
        _by_second(story, end),
    )


def _declared(system: System, failing: tuple[str, ...]) -> tuple[Assertion, ...]:
    """Return the system's assertions, fillers, and one for each failing name that none of them has."""
    client = system.containers[-1]
    fillers = tuple(
        Assertion(
            "Reachable", f"Message handler {n:03} ran", client, f"wire/handlers.go:{20 + n} Handle{n:03}"
        )
        for n in range(system.fillers)
    )
    known = {a.name for a in system.assertions} | {a.name for a in fillers} | META_NAMES
    added = tuple(
        Assertion("Always", name, client, "check/more.go:12 Check") for name in failing if name not in known
    )
    return (*system.assertions, *fillers, *added)


def _hit(of: Assertion, failing: tuple[str, ...]) -> bool:
    if of.kind == "Unreachable":
        return False
    return of.name not in failing or of.type == "always"


def _opening(rng: random.Random, system: System, declared: tuple[Assertion, ...]) -> Iterator[Timed]:
    vtime = vtime_between(rng, 21, 23)
    for event in events.beginnings(system):
        yield vtime, event
        vtime += vtime_between(rng, 0.001, 0.05)
    for of in declared:
        yield vtime, events.assertion(of, hit=False, condition=False)
        vtime += vtime_between(rng, 0.0001, 0.001)


def _hits(declared: tuple[Assertion, ...], hits: dict[str, float]) -> Iterator[Timed]:
    for of in declared:
        if of.name in hits:
            yield hits[of.name], events.assertion(of, hit=True, condition=True, details={"attempt": 1})


def _failures(declared: tuple[Assertion, ...], failures: dict[str, float]) -> Iterator[Timed]:
    for of in declared:
        if of.name in failures:
            details = {"expected": 4200, "actual": 4180, "node": of.container}
            yield failures[of.name], events.assertion(of, hit=True, condition=False, details=details)


def _symptoms(rng: random.Random, system: System, failure: float) -> Iterator[Timed]:
    """Yield what the containers write in the last two seconds before something fails."""
    for number, line in enumerate(system.symptoms):
        low = failure - 2 + number * 2 / len(system.symptoms)
        yield vtime_between(rng, low, low + 0.3), events.written(system, line, rng)


def _commands(rng: random.Random, system: System, end: float) -> Iterator[Timed]:
    start = 26.0
    while start + 6 < end:
        name = rng.choice(system.commands)
        yield vtime_between(rng, start, start + 1), events.command(name, "started")
        code = rng.choice((0, "0", "0", 0, 1, "137"))
        yield vtime_between(rng, start + 4, start + 5), events.command(name, "finished", code=code)
        start += 13


def _crash(system: System, crash: float) -> list[Timed]:
    victim = system.containers[0]
    last_words = events.output(
        system, victim, "fatal error: setup did not finish: no leader elected", "error"
    )
    return [
        (crash - 0.5, last_words),
        (crash - 0.25, events.signal_death(f"/usr/bin/{victim}")),
        (crash, events.container("died", victim, exit_code=134)),
    ]


def _by_second(story: list[Timed], end: float) -> dict[int, list[Timed]]:
    seconds: defaultdict[int, list[Timed]] = defaultdict(list)
    for vtime, event in story:
        if vtime <= end:
            seconds[int(vtime)].append((vtime, event))
    return dict(seconds)
