"""Dying does what it says, and a dead process does nothing more."""

from __future__ import annotations

import pytest

from bot.model import LaunchRequest
from tests.fakes.crash import Crash
from tests.fakes.mortal import MortalService, MortalStore
from tests.fakes.runs import EPOCH
from tests.fakes.stage import Stage, an_invocation
from tests.fakes.store import MemoryStore


@pytest.mark.parametrize("committed", [False, True])
async def test_mortal_store__dies_at_a_call(committed: bool) -> None:
    """The chosen call dies, committed or not, and so does every later one; the store behind goes on."""
    memory = MemoryStore()
    store = MortalStore(memory, dies_at=2, committed=committed)
    await store.typed.keep_text("one", "1")
    for token in ("two", "three"):
        with pytest.raises(Crash):
            await store.typed.keep_text(token, "x")

    assert ("1", None) == (await memory.kept_text("one"), await memory.kept_text("three"))
    assert (await memory.kept_text("two") == "x") is committed
    assert store.calls == ["keep_text", "keep_text"]


@pytest.mark.parametrize(("doomed", "launches"), [("before", 0), ("after", 1)])
async def test_mortal_service__dies_once_around_a_launch(doomed: str, launches: int) -> None:
    """It dies before or after the platform took the request, and not again."""
    service = MortalService(doomed=doomed)
    with pytest.raises(Crash):
        await service.launch(LaunchRequest(launcher="basic_test", key="a"))
    assert len(service.launches) == launches
    await service.launch(LaunchRequest(launcher="basic_test", key="b"))

    assert len(service.launches) == launches + 1


async def test_stage__replaces_the_pressed_message() -> None:
    """A press edits the message whose button it was; what is said for one person is not posted."""
    stage = Stage()
    await stage.launched()
    await stage.say("help")

    assert len(stage.there.messages) == 1
    assert stage.messages[0] == stage.messages[1]
    assert stage.messages[2] is None
    assert stage.there.violations == []


async def test_stage__restart_keeps_what_survives() -> None:
    """A new process has the same database, chat and time, and nothing else."""
    stage = Stage()
    await stage.launched()
    later = stage.restarted()

    assert later.memory is stage.memory
    assert later.chat is stage.chat
    assert later.handler is not stage.handler
    assert EPOCH == later.clock.now()
    assert an_invocation(stage, "x").key != an_invocation(later, "x").key
