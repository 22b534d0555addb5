"""The chat in the terminal, as the registry knows it. Whoever starts Clew switches it on, not the settings."""

from __future__ import annotations

from adapters.chat.kind import ChatKind, Ids
from adapters.chat.running import RunningChat
from adapters.chat.terminal.settings import Terminal
from bot.handler import Handler
from bot.ports import Clock, Store


async def _open(settings: Terminal, handler: Handler, store: Store, clock: Clock) -> RunningChat:
    from adapters.chat.terminal.app import open_chat

    return await open_chat(settings, handler, store, clock)


KIND = ChatKind(
    name="terminal",
    title="Terminal",
    settings=Terminal,
    open=_open,
    channel=Ids("terminal:channel:local", "terminal:channel:local"),
)
