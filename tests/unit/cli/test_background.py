"""What goes on by itself beside polling and delivering."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters import settings
from adapters.chat.slack.render import render
from adapters.cli import demo
from adapters.cli.background import EVERYTHING, working
from adapters.cli.parts import Parts
from adapters.cli.work import Intervals
from adapters.clock import SystemClock
from adapters.replicas import timing
from adapters.replicas.member import this_program
from adapters.replicas.report import Report, write
from adapters.store.fence import Fence, fence
from adapters.store.store import SqlStore, open_store
from adapters.tables import Operator
from bot.cards import ReportLinks
from bot.handler import Handler
from bot.model import RunStatus
from bot.notify_operator import NotifyOperator
from bot.ports import Post, PostOutcome
from bot.state import (
    AuditEntry,
    Cause,
    Intent,
    Invocation,
    MentionRule,
    NewDelivery,
    Notice,
    Place,
    PollStep,
    Schedule,
    Subscription,
)
from bot.watch.auditor import Polled, Snapshot
from tests.fakes.chat import FakeChat, Posting
from tests.fakes.inbox import ME, unfinished
from tests.fakes.runs import a_run, some_results
from tests.fakes.scheduling import Clockwork, at
from tests.fakes.stage import ANN, CHANNEL, Stage, silent
from tests.unit.commands.door import CHANNEL as NIGHTLY_CHANNEL
from tests.unit.commands.door import Door

OLD = timedelta(days=40)
NOTICED = ("prune", "claim", "record", "beat")


async def test_working__forgets_what_is_no_longer_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that runs for years keeps its database small: what nobody waits for goes at each start."""
    _a_tenant(tmp_path, monkeypatch)
    tell: NotifyOperator = silent
    stage, tidied = Stage(), asyncio.Event()
    asked = Invocation(
        actor=ANN, place=Place(channel=CHANNEL), text="status", key="k", at=stage.clock.now() - OLD
    )
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'clew.db'}") as store:
        await store.accept("fake", "old", asked, ME)
        prune = store.prune

        async def noticed(now: datetime) -> object:
            pruned = await prune(now)
            tidied.set()
            return pruned

        monkeypatch.setattr(store, "prune", noticed)
        parts = Parts(
            settings=settings.load(), platforms={}, store=store, clock=stage.clock, handler=stage.handler
        )
        async with working(parts, {}, intervals=Intervals(), notify=tell), asyncio.timeout(20):
            await tidied.wait()
        left = await unfinished(store, "fake", stage.clock.now() - 2 * OLD)

    assert left == ()


async def test_working__records_for_chats_that_are_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is missing after a restart must not cost a channel its announcements: they wait."""
    _a_tenant(tmp_path, monkeypatch)
    stage = Stage()
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'clew.db'}") as store:
        await store.subscribe(Subscription(channel="slack:channel:T1:C1"), stage.clock.now())
        await _one_end(stage, store, monkeypatch)
        depth = await store.depth()

    assert depth.waiting == 1


async def test_working__mentions_whom_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the file to the message that waits; what was in the file before and is not now is gone."""
    _a_tenant(tmp_path, monkeypatch)
    here = "slack:channel:T1:C1"
    (tmp_path / "clew.toml").write_text(f'[[mention]]\nchannel = "{here}"\nwho = "slack:usergroup:T1:S01"\n')
    stage = Stage()
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'clew.db'}") as store:
        await store.subscribe(Subscription(channel=here), stage.clock.now())
        before = MentionRule(channel=here, who="slack:user:T1:U01", from_settings=True)
        await store.configure_mentions([before], stage.clock.now())
        await _one_end(stage, store, monkeypatch)
        (waiting,) = await store.waiting(here)

    assert '"For <!subteam^S01>"' in waiting.payload
    assert "<@U01>" not in waiting.payload


def _a_tenant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up the folder and the environment that the settings are read from."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")


async def _one_end(stage: Stage, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program work, without a chat, until a run has failed and that is recorded."""
    polled, recorded = asyncio.Event(), asyncio.Event()
    going = stage.service.add_run(a_run(1, connection="demo", status=RunStatus.IN_PROGRESS))
    record = store.record

    async def noticed(step: PollStep) -> int:
        new = await record(step)
        (recorded if new else polled).set()
        return new

    monkeypatch.setattr(store, "record", noticed)
    handler = replace_desk(stage, report_links={"demo": ReportLinks.POST})
    parts = Parts(
        settings=settings.load(), platforms=handler.services.platforms, store=store, clock=stage.clock,
        handler=handler, renderers={"slack": render},
    )  # fmt: skip
    async with working(parts, {}, intervals=Intervals(poll=0.05), notify=silent), asyncio.timeout(20):
        await polled.wait()
        stage.service.finish(going, some_results(going, failing=("x",)))
        await recorded.wait()


def replace_desk(stage: Stage, *, report_links: dict[str, ReportLinks]) -> Handler:
    """Return a handler whose services knows where report links may go."""
    return Handler(replace(stage.services, report_links=report_links))


async def test_working__tells_the_operators_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that can never be posted is told where the settings say, by the ordinary outbox, once."""
    _a_tenant(tmp_path, monkeypatch)
    stage, clock, posted = Stage(), SystemClock(), asyncio.Event()
    chat = FakeChat(clock=clock, name="slack")
    chat.next_posts(Posting.REFUSED)
    post, told = chat.post, Operator(channel="slack:channel:T01:C0OPS")

    async def noticed(what: Post) -> PostOutcome:
        outcome = await post(what)
        if what.channel == told.channel:
            posted.set()
        return outcome

    monkeypatch.setattr(chat, "post", noticed)
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        await store.enqueue(NewDelivery(key="a", channel="slack:channel:T01:C01", payload="{}"), clock.now())
        parts = Parts(
            settings=settings.load().model_copy(update={"operator": told}), platforms={}, store=store, clock=clock,
            handler=stage.handler,
        )  # fmt: skip
        intervals = Intervals(audit=0.05, idle=0.05, per_channel=0)
        async with working(parts, {"slack": chat}, intervals=intervals, notify=silent), asyncio.timeout(20):
            await posted.wait()
        (notice,) = await store.notices()

    assert (notice.cause, notice.subject) == (Cause.DEAD, "slack:channel:T01:C01")
    (message,) = chat.messages
    assert message.channel == told.channel
    assert "1 message to slack:channel:T01:C01 cannot be posted" in message.payload


async def test_working__looks_whether_the_audit_trail_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that somebody changed is told at the next start."""
    _a_tenant(tmp_path, monkeypatch)
    stage, looked = Stage(), asyncio.Event()
    path = tmp_path / "clew.db"
    async with open_store(f"sqlite:///{path}") as store:
        line = AuditEntry(at=stage.clock.now(), actor="a", channel="c", action="launch", decision="no")
        await store.audit(line)
        with sqlite3.connect(path) as other:
            other.execute("UPDATE audit SET decision = 'yes'")
        other.close()
        open_notice = store.open_notice

        async def noticed(notice: Notice, delivery: NewDelivery | None, now: datetime) -> bool:
            told = await open_notice(notice, delivery, now)
            looked.set()
            return told

        monkeypatch.setattr(store, "open_notice", noticed)
        parts = Parts(
            settings=settings.load(), platforms={}, store=store, clock=stage.clock, handler=stage.handler
        )
        async with working(parts, {}, intervals=Intervals(), notify=silent), asyncio.timeout(20):
            await looked.wait()
        (notice,) = await store.notices()

    assert notice.cause is Cause.AUDIT
    assert notice.problem.startswith("The audit trail was changed. Line 1 was changed.")


async def test_working__looks_for_what_the_settings_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept at the start, and the polls that the look goes by are those of the program."""
    _a_tenant(tmp_path, monkeypatch)
    (tmp_path / "clew.toml").write_text(
        '[[expect]]\nchannel = "slack:channel:T1:C1"\nlauncher = "nightly"\nby = "03:00"\n'
    )
    stage, looked = Stage(), asyncio.Event()
    stage.service.add_run(a_run(1))
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        parts = Parts(
            settings=settings.load(), platforms=stage.services.platforms, store=store, clock=stage.clock,
            handler=stage.handler, renderers={"slack": render},
        )  # fmt: skip
        launchers = store.launchers

        async def noticed(connection: str) -> tuple[str, ...]:
            looked.set()
            return await launchers(connection)

        monkeypatch.setattr(store, "launchers", noticed)
        intervals = Intervals(poll=0.05, expected=0.05)
        async with working(parts, {}, intervals=intervals, notify=silent), asyncio.timeout(20):
            (expectation,) = await store.expectations()
            await store.expect(replace(expectation, connection="demo"))
            await looked.wait()  # the starts of a launcher are read only behind a whole look at the list

    assert (expectation.launcher, expectation.since) == ("nightly", stage.clock.now())


async def test_working__in_the_demo_nobody_is_told_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenant's time runs ahead of the machine's, and that is no news to whoever tries Clew."""
    _a_tenant(tmp_path, monkeypatch)
    stage = Stage()
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        parts = Parts(
            settings=settings.load(), platforms={}, store=store, clock=stage.clock, handler=stage.handler
        )
        async with working(parts, {}, intervals=demo.INTERVALS, notify=silent) as work:
            jobs = {job.id for job in work.work.scheduler._scheduler.get_jobs()}

    assert "tidy" in jobs
    assert "audit" not in jobs


async def test_working__launches_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look goes by the settings, the store and the people that the program has; what came of it waits for its channel."""
    _a_tenant(tmp_path, monkeypatch)
    told = asyncio.Event()
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        it = Clockwork(door=Door(store=store))  # type: ignore[arg-type]  # the real one
        await it.schedule()
        it.skip(at(4))
        change = store.change_schedule

        async def noticed(
            before: Schedule, after: Schedule, now: datetime, *,
            draft: Intent | None = None, message: NewDelivery | None = None,
        ) -> bool:  # fmt: skip
            changed = await change(before, after, now, draft=draft, message=message)
            if message is not None:
                told.set()
            return changed

        monkeypatch.setattr(store, "change_schedule", noticed)
        parts = Parts(
            settings=settings.load(), platforms=it.door.services.platforms, store=store, clock=it.door.clock,
            handler=it.door.handler, renderers={"slack": render},
        )  # fmt: skip
        people = {"slack": it.afresh}
        intervals = Intervals(schedules=0.05)
        async with (
            asyncio.timeout(20),
            working(parts, {}, intervals=intervals, notify=silent, people=people),
        ):
            await told.wait()
        (message,) = await store.waiting(NIGHTLY_CHANNEL)

    assert it.launched == [("basic_test", "30")]
    assert "Launched by the schedule of nightly" in message.payload


async def test_whole__what_another_program_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator hears of what goes wrong elsewhere too; of what nobody polls, as of what cannot be polled."""
    _a_tenant(tmp_path, monkeypatch)
    stage = Stage()
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        parts = Parts(
            settings=settings.load(), platforms=stage.services.platforms, store=store, clock=stage.clock,
            handler=stage.handler,
        )  # fmt: skip
        sees = Snapshot(
            polls={"demo": Polled(age=400.0, allowed=300.0, looked=True)},
            connected={"discord": True, "slack": False},
            lost={"slack:channel:T1:C1": "The bot is not in the channel."},
        )
        other = replace(
            this_program(stage.clock.now()), id="other", place="", report=write(Report(sees=sees))
        )
        await store.join(other)
        await store.take_lease(EVERYTHING, "other", 0)
        async with working(parts, {}, intervals=Intervals(), notify=silent) as work:
            work.connected = lambda: {"slack": True, "discord": False}
            there, instead = work.whole(), work.instead
            await store.leave("other")
            stage.clock.pass_time(500)
            async with asyncio.timeout(20):
                await work.replicas.step()  # the last report of the other one still counts
                await work.replicas.leave()
            just_now = work.whole().polls["demo"]
            stage.clock.pass_time(500)
            nobody = work.whole().polls["demo"]

    assert instead == other
    assert there.polls == sees.polls
    assert there.connected == {"slack": True, "discord": True}
    assert there.lost == sees.lost
    assert just_now.age == 0.0, "somebody polled until a moment ago, whenever it was looked last"
    assert (nobody.looked, nobody.age) == (False, 500.0)


async def test_working__whatever_a_duty_writes_is_fenced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the lease that it does it under: in the ticks of a clock, in the tasks of a chat, and in none of what shows life."""
    _a_tenant(tmp_path, monkeypatch)
    stage, clock = Stage(), SystemClock()
    chat = FakeChat(clock=clock, name="slack")
    seen: dict[str, Fence | None] = {}
    all_seen = asyncio.Event()
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:

        def notice(name: str, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def noticed(*args: Any, **more: Any) -> Any:
                seen.setdefault(name, fence())
                if len(seen) == len(NOTICED):
                    all_seen.set()
                return await write(*args, **more)

            return noticed

        for name in NOTICED:
            monkeypatch.setattr(store, name, notice(name, getattr(store, name)))
        parts = Parts(
            settings=settings.load(), platforms=stage.services.platforms, store=store, clock=clock,
            handler=stage.handler, renderers={"slack": render},
        )  # fmt: skip
        monkeypatch.setattr(timing, "BEAT", 0.05)
        async with working(parts, {"slack": chat}, intervals=Intervals(), notify=silent), asyncio.timeout(20):
            await all_seen.wait()

    held = Fence(EVERYTHING, 1)
    assert seen == {"prune": held, "claim": held, "record": held, "beat": None}


async def test_hear__what_another_program_records_is_delivered_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql: str
) -> None:
    """The one that delivers hears of it with the commit: no time passes on its clock."""
    _a_tenant(tmp_path, monkeypatch)
    tell: NotifyOperator = silent
    stage = Stage()
    row = NewDelivery(key="k", channel=CHANNEL, payload="{}")
    async with open_store(postgresql) as store, open_store(postgresql) as other:
        parts = Parts(
            settings=settings.load(), platforms={}, store=store, clock=stage.clock, handler=stage.handler
        )
        chats = {stage.there.name: stage.there}
        async with (
            working(parts, chats, intervals=Intervals(), notify=tell) as background,
            asyncio.timeout(20),
        ):
            assert f"deliver {stage.there.name}" in background.replicas.held
            await other.enqueue(row, stage.clock.now())
            while not stage.there.messages:  # noqa: ASYNC110 - what is posted is seen in the fake alone
                await asyncio.sleep(0.005)

    assert stage.clock.monotonic() == 0
    assert stage.handler.owner.listed
