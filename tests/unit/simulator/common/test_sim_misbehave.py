"""Rules: which request they take, how often, and what they do to an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.simulator.antithesis.misbehave import FAULTS
from adapters.simulator.common.answers import spoilt
from adapters.simulator.common.misbehave import STREAM_ERROR, Cut, Rule, Rules, rule_from, set_fields

LINES = [b"one\n", b"two\n", b"three\n"]


def test_rules__match_method_and_path_whole() -> None:
    """A rule for a list does not take a run."""
    rules = Rules()
    rules.add(Rule(method="GET", path="/runs", status=500))

    taken = [rules.take("POST", "/runs"), rules.take("GET", "/runs/1"), rules.take("GET", "/runs")]

    assert [None, None, 500] == [rule and rule.status for rule in taken]


@pytest.mark.parametrize(("times", "spoilt"), [(1, 1), (3, 3), (None, 5)])
def test_rules__are_used_up(times: int | None, spoilt: int) -> None:
    """So many requests, or all of them."""
    rules = Rules()
    rules.add(Rule(times=times))

    assert spoilt == sum(rules.take("GET", "/") is not None for _ in range(5))


def test_rules__come_in_their_order_and_can_be_dropped() -> None:
    """The first that matches is taken."""
    rules = Rules()
    for status in (429, 500, 502):
        rules.add(Rule(status=status))

    statuses = [rule.status for rule in (rules.take("GET", "/"), rules.take("GET", "/")) if rule]
    rules.clear()

    assert statuses == [429, 500]
    assert rules.take("GET", "/") is None


def test_rule_from__changes_a_preset() -> None:
    """The preset's other fields stay."""
    rule = rule_from(FAULTS, "rate limited", {"headers": {"Retry-After": "0"}, "times": 2})

    assert (rule.status, rule.headers, rule.times) == (429, {"Retry-After": "0"}, 2)


@pytest.mark.parametrize(
    ("fault", "changes", "message"),
    [
        ("no such", {}, "there is no fault"),
        ("slow", {"colour": 1}, "colour"),
        ("slow", {"path": "["}, "slow"),
    ],
)
def test_rule_from__says_what_is_wrong(fault: str, changes: dict[str, object], message: str) -> None:
    """Unknown faults, unknown fields, broken expressions."""
    with pytest.raises(ValueError, match=message):
        rule_from(FAULTS, fault, changes)


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (None, LINES),
        (Rule(), LINES),
        (Rule(error_after=1), [b"one\n", STREAM_ERROR]),
        (Rule(error_after=0), [STREAM_ERROR]),
        (Rule(error_after=9), LINES),
    ],
)
def test_spoil__ends_in_an_error_line(rule: Rule | None, lines: list[bytes]) -> None:
    """After so many whole lines, if there are so many."""
    assert list(spoilt(iter(LINES), rule)) == lines


def test_spoil__cuts_in_the_middle_of_a_line() -> None:
    """Half a line, then the order to drop the connection."""
    received: list[bytes] = []

    def read(stream: Iterator[bytes]) -> None:
        received.extend(iter(stream.__next__, None))

    with pytest.raises(Cut):
        read(spoilt(iter(LINES), Rule(cut_after=2)))

    assert received == [b"one\n", b"two\n", b"thr"]


@pytest.mark.parametrize(
    ("after", "body", "cursor"),
    [
        ("mine", {"next_cursor": "next"}, "mine"),
        (None, {"next_cursor": "next"}, "next"),
        (None, {}, "bG9vcA=="),
    ],
)
def test_rewrite__looping_cursor_never_ends(after: str | None, body: dict[str, str], cursor: str) -> None:
    """The cursor that was asked with, else the true one, else a made-up one."""
    rewrite = FAULTS["looping cursor"].rewrite

    assert rewrite is not None
    assert rewrite(body, {"after": after} if after else {})["next_cursor"] == cursor


@pytest.mark.parametrize(
    ("rule", "sent"),
    [
        (Rule(leaves_out="two"), [b"one\n", b"three\n"]),
        (Rule(leaves_out="none of them"), LINES),
    ],
)
def test_spoil__leaves_out_what_holds_a_text(rule: Rule, sent: list[bytes]) -> None:
    """The last line of a stream can be missing without an error."""
    assert list(spoilt(iter(LINES), rule)) == sent


def test_spoil__cuts_before_what_holds_a_text() -> None:
    """Nothing of that line is sent."""
    received: list[bytes] = []

    with pytest.raises(Cut):
        received.extend(iter(spoilt(iter(LINES), Rule(cut_before="three")).__next__, None))

    assert received == [b"one\n", b"two\n"]


def test_set_fields__at_any_depth() -> None:
    """Fields that the answer lacks are not added."""
    body = {"total": 2, "results": [{"id": 1, "failed": 0}, {"id": 2}]}

    assert {"total": 2, "results": [{"id": "x", "failed": None}, {"id": "x"}]} == set_fields(
        body, {"id": "x", "failed": None, "other": 1}
    )
