"""Every chat, in the order that settings and doctor show them; adding one means one folder and one line here."""

from __future__ import annotations

from adapters.chat.kind import AnyChat, ChatKind
from adapters.kinds import registered

CHATS: tuple[AnyChat, ...] = registered(
    ChatKind,
    "adapters.chat.slack",
    "adapters.chat.discord",
    "adapters.chat.terminal",
    "adapters.chat.browser",
)
