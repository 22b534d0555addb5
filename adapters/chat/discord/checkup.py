"""Look at a Discord set-up without serving it: the token, the way in, and the permissions in every channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlencode

import discord

from adapters.chat.discord import gateway, ids, outcomes
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.markup import Json
from adapters.chat.discord.places import FORUM, MEDIA, read
from adapters.configuration.values import Discord

AUTHORISE = "https://discord.com/oauth2/authorize"
NEEDED = {
    "view_channel": "to see the channel",
    "send_messages": "to announce runs",
    "send_messages_in_threads": "to answer in a run's thread",
    "create_public_threads": "to open a run's thread",
    "embed_links": "to show cards",
    "attach_files": "to send whole logs",
    "read_message_history": "to send nothing twice",
}

Found = tuple[str, str]
"""What was found, and how to fix it, "" where it is well."""


def permissions() -> discord.Permissions:
    """Return exactly what the bot needs."""
    return discord.Permissions(**dict.fromkeys(NEEDED, True))


def invitation(application: str) -> str:
    """Return the address that lets the bot into a server, with exactly what it needs."""
    asked = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": str(permissions().value),
    }
    return f"{AUTHORISE}?{urlencode(asked)}"


async def check(settings: Discord, channels: Iterable[str]) -> AsyncIterator[Found]:
    """Say of each thing what was found and how to fix it. Raises nothing for what Discord answers."""
    gateway.redirect(api_url=settings.api_url, gateway_url=None)
    client = discord.Client(intents=discord.Intents.none(), proxy=settings.proxy)
    calls = Calls(proxy=settings.proxy)
    try:
        try:
            await client.login(settings.token.reveal())
        except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
            yield _failed(error)
            return
        calls.use(client, str(client.application_id))
        yield "token accepted", ""
        yield f"to invite it: {invitation(calls.application)}", ""
        yield _public(settings, public=client.application is None or client.application.bot_public)
        for channel in dict.fromkeys(channels):
            yield await _channel(calls, channel, str(client.user.id) if client.user else "")
    finally:
        await client.close()
        await calls.close()


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


async def _channel(calls: Calls, channel: str, me: str) -> Found:
    guild = ids.guild_of(channel)
    try:
        told = await calls.get("/channels/{channel_id}", channel_id=ids.last(channel))
        server = await calls.get("/guilds/{guild_id}", guild_id=guild)
        member = await calls.get("/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=me)
    except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
        said = outcomes.SENTENCES.get(
            outcomes.code(error), f"Discord does not show it ({outcomes.named(error)})."
        )
        return f"channel {channel}: {said}", "Invite the bot to its server, and let it see the channel."
    lacking = _lacking(told, granted(told, server, member))
    name = f"channel #{told.get('name')}"
    if not lacking:
        return _tags(name, told) or (f"{name}: all permissions are there", "")
    said = "; ".join(f"{_shown(p)} ({NEEDED[p]})" for p in lacking)
    return f"{name}: the bot lacks {said}", "Give its role these permissions in the channel's settings."


def granted(channel: Json, guild: Json, member: Json) -> discord.Permissions:
    """Compute what a member may do in a channel, as Discord does: roles, then the channel's exceptions."""
    me, everyone = str(member["user"]["id"]), str(guild["id"])
    own = {everyone, *map(str, member.get("roles", ()))}
    value = 0
    for role in guild.get("roles", ()):
        value |= int(role["permissions"]) if str(role["id"]) in own else 0
    if str(guild.get("owner_id")) == me or value & discord.Permissions.administrator.flag:
        return discord.Permissions.all()
    exceptions = {str(o["id"]): o for o in channel.get("permission_overwrites") or ()}
    for group in ([everyone], sorted(own - {everyone}), [me]):
        found = [exceptions[i] for i in group if i in exceptions]
        for exception in found:
            value &= ~int(exception["deny"])
        for exception in found:
            value |= int(exception["allow"])
    return discord.Permissions(value)


def _tags(name: str, channel: Json) -> Found | None:
    """Say what is wrong with a forum's tags, None where nothing is."""
    where = read(channel)
    if not where.forum or where.tags or not (channel.get("available_tags") or where.tag_required):
        return None
    if where.tag_required:
        return (
            f"{name}: the forum takes no post without a tag, and has none that everyone may set",
            outcomes.TAGS,
        )
    return f"{name}: only moderators may set the forum's tags, so runs are posted without", outcomes.TAGS


def _lacking(channel: Json, has: discord.Permissions) -> list[str]:
    forum = int(channel["type"]) in {FORUM, MEDIA}  # a post needs no right to open threads
    wanted = [p for p in NEEDED if not (forum and p == "create_public_threads")]
    return [name for name in wanted if not getattr(has, name)]


def _shown(permission: str) -> str:
    return permission.replace("_", " ").title().replace(" In ", " in ")


def _failed(error: Exception) -> Found:
    if isinstance(error, discord.LoginFailure):
        return (
            "Discord does not accept DISCORD_TOKEN",
            "Set DISCORD_TOKEN anew; the README says where it is made.",
        )
    return f"Discord does not answer ({outcomes.named(error)})", "Check the network and DISCORD_API_URL."
