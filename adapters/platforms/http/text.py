"""Cleaning of what the platform sends: broken JSON is repaired item by item, texts lose what poisons a store."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import sha256
from typing import ParamSpec, cast

from bot import cleaning
from bot.redact import MASK, scrub
from bot.replies.wording import count

LONGEST = 4_000  # characters of one text that a person may get to see
KEPT, SHORT = 4_096, 200  # texts that are kept as they came out, and how many characters they have at most
_DEPTH = 64
_DIGITS = 300
_INT64 = 18  # digits that surely fit

_HASHED = 10  # digits of a hash, enough that two names of one run do not share them
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")
# `SIGNATURE` in the bytes of JSON. What a text loses when it is shown, and what an escape only spells, holds a signature
# together: from there on everything goes until a space or the end of the string, so that no piece is left behind the mask.
_HELD = (
    rb"(?:\\u00(?:[01][0-9A-Fa-f]|7[Ff]|[89][0-9A-Fa-f]|2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff])|\\b|\x7f"
    rb"|\xc2[\x80-\x9f])[^\"\s\\\x7f\xc2]*"
)
_SIGNATURE = re.compile(rb"v[1-4]\.(?:public|local)\.(?:[\w-]+(?:\.[\w-]+)?(?:%b)*|(?:%b)+)" % (_HELD, _HELD))
_MASK = MASK.encode()
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


P = ParamSpec("P")


def of_short_texts(work: Callable[P, str]) -> Callable[P, str]:
    """Keep what became of short texts: the same names and values stand in run after run, and looking for secrets costs.

    The text is the first argument.
    """
    kept = cast("Callable[P, str]", lru_cache(maxsize=KEPT)(work))

    @wraps(work)
    def found(*given: P.args, **named: P.kwargs) -> str:
        text = given[0]
        return (
            kept(*given, **named) if isinstance(text, str) and len(text) <= SHORT else work(*given, **named)
        )

    return found


def clean(text: str, limit: int = LONGEST) -> str:
    """Return a text that every store and encoder takes: no lone surrogates, no NUL, at most `limit` long.

    Signatures of report links are masked here, at the door, so that they get into no store, card or file.
    """
    kept = clip(cleaning.unsigned(text.replace("\x00", "")), limit)
    return kept.encode("utf-8", "replace").decode("utf-8")


def unsigned_bytes(block: bytes) -> bytes:
    """Return a block of a log with the signatures of report links masked, as `clean` does in a text."""
    return _SIGNATURE.sub(_MASK, block)


def clip(text: str, limit: int) -> str:
    """Cut a text and say how much was left out."""
    return text if len(text) <= limit else f"{text[:limit]}… ({count(len(text) - limit, 'more character')})"


def one_line(text: str, limit: int = LONGEST) -> str:
    """Return a text on one line, without terminal escapes and control characters, at most `limit` long."""
    short = text[: limit * 4]  # enough even if most of it are escapes; the rest only counts
    plain = _CONTROL.sub("", _BREAKS.sub(" ", cleaning.without_commands(short))).strip()
    left_out = len(text) - len(short) + max(0, len(plain) - limit)
    return clean(plain[:limit] + (f"… ({count(left_out, 'more character')})" if left_out else ""), limit + 40)


def within(text: str, limit: int) -> str:
    """Return a name of at most `limit` characters: of a longer one both ends, and a hash of all of it between them.

    Names are told apart at their ends, so that two that are too long stay two.
    """
    if len(text) <= limit:
        return text
    middle = f"…{sha256(text.encode('utf-8', 'replace')).hexdigest()[:_HASHED]}…"
    rest = limit - len(middle)
    return f"{text[: rest // 2]}{middle}{text[rest // 2 - rest :]}"


def shown_name(text: str, limit: int) -> str:
    """Return the name of a test as `shown` does, but whole in meaning: see `within`."""
    return shown(within(text, limit), limit)


@of_short_texts
def shown(text: str, limit: int = LONGEST) -> str:
    """Return a name or value that people chose, on one line and without the secrets that they put into it."""
    return scrub(one_line(text, limit)).text


_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"?'  # a string; one without its end goes on to the end, so that no text is scanned twice
    r"|[\[{]|[\]}]"
    r"|-?(?:NaN|Infinity)\b"
    r"|-?[0-9][0-9.eE+-]*",
    re.DOTALL,
)
_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:"
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"  # a pair: one character, fine
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def patch(body: bytes) -> bytes:
    """Rewrite JSON with what can be repaired fast: a byte order mark, broken UTF-8 and lone surrogates."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    return _SURROGATE.sub(_whole, text).encode("utf-8")


def hint(body: bytes) -> bytes:
    """Rewrite JSON that a strict decoder refuses as a whole, so that only the bad values are lost.

    Lone surrogates and broken UTF-8 become U+FFFD; NaN and values nested deeper than 64 levels become
    null, numbers too large for a machine their text. For decoding again after a first try failed; it is slow
    (some 2 MB a second).
    """
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    out: list[str] = []
    depth = start = 0
    for match in _TOKEN.finditer(text):
        piece = match[0]
        closing = piece in {"]", "}"}
        if depth < _DEPTH:
            out.append(text[start : match.start()])
            out.append(_mended(piece))
        elif depth == _DEPTH and closing:
            out.append(piece)
        if piece in {"[", "{"}:
            depth += 1
            if depth == _DEPTH:
                out.append("null" if piece == "[" else '"":null')
        elif closing:
            depth -= 1
        start = match.end()
    return "".join([*out, text[start:] if depth < _DEPTH else ""]).encode("utf-8", "replace")


def _whole(match: re.Match[str]) -> str:
    """Return a pair of surrogates as it is, half a pair as U+FFFD."""
    return match[1] + (match[2] or "\\ufffd")


def _mended(piece: str) -> str:
    """Return one token as a strict decoder takes it."""
    if piece[0] == '"':
        return _SURROGATE.sub(_whole, piece)
    if piece[-1] in "Ny" or len(piece) > _DIGITS:  # NaN, Infinity
        return "null"
    digits = piece.lstrip("-")
    large = len(digits) > _INT64 if digits.isdigit() else digits[0].isdigit() and _endless(piece)
    return f'"{piece}"' if large else piece


def _endless(number: str) -> bool:
    """Whether a number is beyond what a float holds."""
    try:
        return math.isinf(float(number))
    except ValueError:
        return False
