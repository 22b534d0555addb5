"""Make outside text safe to show in any chat: one cleaner, used by every renderer before it escapes.

What stays are visible characters in the order in which people read them; what can hide, turn around or
command goes. Escaping is the renderer's, since each chat has its own markup.
"""

from __future__ import annotations

import re
import unicodedata

_SURROGATE = re.compile("[\ud800-\udfff]")
_TERMINAL = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"  # OSC, terminal hyperlinks among them
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours and cursor
    r"|\x1b[@-_]?"
)
_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_MAX_STACK = 4  # combining marks on one character; more is only meant to overprint other lines


def one_line(text: str) -> str:
    """Return the text on one line, without control, invisible and direction-changing characters."""
    return _visible(_BREAKS.sub(" ", _plain(text)))


def many_lines(text: str) -> str:
    """Return the same with its line breaks kept, each as a line feed; tabs become spaces."""
    return "\n".join(_visible(line) for line in _BREAKS.split(_plain(text)))


def cut(text: str, limit: int) -> str:
    """Shorten to at most `limit` characters, ending in "…", never inside a character made of several."""
    if len(text) <= limit:
        return text
    end = max(0, limit - 1)
    while end and (unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] in _JOINERS):
        end -= 1
    flags = len(text[:end]) - len(text[:end].rstrip(_FLAG_LETTERS))
    if flags % 2 and text[end] in _FLAG_LETTERS:
        end -= 1  # a flag is two letters; half of one is another sign
    return text[:end] + "…"


def _plain(text: str) -> str:
    return _TERMINAL.sub("", _SURROGATE.sub("?", text))


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    stack = 0
    for character in text.replace("\t", "    "):
        stack = stack + 1 if unicodedata.combining(character) else 0
        if stack <= _MAX_STACK and unicodedata.category(character) not in _HIDDEN:
            kept.append(character)
    return "".join(kept)
