"""Twenty buttons for one run that is left, really pressed: the platform is asked once, the others hear why not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.store.store import SqlStore, open_store
from bot.access import Policy, Role
from bot.quotas import Quota
from bot.state import AuditQuery, Per
from tests.fakes import discord, discord_bot, discord_live, slack_bot
from tests.fakes.service import Launching
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_world import ALICE, BOB

PRESSES = 20
LEFT = "1 of 1 run is left today for the connection “demo”; the day ends "
SPENT = "The quota of 1 run a day for the connection “demo” is used up. It is free again from "


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Return an empty database."""
    async with open_store(f"sqlite:///{tmp_path}/clew.db") as opened:
        yield opened


def one_run_a_day() -> tuple[Quota, ...]:
    """Return a rule in a zone where it is about noon, so that no midnight comes between."""
    behind = datetime.now(UTC).hour - 12
    return (Quota(per=Per.CONNECTION, runs=1, zone=f"Etc/GMT{behind:+d}"),)


async def denials(store: SqlStore) -> list[str]:
    """Return by which rule the audit trail says that a launch was denied."""
    lines, _ = await store.audit_lines(AuditQuery(actions=frozenset({"launch"})), skip=0, limit=99)
    denied = [line.entry.detail for line in lines if line.entry.decision == "denied"]
    return [detail.partition(": ")[2].partition(",")[0] for detail in denied]


async def test_slack__twenty_presses_for_one_run(store: SqlStore) -> None:
    """Two people, twenty cards, all pressed at once through bolt: one launch; what it is refused gives it back."""
    async with serve() as slack, slack_bot.running_bot(slack, store=store) as bot:
        slack.world.usergroups["S01"].append(BOB)
        policy = replace(slack_bot.POLICY, quotas=one_run_a_day())
        bot.handler.govern(policy)
        people = [(ALICE, BOB)[number % 2] for number in range(PRESSES)]
        for number, user in enumerate(people):
            await slack.mention(f"launch test_{number} duration=30", user=user)
            await bot.answered(number + 1)
        cards = slack.world.ours()
        left = [LEFT in card.words for card in cards]
        bot.service.next_launch(Launching.REFUSED)
        await slack.press(cards[0], "Launch", user=people[0])
        await bot.answered(PRESSES + 1)
        refused = len(bot.service.launches)
        presses = zip(cards[1:], people[1:], strict=True)
        await asyncio.gather(*(slack.press(card, "Launch", user=user) for card, user in presses))
        await bot.answered(2 * PRESSES)
        told = [message.words for message in slack.world.messages]
        await said(slack, bot, "launch one_more duration=30")

    assert left == [True] * PRESSES
    assert refused == 1
    assert len(bot.service.launches) == refused + 1
    assert sum(SPENT in words for words in told) == PRESSES - 2
    assert SPENT in slack.world.messages[-1].words
    assert await denials(store) == ["quota:connection"] * (PRESSES - 1)
    assert slack.world.violations == []


async def said(slack: FakeSlack, bot: slack_bot.Bot, words: str) -> None:
    """Say something, and wait for the answer."""
    count = bot.handler.count
    await slack.mention(words)
    await bot.answered(count + 1)


async def test_discord__twenty_presses_for_one_run(store: SqlStore) -> None:
    """Twenty cards, all pressed at once through discord.py over real sockets: one launch, the others hear why not."""
    async with discord.serve() as fake:
        everybody = frozenset({f"discord:guild:{fake.guild}"})
        policy = Policy(roles={Role.LAUNCH: everybody}, quotas=one_run_a_day())
        async with discord_live.running_bot(fake, store=store, policy=policy) as bot:
            people = [(fake.alice, fake.bob)[number % 2] for number in range(PRESSES)]
            for number, by in enumerate(people):
                fake.slash("launch", by=by, launcher=f"test_{number}", duration="30")
                await bot.answered(number + 1)
            cards = fake.ours()
            left = [LEFT in fake.words(card) for card in cards]
            for card, by in zip(cards, people, strict=True):
                fake.click(card, discord_bot.custom_id(card, "Launch"), by=by)
            await bot.answered(2 * PRESSES)
            fake.slash("help", verb="launch")
            await bot.answered(2 * PRESSES + 1)
            told = [json.dumps(body, ensure_ascii=False) for _, _, body in fake.requests]

    assert left == [True] * PRESSES
    assert len(bot.service.launches) == 1
    assert sum(SPENT in words for words in told) == PRESSES - 1
    assert any("0 of 1 run is left today for the connection “demo”" in words for words in told)
    assert await denials(store) == ["quota:connection"] * (PRESSES - 1)
    assert fake.violations == []
