"""What people typed, with Slack's own markup (`<@U…>`, `<https://…|label>`, `&amp;`) undone; pure.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from adapters.chat.slack.markup import Json
from bot.lengths import READ

_LINK = re.compile(r"<((?:https?://|mailto:)([^|<>\s]+))(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]{2,24})(?:\|[^<>]*)?>")
_TELLING = {"text", "fallback", "title_link", "from_url", "url", "pretext", "title"}


def said_text(text: str) -> str:
    """Undo Slack's markup in what a person typed; what is far too long is left as it is."""
    if len(text) > READ:
        return text[:READ]
    text = _LINK.sub(_link, text)
    return unescape(_CHANNEL.sub(r"\1", text)).strip()


def unescape(text: str) -> str:
    """Undo what Slack escapes, and nothing else: `&copy=2` in an address is no sign."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link(found: re.Match[str]) -> str:
    """Return what was typed: Slack makes links of bare addresses, image names and mail addresses by itself."""
    url, bare, label = found.groups()
    return label if label == bare else bare if url.startswith("mailto:") else url


def message_text(message: Json) -> str:
    """Collect all that a message says: its text, and what stands in attachments, blocks and buttons."""
    parts = [str(message.get("text") or "")]
    parts += list(_texts([message.get("attachments"), message.get("blocks")]))
    return said_text("\n".join(dict.fromkeys(part for part in parts if part))[:READ])


def _texts(value: object, depth: int = 0) -> list[str]:
    """Find every text, address and label in nested attachments and blocks."""
    if depth > 12 or not isinstance(value, dict | list):  # noqa: PLR2004 - deeper than Slack nests
        return []
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner, depth + 1)]
    found = [str(v) for k, v in value.items() if k in _TELLING and isinstance(v, str)]
    return found + [text for inner in value.values() for text in _texts(inner, depth + 1)]
