"""What intents ask for, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis import launching
from adapters.store.codec import encode
from adapters.store.requests import decode_request
from bot.errors import StoreError
from bot.model import DebugRequest, LaunchRequest, Moment, RunRef
from bot.publication import PublishRequest
from bot.state import IntentKind, Request, ScheduleRequest, kind_of
from bot.triage import AgentRequest, CancelRequest, QuarantineRequest, RerunRequest, RerunScope

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
LAUNCHES = st.builds(
    LaunchRequest,
    launcher=TEXT,
    key=TEXT,
    values=st.dictionaries(TEXT, TEXT, max_size=3),
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


OTHERS: Mapping[IntentKind, st.SearchStrategy[Request]] = {
    IntentKind.RERUN: st.builds(
        RerunRequest,
        run_id=TEXT,
        scope=st.sampled_from(RerunScope),
        launcher=TEXT,
        launcher_key=st.none() | TEXT,
    ),
    IntentKind.SCHEDULE: st.builds(
        ScheduleRequest,
        launch=st.builds(
            LaunchRequest,
            launcher=TEXT,
            key=TEXT,
            launcher_key=st.none() | TEXT,
            values=st.dictionaries(TEXT, TEXT, max_size=3),
        ),
        times=TEXT,
        zone=TEXT,
        preset=TEXT,
        given=st.dictionaries(TEXT, TEXT, max_size=3),
    ),
    IntentKind.CANCEL: st.builds(CancelRequest, run_id=TEXT, launcher=TEXT),
    IntentKind.AGENT: st.builds(
        AgentRequest,
        agent=TEXT,
        task=TEXT,
        parameters=st.dictionaries(TEXT, TEXT, max_size=3),
        run_id=st.none() | TEXT,
    ),
    IntentKind.QUARANTINE: st.builds(
        QuarantineRequest, launcher=TEXT, launcher_key=TEXT, check=TEXT, reason=TEXT, remove=st.booleans()
    ),
    IntentKind.PUBLISH: st.builds(
        PublishRequest,
        source=st.builds(RunRef, TEXT, TEXT),
        label=TEXT,
        series=TEXT,
        metadata=st.dictionaries(TEXT, TEXT, max_size=3),
    ),
}


@given(data=st.data(), kind=st.sampled_from(sorted(OTHERS)))
@settings(max_examples=60)
def test_request__of_every_other_kind_comes_back_whole(data: st.DataObject, kind: IntentKind) -> None:
    """What is stored of it is what was shown, and no kind can be stored that cannot be read."""
    request = data.draw(OTHERS[kind])

    assert request == decode_request(kind_of(request), encode(request))
    assert OTHERS.keys() | {IntentKind.LAUNCH, IntentKind.DEBUG} == set(IntentKind)


def test_request__of_a_later_version() -> None:
    """A kind that nobody here knows is left alone: it is never sent as another."""
    with pytest.raises(StoreError, match="Nothing was sent"):
        decode_request("teleport", '{"run_id":"r-1"}')


def test_debug__of_an_earlier_version() -> None:
    """The parts of the moment stood beside the others."""
    stored = (
        '{"description":"why?","input_hash":"-1","recipients":["a@b.example"],"run_id":"r-1","vtime":"398.5"}'
    )

    assert decode_request(IntentKind.DEBUG, stored) == DebugRequest(
        moment=Moment("-1", "398.5"), run_id="r-1", description="why?", recipients=("a@b.example",)
    )


def test_launch_request__of_an_earlier_version() -> None:
    """What was stored when a launch had fields of its own is the same launch, by the names of the form."""
    stored = (
        '{"config_image":"c:1","description":"retry","ephemeral":false,"extra":[["custom.seed","7"]],'
        '"images":["a:1","b:2"],"key":"k","launcher":"basic_test","minutes":"90","recipients":["a@b.example"],'
        '"source":"main","test_name":"t"}'
    )
    request = decode_request(IntentKind.LAUNCH, stored)

    assert isinstance(request, LaunchRequest)
    assert (request.launcher, request.key) == ("basic_test", "k")
    assert launching.parameters(request) == (
        ("antithesis.duration", "90"),
        ("antithesis.config_image", "c:1"),
        ("antithesis.images", "a:1;b:2"),
        ("antithesis.description", "retry"),
        ("antithesis.source", "main"),
        ("antithesis.test_name", "t"),
        ("antithesis.is_ephemeral", "false"),
        ("antithesis.report.recipients", "a@b.example"),
        ("custom.seed", "7"),
        ("clew.request_id", "k"),
    )
    bare = decode_request(IntentKind.LAUNCH, '{"key":"k","launcher":"basic_test"}')
    assert bare == LaunchRequest(launcher="basic_test", key="k")


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
        '{"launcher":"l","key":"k","values":["ab"]}',
        '{"launcher":"l","key":"k","values":{"duration":30}}',
    ],
)
def test_launch_request__damaged(text: str) -> None:
    """A row that was damaged is no request."""
    with pytest.raises(StoreError, match="cannot be read"):
        decode_request(IntentKind.LAUNCH, text)
