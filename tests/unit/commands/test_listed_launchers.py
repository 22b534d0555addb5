"""Launchers that a platform lists: looked up before a launch is shown, told apart by their keys, refused when off."""

from __future__ import annotations

import pytest

from bot.cards import plain
from bot.launchers import told_apart
from bot.model import LaunchRequest
from bot.triage import LauncherRow
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import Stage, texts

ROWS = (
    LauncherRow(key="55", name="Smoke Tests"),
    LauncherRow(key="56", name="smoke tests"),
    LauncherRow(key="57", name="Regression Suite"),
    LauncherRow(key="58", name="Old Suite", enabled=False),
)


def _stage() -> Stage:
    return Stage(service=a_build_server(rows=ROWS), known=())


def test_told_apart__only_where_two_share_a_name() -> None:
    """The key stands behind a name that is not alone, whatever its case."""
    assert told_apart(ROWS) == {
        "55": "Smoke Tests (55)", "56": "smoke tests (56)", "57": "Regression Suite", "58": "Old Suite",
    }  # fmt: skip


@pytest.mark.parametrize("said", ["Regression Suite", "regression suite", "Regression Suite (57)", "57"])
async def test_launch__finds_the_key(said: str) -> None:
    """However the launcher is named, the draft has its key, and the card shows it."""
    stage = _stage()
    reply = await stage.say(f"launch {said} duration=30")
    request = next(iter(stage.memory.intents.values())).request_as(LaunchRequest)

    assert (request.launcher, request.launcher_key) == ("Regression Suite", "57")
    assert {f.label: plain(f.value) for f in reply.card.facts}["Job"] == "Regression Suite (57)"


async def test_launch__of_two_with_one_name_is_asked() -> None:
    """Both are offered, and each offer is a launch of exactly that one."""
    stage = _stage()
    reply = await stage.say("launch Smoke Tests duration=30")

    assert "Testhide has 2 jobs called “Smoke Tests”." in texts(reply.card)
    assert not stage.memory.intents
    said = [b.command.values["launcher"] for b in reply.card.buttons if b.command]
    assert said == ["Smoke Tests (55)", "smoke tests (56)"]
    await stage.say(reply.card.buttons[1].command)
    assert [i.request_as(LaunchRequest).launcher_key for i in stage.memory.intents.values()] == ["56"]


async def test_launch__of_a_disabled_one_is_refused() -> None:
    """Nothing is kept and nothing sent."""
    stage = _stage()
    reply = await stage.say("launch Old Suite duration=30")

    assert "The job “Old Suite” is disabled on Testhide, so nothing was sent." in texts(reply.card)
    assert not stage.memory.intents


async def test_launch__of_an_unknown_one_names_the_nearest() -> None:
    """A slip is asked about, with a button."""
    stage = _stage()
    reply = await stage.say("launch Regresion Suite duration=30")

    assert "Testhide lists no job “Regresion Suite”." in texts(reply.card)
    assert [b.command.values["launcher"] for b in reply.card.buttons if b.command] == ["Regression Suite"]


async def test_again__looks_the_key_up_anew() -> None:
    """A launcher that was switched off since then is refused when the launch is repeated."""
    service: FakeRunService = a_build_server(rows=ROWS)
    stage = Stage(service=service, known=())
    await stage.say("launch Regression Suite duration=30")
    draft = next(iter(stage.memory.intents.values()))
    await stage.say(f"decline request={draft.id}")
    service.rows = (LauncherRow(key="57", name="Renamed", enabled=False),)
    reply = await stage.say(f"again request={draft.id}")

    assert "The job “Renamed” is disabled" in texts(reply.card)


async def test_launch__of_one_that_two_other_connections_have() -> None:
    """Neither the first connection, which has it not, nor one of the two is taken without a word."""
    others = tuple(a_build_server(connection=name, rows=ROWS) for name in ("qa", "ci"))
    stage = Stage(others=others, known=())
    reply = await stage.say("launch Regression Suite duration=30")
    chosen = await stage.say(reply.card.buttons[1].command)

    assert "On which connection should Regression Suite be launched?" in texts(reply.card)
    assert [button.label for button in reply.card.buttons] == ["qa", "ci"]
    assert plain(chosen.card.title) == "Launch Regression Suite?"
    assert [intent.connection for intent in stage.memory.intents.values()] == ["ci"]
