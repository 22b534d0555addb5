"""Every kind of log event is one readable line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.events import line_of, verdict
from bot.model import LineKind, LogLine


def _line(source: object = None, **fields: Any) -> LogLine:
    event = {"moment": {"input_hash": "1", "vtime": "2"}, "source": source, "IPT_bytes_out": 5, **fields}
    return line_of(json.dumps(event).encode(), "2")


def _assert(**fields: Any) -> dict[str, Any]:
    return {
        "hit": True,
        "condition": True,
        "assert_type": "always",
        "display_type": "Always",
        "message": "m",
        **fields,
    }


INJECTOR = {"name": "fault_injector"}
COMPOSER = {"name": "antithesis_test_composer"}


# As the SDK for Python 0.4.0 writes them.
SDK_TROUBLE: list[tuple[str, object, LineKind, str]] = [
    (
        "antithesis_error",
        {
            "code": 6001,
            "message": 'Python SDK failed to serialize details for "paid": Object of type object is not JSON serializable',
            "context": "paid",
        },
        LineKind.OTHER,
        "SDK error 6001: details of “paid” could not be serialised: Object of type object is not JSON serializable",
    ),
    (
        "antithesis_warning",
        {
            "code": 6002,
            "message": 'Python SDK replaced non-finite numbers in details for "paid" with the strings',
            "context": "paid",
        },
        LineKind.SDK,
        "SDK warning 6002: details of “paid” could not be serialised as they are: non-finite numbers became text",
    ),
    (
        "antithesis_warning",
        {"code": 6003, "message": "Python SDK emitted integers beyond", "context": "paid"},
        LineKind.SDK,
        "SDK warning 6003: details of “paid” could not be serialised exactly: integers beyond ±2^53 may be rounded",
    ),
    (
        "antithesis_warning",
        {"code": 6004, "message": "Python SDK skipped numeric guidance", "context": "paid"},
        LineKind.SDK,
        "SDK warning 6004: the numbers of “paid” could not be serialised as guidance: one is not finite",
    ),
    (
        "antithesis_warning",
        {"code": 6999, "message": "new", "context": "x"},
        LineKind.SDK,
        "SDK warning 6999: new",
    ),
    ("antithesis_warning", "odd", LineKind.SDK, "SDK warning odd"),
    ("antithesis_error", {"code": 6001}, LineKind.OTHER, 'SDK error 6001: {"code":6001}'),
]


@pytest.mark.parametrize(
    ("source", "fields", "kind", "text"),
    [
        (None, {"antithesis_assert": _assert(condition=False)}, LineKind.ASSERTION, 'FAIL Always "m"'),
        (
            None,
            {"antithesis_assert": _assert(details={"k": [1]}, location={"file": "a.go", "begin_line": 7}), "output_text": "x"},
            LineKind.ASSERTION,
            'HIT Always "m" at a.go:7 {"k":[1]}',
        ),
        (None, {"antithesis_assert": _assert(hit=False)}, LineKind.ASSERTION, 'CATALOG Always "m"'),
        (None, {"antithesis_assert": _assert(location={"file": "", "begin_line": 0})}, LineKind.ASSERTION, 'HIT Always "m"'),
        (None, {"antithesis_assert": _assert(location={"file": "a", "begin_line": 0})}, LineKind.ASSERTION, 'HIT Always "m" at a'),
        (None, {"antithesis_assert": {"odd": 1}, "output_text": "said"}, LineKind.ASSERTION, "said"),
        (None, {"antithesis_assert": {"odd": 1}}, LineKind.ASSERTION, '{"odd":1}'),
        (None, {"antithesis_guidance": {"message": "deeper", "hit": True}}, LineKind.OTHER, "guidance: deeper"),
        (
            None,
            {"antithesis_guidance": {"guidance_type": "numeric", "message": "depth", "maximize": False, "hit": True, "guidance_data": {"left": 3, "right": 2.5}}},
            LineKind.OTHER,
            "guidance: depth (left 3, right 2.5; minimize)",
        ),
        (
            None,
            {"antithesis_guidance": {"guidance_type": "boolean", "id": "some", "maximize": [], "guidance_data": {"a": False, "b": True}}},
            LineKind.OTHER,
            "guidance: some (a false, b true)",
        ),
        (None, {"antithesis_guidance": {"guidance_data": {"left": 1}}}, LineKind.OTHER, 'guidance: {"guidance_data":{"left":1}}'),
        ({"name": "app"}, {"output_text": {"level": "error", "msg": "no"}}, LineKind.OUTPUT, '{"level":"error","msg":"no"}'),
        ({"name": "app"}, {"output_text": ["a", 1]}, LineKind.OUTPUT, '["a",1]'),
        ({"name": "app"}, {"output_text": True}, LineKind.OUTPUT, "true"),
        (COMPOSER, {"command": "drive", "additional_stdout": {"seen": 2}}, LineKind.COMMAND, 'test command drive out: {"seen":2}'),
        (INJECTOR, {"info": {"message": {"state": "x"}}}, LineKind.FAULT, 'fault injector: {"state":"x"}'),
        (
            None,
            {"antithesis_sdk": {"language": {"name": "Go", "version": "1.22"}, "sdk_version": "0.4", "protocol_version": "1.1"}},
            LineKind.SDK,
            "SDK Go 1.22 0.4 protocol 1.1",
        ),
        (None, {"antithesis_setup": {"status": "complete", "details": None}}, LineKind.SDK, "setup complete"),
        (
            INJECTOR,
            {"fault": {"name": "partition", "type": "network", "affected_nodes": ["a", "b"], "max_duration": "2.5", "details": {"disruption_type": "Stopped", "asymmetric": True}}},
            LineKind.FAULT,
            "network fault partition on a, b for 2.5 s (dropping, asymmetric)",
        ),
        (
            INJECTOR,
            {"fault": {"name": "clog", "type": "network", "affected_nodes": ["ALL"], "max_duration": 0, "details": {"disruption_type": "Slowed", "drop_rate": 0.1, "latency": {"mean": 50, "deviation": 5}}}},
            LineKind.FAULT,
            "network fault clog on ALL (delaying, 0.1 of packets, by 50 ms)",
        ),
        (INJECTOR, {"fault": {"name": "skip", "type": "clock", "affected_nodes": [], "details": {"offset": -3}}}, LineKind.FAULT, "clock fault skip (offset -3 s)"),
        (INJECTOR, {"info": {"message": "status", "details": {"paused": True}}}, LineKind.FAULT, 'fault injector: status {"paused":true}'),
        ({"name": "containers_meta"}, {"event": "died", "name": "etcd0", "container_exit_code": 137}, LineKind.CONTAINER, "etcd0 died, exit code 137"),
        ({"name": "containers_meta"}, {"event": "start", "name": "etcd0"}, LineKind.CONTAINER, "etcd0 start"),
        (
            {"name": "processes_terminated_with_signal"},
            {"output_text": '{"executable":"/bin/x","signal":11,"pid":7}'},
            LineKind.CONTAINER,
            "/bin/x was ended by signal 11 (pid 7)",
        ),
        ({"name": "processes_terminated_with_signal"}, {"output_text": "odd"}, LineKind.CONTAINER, "odd"),
        ({"name": "etcd0"}, {"output_text": "a\nb \x1b[1mc\x1b[0m"}, LineKind.OUTPUT, "a b c"),
        (
            COMPOSER,
            {"task_status": "finished", "command": "drive", "command_return_code": "1", "command_runtime": 3.5, "additional_stderr": "oops"},
            LineKind.COMMAND,
            "test command drive finished returned 1 after 3.5 s error: oops",
        ),
        (COMPOSER, {"command": "drive"}, LineKind.COMMAND, "test command drive"),
        ({"name": "bug_probability"}, {"probability": "12%"}, LineKind.OTHER, "probability of the bug: 12%"),
        (None, {"antithesis_error": "vm lost", "exit_code": 3}, LineKind.OTHER, "Antithesis platform error vm lost, exit code 3"),
        (None, {"antithesis_error": {"message": "vm lost", "code": 6001}, "exit_code": 3}, LineKind.OTHER, 'Antithesis platform error {"message":"vm lost","code":6001}, exit code 3'),
        *((None, {key: body}, kind, text) for key, body, kind, text in SDK_TROUBLE),
        ({"name": "x"}, {"unheard": {"of": 1}}, LineKind.OTHER, '{"unheard":{"of":1}}'),
        (None, {"fault": {"name": "not the injector"}}, LineKind.OTHER, '{"fault":{"name":"not the injector"}}'),
        (None, {}, LineKind.OTHER, "{}"),
    ],
)  # fmt: skip
def test_line__every_kind(source: object, fields: dict[str, Any], kind: LineKind, text: str) -> None:
    """Kind and words of each event that the API's description names, and of those it does not."""
    line = _line(source, **fields)

    assert (line.kind, line.text) == (kind, text)


@pytest.mark.parametrize(
    ("source", "label", "stream"),
    [
        ({"container": "etcd0", "name": "pods/x", "stream": "error"}, "etcd0", "error"),
        ({"name": "antithesis_test_composer", "stream": "stdout"}, "test_composer", "out"),
        ({"name": None, "stream": "err"}, "", "error"),
        ({"name": "setup", "stream": "info"}, "setup", "info"),
        ({"name": 5, "container": [], "stream": {}}, "5", ""),
        (None, "", ""),
        ("x", "", ""),
    ],
)
def test_line__source(source: object, label: str, stream: str) -> None:
    """People know a source by its container; all spellings of a stream are one."""
    line = _line(source, output_text="x")

    assert (line.source, line.stream) == (label, stream)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"hit": False, "condition": False}, "CATALOG"),
        ({"condition": False}, "FAIL"),
        ({"condition": True}, "HIT"),
        ({"condition": None}, "FAIL"),
        ({"condition": []}, "FAIL"),
        ({"condition": 0}, "FAIL"),
        ({"condition": ""}, "FAIL"),
        ({"condition": {}}, "FAIL"),
        ({"condition": [0]}, "HIT"),
        ({"condition": "x"}, "HIT"),
        ({"condition": None, "assert_type": "sometimes", "display_type": "Sometimes"}, "HIT"),
        ({"hit": None}, ""),
        ({"hit": "yes"}, ""),
        ({"assert_type": "sometimes", "display_type": "Sometimes", "condition": False}, "HIT"),
        ({"assert_type": "reachability", "display_type": "Reachable", "condition": True}, "HIT"),
        ({"assert_type": "reachability", "display_type": "Unreachable", "condition": True}, "FAIL"),
        ({"assert_type": "unreachable", "display_type": "", "condition": False}, "FAIL"),
        ({"assert_type": "other", "display_type": "AlwaysOrUnreachable", "condition": False}, "FAIL"),
        ({"assert_type": "other", "display_type": "ALWAYSGreaterThan", "condition": False}, "FAIL"),
        ({"assert_type": "unknown", "display_type": "New", "condition": False}, "HIT"),
    ],
)
def test_verdict__one_event(fields: dict[str, Any], outcome: str) -> None:
    """A registration is no failure, and `sometimes` never fails by one event."""
    body = _assert(**fields)

    assert verdict(body, body["display_type"] or body["assert_type"]) == outcome


@pytest.mark.parametrize("raw", [b"", b"not json", b"[1]", b'{"a": "\xff', b"\x00" * 10])
def test_line__no_event_at_all(raw: bytes) -> None:
    """A line that is no JSON object is shown as text."""
    assert line_of(raw, None).kind is LineKind.OTHER


KEYS = ("antithesis_assert", "antithesis_guidance", "antithesis_sdk", "antithesis_setup", "fault", "info", "event", "output_text", "task_status", "command", "probability", "antithesis_error")  # fmt: skip
NAMES = (
    "fault_injector",
    "containers_meta",
    "antithesis_test_composer",
    "bug_probability",
    "processes_terminated_with_signal",
)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, 5, "x", [], {}, True, [[]], {"details": 5, "location": 7, "affected_nodes": 3, "language": []}]
)


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(KEYS), VALUES))
@settings(max_examples=80, deadline=None)
def test_line__any_shape(name: str, fields: dict[str, Any]) -> None:
    """Wrong types inside an event never raise, and the line stays one line."""
    line = _line({"name": name}, **fields)

    assert "\n" not in line.text
