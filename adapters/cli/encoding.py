"""The standard streams as a program needs them: all three are there, and what is written has signs for every text."""

from __future__ import annotations

import codecs
import io
import os
import sys
from types import MappingProxyType

NAME = "clew_in_ascii"
SIGNS = MappingProxyType({
    "“": '"', "”": '"', "…": "...", "—": "-", "•": "-", "·": ".", "→": "->", "\N{EN DASH}": "-",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{MULTIPLICATION SIGN}": "x",
    "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
})  # fmt: skip


def open_closed_streams() -> None:
    """Put nothing in the place of each stream that was closed from the start, as `2>&-` does.

    Python has None there: `print` then writes to another stream, and the next file that is opened gets the number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end


def take_any_text() -> None:
    """Let both streams take every text; the encoding that the person has set stays.

    By itself standard output refuses a whole answer for one quotation mark that, say, ASCII lacks, and in every
    encoding for half a surrogate pair, which an argument that is no UTF-8 becomes.
    """
    codecs.register_error(NAME, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAME)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the signs that cannot be encoded, and where to go on (`codecs.register_error`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign) or _escaped(sign) for sign in lacking), error.end


def _escaped(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode("ascii")
