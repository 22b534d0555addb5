"""What text may enter the database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store.text import ERROR_LENGTH, chat_of, clean, clip, provider_key

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("a\0b", "ab"),
        ("\ud800", "?"),
        ("\udfff x \udc00", "? x ?"),
        ("\U0001f9f6 \u202e \u2028", "\U0001f9f6 \u202e \u2028"),
        ("", ""),
    ],
)
def test_clean__cases(text: str, cleaned: str) -> None:
    """Lone surrogates become a question mark and NUL goes; everything else stays."""
    assert cleaned == clean(text)


@given(ANY)
def test_clean__any_text(text: str) -> None:
    """Clean text can be encoded, holds no NUL, and is not changed again."""
    cleaned = clean(text)

    assert b"\0" not in cleaned.encode()
    assert cleaned == clean(cleaned)


@given(ANY)
def test_provider_key__any_key(key: str) -> None:
    """It is 24 hex digits, the same for the same key."""
    assert 24 == len(provider_key(key))
    assert int(provider_key(key), 16) >= 0
    assert provider_key(key) == provider_key(clean(key))


@pytest.mark.parametrize(
    ("channel", "chat"), [("slack:channel:T01:C01", "slack"), ("terminal", "terminal"), (":x", "")]
)
def test_chat_of__cases(channel: str, chat: str) -> None:
    """The chat stands before the first colon."""
    assert chat == chat_of(channel)


@given(ANY)
def test_clip__any_reason(reason: str) -> None:
    """A short reason stays; a long one is cut within the bound and says so."""
    clipped = clip(reason * 40)

    assert len(clipped) <= ERROR_LENGTH
    assert clipped == reason * 40 or clipped.endswith("…")
