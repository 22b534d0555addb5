"""What people typed, with Slack's own markup (`<@U…>`, `<https://…|label>`, `&amp;`) undone; pure.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from adapters.chat.payload import texts
from adapters.chat.slack.markup import Json
from bot.lengths import READ

_LINK = re.compile(r"<((?:https?://|mailto:)([^|<>\s]+))(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]{2,24})(?:\|[^<>]*)?>")
_SHOWN = {"text", "fallback", "title_link", "from_url", "url", "pretext", "title"}


def typed_text(text: str) -> str:
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
    parts += list(texts([message.get("attachments"), message.get("blocks")], _SHOWN))
    return typed_text("\n".join(dict.fromkeys(part for part in parts if part))[:READ])
