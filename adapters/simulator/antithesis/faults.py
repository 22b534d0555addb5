"""When the simulated fault injector strikes. Faults are always active at a failing moment."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

from adapters.simulator.antithesis.events import container, fault, injector_status
from adapters.simulator.antithesis.ids import vtime_between
from adapters.simulator.common.misbehave import Json

Timed = tuple[float, Json]

ROUND = 24.0  # virtual seconds from one round of faults to the next
CLEAR = 8.0  # no healing for so many seconds before a failing moment


def schedule(rng: random.Random, nodes: Sequence[str], end: float, failures: Iterable[float]) -> list[Timed]:
    """Return the faults of a timeline of `end` virtual seconds that fails at the given times."""
    moments = tuple(failures)
    background = _background(rng, nodes, end)
    kept = [
        (vtime, event)
        for vtime, event in background
        if not (_heals(event) and any(moment - CLEAR < vtime <= moment for moment in moments))
    ]
    return kept + [event for moment in moments for event in _before(rng, nodes, moment)]


def _background(rng: random.Random, nodes: Sequence[str], end: float) -> Iterator[Timed]:
    start = 32.0
    while start + ROUND < end:
        yield from _round(rng, nodes, start)
        start += ROUND


def _round(rng: random.Random, nodes: Sequence[str], start: float) -> Iterator[Timed]:
    node = rng.choice(nodes)

    def at(low: float) -> float:
        return vtime_between(rng, start + low, start + low + 1)

    slow = {"disruption_type": "Slowed", "drop_rate": 0.1, "latency": {"mean": 120, "deviation": 40}}
    yield at(0), fault("clog", "network", [node], seconds="4.5", details=slow)
    yield at(3), fault("pause", "node", [node], seconds=1.5)
    yield at(6), fault("kill", "node", [node], seconds="0")
    yield at(8), container("died", node, exit_code=137)
    yield at(10), container("start", node)
    yield at(12), fault("skip", "clock", [node], seconds="0", details={"offset": rng.choice((-30, 5, 3600))})
    yield at(14), fault("throttle", "node", [rng.choice(nodes)], seconds=2)
    yield at(17), fault("restore", "network", ["ALL"], seconds="0")
    yield at(19), injector_status(paused=True)
    yield at(21), injector_status(paused=False)


def _before(rng: random.Random, nodes: Sequence[str], moment: float) -> Iterator[Timed]:
    split = {"disruption_type": "Stopped", "asymmetric": False, "partitions": [[nodes[0]], list(nodes[1:])]}
    jam = {"disruption_type": "Jammed", "drop_rate": 0}
    first = vtime_between(rng, moment - 6, moment - 4)
    yield first, fault("partition", "network", list(nodes[:2]), seconds="20", details=split)
    second = vtime_between(rng, moment - 3, moment - 1)
    yield second, fault("clog", "network", [nodes[-1]], seconds=12.5, details=jam)


def _heals(event: Json) -> bool:
    return event.get("fault", {}).get("name") == "restore" or "info" in event
