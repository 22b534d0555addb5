"""Properties of a run: read by `is_event`, never filtered by `is_group`, counted as totals."""

from __future__ import annotations

import msgspec

from adapters.platforms.antithesis.decode import moment_of
from adapters.platforms.antithesis.events import describe, function_of, location_of, read_event, rule_of
from adapters.platforms.http.lenient import NULL, read, read_any
from adapters.platforms.http.text import clean, shown
from bot.model import Check, CheckStatus, Example, Moment, Rule
from bot.redact import scrub

_STATUSES = {"Passing": CheckStatus.PASSING, "Failing": CheckStatus.FAILING}


def _names(*names: str) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


_GATES = _names(
    "Software was instrumented",
    "Software images match expected platform",
    "Fuzzing has branches",
    "Fault injector started",
    "All containers joined",
    "No Antithesis errors",
    "No session errors",
    "No build errors",
)
"""Properties about setup and platform, which the platform makes itself: they fail without a bug in the software.

With one of these failing the software did not run as it should, or was hardly explored. An SDK's assertion of such a
name is the users' own: it is an event, these are judged on the whole run.
"""
_ADVICE = _names(
    "Symbols were uploaded",  # how traces read
    "Thread pausing was enabled",  # one kind of fault less
    "Recent version of software was provided",
    "Assertions are present in customer code",
    "The Test Composer was used",
    "Test ran with full parallelism",
    "No build warnings",
    # What the platform measures.
    "Customer output volume",
    "Virtual time per wall time",
    "Hypervisor utilization",
    "Fault injector total packets",
    "Unique Edges",
    "Input count",
    "Always: Peak memory usage",
)
"""More of them: what they ask for is missing by a team's choice or for ever, and the others' results hold without it."""
NAME = 1_000  # characters
_SAMPLES = 20
_VALUE = 500
_NOTHING = "{}"  # what an event that has only a moment reads as


class PropertyBody(msgspec.Struct):
    """A property as served."""

    name: str
    status: str | None = None
    is_event: bool | None = None
    is_group: bool | None = None
    group: str | None = None
    description: str | None = None
    example_count: int | None = None
    counterexample_count: int | None = None
    examples: msgspec.Raw = NULL
    counterexamples: msgspec.Raw = NULL


def property_of(body: PropertyBody) -> Check:
    """Return a property; a status that no document names is unknown, never passing."""
    is_event = bool(body.is_event)
    own = "" if is_event else " ".join(body.name.split()).casefold()
    return Check(
        name=shown(body.name, NAME),
        status=_STATUSES.get(body.status or "", CheckStatus.UNKNOWN),
        health=own in _GATES or own in _ADVICE,
        advisory=own in _ADVICE,
        rule=_rule(body) if is_event else None,
        is_event=is_event,
        is_group=bool(body.is_group),
        group=shown(body.group, NAME) if body.group else None,
        description=scrub(clean(body.description)).text if body.description else None,
        example_count=_count(body.example_count),
        counterexample_count=_count(body.counterexample_count),
        examples=_samples(body.examples, is_event=is_event),
        counterexamples=_samples(body.counterexamples, is_event=is_event),
    )


def _rule(body: PropertyBody) -> Rule | None:
    """Return when a property fails, by the assertion of its first sample that tells."""
    for raw in (body.counterexamples, body.examples):
        for item in (read(raw, list[msgspec.Raw]) or [])[:1]:
            if (rule := rule_of(read_event(item))) is not None:
                return rule
    return None


def _count(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def _samples(raw: msgspec.Raw, *, is_event: bool) -> tuple[Example, ...]:
    """Return up to 20 samples; only those of an event property have a moment, and the earliest of them are kept."""
    items = read(raw, list[msgspec.Raw]) or []
    if not is_event:
        return tuple(_value(item) for item in items[:_SAMPLES])
    at = [moment_in(item) for item in items]
    earliest = sorted(range(len(items)), key=lambda n: (at[n] is None, m.exact if (m := at[n]) else 0))
    return tuple(_event(items[n], at[n]) for n in sorted(earliest[:_SAMPLES]))


def moment_in(raw: bytes | msgspec.Raw) -> Moment | None:
    """Return the moment of an event; None where it has none, or the placeholder."""
    moment = moment_of(_part(raw, "moment"))
    return None if moment is None or moment.placeholder else moment


def _event(raw: msgspec.Raw, moment: Moment | None) -> Example:
    fields = read_event(raw)
    text = describe(fields)
    return Example(
        text="" if text == _NOTHING else shown(text, _VALUE),
        moment=moment,
        location=location_of(fields),
        function=function_of(fields),
    )


def _part(raw: bytes | msgspec.Raw, name: str) -> msgspec.Raw:
    return (read(raw, dict[str, msgspec.Raw]) or {}).get(name, NULL)


def _value(raw: msgspec.Raw) -> Example:
    """Return any JSON value as a person reads it: a text without quotes, everything else as JSON."""
    value = read_any(raw)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8", "replace")
    return Example(text=shown(text, _VALUE))
