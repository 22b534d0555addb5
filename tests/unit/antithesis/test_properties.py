"""Properties as served: decided by status and `is_event` alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.platforms.antithesis.protocol import Reader
from adapters.platforms.http.wire import Answer
from adapters.simulator.antithesis.meta import META_NAMES
from bot.model import Check, CheckStatus, Moment, Rule

READER = Reader("prod", "https://acme.antithesis.com")
EVENT = {
    "moment": {"input_hash": "-1", "vtime": 2.5},
    "antithesis_assert": {
        "hit": True,
        "condition": False,
        "assert_type": "always",
        "display_type": "Always",
        "message": "balance holds",
        "details": {"a": 1},
        "location": {"file": "ledger.go", "begin_line": 42, "function": "Post"},
    },
}


def _property(**fields: Any) -> Check:
    body = {"name": "balance holds", "status": "Failing", "is_event": True, **fields}
    (found,) = READER.properties(Answer(status=200, body=json.dumps({"data": [body]}).encode())).items
    return found


def test_property__a_group_leaf_fails_like_any_other() -> None:
    """Users' own assertions are served with `is_group`."""
    found = _property(
        is_group=True, event_group="balance holds", counterexamples=[EVENT], counterexample_count=3
    )

    assert found.failing
    assert (found.is_group, found.counterexample_count, found.example_count) == (True, 3, None)
    assert found.moment == Moment("-1", "2.5")
    assert (found.counterexamples[0].location, found.counterexamples[0].function) == ("ledger.go:42", "Post")
    assert found.counterexamples[0].text == 'FAIL Always "balance holds" at ledger.go:42 {"a":1}'


def test_property__passing_with_counterexamples() -> None:
    """`Sometimes` passes with counterexamples; only the status decides."""
    found = _property(status="Passing", example_count=13, counterexample_count=19, counterexamples=[EVENT])

    assert not found.failing


@pytest.mark.parametrize("status", [None, "passing", "Flaky", 5])
def test_property__a_status_that_nobody_knows(status: object) -> None:
    """It is unknown, never passing."""
    assert _property(status=status).status is CheckStatus.UNKNOWN


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (318446, "318446"),
        ("1.5 GB", "1.5 GB"),
        (True, "true"),
        ([1, "a"], '[1,"a"]'),
        ({"module": "x"}, '{"module":"x"}'),
        ({"moment": {"input_hash": "1", "vtime": "2"}}, '{"moment":{"input_hash":"1","vtime":"2"}}'),
        (None, "null"),
    ],
)
def test_property__values_of_a_non_event(value: object, text: str) -> None:
    """Any JSON is shown as it is, and never has a moment, whatever its shape."""
    found = _property(is_event=False, counterexamples=[value])

    assert [(e.text, e.moment) for e in found.counterexamples] == [(text, None)]


@pytest.mark.parametrize("bad", [None, 5, "x", {}, [None], [5], [[]], [{}], [{"moment": 5}]])
def test_property__samples_of_a_wrong_shape(bad: object) -> None:
    """Samples without a moment are shown without one."""
    found = _property(examples=bad, counterexamples=bad, example_count=-1, counterexample_count="3", group=7)

    assert found.moment is None
    assert (found.example_count, found.counterexample_count, found.group) == (None, None, None)


def test_property__placeholder_moment() -> None:
    """An example at 0/0 has no moment to look at."""
    assert _property(counterexamples=[{"moment": {"input_hash": "0", "vtime": "0"}}]).moment is None


def test_property__bounded() -> None:
    """A hostile name, value and number of samples stay within reason."""
    found = _property(name="n" * 1_000_000, is_event=False, examples=["v" * 100_000] * 1_000)

    assert len(found.name) < 1_100
    assert len(found.examples) == 20
    assert len(found.examples[0].text) < 600


def test_property__a_counterexample_that_has_only_a_moment_has_no_text() -> None:
    """An empty object tells a person nothing."""
    found = _property(counterexamples=[{"moment": {"input_hash": "7", "vtime": "12.5"}}])

    assert [(e.text, e.moment) for e in found.counterexamples] == [("", Moment("7", "12.5"))]


def test_property__the_earliest_of_many_counterexamples_is_kept() -> None:
    """They come in no order, and more than are kept."""
    served = [{**EVENT, "moment": {"input_hash": f"{n}", "vtime": f"{n}.5"}} for n in range(60, 0, -1)]

    found = _property(counterexamples=[{"output_text": "no moment"}, *served])

    assert found.moment == Moment("1", "1.5")
    assert len(found.counterexamples) == 20


@pytest.mark.parametrize(
    ("name", "is_event", "health", "advisory"),
    [
        ("Software was instrumented", False, True, False),
        ("NO ANTITHESIS ERRORS", False, True, False),
        ("the test composer  was used", False, True, True),
        ("No build warnings", False, True, True),
        ("Unique Edges", False, True, True),
        ("Always: Peak memory usage", False, True, True),
        ("Software was instrumented", True, False, False),
        ("No build warnings", True, False, False),
        ("No build errors in the ledger", False, False, False),
    ],
)
def test_property__of_setup_and_platform(name: str, *, is_event: bool, health: bool, advisory: bool) -> None:
    """Known by its name, however that is cased; the users' own assertion of such a name is none."""
    found = _property(name=name, is_event=is_event, status="Failing")

    assert (found.health, found.advisory) == (health, advisory)


def test_property__every_one_that_the_platform_makes_is_known() -> None:
    """What the simulated tenant serves on every run is about the run, and so never a failure of the software."""
    assert all(_property(name=name, is_event=False, status="Failing").health for name in META_NAMES)


@pytest.mark.parametrize(
    ("label", "rule"),
    [
        ("Always", Rule.ALWAYS),
        ("AlwaysOrUnreachable", Rule.ALWAYS),
        ("AlwaysGreaterThan", Rule.ALWAYS),
        ("SometimesAll", Rule.SOMETIMES),
        ("Unreachable", Rule.UNREACHABLE),
        ("Reachable", Rule.REACHABLE),
        ("reachability", None),
        (7, None),
        (None, None),
    ],
)
def test_property__when_it_fails(label: object, rule: Rule | None) -> None:
    """By the label of its assertion; where that does not say, nobody guesses."""
    found = _property(counterexamples=[{"antithesis_assert": {"display_type": label, "hit": True}}])

    assert found.rule is rule
