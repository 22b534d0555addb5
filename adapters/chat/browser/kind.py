"""The chat in the browser, as the registry knows it. Whoever starts Clew switches it on, not the settings."""

from __future__ import annotations

from adapters.chat.browser.settings import Browser
from adapters.chat.kind import ChatKind, Ids
from adapters.chat.running import RunningChat
from bot.handler import Handler
from bot.ports import Clock, Store


async def _open(settings: Browser, handler: Handler, store: Store, clock: Clock) -> RunningChat:
    from adapters.chat.browser.app import open_chat

    return await open_chat(settings, handler, store, clock)


KIND = ChatKind(
    name="browser",
    title="Browser",
    settings=Browser,
    open=_open,
    channel=Ids("browser:channel:NAME", r"browser:channel:[a-z]{1,20}"),
)
