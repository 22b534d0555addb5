"""Slack's two ways to write text: mrkdwn, where outside text must be escaped, and rich text, which parses nothing.

Rules: https://docs.slack.dev/messaging/formatting-message-text and the Block Kit reference.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from adapters.chat.layout import fitted, flat
from bot import cards, cleaning
from bot.cards import Line, Link, Span, Untrusted, When

Json = dict[str, Any]
EMPTY = "-"  # Slack refuses empty texts

_LIVE = re.compile(r"[*_~`>]|:[\w+-]+:")  # what mrkdwn would format; it has no way to escape these
_LINK_URL = re.compile(r"https?://[^\s<>|]{1,2900}")


def escape(text: str) -> str:
    """Replace Slack's three control characters, so that no mention, link or command can form, nor a code block."""
    return cleaning.unfenced(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(line: Line, limit: int) -> str:
    """Return a message's `text`: escaped, at most `limit` characters after escaping."""
    return fitted(flat(line), limit, escape)


def plain(text: str, limit: int) -> Json:
    """Build a plain_text object, cleaned; emoji names in it stay words."""
    return {
        "type": "plain_text",
        "text": cleaning.cut(cleaning.unfenced(cleaning.many_lines(text)), limit) or EMPTY,
        "emoji": False,
    }


def marked(line: Line, limit: int, *, label: str = "") -> Json:
    """Build a text object: mrkdwn with a bold label and links, or plain where outside text would be formatted."""
    head = f"*{escape(label)}*\n" if label else ""
    body = "".join(_mrkdwn(span) for span in line)
    if len(head) + len(body) > limit or any(isinstance(s, Untrusted) and _unsafe(s) for s in line):
        return plain(f"{label}\n{flat(line)}" if label else flat(line), limit)
    return {"type": "mrkdwn", "text": (head + body) or EMPTY, "verbatim": True}


def literal(line: Line) -> Line:
    """Put outside text that would be formatted into fixed width, so that the links beside it stay; see `marked`."""
    return tuple(
        replace(span, code=True) if isinstance(span, Untrusted) and _unsafe(span) else span for span in line
    )


def section(line: Line, *, bold: str = "", limit: int = 3000) -> Json | None:
    """Build a rich_text_section, its outside text literal; None where there is nothing to show."""
    elements: list[Json] = []
    if bold:
        elements.append({"type": "text", "text": f"{bold} ", "style": {"bold": True}})
    room = limit - len(bold)
    for span in line:
        element = _rich(span, room)
        if element is not None:
            elements.append(element)
            room -= len(element["text"])
    return {"type": "rich_text_section", "elements": elements} if elements else None


def rich(*sections: Json | None) -> Json | None:
    """Build a rich_text block of the sections that are there."""
    there = [s for s in sections if s is not None]
    return {"type": "rich_text", "elements": there} if there else None


def preformatted(lines: tuple[str, ...]) -> Json:
    """Build a rich_text block in fixed width; nothing in it is parsed, but copies and exports of it may be."""
    text = cleaning.unfenced("\n".join(lines)) or " "
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}],
    }


def safe_url(url: str) -> bool:
    """Whether an address may stand behind a link or button."""
    return bool(_LINK_URL.fullmatch(url))


def _unsafe(span: Untrusted) -> bool:
    text = cleaning.one_line(span.text)
    return "`" in text if span.code else bool(_LIVE.search(text))


def _mrkdwn(span: Span) -> str:
    if isinstance(span, Link):
        return f"<{escape(span.url)}|{escape(span.label)}>" if safe_url(span.url) else escape(span.label)
    if isinstance(span, str | When):
        return escape(cards.plain((span,)))
    text = escape(cleaning.one_line(span.text))
    return f"`{text}`" if span.code and text else text


def _rich(span: Span, room: int) -> Json | None:
    text = span if isinstance(span, str) else flat((span,))
    if not text or room <= 0:
        return None
    text = cleaning.cut(cleaning.unfenced(text), room)
    if isinstance(span, Link) and safe_url(span.url):
        return {"type": "link", "url": span.url, "text": text}
    if isinstance(span, Untrusted) and span.code:
        return {"type": "text", "text": text, "style": {"code": True}}
    return {"type": "text", "text": text}
