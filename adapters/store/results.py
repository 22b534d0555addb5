"""A run's results as a row, kept only for comparing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from adapters.store.codec import decode, encode
from adapters.store.database import Database, Insert
from adapters.store.tables import results
from bot.model import RunRef, RunStatus, Says
from bot.state import StoredResults

REPLACED = (
    "launcher",
    "status",
    "created_at",
    "failing",
    "excused",
    "passing_count",
    "skipped_count",
    "unknown_count",
    "says",
    "seen_at",
    "told",
)


def result_row(kept: StoredResults, *, told: bool) -> dict[str, Any]:
    """Return the row of a run's results; `told`: channels are told them."""
    return {
        "connection": kept.ref.connection,
        "run_id": kept.ref.run_id,
        "launcher": kept.launcher,
        "status": kept.status,
        "created_at": kept.created_at,
        "failing": encode(sorted(kept.failing)),
        "excused": encode(sorted(kept.excused)),
        "passing_count": kept.passing_count,
        "skipped_count": kept.skipped_count,
        "unknown_count": kept.unknown_count,
        "says": kept.says,
        "seen_at": kept.seen_at,
        "told": told,
    }


def upsert_results(db: Database) -> Insert:
    """Insert results, or replace what was kept of the same run; what was only read never replaces what was told."""
    add = db.insert(results)
    return add.on_conflict_do_update(
        index_elements=["connection", "run_id"],
        set_={name: add.excluded[name] for name in REPLACED},
        where=add.excluded.told | ~results.c.told,
    )


def stored(row: Row[Any]) -> StoredResults:
    """Read results back."""
    return StoredResults(
        ref=RunRef(row.connection, row.run_id),
        launcher=row.launcher,
        status=RunStatus(row.status),
        created_at=row.created_at,
        failing=decode(row.failing, frozenset[str]),
        excused=decode(row.excused, frozenset[str]),
        passing_count=row.passing_count,
        skipped_count=row.skipped_count,
        unknown_count=row.unknown_count,
        says=None if row.says is None else Says(row.says),
        seen_at=row.seen_at,
    )
