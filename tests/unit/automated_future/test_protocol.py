"""What is sent: names that fit and stay apart, results in the platform's words, and never too much of anything."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.automated_future import protocol
from bot.errors import Rejected
from bot.model import CheckStatus, Secret
from bot.publication import PublishedCheck


@given(st.text(max_size=600))
def test_name__fits(text: str) -> None:
    """Every name has 2 to 255 characters, and none at its ends that a server may trim."""
    name = protocol.name(text)

    assert 2 <= len(name) <= 255
    assert name == name.strip()
    msgspec.json.encode(name)


@given(st.text("ab", min_size=150, max_size=150), st.text("ab", min_size=150, max_size=150))
def test_name__two_long_ones_stay_two(one: str, other: str) -> None:
    """Names that differ in their middle alone differ still."""
    first, second = (protocol.name(f"{'x' * 150}{middle}{'y' * 150}") for middle in (one, other))

    assert (first == second) is (one == other)


def test_name__keeps_both_ends() -> None:
    """A long name begins and ends as it did: a parameter at its end tells tests apart."""
    name = protocol.name(f"tests/test_pay.py::{'deep::' * 60}test_refund[eur]")

    assert len(name) == 255
    assert name.startswith("tests/test_pay.py::")
    assert name.endswith("test_refund[eur]")


@pytest.mark.parametrize(("text", "name"), [("x", "test x"), ("", "unnamed"), (" a\n b ", "a b")])
def test_name__short_ones(text: str, name: str) -> None:
    """A name that is too short gets a word before it."""
    assert protocol.name(text) == name


def test_message__is_bounded() -> None:
    """A message is cut at its end."""
    assert len(protocol.message("x" * 2_000)) == 1_024
    assert protocol.message(" short ") == "short"


@pytest.mark.parametrize(
    ("status", "excused", "word"),
    [
        (CheckStatus.PASSING, False, "Passed"),
        (CheckStatus.FAILING, False, "Failed"),
        (CheckStatus.FAILING, True, "KnownFail"),
        (CheckStatus.SKIPPED, False, "Skipped"),
    ],
)
def test_write__in_the_platforms_words(status: CheckStatus, excused: bool, word: str) -> None:
    """Each status has its word; the time goes along in whole milliseconds where it may."""
    check = PublishedCheck(
        name="a test", status=status, excused=excused, took=timedelta(microseconds=1_234_567), message="m"
    )

    request = protocol.write_request("project_1", "run_1", check, timed=True)
    without = protocol.write_request("project_1", "run_1", check, timed=False)
    rest = protocol.tell_request("res_1", check, timed=False)

    assert (request.method, request.path) == ("POST", "result/")
    common = {"project_id": "project_1", "test_run_id": "run_1", "test_name": "a test", "status": word}
    assert msgspec.json.decode(request.body) == {**common, "execution_time_ms": 1234}
    assert msgspec.json.decode(without.body) == common
    assert msgspec.json.decode(rest.body) == {"error_message": "m", "execution_time_ms": 1234}


@pytest.mark.parametrize("bad", ["run_../result", "run_1?x", "run_é", "run_" + "x" * 200])
def test_paths__take_no_other_ids(bad: str) -> None:
    """An id that could lead elsewhere never gets into a path."""
    with pytest.raises(Rejected):
        protocol.run_request(bad, "Running")


def test_files__go_without_the_key() -> None:
    """Only signed addresses are asked elsewhere, and those requests say so."""
    link = Secret("https://files.example/a?X-Amz-Signature=s")

    assert protocol.send_request(link, b"x").elsewhere == link
    assert protocol.fetch_request(link, 10, 1.0).elsewhere == link
    assert "Signature" not in repr(protocol.fetch_request(link, 10, 1.0))
