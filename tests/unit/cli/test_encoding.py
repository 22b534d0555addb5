"""What a terminal's encoding lacks is written in signs that it has."""

from __future__ import annotations

import io
import sys

import pytest

from adapters.cli.encoding import take_any_text


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("utf-8", "“é” …", "“é” …"),
        ("latin-1", "“é” …", '"é" ...'),
        ("ascii", "“é” … 3 \N{MULTIPLICATION SIGN} 4 \N{EN DASH} 5", '"\\xe9" ... 3 x 4 - 5'),
        ("cp437", "• “name” → \N{COLLISION SYMBOL}", '- "name" -> \\U0001f4a5'),
        ("utf-8", "half \udc80 of a sign", "half \\udc80 of a sign"),
    ],
)
def test_take_any_text__writes_what_can_be_read(
    encoding: str, text: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the encoding has stays as it is; all else is legible, and nothing is left out."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])

    take_any_text()
    for stream in streams:
        stream.write(text)
        stream.flush()

    assert [written] * 2 == [s.buffer.getvalue().decode(encoding) for s in streams]
