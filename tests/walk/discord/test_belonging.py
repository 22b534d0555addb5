"""Who belongs, and who may do what: members, visitors, direct messages, uses without a server, bots.

Each row goes the whole way: Discord's payload over the gateway, the real discord.py, the answer, the audit trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from simcord.backend import serializers

from bot.access import Policy, Role
from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import Bot, running_bot
from tests.fakes.runs import a_run, run_id
from tests.fakes.store import NotingStore

VERBS: dict[str, dict[str, Any]] = {
    "status": {"run": run_id(1)},
    "watch": {},
    "launch": {"launcher": "basic_test", "duration": "30"},
}
ELSEWHERE = "1104000000000000001"

# By person: what comes of reading, watching and launching; "" is allowed, else the rule of the refusal.
Rules = tuple[str, str, str]
WITH_ROLES: dict[str, Rules] = {
    "named": ("", "", ""),
    "named visitor": ("", "", "guest"),
    "named before the rules": ("", "", "guest"),
    "named in a direct message": ("", "", ""),
    "named for themselves": ("server", "server", "server"),
    "named among other people": ("server", "server", "server"),
    "member": ("", "role:debug", "role:launch"),
    "member with a role": ("", "", "role:launch"),
    "visitor": ("", "role:debug", "guest"),
    "in a direct message": ("role:read", "role:debug", "role:launch"),
}
WITHOUT_ROLES: dict[str, Rules] = {
    "member": ("", "no-roles:debug", "no-roles:launch"),
    "member with a role": ("", "no-roles:debug", "no-roles:launch"),
    "visitor": ("no-roles:guest", "no-roles:debug", "no-roles:launch"),
    "named before the rules": ("no-roles:guest", "no-roles:debug", "no-roles:launch"),
    "in a direct message": ("no-roles:elsewhere", "no-roles:debug", "no-roles:launch"),
    "named for themselves": ("server", "server", "server"),
}
WITHOUT_GUILDS: dict[str, Rules] = {
    "member": ("no-roles:elsewhere", "no-roles:debug", "no-roles:launch"),
    "visitor": ("no-roles:guest", "no-roles:debug", "no-roles:launch"),
}
TABLES = {
    "roles": (True, True, WITH_ROLES),
    "roles, no servers named": (True, False, WITH_ROLES),
    "no roles": (False, True, WITHOUT_ROLES),
    "no roles, no servers named": (False, False, WITHOUT_GUILDS),
}


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


def changes(discord: FakeDiscord, person: str) -> tuple[int, dict[str, Any]]:
    """Return who it is, and what their payloads have that a member's have not."""
    by = discord.alice if person.startswith("named") else discord.bob
    guild = discord.backend.get_guild(discord.guild)
    member = dict(serializers.member_payload(discord.backend, guild, guild.members[by]))
    user = dict(serializers.user_payload(discord.backend.get_user(by)))
    alone: dict[str, Any] = {"guild_id": None, "member": None, "user": user}
    own = {"0": "0"}
    special: dict[str, dict[str, Any]] = {
        "with a role": {"member": member | {"roles": [ELSEWHERE]}},
        "visitor": {"member": member | {"flags": 1 << 4}},
        "before the rules": {"member": member | {"pending": True}},
        "in a direct message": {**alone, "context": 1, "authorizing_integration_owners": own},
        "for themselves": {"authorizing_integration_owners": {"1": str(by)}},
        "among other people": {**alone, "context": 2, "authorizing_integration_owners": {"1": str(by)}},
    }
    for words, changed in special.items():
        if person.endswith(words):
            return by, changed
    return by, {}


def a_policy(discord: FakeDiscord) -> Policy:
    return Policy(
        roles={
            Role.LAUNCH: frozenset({f"discord:user:{discord.alice}"}),
            Role.DEBUG: frozenset({f"discord:role:{discord.guild}:{ELSEWHERE}"}),
            Role.READ: frozenset({f"discord:guild:{discord.guild}"}),
        }
    )


@asynccontextmanager
async def bot_with(
    discord: FakeDiscord, *, roles: bool, named: bool
) -> AsyncIterator[tuple[Bot, NotingStore]]:
    store = NotingStore()
    guilds = frozenset({str(discord.guild)} if named else ())
    policy = a_policy(discord) if roles else Policy()
    async with running_bot(discord, store=store, policy=policy, guilds=guilds) as bot:
        bot.service.add_run(a_run(1))
        yield bot, store


async def rule_of(bot: Bot, store: NotingStore, verb: str, person: str) -> str:
    """Let somebody use a verb; return the rule of the refusal, "" where there was none."""
    discord, before = bot.discord, len(store.trail)
    by, changed = changes(discord, person)
    store.noted.clear()
    answered = asyncio.create_task(bot.answered(bot.handler.count + 1))
    noted = asyncio.create_task(store.noted.wait())
    discord.slash(verb, by=by, changed=changed, **VERBS[verb])
    await asyncio.wait({answered, noted}, return_when=asyncio.FIRST_COMPLETED)
    if not (store.trail[before:] and store.trail[-1].action == "any"):
        await answered  # what is refused before it is read is not answered by the core
    for task in (answered, noted):
        task.cancel()
    await asyncio.gather(answered, noted, return_exceptions=True)
    denied = [entry for entry in store.trail[before:] if entry.decision == "denied"]
    assert len(denied) <= 1
    assert all(entry.actor == f"discord:user:{by}" for entry in denied)
    return denied[0].detail if denied else ""


@pytest.mark.parametrize("settings", TABLES)
async def test_access__of_everybody_in_every_place(discord: FakeDiscord, settings: str) -> None:
    """Members, visitors, people in direct messages, and those who installed the bot for themselves."""
    roles, named, table = TABLES[settings]
    async with bot_with(discord, roles=roles, named=named) as (bot, store):
        came = {
            person: tuple([await rule_of(bot, store, verb, person) for verb in VERBS]) for person in table
        }

    assert came == table
    assert bot.service.launches == []


async def test_server__that_is_not_served_is_refused_and_noted(discord: FakeDiscord) -> None:
    """A command is told so; a mention is left alone, since the bot should not be made to talk there."""
    store = NotingStore()
    async with running_bot(discord, store=store, guilds=frozenset({ELSEWHERE})) as bot:
        told = [await rule_of(bot, store, "status", "named")]
        store.noted.clear()
        discord.mention("status")
        async with asyncio.timeout(20):
            await store.noted.wait()

    assert told == ["server"]
    assert [entry.detail for entry in store.trail] == ["server", "server"]
    assert bot.service.calls == []
    assert [m for m in discord.ours() if not m.flags & 64] == []


async def test_suggestions__are_for_members(discord: FakeDiscord) -> None:
    """While somebody types, nothing is offered to whoever may not read; letters are not noted."""
    option = {"name": "run", "type": 3, "value": "", "focused": True}
    data = {
        "id": "1",
        "name": "clew",
        "type": 1,
        "options": [{"name": "status", "type": 1, "options": [option]}],
    }
    offered = {}
    async with bot_with(discord, roles=False, named=True) as (_, store):
        for number, person in enumerate(("member", "visitor", "named for themselves"), 1):
            by, changed = changes(discord, person)
            discord.interact(4, data, by=by, **changed)
            await discord.until(lambda n=number: len(told(discord)) == n)  # type: ignore[misc]  # the loop's own
            offered[person] = [choice["value"] for choice in told(discord)[-1]["data"]["choices"]]

    assert offered == {"member": ["latest"], "visitor": [], "named for themselves": []}
    assert store.trail == []


def told(discord: FakeDiscord) -> list[Any]:
    """Return what was offered."""
    return [
        body
        for method, path, body in discord.requests
        if path.startswith("/interactions/") and body["type"] == 8
    ]


@pytest.mark.parametrize("webhook", [True, False])
async def test_bots__and_webhooks_are_not_heard(discord: FakeDiscord, webhook: bool) -> None:
    """A message that names the bot is a person's, or it is nothing."""
    async with bot_with(discord, roles=True, named=True) as (bot, store):
        message: Any = dict(serializers.message_payload(discord.backend, discord.mention("hello")))
        await bot.answered(1)
        author = message["author"] | {"bot": not webhook}
        text = f"<@{discord.backend.bot_user.id}> status"
        changed: Any = {"author": author, "content": text, "id": "1104000000000000077"}
        changed |= {"webhook_id": "1104000000000000078"} if webhook else {}
        discord.backend.emit("MESSAGE_CREATE", message | changed)
        discord.mention("help")
        await bot.answered(2)

    assert bot.service.calls == []
    assert store.trail == []
