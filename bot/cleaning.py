"""Make outside text safe to show in any chat: one cleaner, used by every renderer before it escapes.

What stays are visible characters in the order in which people read them; what can hide, turn around or
command goes, and what opens a triage report to whoever reads it is masked. Escaping is the renderer's, since
each chat has its own markup.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from bot.redact import MASK, SIGNATURE

_SURROGATE = re.compile("[\ud800-\udfff]")
# ECMA-48: sections 5.3 to 5.6 for the one-character forms and what follows ESC, 8.3.89 for the ends of strings.
# Every part takes what it can and needs nothing after it, so no character is looked at twice.
_TERMINAL = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x18\x1a\x1b\x9c\r\n]*+(?:\x07|\x1b\\|[\x18\x1a\x9c])?"  # strings: titles, links
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # CSI: colours and cursor
    r"|\x1b[ -/]*+[0-~]?"  # character sets (ESC ( B), keypad (ESC =), saved cursor (ESC 7)
)
AUTH = re.compile(r"((?:[?&;]|u0026)auth(?:=|%3[Dd]|\\u003d))[^&\s\"'<>\\]+")
"""The signature of a report link, in a query as it is, percent-encoded or escaped for JSON."""
_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_FENCE = re.compile("`(?=``)")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_FLAG_SET = frozenset(_FLAG_LETTERS)
_MAX_STACK = 4  # combining marks on one character; more is only meant to overprint other lines


def one_line(text: str) -> str:
    """Return the text on one line, without control, invisible and direction-changing characters."""
    if text.isascii() and text.isprintable():
        return unsigned(text)
    return _visible(_BREAKS.sub(" ", _plain(text)))


def many_lines(text: str) -> str:
    """Return the same with its line breaks kept, each as a line feed; tabs become spaces."""
    return "\n".join(_visible(line) for line in _BREAKS.split(_plain(text)))


def unfenced(text: str) -> str:
    """Return the text with every three back-ticks kept apart, so that it neither opens nor closes a code block.

    For last: cleaning would take the space of no width between them out again, and join them.
    """
    return _FENCE.sub("`\u200b", text) if "```" in text else text


def cut(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, ending in "…", never inside a character made of several."""
    return text if len(text) <= limit else text[: _whole(text, max(0, limit - 1), -1)] + "…"


def shorten(name: str, limit: int) -> str:
    """Shorten a name in its middle to at most `limit` characters: names differ at their ends, where parameters stand.

    What is left out is told by a short hash of the whole name, so that two names do not read the same.
    """
    if len(name) <= limit:
        return name
    mark = f"…{hashlib.blake2s(name.encode('utf-8', 'replace'), digest_size=3).hexdigest()}…"
    side = max(0, limit - len(mark)) // 2
    return name[: _whole(name, side, -1)] + mark + name[_whole(name, len(name) - side, 1) :]


def _whole(text: str, at: int, step: int) -> int:
    """Return the nearest place in that direction where a text can be cut: not inside a character made of several."""
    while 0 < at < len(text) and (
        unicodedata.combining(text[at]) or text[at] in _JOINERS or text[at - 1] in _JOINERS
    ):
        at += step
    flags = len(text[:at]) - len(text[:at].rstrip(_FLAG_LETTERS))
    return at + step if flags % 2 and text[at : at + 1] in _FLAG_SET else at  # a flag is two letters


def without_commands(text: str) -> str:
    """Return the text without what a terminal would obey: escape sequences with all that belongs to them."""
    return _TERMINAL.sub("", text)


def unsigned(text: str) -> str:
    """Return the text with the signatures of report links masked."""
    if "auth" in text:  # nearly no text has it, and to look for a word takes a tenth of the time
        text = AUTH.sub(rf"\1{MASK}", text)
    return SIGNATURE.sub(MASK, text) if ".public." in text or ".local." in text else text


def _plain(text: str) -> str:
    return unsigned(without_commands(_SURROGATE.sub("?", text)))


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    stack = 0
    for character in text.replace("\t", "    "):
        stack = stack + 1 if unicodedata.combining(character) else 0
        if stack <= _MAX_STACK and unicodedata.category(character) not in _HIDDEN:
            kept.append(character)
    return unsigned("".join(kept))  # what something hidden kept apart is a signature again
