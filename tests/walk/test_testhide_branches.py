"""Branches of a simulated Testhide, suggested in each chat while a launch is filled in, and what is typed where there are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.platforms.testhide.client import BuildService
from adapters.simulator.testhide import SimulatedTesthide
from bot.cards import Field, FieldKind
from bot.command import Preset
from bot.platform import ListsBranches
from bot.state import Place
from bot.suggest import Limits, Typing
from bot.triage import Branches
from tests.fakes import discord_bot, slack_bot
from tests.fakes.clock import ManualClock
from tests.fakes.service import there
from tests.fakes.slack import serve
from tests.fakes.stage import ANN, CHANNEL, Stage
from tests.fakes.testhide_client import a_testhide
from tests.walk.test_testhide_talk import Face

SCM, BRANCHES = "/api/v3/scm", "/api/v3/scm/.*"
MANY = ("main", "release/2.4", "feature/one-click")


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[SimulatedTesthide, BuildService]]:
    """Open a server with two projects, and the client."""
    async with a_testhide(tmp_path, clock=ManualClock()) as (server, service):
        shop = server.add_project("Shop", branches=MANY)
        other = server.add_project("Other", branches=("develop",))
        server.add_job("Smoke", project=shop)
        server.add_job("Nightly", project=other)
        yield server, service


def lists(service: BuildService) -> ListsBranches:
    """Return the part."""
    return there(service.platform.lists_branches)


async def key_of(service: BuildService, name: str) -> str:
    """Return a job's id."""
    rows = await there(service.platform.lists_launchers).launchers()
    return next(row.key for row in rows if row.name == name)


async def suggested(service: BuildService, typed: str = "", **given: str) -> list[str]:
    """Return what is suggested for a branch in a form or an option."""
    stage = Stage(clock=ManualClock(), service=Face(service), known=())  # type: ignore[arg-type]  # it has what a stage uses
    field = Field(name="branch", label="Branch", kind=FieldKind.BRANCH)
    place = Place(channel=CHANNEL)
    typing = Typing(actor=ANN, place=place, typed=typed, parameter=field, verb="launch", given=given)
    return [s.text for s in await stage.handler.suggest(typing, Limits(echo=True))]


async def test_branches__are_those_of_the_jobs_project(both: tuple[SimulatedTesthide, BuildService]) -> None:
    """Of all projects where no job is named, and by their beginning."""
    _, service = both
    smoke = await key_of(service, "Smoke")

    assert await lists(service).branches(smoke, "") == Branches(names=MANY)
    assert (await lists(service).branches(smoke, "rel")).names == ("release/2.4",)
    assert {"develop", *MANY} <= {*(await lists(service).branches("", "")).names}


async def test_branches__more_than_one_list_holds(both: tuple[SimulatedTesthide, BuildService]) -> None:
    """It is known that there are others, and they are found as they are typed."""
    server, service = both
    project = server.add_project("Large", branches=[f"feature/{n:04}" for n in range(250)])
    job = server.add_job("Large", project=project)
    found = await lists(service).branches(job, "")

    assert (len(found.names), found.whole) == (100, False)
    assert await suggested(service, "feature/0249", launcher="Large") == ["feature/0249"]
    assert (await suggested(service, "feature/024", launcher="Large"))[:2] == ["feature/0240", "feature/0241"]


@pytest.mark.parametrize(("fault", "path"), [
    ("not found", SCM), ("forbidden", SCM), ("server error", SCM), ("half JSON", SCM), ("bad gateway", SCM),
    ("not found", BRANCHES), ("forbidden", BRANCHES), ("redirect", BRANCHES),
])  # fmt: skip
async def test_branches__of_a_server_that_does_not_tell_them(
    both: tuple[SimulatedTesthide, BuildService], fault: str, path: str
) -> None:
    """What is typed goes on working, and the launch is as it was."""
    server, service = both
    server.misbehave(fault, path=path, times=None)
    stage = Stage(clock=ManualClock(), service=Face(service), known=())  # type: ignore[arg-type]  # it has what a stage uses

    assert await suggested(service, "feature/x", launcher="Smoke") == ["feature/x"]
    reply = await stage.say("launch Smoke branch=feature/x")
    assert "feature/x" in repr(reply.card.facts)
    assert not reply.failed


async def test_branches__with_names_that_cannot_be_filled_in(
    both: tuple[SimulatedTesthide, BuildService],
) -> None:
    """A name that is cleaned before it is shown would be another branch."""
    server, service = both
    project = server.add_project(
        "Odd", branches=["ok", "a\x1b[31mb", "x" * 300, "  spaced", "", "two\nlines"]
    )
    job = server.add_job("Odd", project=project)

    assert (await lists(service).branches(job, "")).names == ("ok",)


async def test_branches__complete_a_command_that_is_typed(
    both: tuple[SimulatedTesthide, BuildService],
) -> None:
    """In the terminal: of the job that stands before it, as a bare word or by a preset."""
    _, service = both
    stage = Stage(
        clock=ManualClock(), service=Face(service), known=(),  # type: ignore[arg-type]  # it has what a stage uses
        presets={"quick": Preset(name="quick", launcher="Smoke")},
    )  # fmt: skip
    for line in ("launch Smoke branch=rel", "launch quick branch=rel", "launch preset=quick branch=rel"):
        found = await stage.handler.suggest(
            Typing(actor=ANN, place=Place(channel=CHANNEL), typed=line), Limits()
        )
        assert [s.text for s in found] == ['branch="release/2.4"']


async def test_slack__the_forms_select_knows_the_launcher_beside_it(
    both: tuple[SimulatedTesthide, BuildService],
) -> None:
    """What was chosen in the form counts, else what it was opened with."""
    _, service = both
    async with serve() as slack, slack_bot.running_bot(slack, service=Face(service)):  # type: ignore[arg-type]  # it has what a bot uses
        await slack.global_shortcut("launch_run")
        view = await slack.view("Launch")
        nothing = await slack.suggestions(view, "branch", "rel")
        smoke = await slack.suggestions(view, "branch", "rel", beside={"launcher": "Smoke"})
        other = await slack.suggestions(view, "branch", "", beside={"launcher": "Nightly"})
        sent = await slack.submit(
            view, {"launcher": "Smoke", "branch": "release/2.4", "clew_where": "C01MAIN"}
        )
        await slack.world.answer("Launch Smoke?")

    assert "release/2.4" in nothing
    assert smoke == ["release/2.4", "rel"]
    assert other == ["develop"]
    assert sent.taken
    assert "release/2.4" in slack.world.ours()[-1].words


async def test_discord__the_option_knows_the_launcher_beside_it(
    both: tuple[SimulatedTesthide, BuildService],
) -> None:
    """While one types."""
    _, service = both
    async with discord_bot.simulated(service=Face(service)) as world:  # type: ignore[arg-type]  # it has what a bot uses
        choices = await world.alice.autocomplete(world.main, "clew launch", "branch", "rel", launcher="Smoke")

    assert [choice["value"] for choice in choices] == ["release/2.4", "rel"]
