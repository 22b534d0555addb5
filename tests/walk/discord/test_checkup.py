"""`clew doctor` looks at the token, prints the way in, and names what is missing in each channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import discord as library
import pytest
from discord.http import Route
from simcord.backend.models import Overwrite

from adapters.chat.discord.checkup import check, invitation
from adapters.chat.discord.settings import Discord
from bot.model import Secret
from bot.state import MentionRule
from tests.fakes.discord import TOKEN, FakeDiscord, serve


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture(autouse=True)
def address() -> Iterator[None]:
    """Give the library its own address back."""
    base = Route.BASE
    yield
    Route.BASE = base


async def look(
    discord: FakeDiscord,
    *channels: str,
    token: str = TOKEN,
    guilds: frozenset[str] | None = None,
    rules: tuple[MentionRule, ...] = (),
) -> list[tuple[str, str]]:
    served = frozenset({str(discord.guild)}) if guilds is None else guilds
    settings = Discord(token=Secret(token), api_url=discord.api_url, guilds=served)
    return [found async for found in check(settings, channels, rules)]


async def test_check__says_that_all_is_well(discord: FakeDiscord) -> None:
    """The token, the way in, and one line for each watched channel."""
    found = await look(discord, discord.place, discord.place)

    assert [hint for _, hint in found] == ["", "", "", ""]
    assert found[0][0] == "token accepted"
    assert found[3][0] == "channel #general: all permissions are there"


async def test_check__names_whom_no_mention_reaches(discord: FakeDiscord) -> None:
    """Who left, a role that is gone, and one that nobody may mention."""
    silent = discord.backend.create_role(discord.guild, "silent")
    role, gone = f"role:{discord.guild}", "1104000000000000009"
    who = (f"user:{discord.bob}", f"user:{gone}", f"{role}:{silent.id}", f"{role}:{gone}")
    rules = [MentionRule(channel=discord.place, who=f"discord:{each}") for each in who]

    found = (await look(discord, rules=tuple(rules)))[-4:]

    end = "Mention somebody else, and end this there with “watching”."
    assert [hint for _, hint in found] == ["", end, "Turn that on, or mention somebody else.", end]
    assert "They are not in this server." in found[1][0]
    assert "“Allow anyone to @mention this role”" in found[2][0]
    assert "There is no such role" in found[3][0]


async def test_check__names_what_is_missing_and_what_it_is_for(discord: FakeDiscord) -> None:
    """A channel's exceptions are seen, and the sentence says how to fix them."""
    denied = library.Permissions(attach_files=True, read_message_history=True).value
    exception = Overwrite(target_id=discord.backend.bot_user.id, type=1, allow=0, deny=denied)  # type: ignore[arg-type]  # 1: a member
    channel = discord.backend.create_channel(discord.guild, "quiet", overwrites=[exception])

    found = await look(discord, f"discord:channel:{discord.guild}:{channel.id}")

    said, hint = found[-1]
    assert said == (
        "channel #quiet: the bot lacks Attach Files (to send whole logs); "
        "Read Message History (to send nothing twice)"
    )
    assert hint


async def test_check__names_a_channel_that_is_gone(discord: FakeDiscord) -> None:
    """A channel that was deleted is one line, and the others follow."""
    gone = f"discord:channel:{discord.guild}:1104000000000000009"

    found = await look(discord, gone, discord.place)

    assert "does not know the channel" in found[3][0]
    assert found[3][1]
    assert found[4][1] == ""


@pytest.mark.parametrize(
    ("public", "served", "expected"),
    [
        (True, False, ("it answers in all of them", True)),
        (True, True, ("it answers only where [discord] guilds says", False)),
        (False, False, ("only you may add the bot", False)),
        (False, True, ("only you may add the bot", False)),
    ],
)
async def test_check__fails_a_public_bot_that_serves_every_server(
    discord: FakeDiscord, public: bool, served: bool, expected: tuple[str, bool]
) -> None:
    """Anybody could add it to a server of their own and ask it there."""
    discord.public = public
    guilds = frozenset({str(discord.guild)} if served else ())

    said, hint = (await look(discord, guilds=guilds))[2]

    assert (expected[0] in said, bool(hint)) == (True, expected[1])


@pytest.mark.parametrize(
    ("required", "moderated", "expected"),
    [
        (True, [True, True], "takes no post without a tag"),
        (True, [], "takes no post without a tag"),
        (False, [True], "only moderators may set the forum's tags"),
        (False, [], "all permissions are there"),
        (True, [True, False], "all permissions are there"),
        (False, [False], "all permissions are there"),
    ],
)
async def test_check__explains_a_forum_whose_tags_only_moderators_set(
    discord: FakeDiscord, required: bool, moderated: list[bool], expected: str
) -> None:
    """Runs could not be posted there, or not be found by their verdict, and nobody would know why."""
    forum = discord.backend.create_channel(discord.guild, "runs", type=15)
    tags = [
        {"id": str(n), "name": f"Tag {n}", "moderated": only, "emoji_id": None, "emoji_name": None}
        for n, only in enumerate(moderated, 101)
    ]
    discord.backend.edit_channel(forum.id, {"available_tags": tags})
    discord.tag_required = {forum.id} if required else set()

    said, hint = (await look(discord, f"discord:channel:{discord.guild}:{forum.id}"))[-1]

    assert said.startswith("channel #runs: ")
    assert expected in said
    assert bool(hint) is (expected != "all permissions are there")


async def test_check__names_the_token_that_is_wrong(discord: FakeDiscord) -> None:
    """One line that names the setting and not the token."""
    found = await look(discord, discord.place, token="MTE0.wrong.token")

    assert len(found) == 1
    assert "DISCORD_TOKEN" in found[0][0]
    assert "wrong" not in found[0][0] + found[0][1]


def test_invitation__asks_for_exactly_what_is_needed() -> None:
    """No administrator, nothing privileged: the seven permissions and slash commands."""
    asked = parse_qs(urlsplit(invitation("1104000000000000001")).query)
    bits = [10, 11, 14, 15, 16, 35, 38]  # see, send, embed, attach, history, open threads, send in threads

    assert int(asked["permissions"][0]) == sum(1 << bit for bit in bits)
    assert asked["scope"] == ["bot applications.commands"]


@pytest.mark.parametrize(("role", "owner", "granted"), [(8, False, True), (0, True, True), (0, False, False)])
async def test_check__administrators_and_owners_may_everything(
    discord: FakeDiscord, role: int, owner: bool, granted: bool
) -> None:
    """As Discord has it, whatever a channel excepts."""
    guild, me = discord.backend.guilds[discord.guild], discord.backend.bot_user.id
    guild.everyone_role.permissions |= role
    guild.owner_id = me if owner else guild.owner_id
    exception = Overwrite(target_id=discord.guild, type=0, allow=0, deny=1024)  # type: ignore[arg-type]  # 0: a role
    channel = discord.backend.create_channel(discord.guild, "staff", overwrites=[exception])

    said, _ = (await look(discord, f"discord:channel:{discord.guild}:{channel.id}"))[-1]

    assert ("all permissions are there" in said) is granted


async def test_check__a_thread_has_the_permissions_of_its_channel(discord: FakeDiscord) -> None:
    """Somebody may have named a thread in the settings."""
    message = discord.backend.create_message(discord.main, discord.alice, "hello")
    thread = discord.backend.create_thread(discord.main, "talk", discord.alice, message_id=message.id)

    said, hint = (await look(discord, f"discord:channel:{discord.guild}:{thread.id}"))[-1]

    assert (said, hint) == ("channel #general: all permissions are there", "")
