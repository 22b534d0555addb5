"""People and a simulated AI Test Harness, with the whole core in between: launch, progress, end, failures, ratings, agents."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.simulator.ai_test_harness import SimulatedHarness
from bot.cards import Reply, plain
from bot.model import RunRef, Secret
from bot.platform import Platform
from bot.remembered import remembering
from bot.state import IntentState
from bot.watch.poll import Poller
from tests.fakes.clock import ManualClock
from tests.fakes.harness_client import a_harness_client
from tests.fakes.stage import Stage, texts

TESTS = ("Payment flow validation", "Login with SSO", *(f"Search {n}" for n in range(43)))

HOOK = Secret("s3cr3t-of-the-harness")


@dataclass
class Face:
    """The client, as a stage wants its platforms."""

    service: ExecutionService
    now: datetime | None = None
    connection: str = "demo"

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return self.service.platform


class Talk:
    """A server, and people who talk with Clew about it."""

    def __init__(self, server: SimulatedHarness, service: ExecutionService, clock: ManualClock) -> None:
        self.server, self.service, self.clock = server, service, clock
        self.plan = server.add_plan("Release v2.3.0", tests=TESTS)
        self.stage = Stage(clock=clock, service=Face(service), known=())  # type: ignore[arg-type]  # it has what a stage uses
        self.poller = Poller(
            remembering(service.platform, self.stage.memory), self.stage.memory, clock=clock,
            renderers={"fake": self.stage.there.render}, on_rows=lambda: None, notify_operator=self._hear,
        )  # fmt: skip

    async def say(self, words: str, thread: str | None = None) -> Reply:
        """Say something."""
        return await self.stage.say(words, thread=thread)

    async def passes(self, seconds: float) -> None:
        """Let time pass, and everything look once."""
        self.clock.pass_time(seconds)
        self.server.advance(seconds)
        await self.poller.tick()
        await self.stage.tick()

    async def launched(self, words: str = "launch Release v2.3.0 environment=staging parallelism=5") -> str:
        """Launch and confirm; return the execution's id."""
        await self.say(words)
        await self.stage.press("Launch")
        (intent,) = [i for i in self.stage.memory.intents.values() if i.state is IntentState.ACCEPTED][-1:]
        return intent.run_id or ""

    @property
    def posted(self) -> list[str]:
        """What was recorded to be delivered."""
        return [row.delivery.payload for row in self.stage.memory.outbox.values()]

    async def _hear(self, _sentence: str) -> None:
        """Hear nothing."""


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Open everything; both clocks stand still but for `passes`."""
    clock = ManualClock()
    async with a_harness_client(
        clock=clock, debug_agent="agent_planning", debug_task="analyze-failures", webhook_secret=HOOK
    ) as (
        server,
        service,
    ):
        it = Talk(server, service, clock)
        await it.poller.tick()
        yield it


async def test_launch__to_its_end(talk: Talk) -> None:
    """Asked, confirmed, followed with its progress, announced with names and counts, then looked into."""
    asked = await talk.say("launch Release v2.3.0 environment=staging parallelism=5")
    run_id = await talk.launched()
    await talk.passes(240)
    live = talk.stage.shown(next(message for message in talk.stage.messages[::-1] if message))
    talk.server.finish_execution(
        run_id, failing=TESTS[:2], shape="testName and message", changes={"duration": 342}
    )
    await talk.passes(60)
    (post,) = talk.posted
    failing = await talk.say(f"failing {run_id}")
    logs = await talk.say(f"logs {run_id} test=1")

    assert "Test plan" in texts(asked.card)
    assert f"Release v2.3.0 ({talk.plan})" in texts(asked.card)
    assert "one execution of 45 tests" in texts(asked.card)
    assert "AI Test Harness lists no executions. It is never sent twice." in texts(asked.card)
    assert "20 of 45 tests done" in live
    assert "staging" in live
    told = json.dumps(json.loads(post), ensure_ascii=False)
    for words in ("FAILED", "Release v2.3.0", "43 of 45 pass", "342", "without a unit", "staging",
                  "Payment flow validation", "Clew has seen no earlier execution of this series"):  # fmt: skip
        assert words in told
    assert [plain(item.title) for item in failing.card.items] == [
        "1. Login with SSO",
        "2. Payment flow validation",
    ]
    assert "AI Test Harness keeps no logs; this is the error it gives." in texts(logs.card)
    assert logs.card.excerpt is not None
    assert len(logs.card.excerpt.lines) == 1


async def test_launch__the_next_one_is_compared_with_it(talk: Talk) -> None:
    """Within one plan and environment, by what Clew has seen."""
    titles = []
    for environment, failing in (("staging", TESTS[:1]), ("staging", TESTS[:2]), ("production", TESTS[:1])):
        run_id = await talk.launched(f"launch {talk.plan} environment={environment} again=yes")
        talk.server.finish_execution(run_id, failing=failing, shape="name and error")
        await talk.passes(180)
        titles.append(
            "".join(s if isinstance(s, str) else s["text"] for s in json.loads(talk.posted[-1])["title"])
        )

    assert [title.rpartition(": ")[2] for title in titles] == ["1 failure", "1 new failure", "1 failure"]


async def test_launch__in_another_environment_is_told_from_the_last(talk: Talk) -> None:
    """By the record: the platform lists no executions."""
    for _ in range(3):
        talk.server.finish_execution(await talk.launched())
        await talk.passes(60)
    other = texts((await talk.say("launch Release v2.3.0 environment=production")).card)
    none = texts((await talk.say("launch Release v2.3.0")).card)

    assert (
        "The environment is “production”, unlike in the last 3 comparable executions of this test plan"
        in other
    )
    assert "Environment is production, it was staging." in other
    assert "No environment is given, unlike in the last 3 comparable executions" in none


async def test_end__failures_without_names(talk: Talk) -> None:
    """All are counted and shown, and nothing is called new."""
    run_id = await talk.launched()
    changes = {"failures": [{"name": TESTS[0], "error": "no receipt"}, {"error": "401 from /session"}, {}]}
    talk.server.finish_execution(run_id, failing=TESTS[:3], changes=changes)
    await talk.passes(60)
    failing = await talk.say(f"failing {run_id}")

    assert "42 of 45 pass" in talk.posted[0]
    assert "not every failure of this execution has the name of a test" in talk.posted[0].lower()
    assert {plain(item.title).partition(". ")[2] for item in failing.card.items} == {
        TESTS[0], "failure 2", "failure 3",
    }  # fmt: skip


async def test_end__counts_and_names_differ(talk: Talk) -> None:
    """Both are said, in the announcement too."""
    run_id = await talk.launched()
    talk.server.finish_execution(
        run_id, failing=TESTS[:2], shape="name and error", changes={"results": {"passed": 42, "failed": 3}}
    )
    await talk.passes(60)

    assert "AI Test Harness says that 3 tests fail, and 2 are listed." in talk.posted[0]


async def test_end__fails_and_names_nothing(talk: Talk) -> None:
    """`failing` claims no green then."""
    run_id = await talk.launched()
    talk.server.finish_execution(run_id, failing=TESTS[:3], leaves_out=["failures"])
    await talk.passes(60)
    failing = await talk.say(f"failing {run_id}")

    assert "3 tests fail in" in texts(failing.card)
    assert "AI Test Harness names none of them." in texts(failing.card)


async def test_status__of_a_foreign_execution(talk: Talk) -> None:
    """Somebody names it, from then on it is followed, and channels that watch hear of its end."""
    run_id = talk.server.hold_execution(talk.plan, environment="staging")
    await talk.say("watch connection=demo")
    first = await talk.say(f"status {run_id}")
    talk.server.finish_execution(run_id)
    await talk.passes(60)
    known = await talk.say("status")

    assert "Clew now follows this execution" in texts(first.card)
    assert len(talk.posted) == 1
    assert "passed" in talk.posted[0]
    assert "passed: all 45 tests pass" in [item.mark for item in known.card.items]
    assert "test plan" in [item.mark for item in known.card.items]
    assert "becomes known once a webhook names it, or once somebody uses “status EXECUTION”." in texts(
        known.card
    )


async def test_hint__a_webhook_names_a_foreign_execution(talk: Talk) -> None:
    """It is read before anything is said; one that does not exist leaves nothing."""
    await talk.say("watch connection=demo")
    run_id = talk.server.hold_execution(talk.plan)
    talk.poller.hints.give((run_id, "exec_never1"))
    await talk.passes(60)
    talk.server.finish_execution(run_id, failing=TESTS[:1], shape="name and error")
    await talk.passes(60)

    assert len(talk.posted) == 1
    assert list(await talk.stage.memory.known("demo", (run_id, "exec_never1"))) == [run_id]


async def test_debug__sets_an_agent_to_work(talk: Talk) -> None:
    """The settings name agent and task; it asks first, with the execution that it is about."""
    run_id = await talk.launched()
    talk.server.finish_execution(run_id, failing=TESTS[:1])
    await talk.passes(60)
    asked = await talk.say(f"debug {run_id}")
    done = await talk.stage.press("Start")

    assert "agent_planning" in texts(asked.card)
    assert run_id in texts(asked.card)
    assert not done.failed
    assert "does not hand its result back" in texts(asked.card)
    assert "documents no way to read its result" in texts(done.card)


@pytest.mark.parametrize(
    ("readable", "said"),
    [(False, "hands nothing back"), (True, '{"notes": ["3 endpoints changed"]}')],
)
async def test_debug__tries_to_read_what_came_of_it(talk: Talk, readable: bool, said: str) -> None:
    """Among the executions, once at each press: the reference leaves open whether it is there."""
    talk.server.switch(agents_readable=readable)
    await talk.say("debug")
    await talk.stage.press("Start")
    before = len(talk.server.requests("GET"))
    shown = await talk.stage.press("Result")

    assert said in texts(shown.card)
    assert len(talk.server.requests("GET")) == before + 1


async def test_ratings(talk: Talk) -> None:
    """Readiness and clusters, in the platform's own words."""
    rated = await talk.say("readiness v2.3.0")
    grouped = await talk.say("clusters days=7")

    assert not rated.failed
    assert "Its scale is not documented." in texts(rated.card)
    assert not grouped.failed


async def test_launch__no_plan_of_that_name(talk: Talk) -> None:
    """The nearest is offered, and nothing is sent."""
    reply = await talk.say("launch Release v2.3.1")

    assert reply.failed
    assert "AI Test Harness lists no test plan “Release v2.3.1”." in texts(reply.card)
    assert talk.server.world.executions == {}


async def test_thread__of_a_launch_needs_no_id(talk: Talk) -> None:
    """`failing` in the thread of its card is about that execution."""
    run_id = await talk.launched()
    talk.server.finish_execution(run_id, failing=TESTS[:1], shape="name and error")
    await talk.passes(60)
    message = next(message for message in talk.stage.messages[::-1] if message)
    reply = await talk.say("failing", thread=message.message_id)

    assert reply.card.context is not None
    assert reply.card.context.run == RunRef("demo", run_id)
