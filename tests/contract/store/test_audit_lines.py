"""Asking the audit trail: who, what, about which run, since when; the same in memory and in every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import Store
from bot.state import AuditEntry, AuditLine, AuditQuery
from tests.contract.store.kit import NOW

ANN, BOB = "slack:user:T01:ANN", "discord:user:100:7"
LINES = (
    AuditEntry(at=NOW, actor=ANN, channel="c", action="launch", decision="allowed", detail="role:launch"),
    AuditEntry(at=NOW, actor=ANN, channel="c", action="launch", decision="accepted", detail="k1: run 12"),
    AuditEntry(at=NOW, actor=BOB, channel="c", action="report", decision="given", detail="builds/12"),
    AuditEntry(at=NOW, actor=BOB, channel="c", action="cancel", decision="denied", detail="k2: 112"),
    AuditEntry(at=NOW, actor=ANN, channel="d", action="outbox drop", decision="done", detail="12%"),
    AuditEntry(at=NOW, actor=ANN, channel="d", action="cancel", decision="confirmed", detail="k3: AbC (12)"),
)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (AuditQuery(), [6, 5, 4, 3, 2, 1]),
        (AuditQuery(actors=frozenset({BOB})), [4, 3]),
        (AuditQuery(actors=frozenset({BOB, ANN}), actions=frozenset({"cancel", "report"})), [6, 4, 3]),
        (AuditQuery(naming=frozenset({"12"})), [6, 3, 2]),
        (AuditQuery(naming=frozenset({"builds/12", "k2"})), [4, 3]),
        (AuditQuery(naming=frozenset({"abc"})), []),
        (AuditQuery(naming=frozenset({"AbC"})), [6]),
        (AuditQuery(naming=frozenset({"%"})), []),
        (AuditQuery(newest=2), [2, 1]),
        (AuditQuery(until=NOW + timedelta(minutes=2)), [2, 1]),
        (AuditQuery(until=NOW + timedelta(minutes=5), since=NOW + timedelta(minutes=4)), [5]),
        (AuditQuery(since=NOW + timedelta(minutes=4)), [6, 5]),
        (AuditQuery(actors=frozenset({"nobody"})), []),
    ],
)
async def test_audit_lines__that_fit(store: Store, query: AuditQuery, numbers: list[int]) -> None:
    """Ids are compared whole and as written, newest lines first; pages of two make the same list."""
    for minute, line in enumerate(LINES):
        await store.audit(replace(line, at=NOW + timedelta(minutes=minute)))

    lines, total = await store.audit_lines(query, skip=0, limit=10)
    paged = [
        line for skip in range(0, 6, 2) for line in (await store.audit_lines(query, skip=skip, limit=2))[0]
    ]

    assert ([line.number for line in lines], total) == (numbers, len(numbers))
    assert tuple(paged) == lines
    assert all(replace(line.entry, at=NOW) == LINES[line.number - 1] for line in lines)


ACTS = (
    (ANN, "c", "watch", "allowed"),
    (ANN, "c", "watch", "done"),
    (BOB, "c", "watch", "allowed"),  # the next line is about somebody else
    (ANN, "c", "classify", "allowed"),
    (ANN, "c", "classify", "taken"),
    (ANN, "c", "watch", "allowed"),  # of another verb
    (ANN, "c", "mark", "done"),
    (ANN, "c", "mark", "allowed"),  # of another channel
    (ANN, "d", "mark", "done"),
    (ANN, "d", "launch", "allowed"),  # asked for, and confirmed later
    (ANN, "d", "launch", "confirmed"),
    (ANN, "d", "mark", "denied"),
    (ANN, "d", "mark", "done"),
    (ANN, "d", "mark", "allowed"),  # the newest
)


async def test_audit_lines__one_for_each_act(store: Store) -> None:
    """What only allows what the next line says was done is left out, and nothing else; pages and counts are the same."""
    for actor, channel, action, decision in ACTS:
        await store.audit(AuditEntry(at=NOW, actor=actor, channel=channel, action=action, decision=decision))
    query = AuditQuery(acts=True)
    lines, total = await store.audit_lines(query, skip=0, limit=20)
    paged = [
        line for skip in range(0, 14, 5) for line in (await store.audit_lines(query, skip=skip, limit=5))[0]
    ]
    of_bob = await store.audit_lines(replace(query, actors=frozenset({BOB})), skip=0, limit=5)

    assert [line.number for line in lines] == [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 3, 2]
    assert total == len(lines)
    assert tuple(paged) == lines
    assert [line.number for line in of_bob[0]] == [3]
    assert (await store.audit_lines(AuditQuery(), skip=0, limit=20))[1] == len(ACTS)


async def test_audit_actors__with_names(store: Store) -> None:
    """Everybody who stands in it once, with the name that is kept."""
    assert await store.audit_actors() == {}
    for line in LINES:
        await store.audit(line)
    await store.keep_name(ANN, "Ann")
    await store.keep_name("slack:user:T01:OTHER", "Other")

    assert await store.audit_actors() == {ANN: "Ann", BOB: ""}


async def test_audit_lines__of_nothing(store: Store) -> None:
    """A trail without lines has none."""
    assert await store.audit_lines(AuditQuery(), skip=0, limit=5) == ((), 0)


async def test_audit_line__keeps_its_number(store: Store) -> None:
    """A line that is added later changes no number."""
    await store.audit(LINES[0])
    before = await store.audit_lines(AuditQuery(), skip=0, limit=1)
    await store.audit(LINES[1])

    assert await store.audit_lines(AuditQuery(newest=1), skip=0, limit=5) == before
    assert before[0] == (AuditLine(1, LINES[0]),)
