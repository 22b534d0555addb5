"""Whatever the gateway does, the bot hears again and answers once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.chat.running import ChatRefused
from bot.state import Subscription
from tests.fakes.discord import FakeDiscord, serve
from tests.fakes.discord_live import QUICK, TIMING, Bot, running_bot
from tests.fakes.runs import EPOCH, a_run
from tests.fakes.store import MemoryStore


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with serve() as discord:
        yield discord
        assert discord.violations == []


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    async with running_bot(discord) as bot:
        bot.service.add_run(a_run(1))
        yield bot


async def works(bot: Bot) -> None:
    """Show that commands are answered, each once."""
    discord = bot.discord
    before = len(discord.ours())
    discord.slash("status")
    await discord.until(lambda: len(discord.ours()) > before)
    await discord.answer("Payments Nightly")

    assert len(discord.ours()) == before + 1


async def test_start__identifies_once_and_syncs_its_commands_once(bot: Bot, discord: FakeDiscord) -> None:
    """Only two kinds of events are asked for, and commands are sent only where they changed."""
    await discord.until(lambda: discord.called("PUT", "/applications/[0-9]+/commands") == 1)
    (session,) = discord.gate.sessions.values()

    async with running_bot(discord, store=bot.store):
        pass

    assert session.intents.value == (1 << 0) | (1 << 9)
    assert discord.called("PUT", "/applications/[0-9]+/commands") == 1


@pytest.mark.parametrize("code", [0, 4000, 1000])
async def test_connection__that_is_cut_is_resumed(bot: Bot, discord: FakeDiscord, code: int) -> None:
    """What was said meanwhile is replayed and answered once."""
    await discord.gate.drop(code)
    discord.slash("status")

    await discord.answer("Payments Nightly")

    assert (discord.gate.identified, discord.gate.resumed) == (1, 1)
    assert len(discord.ours()) == 1


async def test_reconnect__asked_for_by_discord_loses_nothing(bot: Bot, discord: FakeDiscord) -> None:
    """Opcode 7 is an ordinary day."""
    await discord.gate.tell(7)
    await discord.until(lambda: discord.gate.resumed == 1)

    await works(bot)


async def test_session__that_is_gone_begins_anew(bot: Bot, discord: FakeDiscord) -> None:
    """Opcode 9 costs a new session; after it commands are answered."""
    await discord.gate.tell(9, False)
    await discord.until(lambda: discord.gate.open == 1 and discord.gate.identified == 2)
    await bot.up()

    await works(bot)


async def test_refused_reconnects__end_in_a_connection(bot: Bot, discord: FakeDiscord) -> None:
    """A gateway that turns us away a few times has us back in the end."""
    discord.gate.refuse = 4
    await discord.gate.drop()
    await discord.until(lambda: discord.gate.refuse == 0 and discord.gate.open == 1)
    await bot.up()

    await works(bot)


async def test_silence__without_heartbeat_answers_is_a_dead_link(discord: FakeDiscord) -> None:
    """A connection that is open and dead is found and replaced."""
    discord.gate.interval = 200
    async with running_bot(discord, timing=replace(TIMING, gateway=QUICK)) as bot:
        bot.service.add_run(a_run(1))
        discord.gate.mute = True
        await discord.until(lambda: discord.gate.resumed + discord.gate.identified > 1)
        discord.gate.mute = False
        await bot.up()

        await works(bot)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("GUILD_UPDATE", {}),
        ("CHANNEL_CREATE", {"id": None}),
        ("THREAD_CREATE", []),
        ("INTERACTION_CREATE", {"type": 2}),
        ("INTERACTION_CREATE", None),
        ("MESSAGE_CREATE", "nonsense"),
        ("MESSAGE_CREATE", {"mentions": 5}),
        ("NEVER_HEARD_OF", {"a": 1}),
    ],
)
async def test_event__of_an_odd_shape_is_skipped(
    bot: Bot, discord: FakeDiscord, name: str, payload: object
) -> None:
    """One bad event neither ends the connection nor mutes the bot."""
    discord.gate.malformed(name, payload)

    await works(bot)

    assert discord.gate.identified == 1


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_refusal__for_good_is_one_sentence(discord: FakeDiscord, code: int) -> None:
    """Where no retry can help, the bot says so once and stays down."""
    discord.gate.close_code = code

    async with running_bot(discord, connect=False) as bot:
        with pytest.raises(ChatRefused, match=r"Discord .*\."):
            await bot.running

    assert discord.gate.identified == 1


async def test_token__that_is_wrong_is_said_once(discord: FakeDiscord) -> None:
    """One request, one sentence that names the setting."""
    async with running_bot(discord, connect=False, token="MTE0.wrong.token") as bot:
        with pytest.raises(ChatRefused, match="DISCORD_TOKEN"):
            await bot.running

    assert [path for _, path, _ in discord.requests] == ["/users/@me"]


async def test_api__that_is_away_at_the_start_is_waited_for(discord: FakeDiscord) -> None:
    """Discord down while we start: we come up when it does."""
    from tests.fakes.discord import Fault

    discord.fault("GET", "/users/@me", *[Fault(status=503, body="away")] * 3)
    async with running_bot(discord) as bot:
        bot.service.add_run(a_run(1))

        await works(bot)


async def test_identify__is_counted_over_restarts(bot: Bot, discord: FakeDiscord) -> None:
    """What was spent stays known to the next process."""
    kept = await bot.store.kept_text(f"discord:sessions:{discord.backend.application_id}")

    async with running_bot(discord, store=bot.store):
        again = await bot.store.kept_text(f"discord:sessions:{discord.backend.application_id}")

    assert kept is not None
    assert again is not None
    assert kept != again


async def test_close__finishes_what_is_being_answered(bot: Bot, discord: FakeDiscord) -> None:
    """A command that was taken is answered before the end; nothing new is taken."""
    from tests.fakes.discord import Fault

    gate = asyncio.Event()
    discord.fault("PATCH", "/webhooks/.*", Fault(gate=gate))
    discord.slash("status")
    await discord.until(lambda: discord.called("PATCH", "/webhooks/.*") == 1)

    closing = asyncio.create_task(bot.chat.close())
    await asyncio.sleep(0)
    gate.set()
    await closing

    assert len(discord.ours()) == 1


@pytest.mark.parametrize("event", ["GUILD_CREATE", "CHANNEL_CREATE", "CHANNEL_UPDATE"])
async def test_event__lets_a_lost_channel_be_tried_at_once(
    bot: Bot, discord: FakeDiscord, event: str
) -> None:
    """A server or channel that we see again may let us post again; others stay as they are."""
    here, other = discord.place, "discord:channel:99:98"
    await works(bot)
    for channel in (here, other):
        await bot.store.subscribe(Subscription(channel=channel, problem="no permission"), EPOCH)
    seen = {"id": str(discord.main), "guild_id": str(discord.guild), "type": 0}
    discord.gate.event(event, {"id": str(discord.guild)} if event == "GUILD_CREATE" else seen)
    async with asyncio.timeout(10):
        while [s for s in await bot.store.subscriptions(here) if s.problem]:  # noqa: ASYNC110 - in the background
            await asyncio.sleep(0)

    assert [s.problem for s in await bot.store.subscriptions(other)] == ["no permission"]
    await works(bot)


async def test_start__lets_the_lost_channels_of_its_servers_be_tried(discord: FakeDiscord) -> None:
    """Every connection tells which servers we are in."""
    store = MemoryStore()
    await store.subscribe(Subscription(channel=discord.place, problem="no permission"), EPOCH)
    async with running_bot(discord, store=store), asyncio.timeout(10):
        while [s for s in await store.subscriptions() if s.problem]:  # noqa: ASYNC110 - it happens in the background
            await asyncio.sleep(0)
