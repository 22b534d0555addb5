"""Events that hold a property's name: what is asked for, and what an event says of the property."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.platforms.antithesis import links, protocol
from adapters.platforms.antithesis.found import Found
from bot import moments
from bot.errors import NotAvailable
from bot.model import LineKind, Moment

RUN, SESSION = "9043254f65c9c65d63fe043a0abfc7fc-64-0", "d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"
MOMENT = Moment("-9067336385060865277", "45.334635781589895")
EXPLORER = (
    "https://acme.antithesis.com/search?search=v6veyJxIjp7Im4iOnsiciI6eyJoIjpbeyJoIjpbeyJjIjoibW9tZW50LnZ0aW1lIiwiZiI6Imdlb"
    "mVyYWwuY3VzdG9tIiwibyI6Im1hdGNoZXMiLCJ2IjoiNDUuMzM0NjM1NzgxNTg5ODk1In1dLCJvIjoib3IifSx7ImgiOlt7ImMiOiJtb21lbnQuaW5wdXRfaG"
    "FzaCIsImYiOiJnZW5lcmFsLmN1c3RvbSIsIm8iOiJtYXRjaGVzIiwidiI6Ii05MDY3MzM2Mzg1MDYwODY1Mjc3In1dLCJvIjoib3IifV0sIm8iOiJhbmQifSwi"
    "dCI6eyJnIjpmYWxzZSwibSI6IiJ9LCJ5Ijoibm9uZSJ9fSwicyI6ImQ1ZDFjOWNmMGU2NGI1ZGQ2OWIwMGU5N2IwN2ZlM2Y0LTE4LTEifQ"
)


def event(**fields: Any) -> bytes:
    moment = {"moment": {"input_hash": "-7", "vtime": "9.5"}}
    return json.dumps({**moment, "source": {"name": "s", "container": "shop"}, **fields}).encode() + b"\n"


def an_assertion(message: str = "balance", kind: str = "always", **fields: Any) -> bytes:
    body = {"assert_type": kind, "display_type": kind.capitalize(), "message": message, "hit": True, **fields}
    return event(antithesis_assert=body)


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        (an_assertion(condition=False), False),
        (an_assertion(condition=True), True),
        (an_assertion(kind="sometimes", condition=False), None),
        (an_assertion(kind="sometimes", condition=True), True),
        (an_assertion(kind="unreachable", condition=True), False),
        (an_assertion(kind="reachability", display_type="Unreachable", condition=True), False),
        (an_assertion(kind="reachability", display_type="Reachable", condition=True), True),
        (an_assertion(hit=False, condition=False), None),
        (an_assertion(), None),
        (an_assertion("balance of shards", condition=False), None),
        (event(output_text="balance is off"), None),
        (event(antithesis_assert="balance"), None),
        (b"[1]\n", None),
        (b"\xff{\n", None),
    ],
)
def test_found__tells_an_instance_from_a_mention(line: bytes, holds: bool | None) -> None:
    """An assertion of exactly that name that was hit tells; a registration, another name or a text does not."""
    found = Found("balance", 10)
    found.take(line)
    (instance,) = found.instances(None).found

    assert instance.holds is holds
    if line.startswith(b"{"):
        assert instance.moment == Moment("-7", "9.5")
        assert instance.line.source == "shop"


def test_found__keeps_no_more_than_asked_and_says_that_there_are() -> None:
    """One more than wanted is asked for, so that a cut sample is known to be one."""
    found = Found("x", 2)
    found.take(b"".join(event(output_text=f"x {n}") for n in range(2)))
    whole = found.instances(None)
    found.take(event(output_text="x 3"))

    assert (len(whole.found), whole.more) == (2, False)
    assert (len(found.instances(None).found), found.instances("x").more) == (2, True)


def test_found__an_event_without_a_moment_has_none() -> None:
    """The placeholder is none either."""
    found = Found("x", 5)
    found.take(b'{"output_text":"x"}\n{"moment":{"input_hash":"0","vtime":0},"output_text":"x"}\n')

    assert [each.moment for each in found.instances(None).found] == [None, None]
    assert {each.line.kind for each in found.instances(None).found} == {LineKind.OUTPUT}


@pytest.mark.parametrize(
    ("run_id", "query"),
    [(RUN, (("q", "balance"), ("limit", "11"))), (RUN.replace("-64-", "-59-"), (("q", "balance"),))],
)
def test_request__asks_for_one_more_where_the_release_takes_a_number(
    run_id: str, query: tuple[tuple[str, str], ...]
) -> None:
    """Older releases give 50 and know no number."""
    assert protocol.events_request(run_id, "balance", 10).query == query


@pytest.mark.parametrize(
    ("name", "searched"),
    [
        ("a" * 500, "a" * 200),
        ("ab…1234567890…the longest part", "the longest part"),
        ("x" * 3 + "*** token", "token"),
    ],
)
def test_request__looks_for_a_part_that_surely_stands_there(name: str, searched: str) -> None:
    """A name is shown shortened and masked; what is between is the platform's own text."""
    assert dict(protocol.events_request(RUN, name, 10).query)["q"] == searched


@pytest.mark.parametrize("name", ["", " ", "…", "***"])
def test_request__of_nothing_is_not_sent(name: str) -> None:
    """It would ask for every event of the run."""
    with pytest.raises(NotAvailable):
        protocol.events_request(RUN, name, 10)


def test_explorer__is_the_address_that_the_explorer_writes_itself() -> None:
    """Byte by byte, as it was seen; and it is read back as the moment that it was made of."""
    url = links.explorer_url("https://acme.antithesis.com", SESSION, MOMENT)
    found = moments.find(url)

    assert url == EXPLORER
    assert found is not None
    assert (found.moment, found.session_id) == (MOMENT, SESSION)


def test_commands__are_read_back_as_the_moment() -> None:
    """Whoever pastes one of them gets to the same moment."""
    for line in links.commands(RUN, MOMENT):
        found = moments.find(line)

        assert found is not None
        assert (found.run_id, found.moment) == (RUN, MOMENT)
