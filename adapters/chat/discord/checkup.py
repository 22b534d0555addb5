"""Look at a Discord set-up without serving it: the token, the way in, and the permissions in every channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import discord

from adapters.chat.discord import gateway, ids, outcomes
from adapters.chat.discord.addressees import Addressees
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.places import Where, of_channel
from adapters.chat.discord.settings import Discord
from adapters.chat.kind import Found
from adapters.clock import SystemClock
from bot.replies.mentioning import looked_up
from bot.state import MentionRule

NEEDED = {
    "view_channel": "to see the channel",
    "send_messages": "to announce runs",
    "send_messages_in_threads": "to answer in a run's thread",
    "create_public_threads": "to open a run's thread",
    "embed_links": "to show cards",
    "attach_files": "to send whole logs",
    "read_message_history": "to send nothing twice",
}


def invitation(application: str) -> str:
    """Return the address that lets the bot into a server, with exactly what it needs."""
    needed = discord.Permissions(**dict.fromkeys(NEEDED, True))
    return discord.utils.oauth_url(application, permissions=needed)


async def check(
    settings: Discord, channels: Iterable[str], rules: Iterable[MentionRule] = ()
) -> AsyncIterator[Found]:
    """Say of each thing what was found and how to fix it. Raises nothing for what Discord answers.

    `rules`: whom posts mention.
    """
    gateway.redirect(api_url=settings.api_url, gateway_url=None)
    client = discord.Client(intents=discord.Intents.none(), proxy=settings.proxy)
    try:
        try:
            await client.login(settings.token.reveal())
        except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
            yield _failed(error)
            return
        yield "token accepted", ""
        yield f"to invite it: {invitation(str(client.application_id))}", ""
        yield _public(settings, public=client.application is None or client.application.bot_public)
        for channel in dict.fromkeys(channels):
            yield await _channel(client, channel)
        calls = Calls()
        calls.use(client)
        addressees = Addressees(calls, SystemClock())
        for rule in rules:
            yield looked_up(rule, await addressees.find(rule.who, rule.channel))
    finally:
        await client.close()


def _public(settings: Discord, *, public: bool) -> Found:
    """Look at whether strangers can take the bot to a server of their own, and ask it there."""
    if not public:
        return "only you may add the bot to servers", ""
    if settings.guilds:
        return "everyone may add the bot to their server; it answers only where [discord] guilds says", ""
    return (
        "everyone may add the bot to their server, and [discord] guilds names none, so it answers in all of them",
        "Name your servers under [discord] guilds in clew.toml, or turn Public Bot off in the developer portal.",
    )


async def _channel(client: discord.Client, name: str) -> Found:
    try:
        guild = await client.fetch_guild(int(ids.guild_of(name)), with_counts=False)
        me = await guild.fetch_member(client.user.id if client.user else 0)
        channel = await guild.fetch_channel(int(ids.last(name)))
        if isinstance(channel, discord.Thread):  # its permissions are those of the channel that it is in
            channel = await guild.fetch_channel(channel.parent_id)
        has = channel.permissions_for(me)
    except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
        said = outcomes.SENTENCES.get(
            outcomes.code(error), f"Discord does not show it ({outcomes.named(error)})."
        )
        return f"channel {name}: {said}", "Invite the bot to its server, and let it see the channel."
    where = of_channel(channel)
    shown = f"channel #{channel.name}"
    needed = [p for p in NEEDED if not (where.forum and p == "create_public_threads")]  # a post opens its own
    lacking = [p for p in needed if not getattr(has, p)]
    if not lacking:
        return _tags(shown, where, channel) or (f"{shown}: all permissions are there", "")
    said = "; ".join(f"{_shown(p)} ({NEEDED[p]})" for p in lacking)
    return f"{shown}: the bot lacks {said}", "Give its role these permissions in the channel's settings."


def _tags(name: str, where: Where, channel: object) -> Found | None:
    """Say what is wrong with a forum's tags, None where nothing is."""
    if not where.forum or where.tags or not (getattr(channel, "available_tags", ()) or where.tag_required):
        return None
    if where.tag_required:
        return (
            f"{name}: the forum takes no post without a tag, and has none that everyone may set",
            outcomes.TAGS,
        )
    return f"{name}: only moderators may set the forum's tags, so runs are posted without", outcomes.TAGS


def _shown(permission: str) -> str:
    return permission.replace("_", " ").title().replace(" In ", " in ")


def _failed(error: Exception) -> Found:
    if isinstance(error, discord.LoginFailure):
        return (
            "Discord does not accept DISCORD_TOKEN",
            "Set DISCORD_TOKEN again; the README shows where to create it.",
        )
    return f"Discord does not answer ({outcomes.named(error)})", "Check the network and DISCORD_API_URL."
