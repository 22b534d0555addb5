"""Runs as served: every field may be missing, null or of a wrong type, and only that field suffers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.decode import RunBody, moment_of, run_of
from adapters.platforms.antithesis.protocol import Reader
from adapters.platforms.http.lenient import read_page, read_struct, time_of
from adapters.platforms.http.wire import Answer
from bot.errors import UnexpectedAnswer
from bot.model import Moment, Run, RunStatus

ORIGIN = "https://acme.antithesis.com"
READER = Reader("prod", ORIGIN)
FULL: dict[str, Any] = {
    "run_id": "9043254f65c9c65d63fe043a0abfc7fc-53-1",
    "status": "incomplete",
    "created_at": "2026-04-28T13:49:49Z",
    "started_at": "2026-04-28T13:49:49.123Z",
    "completed_at": "2026-04-28T16:14:07.123456789+02:00",
    "launcher": "Payments Nightly",
    "creator": {"name": "alice", "type": "user", "new": 1},
    "description": "nightly",
    "parameters": {
        "antithesis.duration": "0.1",
        "antithesis.source": "main",
        "antithesis.test_name": "pay",
        "antithesis.is_ephemeral": "on",
        "vcs.pr_id": 12,
        "custom.flag": True,
        "custom.list": [1],
    },
    "links": {"triage_report": f"{ORIGIN}/report/a/b.html?auth=v2.public.x"},
    "session_id": "da7ae868398bbbc39bb6fe183e6a8880-53-1",
    "failure_moment": {"input_hash": "-3625518438076122494", "vtime": 398.4898056755774},
    "attrs.x": {"anything": []},
}


def _run(**changes: Any) -> Run:
    run = READER.run(Answer(status=200, body=json.dumps({**FULL, **changes}).encode()))
    assert isinstance(run, Run)
    return run


def test_run__every_field() -> None:
    """All that is served ends up where the core looks for it."""
    run = _run()

    assert run.status is RunStatus.INCOMPLETE
    assert run.completed_at == datetime(2026, 4, 28, 14, 14, 7, 123456, tzinfo=UTC)
    assert (run.source, run.test_name, run.ephemeral, run.requested_minutes) == ("main", "pay", True, 0.1)
    assert run.parameters["vcs.pr_id"] == "12"
    assert run.parameters["custom.flag"] == "true"
    assert "custom.list" not in run.parameters
    assert run.failure_moment == Moment("-3625518438076122494", "398.4898056755774")
    assert (run.release, run.session_id) == ("53.1", FULL["session_id"])
    assert run.report_url is not None
    assert run.page_url == f"{ORIGIN}/runs?primary-filter={FULL['run_id']}"


WRONG: tuple[Any, ...] = (None, 5, "x", [], {}, True, [[]], {"a": None}, -1.5)
FIELDS = tuple(name for name in FULL if name != "run_id")


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_run__one_field_of_a_wrong_type(name: str, value: object) -> None:
    """The run is read all the same, and its other fields are what they were."""
    run = _run(**{name: value})

    assert run.ref.run_id == FULL["run_id"]
    if name != "launcher":
        assert run.launcher == "Payments Nightly"
    if name not in {"parameters", "description"}:
        assert run.description == "nightly"


@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(WRONG) for name in FIELDS}))
@settings(max_examples=60, deadline=None)
def test_run__any_mixture(changes: dict[str, Any]) -> None:
    """Whatever is wrong at the same time, the run keeps its id."""
    assert _run(**changes).ref.run_id == FULL["run_id"]


def test_run__only_an_id() -> None:
    """Fields that are not there are none."""
    run = READER.run(Answer(status=200, body=b'{"run_id": "a"}'))

    assert (run.status, run.status_text, run.launcher) == (RunStatus.UNKNOWN, "unknown", "")
    assert (run.created_at, run.report_url, run.failure_moment, run.failure_unpinned) == (
        None,
        None,
        None,
        False,
    )


@pytest.mark.parametrize("status", ["paused", "COMPLETED", "", "x" * 100])
def test_run__a_status_that_nobody_knows(status: str) -> None:
    """It is unknown, not ended, and kept as text."""
    run = _run(status=status)

    assert run.status is RunStatus.UNKNOWN
    assert run.status_text.startswith(status[:20] or "unknown")


@pytest.mark.parametrize(
    "zero",
    [{"input_hash": "0", "vtime": "0"}, {"input_hash": 0, "vtime": 0}, {"input_hash": "0", "vtime": "0.0"}],
)
def test_run__placeholder_moment(zero: dict[str, object]) -> None:
    """0/0 means that there is no pinned moment."""
    run = _run(failure_moment=zero)

    assert (run.failure_moment, run.failure_unpinned) == (None, True)


def test_run__a_description_opens_no_report() -> None:
    """People paste signed links into descriptions; what a channel is shown of them opens nothing."""
    link = f"{ORIGIN}/report/a/b.html"

    run = _run(description=f"basic checks, like {link}?auth=v2.public.KEY had")

    assert f"basic checks, like {link} had" == run.description


def test_run__description_from_the_parameters() -> None:
    """Some releases only echo the parameter."""
    assert (
        _run(description=None, parameters={"antithesis.description": "from there"}).description
        == "from there"
    )


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (b'{"input_hash": "-1", "vtime": "398.4898056755774"}', Moment("-1", "398.4898056755774")),
        (b'{"vtime": 1e5, "input_hash": -1}', Moment("-1", "1e5")),
        (
            b'{"vtime": 22.66615231265314, "input_hash": "1", "session_id": "x"}',
            Moment("1", "22.66615231265314"),
        ),
        (b'{"vtime": 402, "input_hash": "1"}', Moment("1", "402")),
        (b'{"vtime": -1, "input_hash": "1"}', None),
        (b'{"vtime": "nan", "input_hash": "1"}', None),
        (b'{"vtime": null, "input_hash": "1"}', None),
        (b'{"vtime": true, "input_hash": "1"}', None),
        (b'{"vtime": 1, "input_hash": "9223372036854775808"}', None),
        (b'{"vtime": 1}', None),
        (b"[]", None),
        (b"null", None),
    ],
)
def test_moment__exact_text(raw: bytes, moment: Moment | None) -> None:
    """The characters of both parts survive, text or number; anything else is no moment."""
    assert moment_of(raw) == moment


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"])
def test_time__not_a_time(text: str | None) -> None:
    """What is no time is none."""
    assert time_of(text) is None


def test_time__without_an_offset() -> None:
    """A time that names no zone is in UTC."""
    assert time_of("2026-01-02T03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _page(*items: bytes, cursor: bytes = b"null") -> Answer:
    return Answer(status=200, body=b'{"data": [' + b",".join(items) + b'], "next_cursor": ' + cursor + b"}")


GOOD = json.dumps(FULL).encode()
POISON = (
    b"5",
    b"null",
    b"{}",
    b'{"run_id": 5}',
    b'{"run_id": "../x"}',
    b'{"run_id": "b", "description": "\\ud800"}',
    b'{"run_id": "b", "description": "\\u0000"}',
    b'{"run_id": "b", "description": "\xff"}',
    b'{"run_id": "b", "x": NaN}',
    b'{"run_id": "b", "x": 1e999}',
    b'{"run_id": "b", "x": ' + b"9" * 5_000 + b"}",
    b'{"run_id": "b", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"run_id": "b", "parameters": {"custom.x": 1e999, "custom.y": [' + b"[" * 5_000 + b"]" * 5_000 + b"]}}",
    b'{"run_id": "b", "run_id": "c"}',
)


@pytest.mark.parametrize("poison", POISON, ids=lambda raw: raw[:40].decode("ascii", "replace"))
def test_page__a_bad_item_hides_no_other(poison: bytes) -> None:
    """The good runs before and after it are read; what is read can be stored."""
    runs = READER.runs(_page(GOOD, poison, GOOD)).items

    assert [run.ref.run_id for run in (runs[0], runs[-1])] == [FULL["run_id"]] * 2
    for run in runs:
        assert "\x00" not in (run.description or "")
        (run.description or "").encode("utf-8")


@pytest.mark.parametrize("cursor", [b"5", b"{}", b"[]", b"true", b'"' + b"x" * 10_000 + b'"', b"null", b'""'])
def test_page__a_cursor_that_cannot_be_sent(cursor: bytes) -> None:
    """The walk ends there, and it is known whether that is the end of the list."""
    page = READER.runs(_page(GOOD, cursor=cursor))

    assert (page.after, page.more) == (None, cursor not in {b"null", b'""'})


def test_page__counts_what_it_cannot_read() -> None:
    """A list with an item that is nothing like a property is not whole."""
    body = b'{"data": [{"name": "a", "status": "Passing"}, {"status": "Failing"}, 5]}'
    page = READER.properties(Answer(status=200, body=body))

    assert (len(page.items), page.lost) == (1, 2)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"data": {}}', b"<html>", b"null", b'{"data": null}', b"\xff\xfe"]
)
def test_page__nothing_like_it(body: bytes) -> None:
    """Another body is an unexpected answer, not an empty list."""
    with pytest.raises(UnexpectedAnswer):
        READER.runs(Answer(status=200, body=body))


@given(st.binary(max_size=80))
@settings(max_examples=80, deadline=None)
def test_lenient__any_bytes(raw: bytes) -> None:
    """No bytes raise anything but the one error."""
    body = read_struct(raw, RunBody)
    try:
        page = read_page(raw)
    except UnexpectedAnswer:
        page = None

    assert body is None or run_of(body, connection="c", origin=ORIGIN) is None or body.run_id
    assert page is None or isinstance(page.data, list)


def test_lenient__required_field() -> None:
    """An object without its one required field is none."""
    assert read_struct(msgspec.Raw(b'{"status": "x"}'), RunBody) is None


def test_lenient__a_large_body() -> None:
    """What can be mended fast is mended at any size; the rest of a large body is refused."""
    padding = b'{"run_id": "pad", "x": "' + b"y" * (1 << 20) + b'"}'
    runs = READER.runs(_page(GOOD, b'{"run_id": "b", "description": "\\ud800"}', padding)).items

    assert [run.description for run in runs] == ["nightly", "\ufffd", None]
    with pytest.raises(UnexpectedAnswer):
        READER.runs(_page(GOOD, b"[" * 5_000 + b"]" * 5_000, padding))
