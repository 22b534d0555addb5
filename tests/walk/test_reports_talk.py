"""People and a simulated Automated Future, with the whole core in between: launch, publish, failing, logs; in each chat."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cards import Button, Card, Reply, plain
from bot.platform import Platform
from bot.watch.poll import Poller
from bot.watch.publish import Publisher
from tests.fakes import discord_bot, slack_bot
from tests.fakes.clock import ManualClock
from tests.fakes.discord_bot import answer, said
from tests.fakes.reports_client import TeamStage, a_team
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.stage import Stage
from tests.fakes.store import MemoryStore

RUN = a_run(1)
HEAD = RUN.ref.run_id[:8]


@dataclass
class Face:
    """A client, as a stage wants its platforms."""

    platform: Platform
    connection: str = "af"


def a_source() -> FakeRunService:
    """Return a platform with one run that failed."""
    service = FakeRunService()
    service.add_run(RUN, some_results(RUN, failing=("lost write",), passing=("one", "two")))
    service.set_log(RUN, MOMENT, *(a_line(f"balance {n}", f"{390 + n}.0") for n in range(5)))
    return service


class Talk:
    """A team and people who talk with Clew about it, and about a run elsewhere."""

    def __init__(self, team: TeamStage, clock: ManualClock, store: MemoryStore) -> None:
        self.team, self.clock = team, clock
        beside: Any = Face(team.platform)
        self.stage = Stage(clock=clock, memory=store, service=a_source(), known=(), others=(beside,))
        services = self.stage.services
        self.publisher = Publisher(
            platforms=services.platforms, store=store, clock=clock, new_key=services.new_key
        )
        self.poller = Poller(
            team.platform, store, clock=clock, renderers={"fake": self.stage.there.render},
            on_rows=lambda: None, notify_operator=self._hear,
        )  # fmt: skip

    async def press(self, reply: Reply, label: str) -> Reply:
        """Press a button of a card."""
        return await self.stage.say(button(reply.card, label).command)

    async def passes(self, seconds: float, *, ticks: int = 1) -> None:
        """Let time pass, and everything look that looks by itself."""
        for _ in range(ticks):
            self.clock.pass_time(seconds)
            self.team.server.advance(seconds)
            await self.publisher.tick()
            await self.poller.tick()
            await self.stage.launches.tick()
            await self.stage.live.tick()

    @property
    def live(self) -> str:
        """What the newest message that lives on says now."""
        return self.stage.there.messages[-1].payload

    async def _hear(self, _: str) -> None:
        """Hear nothing."""


def button(card: Card, label: str) -> Button:
    """Return a button, also of an entry."""
    there = [*card.buttons, *(b for item in card.items for b in item.buttons)]
    return next(b for b in there if b.text == label)


@asynccontextmanager
async def _talking(folder: Path) -> AsyncIterator[Talk]:
    clock, store = ManualClock(eager=True), MemoryStore()
    async with a_team(folder, store=store, clock=clock) as team:
        yield Talk(team, clock, store)


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    async with _talking(tmp_path) as opened:
        yield opened


async def test_launch__a_record_to_report_into(talk: Talk) -> None:
    """It is asked first and says that nothing runs; then comes the id, and three lines to report with, without the key."""
    asked = await talk.stage.say('launch "Web shop" label="Nightly tests" connection=af')
    assert "This creates a record to report results into. It runs nothing." in repr(asked.card)
    assert not talk.team.server.requests("POST")

    opened = await talk.press(asked, "Launch")
    sent = talk.team.server.requests("POST", ".*/run/$")
    run_id = next(iter(talk.stage.memory.intents.values())).run_id or ""
    await talk.passes(15, ticks=3)

    assert len(sent) == 1
    assert json.loads(sent[0].body)["label"] == "Nightly tests"
    assert opened.card.excerpt is not None
    assert [line.split()[0] for line in opened.card.excerpt.lines] == ["curl"] * 3
    assert "It runs nothing by itself" in plain(opened.card.text)
    assert run_id in opened.card.excerpt.lines[0]
    assert "Nightly tests" in talk.live
    assert "curl" in talk.live
    assert talk.team.server.api_key not in talk.live


async def test_launch__goes_where_what_is_given_is_taken(talk: Talk) -> None:
    """An unknown launcher is no reason to send a project's label to a tenant; what nobody takes is refused by name."""
    unknown = plain((await talk.stage.say("launch Nowhere label=x")).card.text)
    nobody = plain((await talk.stage.say("launch Nowhere connection=af labl=x")).card.text)

    assert "Automated Future lists no project “Nowhere”." in unknown
    assert "launch has no parameter “labl=”." in nobody
    assert "Did you mean “label”? It takes label." in nobody or "It takes label." in nobody
    assert not talk.stage.memory.intents


async def test_launch__the_same_again(talk: Talk) -> None:
    """A second record is warned of as what it is: nothing was run, and nothing would be."""
    words = 'launch "Web shop" label="Nightly tests" connection=af'
    await talk.press(await talk.stage.say(words), "Launch")
    run_id = next(iter(talk.stage.memory.intents.values())).run_id or ""
    again = (await talk.stage.say(words)).card

    said = f"The same launch was confirmed just now as record {run_id[:6]}…{run_id[-5:]}. This would open another record"
    assert said in plain(again.text)


async def test_launch__ends_when_it_is_completed(talk: Talk) -> None:
    """Stopping completes the record, and the card says how that ended."""
    await talk.passes(0)
    asked = await talk.stage.say('launch "Web shop" label=Nightly connection=af')
    await talk.press(asked, "Launch")
    run_id = next(iter(talk.stage.memory.intents.values())).run_id or ""
    stop = await talk.stage.say(f"cancel {run_id}")
    await talk.press(stop, button(stop.card, stop.card.buttons[0].text).text)
    await talk.passes(60, ticks=2)

    assert talk.team.server.run(run_id).status == "Completed"
    assert "finished" in talk.live


async def test_failing__of_a_record_so_far(talk: Talk) -> None:
    """What was reported into a record is known before it ends; nothing there waits for the end."""
    asked = await talk.stage.say('launch "Web shop" label=Nightly connection=af')
    await talk.press(asked, "Launch")
    run_id = next(iter(talk.stage.memory.intents.values())).run_id or ""
    empty = (await talk.stage.say(f"failing {run_id}")).card
    project = talk.team.server.project_id
    fine = talk.team.server.add_result(project, "t1", "Passed", test_run_id=run_id)
    await talk.stage.say(f"status {fine}")
    passing = (await talk.stage.say(f"failing {run_id}")).card
    bad = talk.team.server.add_result(project, "t2", "Failed", test_run_id=run_id)
    await talk.stage.say(f"status {bad}")
    failing = (await talk.stage.say(f"failing {run_id}")).card
    status = (await talk.stage.say(f"status {run_id}")).card

    assert "has not ended yet, and none of its tests is known so far." in plain(empty.text)
    assert "has not ended yet; so far its only test passes." in plain(passing.text)
    assert plain(failing.title).startswith("1 failing test in Nightly")
    assert plain(failing.title).endswith("so far")
    assert plain(status.title).startswith("running: Nightly")
    assert {plain(fact.value) for fact in status.facts} > {"Web shop", "1 failing, 1 passing"}


async def test_log__is_offered_where_there_is_one(talk: Talk) -> None:
    """A record leads to the log of what fails in it, a result by itself to its own; nobody presses for a refusal."""
    project = talk.team.server.project_id
    run_id = talk.team.server.add_run(project, label="Nightly")
    fine = talk.team.server.add_result(project, "t1", "Passed", test_run_id=run_id)
    alone = (await talk.stage.say(f"status {fine}")).card
    passing = (await talk.stage.say(f"status {run_id}")).card
    bad = talk.team.server.add_result(project, "t2", "Failed", test_run_id=run_id)
    await talk.stage.say(f"status {bad}")
    failing = (await talk.stage.say(f"status {run_id}")).card

    assert ["Log" in [b.label for b in card.buttons] for card in (alone, passing, failing)] == [
        True,
        False,
        True,
    ]
    assert {"Result"} == {fact.label for fact in alone.facts if fine in plain(fact.value)}
    assert {"Test run"} == {fact.label for fact in failing.facts if run_id in plain(fact.value)}
    assert plain(alone.text).startswith("Result t1 ")


async def test_publish__without_another_connection(tmp_path: Path) -> None:
    """With nothing to publish from, nobody is offered it; whoever types it is told why."""
    async with a_team(tmp_path) as team:
        beside: Any = Face(team.platform)
        stage = Stage(service=beside, known=())
        helped = (await stage.say("help")).card
        said = (await stage.say("publish latest")).card

    assert "publish" not in plain(helped.text)
    assert "That takes two connections, and “af” is the only one." in plain(said.text)


async def test_status__of_a_project(talk: Talk) -> None:
    """A project's name stands for its latest test run, whatever that is called; of one without any that is said."""
    talk.team.server.add_project("Accounts")
    none = await talk.stage.say("status Accounts connection=af")
    asked = await talk.stage.say('launch "Web shop" label=Nightly connection=af')
    await talk.press(asked, "Launch")
    found = await talk.stage.say('status "Web shop" connection=af')

    assert "Clew knows of no test runs of the project “Accounts”." in plain(none.card.text)
    assert plain(found.card.title).startswith("running: Nightly")


async def test_watch__of_a_project(talk: Talk) -> None:
    """A channel that watches a project is notified of its records, whatever they are called."""
    await talk.passes(0)
    watching = (await talk.stage.say('watch "Web shop" connection=af')).card
    listed = (await talk.stage.say("watching")).card
    only = "af lists no test runs, so only those that Clew knows of are among them."
    assert all(only in [plain(line) for line in card.body] for card in (watching, listed))
    asked = await talk.stage.say('launch "Web shop" label=Nightly connection=af')
    await talk.press(asked, "Launch")
    run_id = next(iter(talk.stage.memory.intents.values())).run_id or ""
    asked = await talk.stage.say(f"cancel {run_id}")
    assert plain(asked.card.title).startswith("Complete Nightly")
    done = await talk.press(asked, "Complete")
    assert "Automated Future was asked to complete Nightly" in plain(done.card.text)
    await talk.passes(60, ticks=3)

    assert [key for key, row in talk.stage.memory.outbox.items() if "Nightly" in repr(row)] != []


async def test_logs__files_and_how_long_they_are_kept(talk: Talk) -> None:
    """Each card of a log leads to the other files of its result, and says when the platform removes this one."""
    project = talk.team.server.project_id
    run_id = talk.team.server.add_run(project, label="theirs")
    for name in ("t1", "t2"):
        result_id = talk.team.server.add_result(project, name, "Failed", test_run_id=run_id)
        talk.team.server.add_artifact(result_id, f"{name}.log", f"{name} broke")
        await talk.stage.say(f"status {result_id}")
    log = await talk.stage.say(f"logs {run_id} property=t2")
    whole = await talk.press(log, "Whole log as a file")
    files = await talk.press(log, "Files")
    shown = await talk.press(files, "Show")
    again = await talk.press(shown, "Files")

    kept = {fact.label: plain(fact.value) for fact in log.card.facts}["Kept until"]
    assert {fact.label: plain(fact.value) for fact in log.card.facts}["Log"] == "t2.log, 1 line"
    assert log.card.excerpt is not None
    assert whole.card.excerpt is not None
    assert log.card.excerpt.lines == whole.card.excerpt.lines == ("t2 broke",)
    assert [plain(item.title) for item in files.card.items] == ["t2.log"]
    assert [plain(line) for line in files.card.items[0].lines] == [f"8 bytes · kept until {kept}"]
    assert plain(shown.card.title).startswith("File “t2.log”")
    assert [plain(item.title) for item in again.card.items] == ["t2.log"]


@pytest.mark.parametrize("value", ["grep=x", "lines=5", "artifact=x", "file=yes", "errors=yes", "window=5"])
async def test_logs__a_list_of_files_is_narrowed_by_nothing(talk: Talk, value: str) -> None:
    """What narrows a log is refused beside the list, not passed over."""
    result_id = talk.team.server.add_result(talk.team.server.project_id, "t1", "Failed")
    for listing in ("list=yes", "from=1"):
        said = plain((await talk.stage.say(f"logs {result_id} {listing} {value}")).card.text)
        assert f"“{value.partition('=')[0]}=” means nothing beside “{listing.partition('=')[0]}=”." in said


async def test_launch__lost_answer(talk: Talk) -> None:
    """After 90 seconds a lost create is unknown, in words, and is never repeated."""
    asked = await talk.stage.say('launch "Web shop" connection=af')
    talk.team.server.misbehave("started, then dropped", method="POST", path=".*/run/")
    await talk.press(asked, "Launch")
    await talk.passes(30)
    await talk.passes(70)

    assert len(talk.team.server.requests("POST", ".*/run/$")) == 1
    assert "cannot be searched" in talk.live


async def test_publish__published_then_failing_and_logs(talk: Talk) -> None:
    """A run of another platform is written whole; what was written can be looked at, and changes there show here."""
    asked = await talk.stage.say(f"publish {RUN.ref.run_id} to=af")
    await talk.press(asked, "Publish")
    await talk.passes(2, ticks=15)

    [run_id] = {ref.run_id for ref in talk.stage.memory.records}
    first, *rest = talk.team.server.results_of(run_id)
    assert '"title": ["Published as "' in talk.live
    assert run_id in talk.live
    assert "1 of 1, confirmed" in talk.live
    assert (first.test_name, first.status, len(rest)) == ("lost write", "Failed", 2)
    failing = (await talk.stage.say(f"failing {run_id}")).card
    assert plain(failing.title).startswith("1 failing test in Payments Nightly")
    assert "This platform lists no results: these are the ones that Clew wrote or was told of." in repr(
        failing
    )
    result_id = next(iter(talk.stage.memory.written.values())).result_id
    log = (await talk.stage.say(f"logs {result_id}")).card
    assert log.excerpt is not None
    assert log.excerpt.lines[-1].endswith("balance 4")
    files = (await talk.stage.say(f"logs {run_id} list=yes")).card
    assert [plain(item.title) for item in files.items] == ["log before 398.489 s.txt"]
    talk.team.server.change_result(result_id, status="KnownFail")
    again = (await talk.stage.say(f"failing {run_id}")).card
    assert "known to fail" in repr(again)
    status = (await talk.stage.say(f"status {result_id}")).card
    assert "known to fail" in repr(status)


async def test_publish__leaves_no_secret_behind(talk: Talk) -> None:
    """Neither the key nor a signed address is in any card, message, row or answer."""
    asked = await talk.stage.say(f"publish {RUN.ref.run_id} to=af")
    await talk.press(asked, "Publish")
    await talk.passes(2, ticks=15)
    [run_id] = {ref.run_id for ref in talk.stage.memory.records}
    for words in (f"failing {run_id}", f"logs {run_id}", f"logs {run_id} list=yes", f"status {run_id}"):
        await talk.stage.say(words)
    talk.team.server.objects.misbehave("forbidden", times=5)
    await talk.stage.say(f"logs {run_id}")

    left = repr((talk.stage.replies, talk.stage.there.messages, vars(talk.stage.memory)))
    assert len(talk.team.server.secrets()) > 2
    assert [secret for secret in talk.team.server.secrets() if secret in left] == []


async def test_slack__publish_failing_logs(tmp_path: Path) -> None:
    """The same in Slack, over its own library and sockets."""
    store, source = MemoryStore(), a_source()
    async with (
        a_team(tmp_path, store=store) as team,
        serve() as slack,
        slack_bot.running_bot(slack, store=store, service=source, beside={"af": team.platform}) as bot,
    ):
        await slack.mention(f"publish {RUN.ref.run_id} to=af")
        await bot.answered(1)
        asked = slack.world.ours()[-1]
        shown = asked.words
        await slack.press(asked, "Publish")
        await bot.answered(2)
        run_id = await _written(team, store, source)
        await slack.mention(f"failing {run_id}")
        await bot.answered(3)
        failing = slack.world.ours()[-1]
        await slack.mention(f"logs {next(iter(store.written.values())).result_id}")
        await bot.answered(4)
        log = slack.world.ours()[-1]
        assert slack.world.violations == []

    assert "seen by everybody in that team" in shown
    assert "lost write" in failing.words
    assert "This platform lists no results" in failing.words
    assert "balance 4" in log.words


async def test_discord__publish_failing_logs(tmp_path: Path) -> None:
    """The same in Discord."""
    store, source = MemoryStore(), a_source()
    async with (
        a_team(tmp_path, store=store) as team,
        discord_bot.simulated(store=store, service=source, beside={"af": team.platform}) as world,
    ):
        asked = answer(await world.say("publish", run=RUN.ref.run_id, to="af"))
        shown = said(asked)
        await world.press(asked, "Publish")
        run_id = await _written(team, store, source)
        failing = answer(await world.say("failing", run=run_id))
        log = answer(await world.say("logs", run=next(iter(store.written.values())).result_id))

    assert "seen by everybody in that team" in shown
    assert "lost write" in said(failing)
    assert "This platform lists no results" in said(failing)
    assert "balance 4" in said(log)


async def _written(team: TeamStage, store: MemoryStore, source: FakeRunService) -> str:
    """Let the worker write what was confirmed, and return the id of the record."""
    platforms = {"demo": source.platform, "af": team.platform}
    clock = ManualClock(start=team.server.now(), eager=True)
    publisher = Publisher(platforms=platforms, store=store, clock=clock, new_key=lambda: "never")
    for _ in range(15):
        await publisher.tick()
        clock.pass_time(2)
    [run_id] = {ref.run_id for ref in store.records}
    assert len(team.server.results_of(run_id)) == 3
    return run_id
