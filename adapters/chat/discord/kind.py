"""Discord, as the registry knows it; the library is loaded when Discord is opened or checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from adapters.chat.discord.ids import mention
from adapters.chat.discord.settings import ID, SHAPES, Discord
from adapters.chat.kind import ChatKind, Found, Ids
from adapters.chat.running import RunningChat
from bot.cards import Card
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.state import MentionRule


async def _open(settings: Discord, handler: Handler, store: Store, clock: Clock) -> RunningChat:
    from adapters.chat.discord.app import open_chat

    return await open_chat(settings, handler, store, clock)


def _render(card: Card) -> str:
    from adapters.chat.discord.render import render

    return render(card)


async def _check(
    settings: Discord, channels: Iterable[str], rules: Iterable[MentionRule]
) -> AsyncIterator[Found]:
    from adapters.chat.discord.checkup import check

    async for found in check(settings, channels, rules):
        yield found


KIND = ChatKind(
    name="discord",
    title="Discord",
    settings=Discord,
    open=_open,
    channel=Ids("discord:channel:GUILD:CHANNEL", rf"discord:channel:{ID}:{ID}"),
    whole=Ids("discord:guild:ID", rf"discord:guild:{ID}"),
    people=(
        Ids("discord:role:GUILD:ROLE", rf"discord:role:{ID}:{ID}"),
        Ids("discord:user:ID", rf"discord:user:{ID}"),
    ),
    mention=mention,
    render=_render,
    check=_check,
    shapes=SHAPES,
    loggers=("discord",),
)
