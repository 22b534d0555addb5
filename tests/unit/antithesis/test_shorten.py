"""Long lines of a log: what is read of them, and how little of them is ever decoded."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from adapters.platforms.antithesis import shorten
from adapters.platforms.antithesis.intake import error_in, vtime_of
from adapters.platforms.antithesis.shorten import DECODED, shortened
from adapters.platforms.antithesis.window import build_line, log_line
from adapters.platforms.http import lenient

MOMENT = {"moment": {"input_hash": "-5", "vtime": "398.4898056755774"}}
SOURCE = {"source": {"name": "etcd0", "container": "etcd0", "stream": "error"}}
DUMP = {"output_text": 'goroutine "1" \\ dump\t' + "0x7f é " * 100_000}
DEEP = b'{"moment":{"input_hash":"1","vtime":7.5},"x":' + b"[" * 500_000 + b"]" * 500_000 + b"}"


def _decoded(look: Callable[[bytes], object], line: bytes) -> list[int]:
    """Return how many bytes each try to decode is given while a line is looked at."""
    sizes: list[int] = []
    codes = {
        lenient.read_struct.__code__: "raw",
        lenient.read.__code__: "raw",
        shorten._object.__code__: "body",
    }

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            sizes.append(len(bytes(frame.f_locals[codes[frame.f_code]])))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        look(line)
    finally:
        sys.setprofile(before)
    return sizes


@pytest.mark.parametrize("look", [shortened, vtime_of, error_in, log_line, build_line])
@pytest.mark.parametrize(
    "line",
    [
        DEEP,
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        json.dumps(MOMENT | DUMP | SOURCE).encode(),
        json.dumps(DUMP | MOMENT).encode(),
        b'{"output_text":"' + b"\\u0000" * 170_000,
        b'{"a":"b"' + b',"c":1' * 170_000 + b"}",
        b'},"' * 300_000,
        b"\xff" * 1_000_000,
        b"1" * 1_000_000,
    ],
    ids=range(10),
)
def test_long_lines__little_of_them_is_decoded(look: Callable[[bytes], object], line: bytes) -> None:
    """However a megabyte is made, it is never decoded: not whole, and not piece by piece either."""
    sizes = _decoded(look, line)

    assert max(sizes) <= DECODED
    assert sum(sizes) <= 2 * DECODED  # the pieces, and then what was made of them


@pytest.mark.parametrize(
    "members",
    [MOMENT | SOURCE | DUMP, MOMENT | DUMP | SOURCE, DUMP | SOURCE | MOMENT, SOURCE | DUMP | MOMENT],
)
@pytest.mark.parametrize(
    "style", [{"separators": (",", ":")}, {"ensure_ascii": False, "separators": (",", ":")}]
)
def test_long_lines__keep_time_source_and_the_begin_of_the_text(
    members: dict[str, Any], style: dict[str, Any]
) -> None:
    """Wherever they stand in the line."""
    raw = json.dumps(members, **style).encode()
    line = log_line(raw)

    assert ("398.4898056755774", "etcd0", "error") == (line.vtime, line.source, line.stream)
    assert line.text.startswith('goroutine "1" \\ dump 0x7f é 0x7f é ')
    assert line.text.endswith(f"… (cut, the line has {len(raw):,} bytes)")
    assert len(line.text) < 4_100


def test_long_lines__nested_beyond_reason() -> None:
    """When it was is still known, and what can be seen of it is shown."""
    line = log_line(DEEP)

    assert "7.5" == line.vtime
    assert line.text.startswith('{"moment":')
    assert line.text.endswith("bytes)")


def test_long_lines__of_a_build() -> None:
    """They keep their stream and their clock."""
    raw = b'{"timestamp":"2026-05-14T03:03:23Z","text":"' + b"x" * 500_000 + b'","stream":"stderr"}'
    line = build_line(raw)

    assert ("error", "xxx") == (line.stream, line.text[:3])
    assert line.at is not None


def test_short_lines__stay_as_they_are() -> None:
    """Only what is too long is touched."""
    line = b"x" * DECODED

    assert shortened(line) is line
