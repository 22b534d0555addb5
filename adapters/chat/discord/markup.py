"""Discord's Markdown: outside text made literal, and what people type made plain again.

A back-slash before a sign makes Discord show the sign and read nothing into it: no mention, no link, no
time stamp, no invitation, no list. In fixed width there are no escapes, so back-ticks are replaced there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from adapters.chat import layout
from bot import cleaning
from bot.cards import Line, Link, Span, Untrusted, When, plain
from bot.lengths import READ

Json = dict[str, Any]

_SIGN = re.compile(r"([\\*_~|`\[\]<>@/#])")
_AT_START = re.compile(r"^(\s*)([-+]|[0-9]+(?=[.)]))")
_LIKE_A_TICK = "\u02cb"  # between ticks nothing else can stand for one
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK_URL = re.compile(r"https?://[^\s<>()]{1,1990}")
_BARE = re.compile(r"<(https?://[^<>\s]+)>")
_CHANNEL = re.compile(r"<#([0-9]{1,20})>")


def escape(text: str) -> str:
    """Make every sign of Markdown literal."""
    return _AT_START.sub(_not_a_list, _SIGN.sub(r"\\\1", text))


def code(text: str) -> str:
    """Show text in fixed width on one line; nothing in it is parsed."""
    return f"`{text.replace('`', _LIKE_A_TICK)}`" if text else ""


def fence(lines: Iterable[str]) -> str:
    """Show lines in fixed width; back-ticks in them cannot close the fence."""
    return "```\n" + cleaning.unfenced("\n".join(lines)) + "\n```"


def marked(line: Line, *, links: bool = True) -> str:
    """Return a line as Markdown in which only our links and fixed width are live."""
    return "".join(_markdown(span, links=links) for span in line)


def fitted(line: Line, limit: int, *, links: bool = True) -> str:
    """Return a line as Markdown of at most `limit` units; a longer one is cut as plain words."""
    return layout.fitted(layout.flat(line), limit, escape, units, whole=marked(line, links=links))


def units(text: str) -> int:
    """Count text as Discord does: UTF-16 units."""
    return len(text.encode("utf-16-le", "replace")) // 2


def cut(text: str, limit: int) -> str:
    """Shorten plain text to at most `limit` units."""
    while units(text) > limit:
        text = cleaning.cut(text, max(1, len(text) - max(1, (units(text) - limit) // 2)))
        if len(text) <= 1:
            break
    return text


def safe_url(url: str) -> bool:
    """Whether an address may stand behind a link."""
    return bool(_LINK_URL.fullmatch(url))


def said_text(text: str) -> str:
    """Undo Discord's markup in what a person typed; what is far too long is left as it is."""
    if len(text) > READ:
        return text[:READ]
    return _CHANNEL.sub(r"\1", _BARE.sub(r"\1", text)).strip()


def shown_text(text: str) -> str:
    """Undo escapes and fixed width in what a message shows, so that links and moments can be found in it."""
    return said_text(_ESCAPED.sub(r"\1", text[:READ]).replace("`", " "))


def _not_a_list(start: re.Match[str]) -> str:
    sign = start[2]
    return f"{start[1]}{sign}\\" if sign.isdigit() else f"{start[1]}\\{sign}"


def _markdown(span: Span, *, links: bool) -> str:
    text = cleaning.one_line(plain((span,)))
    if isinstance(span, Link):
        return f"[{escape(text)}](<{span.url}>)" if links and safe_url(span.url) else escape(text)
    if isinstance(span, When):
        return f"<t:{int(span.at.timestamp())}:R>"
    if isinstance(span, Untrusted) and span.code:
        return code(text)
    return escape(text)
