"""What is suggested while somebody types: what they may read, whose it is, and nothing rather than late or false."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import suggest
from bot.cards import Context, Field, FieldKind
from bot.command import Preset
from bot.commands.registry import VERBS
from bot.errors import StoreError, Unreachable
from bot.model import Run, RunQuery, RunRef
from bot.state import Actor, Place, PollStep, Subscription
from bot.suggest import Limits, Suggestion, Typing
from bot.triage import LauncherRow
from tests.fakes.runs import EPOCH, MOMENT, a_run, run_id, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import ANN, CHANNEL, Stage
from tests.fakes.store import MemoryStore

THREAD = Place(channel=CHANNEL, thread="3")
STRANGER = Actor(id="fake:user:MALLORY", principals=frozenset({"fake:user:MALLORY"}))


async def suggested(stage: Stage, verb: str, name: str, typed: str = "", **given: str) -> list[Suggestion]:
    """Return what is suggested in the field of a parameter, in the thread of a run."""
    parameter = next(p for p in VERBS[verb].parameters if p.name == name)
    typing = Typing(actor=ANN, place=THREAD, typed=typed, parameter=parameter, verb=verb, given=given)
    return list(await stage.handler.suggest(typing, Limits(count=25, label=100, text=100, echo=True)))


async def completed(stage: Stage, line: str) -> list[str]:
    """Return what completes a command."""
    typing = Typing(actor=ANN, place=THREAD, typed=line)
    return [s.text for s in await stage.handler.suggest(typing, Limits())]


async def about(stage: Stage, number: int, *failing: str) -> Run:
    """Let a run fail, and the thread be about it."""
    run = stage.service.add_run(a_run(number))
    stage.service.set_results(some_results(run, failing=failing))
    await stage.memory.set_context(CHANNEL, "3", Context(run=run.ref))
    return run


async def seen(stage: Stage, *runs: Run) -> None:
    """Let runs have been seen."""
    for run in runs:
        await stage.memory.record(PollStep(connection=run.ref.connection, now=EPOCH, runs=(run,)))


async def test_suggest__is_empty_rather_than_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the platform hangs, nothing is suggested this time, and what comes later is there the next time."""
    stage = Stage()
    await about(stage, 1, "Ledger balances")
    gate, read = asyncio.Event(), stage.service.run

    async def hanging(name: str) -> Any:
        await gate.wait()
        return await read(name)

    monkeypatch.setattr(stage.service, "run", hanging)
    monkeypatch.setattr(suggest, "PATIENCE", 0.01)

    late = await suggested(stage, "logs", "property")
    gate.set()
    monkeypatch.setattr(suggest, "PATIENCE", 10.0)
    there = await suggested(stage, "logs", "property")

    assert late == []
    assert [(s.label, s.text) for s in there] == [("Ledger balances", "1")]


async def test_suggest__a_platform_that_fails_suggests_nothing() -> None:
    """A failure while somebody types is no reason to disturb them."""
    stage = Stage()
    await about(stage, 1, "Ledger balances")
    stage.service.fail("run", Unreachable("The platform does not answer."))

    assert await suggested(stage, "logs", "property") == []


async def test_suggest__nothing_to_somebody_without_a_role() -> None:
    """Not even verbs: what may be read is for those who may read."""
    typing = Typing(actor=STRANGER, place=THREAD, typed="sta")

    assert await Stage().handler.suggest(typing, Limits()) == ()


async def test_launcher__says_whose_it_is_where_there_are_several_connections() -> None:
    """The same name may be known to two tenants: one suggestion names both."""
    other = FakeRunService(connection="other")
    other.add_run(a_run(7, connection="other", launcher="Payments Nightly"))
    other.add_run(a_run(8, connection="other", launcher="Ledger"))
    stage = Stage(others=(other,))

    found = await suggested(stage, "launch", "launcher")
    narrowed = await suggested(stage, "launch", "launcher", connection="other")

    assert [(s.text, s.label) for s in found] == [
        ("basic_test", "basic_test · demo"),
        ("Payments Nightly", "Payments Nightly · demo, other"),
        ("Ledger", "Ledger · other"),
    ]
    assert {s.text for s in narrowed} == {"Payments Nightly", "Ledger"}


@pytest.mark.parametrize("down", ["demo", "other"])
async def test_launcher__of_a_connection_that_is_down_leaves_the_others(down: str) -> None:
    """Of the one that cannot be asked the settings are known, of the other all."""
    other = FakeRunService(connection="other")
    other.add_run(a_run(7, connection="other", launcher="Ledger"))
    stage = Stage(others=(other,))
    stage.service.add_run(a_run(1, launcher="Billing"))
    service = other if down == "other" else stage.service
    service.fail("runs", Unreachable("No connection."), times=9)

    found = {s.text for s in await suggested(stage, "launch", "launcher")}

    assert found == {"basic_test", "Payments Nightly", "Billing" if down == "other" else "Ledger"}


async def test_runs__of_a_connection_whose_rows_cannot_be_read_leave_the_others() -> None:
    """A failure is that connection's alone."""

    class Half(MemoryStore):
        async def newest(self, connection: str, query: RunQuery, limit: int) -> tuple[Run, ...]:
            if connection == "demo":
                raise StoreError("down")
            return await super().newest(connection, query, limit)

    stage = Stage(memory=Half(), others=(FakeRunService(connection="other"),))
    await seen(stage, a_run(1), a_run(2, connection="other"))

    assert [s.text for s in await suggested(stage, "status", "run")] == ["latest", f"other/{run_id(2)}"]


async def test_runs__of_several_connections_take_turns_and_name_their_own() -> None:
    """The newest of each stand first, and the same number of two tenants is no doubt."""
    stage = Stage(others=(FakeRunService(connection="other"),))
    await seen(stage, a_run(1), a_run(2), a_run(1, connection="other"))

    found = [s.text for s in await suggested(stage, "status", "run")]

    assert found[:3] == ["latest", f"demo/{run_id(2)}", f"other/{run_id(1)}"]
    assert f"demo/{run_id(1)}" in found[3:]


async def test_property__is_of_the_run_that_is_given_beside_it() -> None:
    """A number means another property in every run: that of the thread's run would be a wrong one."""
    stage = Stage()
    await about(stage, 1, "Ledger balances")
    other = stage.service.add_run(a_run(2))
    stage.service.set_results(some_results(other, failing=("Queue drains",)))

    assert [s.label for s in await suggested(stage, "logs", "property")] == ["Ledger balances"]
    assert [s.label for s in await suggested(stage, "logs", "property", run=run_id(2))] == ["Queue drains"]
    assert await completed(stage, f"logs {run_id(2)} property=queue") == ["property=1"]


async def test_property__of_the_latest_run_is_of_the_connection_that_this_channel_is_about() -> None:
    """What was just read for another channel is of another connection: its numbers would choose the wrong check."""
    other = FakeRunService(connection="other")
    other.add_run(a_run(7, connection="other"))
    other.set_results(some_results(a_run(7, connection="other"), failing=("Of other",)))
    stage = Stage(others=(other,))
    stage.service.set_results(some_results(stage.service.add_run(a_run(1)), failing=("Of demo",)))
    for channel, connection in (("C1", "demo"), ("C2", "other")):
        subscription = Subscription(channel=f"fake:channel:{channel}", connection=connection)
        await stage.memory.subscribe(subscription, EPOCH)
    parameter = next(p for p in VERBS["logs"].parameters if p.name == "property")

    found = []
    for channel in ("C1", "C2"):
        place = Place(channel=f"fake:channel:{channel}")
        typing = Typing(
            actor=ANN, place=place, typed="", parameter=parameter, verb="logs", given={"run": "latest"}
        )
        found += [s.label for s in await stage.handler.suggest(typing, Limits())]

    assert found == ["Of demo", "Of other"]


async def test_moment__of_the_thread_is_not_offered_for_another_run() -> None:
    """A moment lies in one run."""
    stage = Stage()
    stage.service.add_run(a_run(2))
    own = Context(run=RunRef("demo", run_id(1)), moment=MOMENT)
    await stage.memory.set_context(CHANNEL, "3", own)

    assert [s.text for s in await suggested(stage, "logs", "moment")] == [MOMENT.text]
    assert await suggested(stage, "logs", "moment", run=run_id(2)) == []


async def test_preset__is_suggested_where_a_bare_word_may_name_one() -> None:
    """`launcher=` takes a launcher alone, and so does every other verb."""
    stage = Stage(presets={"nightly": Preset(name="nightly", launcher="basic_test")})

    assert "nightly" in await completed(stage, "launch ")
    assert "preset=nightly" in await completed(stage, "launch preset=")
    assert "launcher=nightly" not in await completed(stage, "launch launcher=")
    assert "nightly" not in await completed(stage, "watch ")


async def test_run__is_completed_by_its_launcher() -> None:
    """What people know of a run is the launcher, not the id."""
    stage = Stage()
    await seen(stage, a_run(1, launcher="Payments Nightly"))

    assert await completed(stage, "status pay") == [run_id(1)[:8]]


async def test_echo__has_a_place_among_many() -> None:
    """A list that takes nothing else must hold the new name, however many others fit."""
    stage = Stage(known=tuple(f"launcher {n}" for n in range(40)))

    found = [s.text for s in await suggested(stage, "launch", "launcher", "launcher")]

    assert (len(found), found[-1]) == (25, "launcher")


async def test_label__fits_and_is_clean_while_the_text_is_exact() -> None:
    """A chat refuses a label that is too long; what is filled in must be the whole name, or nothing."""
    stage = Stage(known=("a\x1b[31mb", "x" * 100, "y" * 101))

    found = await suggested(stage, "launch", "launcher")

    assert [(s.text, s.label) for s in found] == [("a\x1b[31mb", "ab"), ("x" * 100, "x" * 100)]


async def test_field__of_a_form_has_its_own_choices() -> None:
    """A field may be one that no verb lists as a parameter."""
    field = Field(name="tier", label="Tier", kind=FieldKind.CHOICE, choices=("small", "large"))
    typing = Typing(actor=ANN, place=THREAD, typed="la", parameter=field, verb="launch")

    assert [s.text for s in await Stage().handler.suggest(typing, Limits())] == ["large"]


# Branches ---------------------------------------------------------------------------------------------------

BRANCH = Field(name="branch", label="Branch", kind=FieldKind.BRANCH)


def with_branches(**changes: Any) -> Stage:
    """Return a stage over a build server with two jobs that have branches."""
    rows = (LauncherRow(key="55", name="Smoke"), LauncherRow(key="56", name="Nightly"))
    service = a_build_server(rows=rows)
    service.triage.lines = {"55": ("main", "release/2.4", "Main-old"), "56": ("develop",)}
    return Stage(service=service, known=(), **changes)


async def branches(stage: Stage, typed: str = "", **given: str) -> list[str]:
    """Return what is suggested for a branch."""
    typing = Typing(actor=ANN, place=THREAD, typed=typed, parameter=BRANCH, verb="launch", given=given)
    return [s.text for s in await stage.handler.suggest(typing, Limits(count=25, text=150, echo=True))]


async def test_branch__is_of_the_launcher_that_is_given_beside_it() -> None:
    """By its name, by its key, by a preset; of all launchers where none is given yet."""
    stage = with_branches(presets={"quick": Preset(name="quick", launcher="Smoke")})

    assert await branches(stage, launcher="Smoke") == ["main", "release/2.4", "Main-old"]
    assert await branches(stage, launcher="56") == ["develop"]
    assert await branches(stage, preset="quick") == ["main", "release/2.4", "Main-old"]
    assert await branches(stage) == ["main", "release/2.4", "Main-old", "develop"]
    assert await branches(stage, launcher="unknown") == []


async def test_branch__that_is_not_listed_can_be_typed() -> None:
    """A list that takes nothing else has what was typed; case is no matter while one types."""
    stage = with_branches()

    assert await branches(stage, "feature/x", launcher="Smoke") == ["feature/x"]
    assert await branches(stage, "MAIN", launcher="Smoke") == ["main", "Main-old", "MAIN"]


async def test_branch__is_asked_for_once_where_one_list_holds_all() -> None:
    """Letters that follow ask nobody; within a minute the next person asks nobody either."""
    stage = with_branches()
    for typed in ("", "m", "ma", "x"):
        await branches(stage, typed, launcher="Smoke")

    assert stage.service.triage.asked == [("55", "")]


async def test_branch__of_too_many_is_asked_for_as_it_begins() -> None:
    """What one list cannot hold is found all the same."""
    stage = with_branches()
    stage.service.triage.most_branches = 2

    assert await branches(stage, "", launcher="Smoke") == ["main", "release/2.4"]
    assert await branches(stage, "Main", launcher="Smoke") == ["Main-old", "main", "Main"]
    assert stage.service.triage.asked == [("55", ""), ("55", "Main")]


async def test_branch__of_a_platform_that_fails_or_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed goes on working, and what comes late is there the next time."""
    stage = with_branches()
    stage.service.triage.fail("branches", Unreachable("The platform does not answer."))
    assert await branches(stage, "ma", launcher="Smoke") == ["ma"]
    assert await branches(stage, "ma", launcher="Smoke") == ["main", "Main-old", "ma"]
    assert await branches(Stage(), "ma", launcher="basic_test") == ["ma"]

    gate, read = asyncio.Event(), stage.service.triage.branches

    async def hanging(key: str, beginning: str) -> Any:
        await gate.wait()
        return await read(key, beginning)

    monkeypatch.setattr(stage.service.triage, "branches", hanging)
    monkeypatch.setattr(suggest, "PATIENCE", 0.01)
    late = await branches(stage, "dev", launcher="Nightly")
    gate.set()
    monkeypatch.setattr(suggest, "PATIENCE", 10.0)

    assert late == ["dev"]
    assert await branches(stage, "dev", launcher="Nightly") == ["develop", "dev"]
