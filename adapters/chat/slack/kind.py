"""Slack, as the registry knows it; the library is loaded when Slack is opened or checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping

from adapters.chat.kind import ChatKind, Found, Ids
from adapters.chat.running import RunningChat
from adapters.chat.slack.ids import mention
from adapters.chat.slack.settings import ID, SHAPES, Slack
from bot.cards import Card
from bot.command import Verb
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.state import MentionRule


async def _open(settings: Slack, handler: Handler, store: Store, clock: Clock) -> RunningChat:
    from adapters.chat.slack.app import open_chat

    return await open_chat(settings, handler, store, clock)


def _render(card: Card) -> str:
    from adapters.chat.slack.render import render

    return render(card)


async def _check(
    settings: Slack, channels: Iterable[str], rules: Iterable[MentionRule]
) -> AsyncIterator[Found]:
    from adapters.chat.slack.checkup import check

    del channels  # where the bot is missing, Slack says so to whoever asks there
    async for found in check(settings, rules):
        yield found


def _manifest(verbs: Mapping[str, Verb], http: str | None, unfurl: Collection[str], *, replies: bool) -> str:
    from adapters.chat.slack.manifest import text

    return text(verbs, http=http, unfurl=unfurl, replies=replies)


KIND = ChatKind(
    name="slack",
    title="Slack",
    settings=Slack,
    open=_open,
    channel=Ids("slack:channel:T…:C…", rf"slack:channel:{ID}:{ID}"),
    whole=Ids("slack:team:T…", rf"slack:team:{ID}"),
    people=(
        Ids("slack:user:T…:U…", rf"slack:user:{ID}:{ID}"),
        Ids("slack:usergroup:T…:S…", rf"slack:usergroup:{ID}:{ID}"),
    ),
    mention=mention,
    render=_render,
    check=_check,
    manifest=_manifest,
    shapes=SHAPES,
    loggers=("slack_sdk", "slack_bolt"),
)
