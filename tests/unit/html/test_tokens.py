"""A token opens pages, and a cookie that was made with it does for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.html.tokens import SESSION, is_session, same, session
from bot.model import Secret

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOKEN = Secret("a-token-of-some-length")


@pytest.mark.parametrize(
    ("given", "is_it"),
    [("a-token-of-some-length", True), ("a-token-of-some-lengt", False), ("", False), ("ä\udcff", False)],
)
def test_same(given: str, is_it: bool) -> None:
    """Only all of it, whatever a header can hold."""
    assert same(given, TOKEN) is is_it


def test_session__holds_for_a_while() -> None:
    """It is over after its time, and never holds the token."""
    cookie = session(TOKEN, NOW)

    assert TOKEN.reveal() not in cookie
    assert is_session(cookie, TOKEN, NOW + SESSION - timedelta(seconds=1))
    assert not is_session(cookie, TOKEN, NOW + SESSION)


def test_session__of_another_token() -> None:
    """A token that was changed ends every session that the one before had opened."""
    assert not is_session(session(Secret("another-token-as-long-as-it"), NOW), TOKEN, NOW)


@pytest.mark.parametrize("cookie", ["", ".", "9999999999.", "x.y", "9999999999.00", "٣.1", "\udcff.\udcff"])
def test_session__made_up(cookie: str) -> None:
    """Nobody makes one without the token."""
    assert not is_session(cookie, TOKEN, NOW)


def test_session__its_time_cannot_be_changed() -> None:
    """The time is part of what is signed."""
    _, _, signature = session(TOKEN, NOW).partition(".")

    assert not is_session(f"9999999999.{signature}", TOKEN, NOW)
