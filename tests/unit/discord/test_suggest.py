"""What is offered while the platform is slow or fails: nothing, rather than late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.chat.discord import suggest
from adapters.chat.discord.incoming import Suggesting, Ticket
from adapters.chat.discord.suggest import Suggestions
from adapters.clock import SystemClock
from adapters.lanes import whose
from bot.access import Policy
from bot.cards import Context, FieldKind
from bot.command import Parameter, Services
from bot.commands.registry import VERBS
from bot.errors import Unreachable
from bot.model import RunRef
from bot.state import Actor, Place
from tests.fakes.runs import a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore

PLACE = Place(channel="discord:channel:1:2", thread="3")


def a_desk(service: FakeRunService, store: MemoryStore) -> Services:
    return Services(
        platforms={service.connection: service},
        store=store,
        clock=SystemClock(),
        policy=Policy(),
        new_key=lambda: "0" * 32,
    )


def typing() -> Suggesting:
    me = "discord:user:5"
    return Suggesting(
        ticket=Ticket(id="1", token="t", until=SystemClock().now()),
        actor=Actor(id=me, principals=frozenset({me}), member=True),
        place=PLACE,
        parameter=Parameter(name="property", summary="", kind=FieldKind.PROPERTY),
        typed="",
        given={},
    )


async def test_offer__is_empty_rather_than_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the platform hangs, nothing is offered this time, and what comes later is there the next time."""
    service, store = FakeRunService(), MemoryStore()
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=("Ledger balances",)))
    await store.set_context(PLACE.channel, "3", Context(run=RunRef("demo", run_id(1))))
    gate, read = asyncio.Event(), service.run

    async def hanging(name: str) -> Any:
        await gate.wait()
        return await read(name)

    monkeypatch.setattr(service, "run", hanging)
    monkeypatch.setattr(suggest, "PATIENCE", 0.01)
    suggestions = Suggestions(a_desk(service, store), VERBS.values(), SystemClock())

    late = await suggestions.offer(typing())
    gate.set()
    monkeypatch.setattr(suggest, "PATIENCE", 10.0)
    there = await suggestions.offer(typing())

    assert late == []
    assert there == [{"name": "Ledger balances", "value": "1"}]


async def test_offer__is_read_for_the_person_who_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """What typing makes Clew read has the person's share of the connection, not Clew's own."""
    service, store, readers = FakeRunService(), MemoryStore(), []
    service.add_run(a_run(1))
    await store.set_context(PLACE.channel, "3", Context(run=RunRef("demo", run_id(1))))
    read = service.run

    async def noting(name: str) -> Any:
        readers.append(whose())
        return await read(name)

    monkeypatch.setattr(service, "run", noting)
    await Suggestions(a_desk(service, store), VERBS.values(), SystemClock()).offer(typing())

    assert readers == ["discord:user:5"]


async def test_offer__a_platform_that_fails_offers_nothing() -> None:
    """A failure while somebody types is no reason to disturb them."""
    service, store = FakeRunService(), MemoryStore()
    await store.set_context(PLACE.channel, "3", Context(run=RunRef("demo", run_id(1))))
    service.fail("run", Unreachable("The platform does not answer."))

    assert await Suggestions(a_desk(service, store), VERBS.values(), SystemClock()).offer(typing()) == []
