"""Forgetting what is no longer needed, in small steps, so that the database stays small for years.

Rows are looked for by reading, and let go a few hundred at a time, each step in a transaction of its own: nobody
waits for a long write. Kept for good: the audit trail, subscriptions, people's names, what they said of checks, runs (a few hundred bytes
each; what is known to be whole rests on them, and forgetting one could announce it again), and since when each check
that failed is known: that outlives the results it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_, update
from sqlalchemy.sql.dml import Delete, Update

from adapters.store.intents import NEVER_SENT
from adapters.store.part import Part
from adapters.store.tables import (
    checks,
    folded,
    hints,
    inbox,
    intents,
    late_causes,
    ledger_results,
    ledger_runs,
    live_cards,
    outbox,
    publication_results,
    publications,
    rate_limits,
    repeats,
    reservations,
    results,
    runs,
    schedules,
    short_texts,
    stories,
    threads,
)
from bot.chain import DEPTH
from bot.state import DeliveryState, IntentState

ANSWERED = timedelta(days=7)  # chats deliver again within minutes, so a week of ids is plenty
ABANDONED = timedelta(days=30)  # nobody waits for an answer that long
PAYLOADS = timedelta(days=30)
UNSENT = timedelta(days=90)  # what was asked for and never sent
PUBLISHED = timedelta(days=30)  # plans of what was written elsewhere, and of what nobody confirmed
# Threads, buttons, what was launched, keys of messages, results, records elsewhere, checks that never failed.
YEAR = timedelta(days=400)
CHAIN = 2 * DEPTH  # results of a series that stay, however old: those that a later run is compared with
HINTED = timedelta(days=7)  # nobody could poll for so long; by far longer than one that comes again is known
RESERVED = timedelta(days=7)  # no quota asks for more than the day
STEP = 500  # rows in one transaction
STEPS = 100  # of each kind at a time; the rest comes with the next call

SETTLED = (DeliveryState.SENT, DeliveryState.FOLDED, DeliveryState.DROPPED)
SENT = (IntentState.ACCEPTED, IntentState.UNKNOWN)

Keys = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows were let go or emptied."""

    commands: int
    payloads: int
    rate_limits: int
    messages: int
    intents: int
    threads: int
    short_texts: int
    results: int
    checks: int
    publications: int
    ledger: int
    reservations: int
    hints: int
    rest: int  # what belonged to rows that are gone


@dataclass(frozen=True, slots=True)
class _Kind:
    """What may go: `old` finds keys, `let_go` does it to some of them, if they are old still."""

    old: Select[Any]
    let_go: Callable[[Keys], Delete | Update]


class SqlUpkeep(Part):
    """Keeps the database small."""

    async def prune(self, now: datetime) -> Pruned:
        """Let go of what is old; what is too much for one call comes with the next."""
        done = {name: await self._let_go(kind) for name, kind in _kinds(now).items()}
        rest = [await self._let_go(kind) for kind in _orphans()]
        return Pruned(**done, rest=sum(rest))

    async def restored(self, now: datetime) -> None:
        """Let nothing be launched twice because the database was put back to what it was at a backup.

        What waited for a person then may have been confirmed since: it is forgotten, so that a press finds nothing. What was
        confirmed may have been sent, so it is looked for. What was due of schedules until now was, or was missed.
        """
        asked = intents.c.state.in_([IntentState.DRAFT, IntentState.ASKED])
        confirmed = update(intents).where(intents.c.state == IntentState.CONFIRMED)
        dealt_with = update(schedules).where(schedules.c.done_until < now)
        async with self._db.writing() as connection:
            await connection.execute(delete(intents).where(asked))
            await connection.execute(
                confirmed.values(state=IntentState.POSTING, posted_at=intents.c.changed_at)
            )
            await connection.execute(dealt_with.values(done_until=now, version=schedules.c.version + 1))
            await connection.execute(
                update(schedules)
                .values(told=True, last_intent=None)
                .where(schedules.c.last_intent.not_in(select(intents.c.id)))
            )

    async def _let_go(self, kind: _Kind) -> int:
        gone = 0
        for _ in range(STEPS):
            found = await self._rows(kind.old.limit(STEP))
            if not found:
                break
            gone += await self._write(kind.let_go([row[0] if len(row) == 1 else tuple(row) for row in found]))
        return gone


def _kinds(now: datetime) -> Mapping[str, _Kind]:
    answered = (inbox.c.finished & (inbox.c.received_at < now - ANSWERED)) | (
        inbox.c.received_at < now - ABANDONED
    )
    settled = outbox.c.state.in_(SETTLED)
    read = settled & (outbox.c.settled_at < now - PAYLOADS) & (outbox.c.payload != "")
    old = settled & (outbox.c.settled_at < now - YEAR)
    unsent = intents.c.state.in_(NEVER_SENT) & (intents.c.changed_at < now - UNSENT)
    sent = intents.c.state.in_(SENT) & (intents.c.changed_at < now - YEAR)
    # The newest number stays: SQLite would give it again, and what is kept of old runs names checks by number.
    unnamed = (
        checks.c.first_failed.is_(None)
        & (checks.c.last_seen < now - YEAR)
        & (checks.c.id < select(func.max(checks.c.id)).scalar_subquery())
    )
    shown = select(live_cards.c.id).where(live_cards.c.intent_id == intents.c.id).exists()
    return {
        "commands": _rows(inbox.c.id, answered),
        "payloads": _Kind(
            select(outbox.c.id).where(read),
            lambda ids: update(outbox).where(outbox.c.id.in_(ids), settled).values(payload="", context=None),
        ),
        "rate_limits": _rows(rate_limits.c.channel, rate_limits.c.until <= now),
        "messages": _rows(outbox.c.id, old),
        "intents": _rows(intents.c.id, (unsent | sent) & ~shown),
        "threads": _pairs((threads.c.channel, threads.c.thread), threads.c.kept_at < now - YEAR),
        "short_texts": _rows(short_texts.c.token, short_texts.c.kept_at < now - YEAR),
        "results": _results(now),
        "checks": _rows(checks.c.id, unnamed),
        "publications": _rows(publications.c.key, publications.c.changed_at < now - PUBLISHED),
        "ledger": _pairs(
            (ledger_runs.c.connection, ledger_runs.c.run_id), ledger_runs.c.created_at < now - YEAR
        ),
        "reservations": _rows(reservations.c.intent_id, reservations.c.at < now - RESERVED),
        "hints": _pairs((hints.c.connection, hints.c.digest), hints.c.at < now - HINTED),
    }


def _orphans() -> tuple[_Kind, ...]:
    """Find what belongs to rows that are gone."""
    keys, ids = select(outbox.c.key), select(intents.c.id)
    waiting = keys.where(outbox.c.state.not_in((DeliveryState.FOLDED, DeliveryState.DROPPED)))
    return (
        _rows(folded.c.key, folded.c.key.not_in(keys)),
        _rows(repeats.c.key, repeats.c.key.not_in(keys)),
        _rows(late_causes.c.key, late_causes.c.key.not_in(waiting)),
        _pairs((stories.c.intent_id, stories.c.channel), stories.c.intent_id.not_in(ids)),
        _pairs(
            (publication_results.c.key, publication_results.c.position),
            publication_results.c.key.not_in(select(publications.c.key)),
        ),
        _pairs(
            (ledger_results.c.connection, ledger_results.c.result_id),
            tuple_(ledger_results.c.connection, ledger_results.c.run_id).not_in(
                select(ledger_runs.c.connection, ledger_runs.c.run_id)
            ),
        ),
    )


def _rows(key: Any, old: ColumnElement[bool]) -> _Kind:
    return _Kind(select(key).where(old), lambda keys: delete(key.table).where(key.in_(keys), old))


def _pairs(pair: tuple[Any, Any], old: ColumnElement[bool]) -> _Kind:
    table = pair[0].table
    return _Kind(select(*pair).where(old), lambda keys: delete(table).where(tuple_(*pair).in_(keys), old))


def _results(now: datetime) -> _Kind:
    """Find old results behind the newest of their series."""
    series = (runs.c.connection, runs.c.launcher, runs.c.source, runs.c.test_name)
    place = func.row_number().over(partition_by=series, order_by=runs.c.listed_at.desc()).label("place")
    pair = (results.c.connection, results.c.run_id)
    same = (runs.c.connection == results.c.connection) & (runs.c.run_id == results.c.run_id)
    ranked = select(*pair, runs.c.listed_at, place).select_from(results.join(runs, same)).subquery()
    old = (ranked.c.place > CHAIN) & (ranked.c.listed_at < now - YEAR)
    return _Kind(
        select(ranked.c.connection, ranked.c.run_id).where(old),
        lambda keys: delete(results).where(tuple_(*pair).in_(keys)),
    )
