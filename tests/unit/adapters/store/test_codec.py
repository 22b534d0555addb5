"""Core values as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType

from adapters.store.codec import decode, decode_context, encode, encode_context
from bot.cards import Context
from bot.model import Moment, RunRef
from bot.state import Actor, Invocation, Place

ACTOR = Actor(id="slack:user:T:U", principals=frozenset({"slack:user:T:U"}))


def test_encode__invocation() -> None:
    """A command comes back the same, microseconds and options too."""
    invocation = Invocation(
        actor=ACTOR,
        place=Place(channel="slack:c", direct=True),
        text="logs",
        key="k",
        at=datetime(2026, 5, 14, 3, 0, 0, 123456, tzinfo=UTC),
        values=MappingProxyType({"grep": "x"}),
        confirmed=True,
    )

    assert invocation == decode(encode(invocation), Invocation)


def test_encode__hostile_text_in_escapes() -> None:
    """NUL and lone surrogates do not survive inside JSON's escapes."""
    assert {"a": ["?"]} == json.loads(encode({"a": ["\ud800"]}))
    assert {"a": ["b"]} == json.loads(encode({"a\0": ["\0b"]}))
    assert {"a": ["\\u0000"]} == json.loads(encode({"a": ["\\u0000"]}))
    assert ["?", "b"] == json.loads(encode(("\ud800", "\0b")))
    assert ["?"] == json.loads(encode(frozenset({"\ud800"})))


def test_encode_context__some_or_none() -> None:
    """A context comes back with the exact digits of its moment; none stays none."""
    context = Context(run=RunRef("demo", "r1"), moment=Moment("-1", "1e2"))

    assert context == decode_context(encode_context(context))
    assert encode_context(None) is None
    assert decode_context(None) is None
