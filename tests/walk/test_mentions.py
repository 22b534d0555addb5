"""Mentions by rule in each chat: set where people type, and in the post about a new failure; never by a name from outside."""

from __future__ import annotations

import io
import json
from functools import partial

import pytest
from rich.console import Console

from adapters.chat.terminal.events import invocation
from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.surface import TerminalSurface
from adapters.chat.terminal.transcript import Transcript
from adapters.clock import SystemClock
from bot.access import Policy
from bot.cards import plain
from bot.command import Services
from bot.delivery.deliver import Deliverer, Pace
from bot.handler import Handler
from bot.model import RunStatus
from bot.ports import Chat, Clock, Store, report_to_nobody
from bot.watch.poll import Poller
from tests.fakes import discord_bot, slack_bot
from tests.fakes import slack_api as faults
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_world import ALICE, BOB, GONE, MAIN
from tests.fakes.store import MemoryStore

HOSTILE = ("<!channel> ledger", "<@U02BOB> @everyone", "ledger <@&1>")


class Watcher:
    """Polls and delivers as `clew run` does, when a test says so."""

    def __init__(self, chat: Chat, store: Store, service: FakeRunService, clock: Clock) -> None:
        self.service, self.store = service, store
        self.poller = Poller(
            service.platform, store, clock=clock, renderers={chat.name: chat.render},
            on_rows=lambda: None, notify_operator=_nobody,
        )  # fmt: skip
        self.deliverer = Deliverer(
            chat, store, platforms={}, clock=clock, notify_operator=_nobody, pace=Pace(per_channel=0)
        )

    async def ends(self, number: int, *failing: str) -> None:
        """Let a run start, end and be announced."""
        run = self.service.add_run(a_run(number, status=RunStatus.IN_PROGRESS, completed_at=None))
        await self.poller.tick()
        self.service.finish(run, some_results(run, failing=failing, passing=("reachable",)))
        await self.poller.tick()
        while (await self.store.depth()).waiting:
            await self.deliverer.step()


async def _nobody(_: str) -> None:
    """Notify no operator."""


async def test_slack__a_new_failure_mentions_whom_the_rule_names() -> None:
    """Two failing runs, one of which is news: one mention; names that look like mentions are none."""
    service = FakeRunService()
    async with serve() as slack, slack_bot.running_bot(slack, service=service) as bot:
        watcher = Watcher(bot.chat.chat, bot.store, service, bot.clock)
        await watcher.poller.tick()
        await slack.command(
            f'watch mention="<@{BOB}|bob>, <!subteam^S01|@group> for *ledger*; me on incomplete"'
        )
        answer = await slack.world.answer("Posts here mention")
        for number, failing in enumerate(((), HOSTILE, HOSTILE), 1):
            await watcher.ends(number, *failing)
        posts = [m for m in slack.world.of(MAIN) if m.ts != answer.ts]
        assert slack.world.violations == []

    said = [json.dumps(post.blocks) for post in posts]
    assert [f"For <@{BOB}>, <!subteam^S01>" in text for text in said] == [False, True, False]
    assert not any(f"<@{ALICE}>" in text for text in said)
    assert "u02bob for new failures of properties named like" in answer.words.lower()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (f"<@{GONE}|gone>", "They have left"),
        ("<@U0NOBODY|x>", "They have left"),
        ("<!subteam^S01|@group>", "The group is disabled"),
        ("<!here>", "never mentions a whole channel"),
        ("@bob", "is nobody whom this chat can mention"),
    ],
)
async def test_slack__who_cannot_be_mentioned_is_refused(typed: str, said: str) -> None:
    """The person reads why; nothing is set."""
    async with serve() as slack, slack_bot.running_bot(slack) as bot:
        slack.world.disabled_groups.add("S01")
        await slack.command(f'watch mention="{typed}"')
        await slack.world.answer(said)
        assert await bot.store.mention_rules() == ()
        assert slack.world.violations == []


async def test_slack__that_tells_nothing_is_said_to() -> None:
    """The rule is made: an id that Slack itself wrote is somebody's."""
    async with serve() as slack, slack_bot.running_bot(slack) as bot:
        slack.api.fault("usergroups.list", faults.error("internal_error"))
        await slack.command('watch mention="<!subteam^S01|@group>"')
        await slack.world.answer("Slack did not say whether they are still there.")
        assert [rule.who.rpartition(":")[2] for rule in await bot.store.mention_rules()] == ["S01"]


async def test_discord__a_new_failure_mentions_a_person_and_a_role() -> None:
    """Exactly those are allowed to be notified; a role that nobody may mention is said to be silent."""
    service = FakeRunService()
    async with discord_bot.simulated(service=service) as world:
        watcher = Watcher(world.chat.chat, world.store, service, world.clock)
        await watcher.poller.tick()
        role = world.guild.create_role("ledger team")
        typed = f"<@{world.bob.id}>; <@&{role.id}> for *ledger*"
        answer = discord_bot.said(discord_bot.answer(await world.say("watch", mention=typed)))
        for number, failing in enumerate(((), HOSTILE, HOSTILE), 1):
            await watcher.ends(number, *failing)
        sent = [
            body for method, path, body in world.requests() if method == "POST" and path.endswith("/messages")
        ]

    assert "mention bob for new failures and incomplete runs" in answer
    assert "Allow anyone to @mention this role" in answer
    allowed = [body["allowed_mentions"] for body in sent]
    quiet: dict[str, list[str]] = {"parse": []}
    assert allowed == [quiet, {"parse": [], "users": [str(world.bob.id)], "roles": [str(role.id)]}, quiet]
    assert sent[1]["content"].startswith(f"For <@{world.bob.id}>, <@&{role.id}>\n")


async def test_discord__who_cannot_be_mentioned_is_refused() -> None:
    """Somebody who left, a role that is gone, everybody, and the role that is everybody."""
    async with discord_bot.simulated() as world:
        stranger = world.env.create_user("mallory")
        everybody = f"<@&{world.guild.id}>"
        for typed, why in (
            (f"<@{stranger.id}>", "They are not in this server"),
            ("<@&1104000000000000009>", "There is no such role"),
            ("@everyone", "never mentions a whole channel"),
            (everybody, "never mentions a whole channel"),
            (f"discord:role:1:{world.bob.id}", "is not of this channel's chat"),
            ("@bob", "is nobody whom this chat can mention"),
        ):
            assert why in discord_bot.said(discord_bot.answer(await world.say("watch", mention=typed)))

        assert await world.store.mention_rules() == ()


async def test_terminal__says_that_it_is_for_you() -> None:
    """Whoever sits there is the only one who can be mentioned, and is named in words."""
    service, store, clock = FakeRunService(), MemoryStore(), SystemClock()
    written = io.StringIO()
    screen = Screen(Console(file=written, width=100, highlight=False, markup=False, emoji=False))
    chat = Sender(screen=screen, transcript=Transcript(), clock=clock)
    services = Services(
        platforms={"demo": service.platform},
        store=store,
        clock=clock,
        policy=Policy(),
        new_key=lambda: "0" * 32,
    )
    handler, surface = Handler(services), TerminalSurface(chat)
    for words, said in (
        ("watch mention=@ann", "nobody whom this chat can mention"),
        ("watch mention=me", "mention"),
    ):
        asked = invocation(words, thread="t", key=words, at=clock.now())
        find = partial(surface.find_addressee, asked)
        reply = await handler.handle(asked, report_to_nobody, find_addressee=find)
        assert said in plain(reply.card.text)
    watcher = Watcher(chat, store, service, clock)
    await watcher.poller.tick()
    for number, failing in enumerate(((), HOSTILE), 1):
        await watcher.ends(number, *failing)

    assert written.getvalue().count("For you") == 1
