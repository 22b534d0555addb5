"""Values with sensible defaults; a test names only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.cards import Context
from bot.model import CheckStatus, LaunchRequest, RunRef, RunStatus
from bot.publication import LedgerResult, LedgerRun, Publication, PublishedCheck
from bot.state import (
    Actor,
    AttachedFile,
    Delivery,
    Intent,
    IntentState,
    Invocation,
    MessageRef,
    NewDelivery,
    Place,
    PollStep,
    StoredResults,
)
from tests.fakes.runs import EPOCH as NOW
from tests.fakes.runs import a_run

__all__ = [
    "CHANNEL",
    "CHATS",
    "NOW",
    "a_check",
    "a_context",
    "a_delivery",
    "a_message",
    "a_publication",
    "a_record",
    "a_run",
    "a_step",
    "a_written_result",
    "an_intent",
    "an_invocation",
    "later",
    "results_of",
]

CHANNEL = "slack:channel:T01:C01"
CHATS = frozenset({"slack"})


def later(seconds: float) -> datetime:
    """Return a time so many seconds after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def an_invocation(words: str = "status", **changes: object) -> Invocation:
    actor = Actor(
        id="slack:user:T01:U01",
        principals=frozenset({"slack:user:T01:U01", "slack:team:T01"}),
        name="Alice",
        email="alice@example.com",
    )
    place = Place(channel=CHANNEL, thread="17.5", shared=True)
    invocation = Invocation(actor=actor, place=place, text=words, key="k1", at=NOW, values={"grep": "x"},
                            attached=(AttachedFile(ref="F1", name="junittests.xml", size=7),))  # fmt: skip
    return replace(invocation, **changes)  # type: ignore[arg-type]  # a test may change any field


def a_delivery(key: str = "a", **changes: object) -> NewDelivery:
    delivery = NewDelivery(key=key, channel=CHANNEL, payload=f"payload of {key}")
    return replace(delivery, **changes)  # type: ignore[arg-type]  # a test may change any field


def a_message(delivery: Delivery, message_id: str = "m1") -> MessageRef:
    return MessageRef(channel=delivery.channel, message_id=message_id, thread=delivery.thread)


def a_step(**changes: object) -> PollStep:
    return replace(PollStep(connection="demo", now=NOW), **changes)  # type: ignore[arg-type]  # any field


def results_of(number: int, *failing: str, **changes: object) -> StoredResults:
    run = a_run(number)
    results = StoredResults(
        ref=run.ref,
        launcher=run.launcher,
        status=RunStatus.COMPLETED,
        created_at=run.created_at,
        failing=frozenset(failing),
        passing_count=7,
        unknown_count=2,
    )
    return replace(results, **changes)  # type: ignore[arg-type]  # a test may change any field


def an_intent(intent_id: str = "i1", **changes: object) -> Intent:
    intent = Intent(
        id=intent_id,
        connection="demo",
        actor="slack:user:T01:U01",
        channel=CHANNEL,
        thread=None,
        request=LaunchRequest(launcher="Payments Nightly", key=intent_id),
        subject="",
        state=IntentState.DRAFT,
        created_at=NOW,
    )
    return replace(intent, **changes)  # type: ignore[arg-type]  # a test may change any field


def a_context(run_id: str = "r1") -> Context:
    return Context(run=RunRef("demo", run_id), property_name="No lost writes")


def a_publication(key: str = "i1", **changes: object) -> Publication:
    publication = Publication(
        key=key, source=RunRef("demo", "r1"), target="af", created_at=NOW, intent_id=key
    )
    return replace(publication, **changes)  # type: ignore[arg-type]  # a test may change any field


def a_check(name: str = "No lost writes", **changes: object) -> PublishedCheck:
    check = PublishedCheck(name=name, status=CheckStatus.FAILING)
    return replace(check, **changes)  # type: ignore[arg-type]  # a test may change any field


def a_record(run_id: str = "run_1", **changes: object) -> LedgerRun:
    record = LedgerRun(
        ref=RunRef("af", run_id),
        project="project_1",
        label="Payments Nightly 1",
        series="Payments Nightly",
        status=RunStatus.STARTING,
        created_at=NOW,
    )
    return replace(record, **changes)  # type: ignore[arg-type]  # a test may change any field


def a_written_result(result_id: str = "res_1", **changes: object) -> LedgerResult:
    result = LedgerResult(
        connection="af",
        result_id=result_id,
        run_id="run_1",
        name="No lost writes",
        status=CheckStatus.UNKNOWN,
        excused=False,
        written_at=NOW,
    )
    return replace(result, **changes)  # type: ignore[arg-type]  # a test may change any field
