"""The properties of a finished run, with samples taken from its timeline."""

from __future__ import annotations

from adapters.simulator.antithesis.meta import META, Meta
from adapters.simulator.antithesis.systems import Assertion
from adapters.simulator.antithesis.timeline import Timeline
from adapters.simulator.common.ids import dice
from adapters.simulator.common.misbehave import Json

NO_COUNTS = 0.1  # share of properties whose totals are null


def properties(line: Timeline) -> tuple[Json, ...]:
    """Return all properties of a run in the order they are served."""
    users = [_assertion(line, of) for of in line.assertions]
    return (_root(line), *users, *(_meta(line, meta) for meta in META))


def _root(line: Timeline) -> Json:
    first = min(line.by_second[min(line.by_second)], key=lambda timed: timed[0])
    return {
        "name": "Sometimes: Root moments",
        "description": None,
        "status": "Passing",
        "is_event": True,
        "is_group": False,
        "example_count": 1,
        "counterexample_count": 0,
        "examples": [first[1] | {"moment": line.moment(first[0])}],
        "counterexamples": [],
    }


def _assertion(line: Timeline, of: Assertion) -> Json:
    """Return a user's assertion; real tenants mark these leaves `is_group`."""
    examples = _sample(line, of, line.hits.get(of.name), condition=True)
    counterexamples = _sample(line, of, (line.failures | line.misses).get(of.name), condition=False)
    return {
        "name": of.name,
        "description": f"{of.kind}: {of.name}" if of.kind.startswith("Always") else None,
        "status": "Failing" if of.name in line.failing else "Passing",
        "is_event": True,
        "is_group": True,
        "event_group": of.name,
        **_counts(line, of, seen=bool(examples), broken=bool(counterexamples)),
        "examples": examples,
        "counterexamples": counterexamples,
    }


def _sample(line: Timeline, of: Assertion, vtime: float | None, *, condition: bool) -> list[Json]:
    """Return the very event of the timeline at that time, if there is one."""
    if vtime is None:
        return []
    events = line.by_second[int(vtime)]
    found = next(e for at, e in events if at == vtime and _is_verdict(e, of, condition=condition))
    return [found | {"moment": line.moment(vtime)}]


def _is_verdict(event: Json, of: Assertion, *, condition: bool) -> bool:
    body = event.get("antithesis_assert", {})
    return bool(body.get("id") == of.name and body["hit"] and body["condition"] is condition)


def _counts(line: Timeline, of: Assertion, *, seen: bool, broken: bool) -> Json:
    """Return totals over all histories, far above the sample's size; some tenants send none."""
    rng = dice("counts", line.run_id, of.name)
    if rng.random() < NO_COUNTS:
        return {"example_count": None, "counterexample_count": None}
    totals = {"example_count": rng.randint(1, 18_000_000), "counterexample_count": rng.randint(1, 400)}
    return {
        "example_count": totals["example_count"] * seen,
        "counterexample_count": totals["counterexample_count"] * broken,
    }


def _meta(line: Timeline, meta: Meta) -> Json:
    failed = meta.name in line.failing
    body: Json = {
        "name": meta.name,
        "status": "Failing" if failed else "Passing",
        "is_event": False,
        "is_group": False,
        "example_count": 0 if failed else len(meta.passing),
        "counterexample_count": len(meta.failing) if failed else 0,
        "examples": [] if failed else list(meta.passing),
        "counterexamples": list(meta.failing) if failed else [],
    }
    return body | ({"group": meta.group} if meta.group else {})
