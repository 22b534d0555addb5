"""Undo what chats and keyboards do to pasted text, before anything is read from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.replies import pasting

MAX_LENGTH = 40_000  # characters; the longest message of any chat, and far more than any moment

# As a command's words are read: a quote that opens a word goes on to the next one of its kind.
_QUOTED = re.compile(
    r"""(?<!\S)(?:([A-Za-z][\w.-]*)=)?(?:"((?>(?:[^"\\]|\\.)*))"|'((?>(?:[^'\\]|\\.)*))')""", re.DOTALL
)
_LOOKED_THROUGH = frozenset({"moment", "run"})  # names into whose quotes people paste, too

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u00a0\u202f\u2007\u2009\u200a\u2002\u2003\u3000\u2028\u2029\u0085\t\r\f\v", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u00ad\x00", ""),
    }
)
_LINK = re.compile(r"<(?:mailto:)?([a-z]+://[^\s<>|]+|[^\s<>|@]+@[^\s<>|]+)(?:\|([^<>\n]*))?>", re.IGNORECASE)
_FENCE = re.compile(r"```(?:[a-z0-9]{1,16}(?=\n)|(?:json5?|js|text|bash|sh)(?=\s))?", re.IGNORECASE)
_DASH = re.compile("[\u2010-\u2015\u2212](?=[0-9])")
_LONG_DASH = re.compile("(?<!\\S)[\u2013\u2014](?=[a-z])")  # "--" as keyboards make it
_MARKED = re.compile(r"(?<!\S)([*_~`]{1,3})(-?[0-9a-f][-\w.,\s]{0,200}?)\1(?!\S)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&"))


NamesNothing = Callable[[str], bool]
"""Whether no run and no moment is named by a text."""


def quoted_values(text: str, names_nothing: NamesNothing) -> Iterator[re.Match[str]]:
    """Yield values in straight quotes: they were typed on purpose, or written by one of our buttons, and stay as they are.

    Not a run or a moment that something was pasted into.
    """
    for value in _QUOTED.finditer(text):
        name, inner = value[1], value[2] if value[2] is not None else value[3]
        if name and (
            name not in _LOOKED_THROUGH or names_nothing(inner if name == "run" else f"{name}={inner}")
        ):
            yield value


def look_through(_: str) -> bool:
    """Take no value of a run or a moment for text alone."""
    return False


def tidy(text: str, names_nothing: NamesNothing = look_through) -> str:
    """Straighten quotes, dashes, spaces, links, entities, fences and marks; values in straight quotes stay.

    Raises `UserError` for a text longer than `MAX_LENGTH` characters.
    """
    if len(text) > MAX_LENGTH:
        raise pasting.too_long(len(text), MAX_LENGTH)
    done, at = [], 0
    for value in quoted_values(text, names_nothing):
        done += [_straighten(text[at : value.start()]), value.group()]
        at = value.end()
    return "".join([*done, _straighten(text[at:])])


def _straighten(text: str) -> str:
    text = text.translate(_CHARACTERS)
    text = _FENCE.sub(" ", text)
    text = _LINK.sub(_target, text)
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    text = _LONG_DASH.sub("--", _DASH.sub("-", text))
    return _MARKED.sub(r"\2", text)


def _target(link: re.Match[str]) -> str:
    """Return where a chat's link leads; what the chat made a link by itself is given back as typed."""
    url, label = link.group(1), link.group(2)
    typed = url.partition("://")[2].rstrip("/")
    return label if label and label.rstrip("/") == typed else url
