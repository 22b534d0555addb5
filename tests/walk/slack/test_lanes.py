"""One person never stops the others: much, slow, endless and odd commands, as Slack sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.lanes import LOG_SHARE, MOST, SHARE
from adapters.chat.slack.requests import BODY
from bot.lengths import LONGEST, READ
from tests.fakes.held import HeldService
from tests.fakes.inbox import left_over
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_run, run_id
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import TIMING, Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB
from tests.fakes.store import MemoryStore

SLOW, QUICK = run_id(1), run_id(2)
LOGS = f"logs {QUICK} moment={MOMENT.text}"


@pytest.fixture
def service() -> HeldService:
    service = HeldService(SLOW)
    service.add_run(a_run(1))
    run = service.add_run(a_run(2))
    service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"))
    return service


@pytest.fixture
async def bot(slack: FakeSlack, service: HeldService) -> AsyncIterator[Bot]:
    async with running_bot(slack, service=service) as bot:
        yield bot
        service.gate.set()


async def unanswered(bot: Bot) -> int:
    """Count what was accepted and is not answered."""
    return len(await left_over(bot.handler, "slack", EPOCH - timedelta(days=36500)))


async def test_slow__commands_of_one_person_stop_nobody(bot: Bot, service: HeldService) -> None:
    """Sixteen wait for the platform, some visibly for each other; another person is answered meanwhile; then all are."""
    slack = bot.slack
    await asyncio.gather(*(slack.command(f"status {SLOW}") for _ in range(16)))
    await service.until(waiting=SHARE)
    await slack.world.answer("Waiting for one of your other commands to finish.")
    await slack.world.answer("Working on it")

    await slack.command(f"status {QUICK}", user=BOB)
    await bot.answered(1)
    held = await unanswered(bot)
    service.gate.set()
    await bot.answered(17)

    assert held == 16
    assert service.most_waiting == SHARE
    assert len([m for m in slack.world.ours() if "Payments Nightly" in m.words]) == 17
    assert await unanswered(bot) == 0


async def test_logs__are_read_in_a_lane_of_their_own(bot: Bot, service: HeldService) -> None:
    """Whoever reads logs, however long, is told the status of a run meanwhile."""
    await asyncio.gather(*(bot.slack.command(LOGS) for _ in range(LOG_SHARE + 2)))
    await service.until(reading=LOG_SHARE)

    await bot.slack.command(f"status {QUICK}")
    await bot.answered(1)
    service.gate.set()
    await bot.answered(LOG_SHARE + 3)

    assert service.most_reading == LOG_SHARE


async def test_flood__of_commands_is_left_out_with_a_sentence(bot: Bot, service: HeldService) -> None:
    """What is accepted is answered, the rest is refused with its acknowledgement; somebody else notices nothing."""
    slack = bot.slack
    acks = []
    for _ in range(8):  # Slack waits three seconds for each, however slow this machine is
        acks += await asyncio.gather(*(slack.command(f"status {SLOW}") for _ in range(MOST // 4)))
    await bot.answered(MOST)
    other = await slack.command(f"status {QUICK}", user=BOB)
    await bot.answered(MOST + 1)
    held = await unanswered(bot)
    service.gate.set()
    await bot.answered(2 * MOST + 1)

    told = [ack.payload["text"] for ack in acks if ack.payload]
    assert all(ack.taken for ack in acks)
    assert (other.payload, held) == ({}, MOST)
    assert len(told) == MOST
    assert told[0].startswith(f"{MOST} of your commands are running, so no more are accepted.")
    assert len([m for m in slack.world.ours() if "Payments Nightly" in m.words]) == MOST + 1
    assert await unanswered(bot) == 0


async def test_flood__of_mentions_is_not_answered_by_a_flood(bot: Bot, service: HeldService) -> None:
    """Whoever mentions the bot a hundred times is told of the limit, and not once for each."""
    slack = bot.slack
    await asyncio.gather(*(slack.mention(f"status {SLOW}") for _ in range(100)))
    await bot.answered(100 - MOST)
    told = [m for m in slack.world.ours() if "are running" in m.words]
    service.gate.set()
    await bot.answered(100)

    assert 1 <= len(told) < (100 - MOST) // 2
    assert {m.only_for for m in told} == {ALICE}
    assert await unanswered(bot) == 0


async def test_flood__leaves_no_room_for_forms(bot: Bot, service: HeldService) -> None:
    """Who has too much under way is told so, and gets neither a form nor a home that would have to be read."""
    slack = bot.slack
    await asyncio.gather(*(slack.command(f"status {SLOW}") for _ in range(MOST)))
    await service.until(waiting=SHARE)

    await slack.global_shortcut("launch_run")
    told = await slack.world.until(
        lambda: next((m for m in slack.world.ours() if "are running" in m.words), None)
    )
    seen = {"type": "app_home_opened", "user": ALICE, "channel": f"D{ALICE}", "tab": "home"}
    await slack.gate.deliver("events_api", slack.envelope(seen))
    await slack.open_home(user=BOB)
    service.gate.set()
    await bot.answered(MOST + 1)

    assert told.only_for in {ALICE, None}
    assert slack.world.views == {}
    assert list(slack.world.homes) == [BOB]


async def test_flood__delivered_again_is_known(bot: Bot, service: HeldService) -> None:
    """A second delivery of what was accepted is no further command, and is not said to be left out."""
    payload = bot.slack.command_payload(f"status {SLOW}")
    await bot.slack.gate.deliver("slash_commands", payload)
    await asyncio.gather(*(bot.slack.command(f"status {SLOW}") for _ in range(MOST)))

    again = await bot.slack.gate.deliver("slash_commands", payload)
    service.gate.set()
    await bot.answered(MOST + 1)

    assert again.taken
    assert again.payload == {}


async def test_restart__takes_up_all_that_was_accepted(slack: FakeSlack, service: HeldService) -> None:
    """Those that worked and those that waited are answered by the next process, each once."""
    store = MemoryStore()
    hurried = replace(TIMING, drain=0.05)
    async with running_bot(slack, service=service, store=store, timing=hurried) as bot:
        await asyncio.gather(*(slack.command(f"status {SLOW}") for _ in range(MOST)))
        await service.until(waiting=SHARE)
        await bot.chat.close()
    service.gate.set()
    async with running_bot(slack, service=service, store=store) as bot:
        await bot.answered(MOST)

        assert await unanswered(bot) == 0
    assert len([m for m in slack.world.ours() if "Payments Nightly" in m.words]) == MOST


@pytest.mark.parametrize("length", [LONGEST + 1, READ + 1, 2 << 20])
async def test_length__that_is_too_much_is_refused(bot: Bot, service: HeldService, length: int) -> None:
    """Nothing is cut in silence, asked or kept whole: one sentence says how long a command may be."""
    text = f"status {QUICK} ".ljust(length, "x")

    await bot.slack.command(text)
    ephemeral = await bot.slack.world.ephemeral(ALICE)
    await bot.answered(1)
    await bot.slack.mention(text)
    await bot.answered(2)

    told = [m.words for m in bot.slack.world.ours()]
    assert ephemeral.words == told[0]
    assert all("Your command exceeds the limit of 12,000 characters." in m for m in told)
    assert len(told) == 2
    assert service.calls == []
    assert isinstance(bot.store, MemoryStore)
    assert max(len(kept.text) for kept, _ in bot.store.commands.values()) == LONGEST + 1


async def test_length__as_long_as_may_be_is_read_whole(bot: Bot) -> None:
    """The last word counts where the command is just short enough."""
    words = f"status {QUICK} run=".ljust(LONGEST - 1, "x") + "z"

    await bot.slack.command(words)
    ephemeral = await bot.slack.world.ephemeral(ALICE)

    assert "characters" not in ephemeral.words


async def test_length__beyond_the_door_is_refused_unread(slack: FakeSlack, service: HeldService) -> None:
    """Over HTTP ten megabytes are refused by their size, and the next command is served."""
    async with running_bot(slack, service=service, http=True) as bot:
        ack = await slack.command("status " + "x" * 10_000_000)
        await slack.command(f"status {QUICK}")
        await bot.answered(1)

    assert BODY < 10_000_000
    assert ack.status == 413
    assert len(service.calls) >= 1


async def test_length__beyond_the_socket_costs_that_socket(bot: Bot) -> None:
    """A frame of ten megabytes is not taken, and everything else goes on."""
    ack = await bot.slack.command("status " + "x" * 10_000_000)
    await bot.slack.command(f"status {QUICK}")
    await bot.answered(1)

    assert not ack.taken


@pytest.mark.parametrize(
    "name",
    [
        "st\u0430tus",  # a Cyrillic letter
        "sta\u200btus",  # a zero-width space inside
        "status\u2060",  # a word joiner behind
        "\uff53\uff54\uff41\uff54\uff55\uff53",  # full width
        "\u017ftatus",  # a long s
        "launch\u0000",
    ],
)
async def test_name__that_only_looks_like_one_is_none(bot: Bot, service: HeldService, name: str) -> None:
    """A name is matched by its ASCII letters; look-alikes and invisible characters make it another word."""
    await bot.slack.command(f"{name} {QUICK}")
    ephemeral = await bot.slack.world.ephemeral(ALICE)
    await bot.answered(1)

    assert "Unknown command" in ephemeral.words
    assert service.calls == []
