"""What intents ask for, as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.codec import encode
from adapters.store.requests import decode_request
from bot.errors import StoreError
from bot.model import DebugRequest, LaunchRequest, Moment
from bot.state import IntentKind

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
LAUNCHES = st.builds(
    LaunchRequest,
    launcher=TEXT,
    key=TEXT,
    minutes=st.none() | TEXT,
    config_image=st.none() | TEXT,
    images=TEXTS,
    description=st.none() | TEXT,
    source=st.none() | TEXT,
    test_name=st.none() | TEXT,
    ephemeral=st.none() | st.booleans(),
    recipients=TEXTS,
    extra=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
)
DEBUGS = st.builds(
    DebugRequest,
    moment=st.builds(Moment, TEXT, TEXT),
    run_id=st.none() | TEXT,
    session_id=st.none() | TEXT,
    description=TEXT,
    recipients=TEXTS,
)


@given(request=LAUNCHES)
@settings(max_examples=60)
def test_launch__comes_back_whole(request: LaunchRequest) -> None:
    """What is stored of a launch is the launch."""
    assert request == decode_request(IntentKind.LAUNCH, encode(request))


@given(request=DEBUGS)
@settings(max_examples=60)
def test_debug__comes_back_whole(request: DebugRequest) -> None:
    """What is stored of a debugging session is the session."""
    assert request == decode_request(IntentKind.DEBUG, encode(request))


def test_debug__of_an_earlier_version() -> None:
    """The parts of the moment stood beside the others."""
    stored = (
        '{"description":"why?","input_hash":"-1","recipients":["a@b.example"],"run_id":"r-1","vtime":"398.5"}'
    )

    assert decode_request(IntentKind.DEBUG, stored) == DebugRequest(
        moment=Moment("-1", "398.5"), run_id="r-1", description="why?", recipients=("a@b.example",)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"launcher":1,"key":"k"}',
        '{"launcher":"l","key":"k","images":"a"}',
        '{"launcher":"l","key":"k","images":[1]}',
        '{"launcher":"l","key":"k","ephemeral":"yes"}',
        '{"launcher":"l","key":"k","extra":[["one"]]}',
        '{"launcher":"l","key":"k","extra":["ab"]}',
    ],
)
def test_launch_request__damaged(text: str) -> None:
    """A row that was damaged is no request."""
    with pytest.raises(StoreError, match="cannot be read"):
        decode_request(IntentKind.LAUNCH, text)
