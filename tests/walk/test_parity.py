"""Slack and Discord say the same: for each verb and each way in the same facts and the same next steps.

Both adapters run whole, against their own Discord and Slack, over the same platform. What may differ is the
markup, what one of them cannot show, and who is named: people have other ids in each.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.commands.registry import VERBS
from bot.model import Run, RunStatus, Says
from bot.platform import Platform
from bot.replies.wording import ago
from bot.triage import Cluster, FlakyCheck, LauncherRow, Readiness
from tests.fakes import discord_bot, slack_bot
from tests.fakes.clock import ManualClock
from tests.fakes.discord_bot import World
from tests.fakes.records import FakeRecords
from tests.fakes.runs import MOMENT, a_build, a_line, a_run, build_results, run_id, some_results
from tests.fakes.service import FakeRunService, a_build_server, a_harness
from tests.fakes.slack import serve
from tests.fakes.slack_world import MAIN
from tests.fakes.slack_world import Message as SlackMessage

RUN = run_id(1)
SAID: dict[str, dict[str, object]] = {
    "launch": {"launcher": "basic_test", "duration": "30"},
    "status": {"run": RUN},
    "failing": {"run": RUN},
    "history": {"property": "Ledger balances", "run": RUN},
    "mark": {"property": "Ledger balances", "as": "known", "link": "JIRA-12", "run": RUN},
    "logs": {"run": RUN, "window": 30.0},
    "debug": {"run": RUN, "recipients": "ann@example.com"},  # Discord tells nobody's address
    "report": {"run": RUN},
    "find": {"run": RUN},
    "watch": {"outcomes": "changes"},
    "unwatch": {},
    "watching": {},
    "audit": {"about": "launch", "since": "1d"},
    "help": {"verb": "logs"},
    "rerun": {"run": "1026", "failed": True},
    "cancel": {"run": "1027"},
    "ask": {"text": "why test=1 only --on agent-01?"},
    "classify": {"run": "1026", "property": "1", "kind": "product_bug", "note": "rollout"},
    "quarantine": {"run": "1026", "property": "1", "reason": "flaky"},
    "flaky": {"launcher": "Regression Suite"},
    "publish": {"run": RUN, "to": "af"},
    "readiness": {"version": "v2.3.0"},
    "clusters": {"days": 30},
}
OF_BUILDS = frozenset({"rerun", "cancel", "ask", "classify", "quarantine", "flaky"})
OF_EXECUTIONS = frozenset({"readiness", "clusters"})
REFRESH = "tests/test_auth.py::test_token_refresh"
_WORD = re.compile(r"[A-Za-z0-9]+(?:[._/-][A-Za-z0-9]+)*")
_AGO = re.compile(r"<t:([0-9]+):R>")  # a time that Discord keeps current
_OWN = re.compile(
    r"n:[0-9a-f]{8}|https?://\S+|(?:slack|discord):\S+|\b(?:U01ALICE|u01alice|alice|[0-9]{17,20})\b"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a chat showed: its words, the labels of its buttons, and whether one person alone sees it."""

    words: frozenset[str]
    labels: frozenset[str]
    private: bool


def a_platform() -> FakeRunService:
    """Return the same platform for both."""
    service = FakeRunService()
    run: Run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts", "Stops")))
    service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"), a_line("panic", "398.4"))
    service.set_report(run, "https://demo.antithesis.com/report/abc?auth=v2.public.CANARY")
    return service


def of_builds() -> FakeRunService:
    """Return the same server of builds for both, with all that it has for working on failures."""
    service = a_build_server(rows=(LauncherRow(key="55", name="Regression Suite"),))
    service.add_run(a_build(1026, says=Says.FAILED), build_results(1026, failing=(REFRESH,), passing=("b",)))
    service.add_run(a_build(1027, status=RunStatus.IN_PROGRESS, status_text="running"))
    service.triage.shaky = (FlakyCheck(name=REFRESH, emerging=True, rate=0.3, rate_before=0.1, health=40.0),)
    return service


def of_executions() -> FakeRunService:
    """Return the same harness for both, with its ratings."""
    service = a_harness()
    metrics = (("Pass rate", "94"), ("Flaky tests", "2"))
    service.triage.rated["v2.3.0"] = Readiness(
        version="v2.3.0", score="87", confidence="high", metrics=metrics
    )
    service.triage.groups = (
        Cluster(category="Authentication", count=12, cause="JWT expired", checks=("a", "b")),
    )
    return service


def platform_for(verb: str) -> FakeRunService:
    """Return the platform that a verb is shown on."""
    if verb in OF_EXECUTIONS:
        return of_executions()
    return of_builds() if verb in OF_BUILDS else a_platform()


def beside(verb: str) -> dict[str, Platform]:
    """Return the connection that takes runs, where a verb is about one."""
    return {"af": FakeRecords(ManualClock()).platform} if verb == "publish" else {}


@asynccontextmanager
async def in_slack(verb: str = "status") -> AsyncIterator[slack_bot.Bot]:
    platforms = beside(verb)
    async with (
        serve() as slack,
        slack_bot.running_bot(slack, service=platform_for(verb), beside=platforms) as bot,
    ):
        yield bot


@asynccontextmanager
async def in_discord(verb: str = "status") -> AsyncIterator[World]:
    async with discord_bot.simulated(service=platform_for(verb), beside=beside(verb)) as world:
        world.clock.ahead = (datetime.now(UTC) - world.clock.now()).total_seconds()
        yield world


def typed(verb: str, options: dict[str, object]) -> str:
    """Write options as words, as they are typed in Slack."""
    positional = [p.name for p in VERBS[verb].parameters if p.positional]
    words = [str(v) if n in positional else f"{n}={v}" for n, v in options.items()]
    return " ".join([verb, *words]).replace("=30.0", "=30")


def from_slack(message: SlackMessage) -> Shown:
    text = " ".join([message.text, *_read(message.blocks)])
    return Shown(_words(text), frozenset(message.labels), private=message.only_for is not None)


def _read(blocks: object) -> Iterator[str]:
    """Yield what people read of blocks, not what buttons carry."""
    if isinstance(blocks, dict):
        if isinstance(blocks.get("text"), str):
            yield blocks["text"]
        for inner in blocks.values():
            yield from _read(inner)
    elif isinstance(blocks, list):
        for inner in blocks:
            yield from _read(inner)


def from_discord(message: Any, *, private: bool) -> Shown:
    rows = [r if isinstance(r, dict) else r.to_dict() for r in message.components]
    labels = frozenset(c["label"] for row in rows for c in row["components"] if "label" in c)
    text = _AGO.sub(_ago, discord_bot.said(message))
    footers = " ".join(e.footer.text or "" for e in message.embeds)
    return Shown(_words(f"{text} {footers} {' '.join(labels)}"), labels, private=private)


def _ago(time: re.Match[str]) -> str:
    """Say of a time what Discord's own words for it say, as Slack does."""
    return ago(datetime.fromtimestamp(int(time[1]), UTC), datetime.now(UTC))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_OWN.sub(" ", text.replace("\\", ""))))


def same(slack: Shown, discord: Shown) -> None:
    """Hold both to the same facts."""
    assert slack.labels == discord.labels
    assert slack.private == discord.private
    assert discord.words - slack.words == frozenset()
    assert slack.words - discord.words == frozenset()


async def slack_says(bot: slack_bot.Bot, words: str, *, mention: bool = False) -> Shown:
    seen = len(bot.slack.world.ours())
    count = bot.handler.count
    await (bot.slack.mention(words) if mention else bot.slack.command(words))
    await bot.answered(count + 1)
    return from_slack(bot.slack.world.ours()[seen:][-1])


async def discord_says(world: World, verb: str, options: dict[str, object]) -> Shown:
    result = await world.say(verb, **options)
    message = discord_bot.answer(result)
    return from_discord(message, private=message.ephemeral)


def test_table__names_every_verb() -> None:
    """A verb that is added has to be added here."""
    shown = {verb.name for verb in VERBS.values() if not verb.hidden}

    assert shown - SAID.keys() == set()


@pytest.mark.parametrize("verb", SAID)
async def test_command__says_the_same(verb: str) -> None:
    """Each verb as a slash command: typed words in Slack, options in Discord."""
    async with in_slack(verb) as bot:
        slack = await slack_says(bot, typed(verb, SAID[verb]))
    async with in_discord(verb) as world:
        discord = await discord_says(world, verb, SAID[verb])

    same(slack, discord)


@pytest.mark.parametrize("verb", SAID)
async def test_mention__says_the_same(verb: str) -> None:
    """Each verb said to the bot by name; what is private reaches the person alone in both."""
    words = typed(verb, SAID[verb])
    async with in_slack(verb) as bot:
        slack = await slack_says(bot, words, mention=True)
    async with in_discord(verb) as world:
        posted = await world.mention(words)
        message = posted[0] if posted else world.alice.user.dm_channel.last_message
        discord = from_discord(message, private=not posted)

    same(slack, discord)


@pytest.mark.parametrize("label", ["Failing", "Open report"])
async def test_button__says_the_same(label: str) -> None:
    """A button of a run's card, pressed in both."""
    async with in_slack() as bot:
        await slack_says(bot, f"status {RUN}")
        card = bot.slack.world.ours()[-1]
        await bot.slack.press(card, label)
        await bot.answered(2)
        slack = from_slack(bot.slack.world.ours()[-1])
    async with in_discord() as world:
        result = await world.say("status", run=RUN)
        pressed = await world.press(result.response, label)
        if world.main.threads:
            discord = from_discord(world.main.threads[0].history()[-1], private=False)
        else:
            discord = from_discord(pressed.response, private=pressed.response.ephemeral)

    same(slack, discord)


async def test_thread__goes_on_about_the_property_whose_button_was_pressed() -> None:
    """After *Debug 2*, `logs` in that thread is about the second property, in both."""
    service = a_platform()
    results = some_results(a_run(1), failing=("Ledger balances", "No lost update"), passing=("Starts",))
    service.set_results(results)
    async with serve() as served, slack_bot.running_bot(served, service=service) as bot:
        said = await bot.slack.mention(f"failing {RUN}")
        await bot.answered(1)
        await bot.slack.press(bot.slack.world.ours()[-1], "Debug 2")
        await bot.answered(2)
        asked = bot.slack.world.ours()[-1]
        await bot.slack.mention("logs", thread=said.ts)
        await bot.answered(3)
        logs = bot.slack.world.ours()[-1]
        assert "No lost update" in asked.words
        assert (asked.thread_ts, "No lost update" in logs.words) == (said.ts, True)
    async with discord_bot.simulated(service=service) as world:
        result = await world.say("failing", run=RUN)
        await world.press(result.response, "Debug 2")
        thread = world.main.threads[0]
        assert "No lost update" in discord_bot.said(thread.history()[-1])
        await world.mention("logs", channel=thread)
        assert "No lost update" in discord_bot.said(thread.history()[-1])


async def test_menu__says_the_same() -> None:
    """A message of somebody, triaged from its menu."""
    text = f"what about {RUN} now"
    async with in_slack() as bot:
        message = await bot.slack.mention("nothing to see")
        await bot.answered(1)
        message.text = text
        await bot.slack.shortcut("triage_run", message)
        await bot.answered(2)
        slack = from_slack(bot.slack.world.ours()[-1])
    async with in_discord() as world:
        said = await world.bob.send(world.main, text)
        result = await world.alice.context_menu(world.main, "Triage this run", said)
        await world.env.settle()
        discord = from_discord(result.response, private=False)

    same(slack, discord)


async def test_form__says_the_same() -> None:
    """The launch form, filled in alike."""
    filled = {"launcher": "basic_test", "duration": "30"}
    async with in_slack() as bot:
        await bot.slack.global_shortcut("launch_run")
        view = await bot.slack.view("Launch a test run")
        await bot.slack.submit(view, filled | {"clew_where": MAIN})
        await bot.answered(1)
        slack = from_slack(bot.slack.world.ours()[-1])
    async with in_discord() as world:
        opened = await world.say("launch")
        result = await world.alice.submit_modal(opened, filled)
        await world.env.settle()
        discord = from_discord(result.response, private=False)

    same(slack, discord)


async def test_mistake__says_the_same() -> None:
    """What is wrong is said alike, to the person alone."""
    async with in_slack() as bot:
        slack = await slack_says(bot, "logs latest window=fast")
    async with in_discord() as world:
        posted = await world.mention("logs latest window=fast")
        assert posted == []
        discord = from_discord(world.alice.user.dm_channel.last_message, private=True)

    same(slack, discord)
