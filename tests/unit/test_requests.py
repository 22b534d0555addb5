"""Requests as canonical JSON."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.actions import requests
from bot.errors import StoreError
from bot.model import DebugRequest, LaunchRequest, Moment

TEXT = st.text(max_size=20)
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
    text = requests.encode(request)

    assert request == requests.launch_request(text)
    assert text.isascii()


@given(request=DEBUGS)
@settings(max_examples=60)
def test_debug__comes_back_whole(request: DebugRequest) -> None:
    """What is stored of a debugging session is the session."""
    assert request == requests.debug_request(requests.encode(request))


def test_encode__is_canonical() -> None:
    """Names are sorted, nothing stands between them, and what is not set is left out."""
    request = LaunchRequest(launcher="Payments Nightly", key="k", minutes="30", extra=(("custom.ü", "1"),))

    expected = '{"extra":[["custom.\\u00fc","1"]],"key":"k","launcher":"Payments Nightly","minutes":"30"}'
    assert expected == requests.encode(request)


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
        requests.launch_request(text)
