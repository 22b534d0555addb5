"""People and a simulated Testhide, with the whole core in between: launch, status, failing, logs, a lost answer."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from adapters.platforms.testhide import logs
from adapters.platforms.testhide.client import BuildService
from adapters.simulator.testhide import SimulatedTesthide
from bot.cards import Button, Card, Reply, plain
from bot.platform import Platform
from bot.watch.poll import Poller
from tests.fakes.clock import ManualClock
from tests.fakes.stage import Stage, an_invocation, silent, texts
from tests.fakes.testhide_client import a_testhide

AUTH = "tests/test_auth.py::test_token_refresh"
REFUND = "tests/test_payment.py::TestRefund::test_refund_twice[eur]"
TESTS = (AUTH, REFUND, *(f"tests/test_shop.py::test_{n}" for n in range(10)))


@dataclass
class Face:
    """The client, as a stage wants its platforms."""

    service: BuildService
    now: datetime | None = None
    connection: str = "demo"

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return self.service.platform


class Talk:
    """A server, and people who talk with Clew about it."""

    def __init__(self, server: SimulatedTesthide, service: BuildService, clock: ManualClock) -> None:
        self.server, self.service, self.clock = server, service, clock
        self.stage = Stage(clock=clock, service=Face(service), known=())  # type: ignore[arg-type]  # it has what a stage uses
        self.poller = Poller(
            service.platform, self.stage.memory, clock=clock, renderers={"fake": self.stage.there.render},
            on_rows=lambda: None, notify_operator=self._hear,
        )  # fmt: skip

    async def say(self, words: str) -> Reply:
        """Say something; a card without an error comes back."""
        return await self.stage.say(words)

    async def press(self, reply: Reply, label: str) -> Reply:
        """Press a button of a card."""
        return await self.stage.say(button(reply.card, label).command)

    async def passes(self, seconds: float) -> None:
        """Let time pass, and everything look that looks by itself."""
        self.clock.pass_time(seconds)
        self.server.advance(seconds)
        await self.poller.tick()
        await self.stage.launches.tick()
        await self.stage.live.tick()

    async def _hear(self, _: str) -> None:
        """Hear nothing."""


def button(card: Card, label: str) -> Button:
    """Return a button, also of an entry."""
    there = [*card.buttons, *(b for item in card.items for b in item.buttons)]
    return next(b for b in there if b.text == label)


def _payload(talk: Talk, message_id: str) -> str:
    return next(m.payload for m in talk.stage.there.messages if m.id == message_id)


def facts(card: Card) -> dict[str, str]:
    return {fact.label: plain(fact.value) for fact in card.facts}


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    """Open everything."""
    clock = ManualClock()
    async with a_testhide(tmp_path, clock=clock) as (server, service):
        yield Talk(server, service, clock)


async def test_launch__from_the_words_to_the_end(talk: Talk) -> None:
    """Exactly what is sent is shown first; the card lives on until the build has ended."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    talk.server.add_build(job, age=9_000, takes=287)
    await talk.passes(0)
    asked = await talk.say("launch Regression Suite branch=main priority=8 env.RUN_SLOW=true")
    shown = facts(asked.card)
    key = next(iter(talk.stage.memory.intents.values())).id

    assert plain(asked.card.title) == "Launch Regression Suite?"
    assert shown == {
        "Job": f"Regression Suite ({job})", "Cost": "one build", "Branch": "main", "Priority": "8",
        "env.RUN_SLOW": "true", "env.CLEW_REQUEST_ID": key,
    }  # fmt: skip
    assert not talk.server.requests("POST")
    await talk.press(asked, "Launch")
    (sent,) = talk.server.requests("POST")
    assert json.loads(sent.body) == {
        "job_id": int(job), "branch": "main", "priority": 8, "env": {"RUN_SLOW": "true", "CLEW_REQUEST_ID": key},
    }  # fmt: skip
    await talk.passes(5)
    (live,) = await talk.stage.memory.live()
    going = _payload(talk, live.message.message_id)
    await talk.passes(600)
    ended = _payload(talk, live.message.message_id)

    assert "running" in going
    assert all(word in going for word in ("agent-0", "Last one took", "4 min 47 s", "accepted and started"))
    assert "one build" not in going
    assert "all 12 tests pass" in ended
    assert not await talk.stage.memory.live()


async def test_launch__of_another_branch_is_told_from_the_last_builds(talk: Talk) -> None:
    """Of a build only its branch is known: nothing is said of the rest, and nothing where the job decides."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    for number in range(3):
        talk.server.add_build(job, age=9_000.0 - number)
    await talk.passes(0)
    other = texts((await talk.say("launch Regression Suite branch=dev commit=a1b2c3d4")).card)
    same = texts((await talk.say("launch Regression Suite branch=main")).card)
    own = texts((await talk.say("launch Regression Suite")).card)
    form = await talk.stage.handler.form(an_invocation(talk.stage, "launch Regression Suite"), silent)

    assert (
        "The branch is “dev”, unlike in the last 3 comparable builds of this job (“main” in the newest)"
        in other
    )
    assert "Branch is dev, it was main." in other
    assert "commit is" not in other.casefold()
    assert all(
        word not in told for told in (same, own) for word in ("nlike", "No difference", "may not be known")
    )
    assert form is not None
    assert {field.name: field.value for field in form.fields}["branch"] == "main"


async def test_status__reads_no_pages_of_before_the_time_that_is_asked_for(talk: Talk) -> None:
    """The server filters by no time: a page that is too old is the last one."""
    job = talk.server.add_job("Regression Suite", tests=TESTS[:1])
    talk.server.set_manners(times=True)
    for number in range(240):
        talk.server.add_build(job, age=240_000.0 - 1_000 * number)
    await talk.say("status since=1h")
    talk.server.forget()
    card = (await talk.say("status since=1h")).card

    assert len(card.items) == 3
    assert ("page", "2") not in [pair for seen in talk.server.requests() for pair in seen.query]


async def test_failing__one_test_with_its_history(talk: Talk) -> None:
    """What failed, with its message; then one of them, and what came of it before."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    for n in range(4):
        talk.server.add_build(job, age=9_000.0 - n, failing=[AUTH] if n == 1 else [])
    build = talk.server.add_build(
        job, age=7_000.0, failing={AUTH: "AssertionError: Expected 200, got 401", REFUND: "TimeoutError"}
    )
    talk.server.quarantine(job, TESTS[4])
    listed = (await talk.say(f"failing {build}")).card
    one = (await talk.say(f"failing {build} 1")).card

    assert plain(listed.title) == f"2 failing tests in Regression Suite {build}"
    assert [plain(item.title) for item in listed.items] == [
        "1. test_token_refresh",
        "2. test_refund_twice[eur]",
    ]
    assert [plain(line) for line in listed.items[0].lines][:2] == [
        "tests/test_auth.py",
        "AssertionError: Expected 200, got 401",
    ]
    assert plain(one.title) == "Failing: test_token_refresh"
    assert facts(one)["Last 5 builds"].startswith(f"failed in {build} and ")
    assert facts(one)["Last 5 builds"].endswith("passed in the other 3")
    assert one.context is not None
    assert one.context.property_name == AUTH


async def test_failing__what_is_quarantined(talk: Talk) -> None:
    """It is counted apart, and listed when asked for."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    talk.server.quarantine(job, REFUND, "infra")
    build = talk.server.add_build(job, age=-1.0, failing=[AUTH, REFUND])
    listed = (await talk.say(f"failing {build}")).card
    quarantined = (await talk.say(f"failing {build} quarantined=yes")).card

    assert "failing quarantined=yes" in plain(listed.items[-1].title)
    assert plain(quarantined.title) == f"1 quarantined test in Regression Suite {build}"
    assert plain(quarantined.items[0].lines[-1]) == "quarantined: infra"


async def test_logs__end_test_grep_and_file(talk: Talk) -> None:
    """The end, the lines of one test, those with a text, and the whole as a file."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=7_000.0, failing=[AUTH])
    end = (await talk.say(f"logs {build} lines=5")).card
    of_test = (await talk.say(f"logs {build} test=1")).card
    found = (await talk.say(f"logs {build} grep=PASSED")).card
    whole = (await talk.say(f"logs {build} file=yes")).card

    assert plain(end.title) == f"Log of Regression Suite {build}"
    assert end.excerpt is not None
    assert len(end.excerpt.lines) == 5
    assert of_test.excerpt is not None
    assert all("test_token_refresh" in line for line in of_test.excerpt.lines)
    assert "around “test_token_refresh”" in plain(of_test.title)
    assert found.excerpt is not None
    assert all("PASSED" in line for line in found.excerpt.lines)
    (file,) = whole.files
    content = Path(file.path).read_text()  # noqa: ASYNC240 - a look at one file in a test
    assert content.splitlines()[-1] == end.excerpt.lines[-1]
    assert file.name == f"{build}-log.txt"


async def test_logs__an_artifact(talk: Talk) -> None:
    """A file of the build comes by its name, which is never used as a path."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=7_000.0)
    talk.server.attach(build, "../../etc/server.log", "first\nlast line\n")
    shown = (await talk.say(f"logs {build} artifact=server.log")).card
    lacking = (await talk.say(f"logs {build} artifact=core.dump")).card

    assert shown.excerpt is not None
    assert shown.excerpt.lines[-1] == "last line"
    assert shown.files[0].name == f"{build}-server.log"
    assert "This build has no file “core.dump”." in texts(lacking)


async def test_logs__of_a_running_build_go_on(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream begins with what was logged before: nothing stands there twice."""
    monkeypatch.setattr(logs, "IDLE", 0.2)
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    running = talk.server.add_build(job, status="running", age=150.0)
    shown = (await talk.say(f"logs {running} lines=200")).card

    assert shown.excerpt is not None
    assert len(shown.excerpt.lines) == len(set(shown.excerpt.lines))
    assert shown.tone.value == "neutral"


async def test_status__of_a_build_in_the_queue(talk: Talk) -> None:
    """It says how many wait before it."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    talk.server.add_build(job, status="running", age=10.0)
    builds = [talk.server.add_build(job, status="queued", age=5.0 - n) for n in range(3)]
    card = (await talk.say(f"status {builds[-1]}")).card

    assert card.progress is not None
    assert card.progress.text == "queued, 2 builds before it"


async def test_lost_answer__is_offered_and_never_taken(talk: Talk) -> None:
    """A build that the launch may have become is shown; only a person says that it is."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    talk.server.add_build(job, age=7_000.0)
    await talk.passes(0)
    asked = await talk.say("launch Regression Suite branch=main")
    talk.server.misbehave("started, then dropped")
    await talk.press(asked, "Launch")
    await talk.passes(60)
    await talk.passes(60)
    intent = next(iter(talk.stage.memory.intents.values()))
    offered = await talk.say(f"check request={intent.id}")

    assert len(talk.server.requests("POST")) == 1
    assert intent.run_id is None
    assert [item.mark for item in offered.card.items] == ["may be it"]
    taken = await talk.press(offered, "This is it 1")
    intent = next(iter(talk.stage.memory.intents.values()))
    assert (intent.run_id, intent.state.value) == ("1002", "accepted")
    assert plain(taken.card.title) == "Launched as build 1002"


async def test_launch__two_jobs_of_one_name(talk: Talk) -> None:
    """They are told apart by their ids, and everything that names one of them finds it."""
    jobs = [talk.server.add_job("Smoke Tests", tests=TESTS) for _ in range(2)]
    build = talk.server.add_build(jobs[1], age=7_000.0)
    asked = await talk.say("launch Smoke Tests branch=main")

    assert [b.command.values["launcher"] for b in asked.card.buttons if b.command] == [
        f"Smoke Tests ({job})" for job in jobs
    ]
    one = await talk.say(f"status Smoke Tests ({jobs[1]})")
    assert plain(one.card.title).endswith(f"Smoke Tests ({jobs[1]}) {build}")


async def test_cancel__stops_a_build(talk: Talk) -> None:
    """One that runs is stopped; one that has ended is not."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    running = talk.server.add_build(job, status="running", age=10.0)
    cancels = talk.service.platform.cancels
    assert cancels is not None
    await cancels.cancel(running)

    assert talk.server.build(running).status == "aborted"


@pytest.mark.parametrize("text", ["{0}", "build:{0}", "build {0}", "see Build #{0} please"])
async def test_find__knows_a_build_as_people_and_testhide_write_it(talk: Talk, text: str) -> None:
    """A number, and the words that Testhide's model gives for what it looked at."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=7_000.0, failing=[AUTH])
    found = (await talk.say(f"find {text.format(build)}")).card

    assert plain(found.title) == f"FAILED: Regression Suite {build}"


async def test_find__a_test_of_a_build(talk: Talk) -> None:
    """A line of output that names both is about that test."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=7_000.0, failing=[AUTH])
    found = (await talk.say(f"find FAILED {AUTH} in build {build}")).card

    assert plain(found.title) == "Failing: test_token_refresh"


async def test_find__by_the_address_of_a_build(talk: Talk) -> None:
    """What people copy from their browser names the build, alone or in a sentence; another server's names none here."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build, other = (talk.server.add_build(job, age=900.0 - n, failing=[AUTH]) for n in range(2))
    host = talk.server.base_url.removesuffix("/api/v3")
    named = (
        f"find {host}/builds/{build}",
        f"find please look at <{host}/jobs/{job}/builds/{build}|this build>",
        f"find {talk.server.base_url}/report/{build}",
        f"status {talk.server.base_url}/builds/{build}",
    )
    found = [await talk.say(words) for words in named]
    foreign = texts((await talk.say(f"status https://git.example.com/builds/{build}")).card)
    several = texts((await talk.say(f"find {host}/builds/{build} {host}/builds/{other}")).card)
    odd = texts((await talk.say("find a/b")).card)

    assert [plain(reply.card.title) for reply in found] == [f"FAILED: Regression Suite {build}"] * len(named)
    assert "That address is not known to lead to a build of a connection." in foreign
    assert "Give the build's id, for example 1024." in foreign
    assert "That text names 2 runs." in several
    assert "like 1024." in odd


@pytest.mark.parametrize("failing", [[AUTH], []])
async def test_status__of_a_build_without_counts(talk: Talk, failing: list[str]) -> None:
    """Nobody says how many tests there are: no list was cut, and none of them is taken to have passed."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=900.0, failing=failing)
    for path in (f"/api/v3/builds/{build}", f"/api/v3/report/{build}"):
        talk.server.misbehave("null counts", path=path, times=None)
    status = texts((await talk.say(f"status {build}")).card)
    failures = texts((await talk.say(f"failing {build}")).card)

    assert "could not be read" not in status + failures
    assert "Testhide does not say how many tests there are, so nothing is marked as new." in status
    assert ("FAILED: " in status) is bool(failing)
    assert "passed" not in status
    assert ("1 failing, of how many is not known" in status) is bool(failing)


@pytest.mark.parametrize(
    ("age", "times", "said"), [(60.0, False, True), (90_000.0, False, False), (60.0, True, False)]
)
async def test_status__how_far_a_quarantine_is_known(talk: Talk, age: float, times: bool, said: bool) -> None:
    """Where nobody knows when a build ended, one that was quarantined lately may have been so afterwards."""
    talk.server.set_manners(times=times)
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=30.0, takes=10.0, failing=[AUTH, REFUND])
    talk.server.quarantine(job, REFUND, "infra", age=age)
    status = texts((await talk.say(f"status {build}")).card)

    assert "1 quarantined" in status
    assert (
        "does not say when this build ended, so a test may have been quarantined only afterwards" in status
    ) is said


async def test_logs__files_of_a_build(talk: Talk) -> None:
    """They are listed with their kinds and sizes, and the card of one says its whole name, however it was asked for."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=900.0, failing=[AUTH])
    listed = await talk.press(await talk.say(f"logs {build} test=1"), "Files")
    shown = (await talk.say(f"logs {build} artifact=JUNIT")).card
    refused = texts((await talk.say(f"logs {build} list=yes test=1")).card)
    from_list = await talk.press(listed, "Show")

    names = [plain(item.title) for item in listed.card.items]
    assert "junittests.xml" in names
    assert all(item.mark and item.lines for item in listed.card.items)
    assert plain(listed.card.title) == f"{len(names)} files of Regression Suite {build}"
    assert plain(shown.title) == f"File “junittests.xml” of Regression Suite {build}"
    assert [file.name for file in shown.files] == [f"{build}-junittests.xml"]
    assert "“test=” means nothing beside “list=”." in refused
    assert plain(from_list.card.title) == f"File “{names[0]}” of Regression Suite {build}"


async def test_names__of_parameters_by_the_nouns_of_the_platform(talk: Talk) -> None:
    """Who says branch, job and build everywhere else may say so here; a name that is there twice is asked about."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=900.0, failing=[AUTH], build={"branch": "main"})
    talk.server.add_build(job, age=600.0, build={"branch": "topic"})
    listed = (await talk.say('status job="Regression Suite" branch=main')).card
    failing = (await talk.say(f"failing build={build} test=1")).card
    watching = texts((await talk.say('watch job="Regression Suite" branch=main')).card)
    twice = texts((await talk.say("status branch=main source=main")).card)
    helped = [plain(item.title) for item in (await talk.say("help watch")).card.items]

    assert [plain(item.title) for item in listed.items] == [f"Regression Suite {build}"]
    assert plain(failing.title) == "Failing: test_token_refresh"
    assert "every finished run of Regression Suite from source main on demo" in watching
    assert "“source=” is given twice, once as “branch=”." in twice
    assert any("Only builds of this branch. Or “branch=”." in line for line in helped)


async def test_logs__of_which_no_line_matches(talk: Talk) -> None:
    """The card itself says so, not only what a screen reader reads."""
    job = talk.server.add_job("Regression Suite", tests=TESTS)
    build = talk.server.add_build(job, age=900.0, failing=[AUTH])
    card = (await talk.say(f"logs {build} grep=nowhere")).card

    assert any(re.fullmatch(r"None of the [0-9]+ lines match\.", plain(line)) for line in card.body)
    assert card.excerpt is None
