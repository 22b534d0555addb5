"""A long line of a log as a short one: its first and its last members, with the text between them cut.

Decoding a whole line would let one hostile line of a megabyte hold up everything; no more than `DECODED` bytes of a
line are ever decoded, all tries together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

DECODED = 1 << 16  # bytes
_HEAD, _TAIL = 1 << 14, 1 << 11  # bytes of the two ends that are looked at
_SHOWN = 4_000  # bytes that stand for the text of a line whose begin cannot be read
_TRIES = 4  # of places at an end; 3 heads and 2 x 4 ends stay below DECODED

_Members = dict[str, msgspec.Raw]
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")


def shortened(line: bytes) -> bytes:
    """Return a line as it is; of a long one an object with the members that can be read at its two ends.

    Where the begin holds no whole member but where and when, its characters stand for the text.
    """
    if len(line) <= DECODED:
        return line
    first, last = _first(line[:_HEAD]), _last(line[-_TAIL:].rstrip(b"\r\n"))
    if not first.keys() - {"moment", "source"}:
        first["output_text"] = msgspec.Raw(msgspec.json.encode(line[:_SHOWN].decode("utf-8", "replace")))
    return msgspec.json.encode(first | last)


def _first(head: bytes) -> _Members:
    """Return the members that an object begins with; the last may be a text that is cut."""
    text = _CUT_ESCAPE.sub(b"", head.decode("utf-8", "ignore").encode())
    whole = head[: max(0, head.rfind(b',"'))]
    early = (head[: at + 1] for at in _places(head[:_TAIL], b'},"'))
    bodies = (text + b'"', whole, text + b'"}', *early)
    return next(filter(None, (_object(body + b"}") for body in bodies)), {})


def _last(tail: bytes) -> _Members:
    """Return the members that an object ends with: those behind the first comma from which on all fits."""
    return next(filter(None, (_object(b"{" + tail[at + 1 :]) for at in _places(tail, b',"'))), {})


def _places(end: bytes, what: bytes) -> Iterator[int]:
    at = end.find(what)
    for _ in range(_TRIES):
        if at < 0:
            return
        yield at
        at = end.find(what, at + 1)


def _object(body: bytes) -> _Members:
    try:
        return msgspec.json.decode(body, type=_Members)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
