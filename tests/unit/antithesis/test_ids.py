"""What may become part of an address, and what never does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.ids import (
    checked_launcher,
    checked_moment,
    checked_run_id,
    is_hash,
    is_vtime,
    older_than,
    release_of,
    usable_cursor,
)
from bot.errors import Rejected
from bot.model import Moment

HOSTILE = (
    "../../v1/launch/x",
    "..",
    ".",
    "",
    "%2e%2e",
    "a%2fb",
    "a?b",
    "a#b",
    "a/b",
    "a\\b",
    "http://evil.example",
    "a\r\nX-Evil: 1",
    "a\n",
    "\x00",
    "x" * 1_000_000,
)


@pytest.mark.parametrize("text", [*HOSTILE, "run 1", "-x", "é", "٣٠"])
def test_run_id__hostile(text: str) -> None:
    """Nothing that could leave its place in the path passes."""
    with pytest.raises(Rejected):
        checked_run_id(text)


def test_run_id__real() -> None:
    """Ids as served pass, and so do opaque ones."""
    for text in ("9043254f65c9c65d63fe043a0abfc7fc-53-1", "a", "A_b-9"):
        assert checked_run_id(text) == text


@pytest.mark.parametrize("text", [*HOSTILE, "debugging", " debugging ", "a..b", "x" * 201])
def test_launcher__hostile(text: str) -> None:
    """Neither a path nor the other launch endpoint can be reached through a launcher's name."""
    with pytest.raises(Rejected):
        checked_launcher(text)


def test_launcher__encoded() -> None:
    """Names are free text and are encoded whole."""
    assert checked_launcher("Payments Nightly") == "Payments%20Nightly"
    assert checked_launcher("a&b=c;d+é") == "a%26b%3Dc%3Bd%2B%C3%A9"


@given(st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_launcher__stays_one_segment(text: str) -> None:
    """Whatever passes is one segment of a path without anything special."""
    try:
        segment = checked_launcher(text)
    except Rejected:
        return

    assert not set(segment) & set("/\\?#&=; \r\n")
    assert segment not in {".", ".."}


@pytest.mark.parametrize("text", ["0", "-1", "-9223372036854775808", "9223372036854775807"])
def test_hash__in_range(text: str) -> None:
    """Any signed 64-bit integer."""
    assert is_hash(text)


@pytest.mark.parametrize(
    "text", ["", "9223372036854775808", "-9223372036854775809", "1.0", "+1", "1e3", "٣", "1\n"]
)
def test_hash__out_of_range(text: str) -> None:
    """Nothing else."""
    assert not is_hash(text)


@pytest.mark.parametrize("text", ["0", "402", "398.4898056755774", "1e5", "4.5E+2", "0.0"])
def test_vtime__finite(text: str) -> None:
    """Decimal text, exponents allowed."""
    assert is_vtime(text)


@pytest.mark.parametrize(
    "text", ["", "-1", "nan", "inf", "1e999", "1_0", " 1", "1\n", ".5", "5.", "٣", "0x1"]
)
def test_vtime__not_a_time(text: str) -> None:
    """What float() would take but the platform would not."""
    assert not is_vtime(text)


def test_moment__checked() -> None:
    """Both parts are checked before they are sent."""
    moment = Moment("-3625518438076122494", "398.4898056755774")

    assert checked_moment(moment) is moment
    for wrong in (Moment("x", "1"), Moment("1", "x")):
        with pytest.raises(Rejected):
            checked_moment(wrong)


@pytest.mark.parametrize("cursor", [None, 5, "", "a b", "x" * 513, "a\n", "é"])
def test_cursor__unusable(cursor: object) -> None:
    """A cursor that is no short printable text ends the walk."""
    assert usable_cursor(cursor) is None


def test_cursor__a_url_is_only_a_value() -> None:
    """Even a URL may be sent back: it only ever stands in the query."""
    assert usable_cursor("http://evil.example/?x") == "http://evil.example/?x"


def test_release__from_the_id() -> None:
    """An id ends with the release; one that does not parse is old for no gate."""
    run_id = "9043254f65c9c65d63fe043a0abfc7fc-53-1"

    assert release_of(run_id) == "53.1"
    assert release_of("opaque") is None
    assert (older_than(run_id, 54), older_than(run_id, 53), older_than("opaque", 99)) == (True, False, False)
