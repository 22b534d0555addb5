"""Keep what came of every check of a run, so that each check has a history.

Of the runs on record only what failed is known: that is taken over, and nothing is said of their other checks.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, UtcTime, row_id

revision = "0015"
down_revision = "0014"

_TEXTS = ("connection", "launcher_key", "digest", "name", "place", "groups")


def upgrade() -> None:
    """Add the table and the column, and take over what failed."""
    texts: list[sa.Column[str]] = [sa.Column(name, CleanText(), nullable=False) for name in _TEXTS]
    checks = op.create_table(
        "checks",
        row_id(),
        *texts[:4],
        *(sa.Column(name, UtcTime(), nullable=False) for name in ("first_seen", "last_seen")),
        *(sa.Column(name, UtcTime(), nullable=True) for name in ("first_failed", "last_failed")),
        *texts[4:],
        sa.UniqueConstraint("connection", "launcher_key", "digest", name="checks_once"),
    )
    op.create_index("checks_named", "checks", ["connection", "digest"])
    with op.batch_alter_table("results") as table:
        table.add_column(sa.Column("came", sa.LargeBinary()))
        table.add_column(sa.Column("came_whole", sa.Boolean()))
    op.execute(sa.table("results", sa.column("came_whole")).update().values(came_whole=False))
    with op.batch_alter_table("results") as table:
        table.alter_column("came_whole", existing_type=sa.Boolean(), nullable=False)
    _take_over(checks)


def _take_over(checks: sa.Table) -> None:
    names = ("connection", "run_id", "launcher", "failing", "excused", "unhealthy", "came")
    results = sa.table("results", *(sa.column(name) for name in names))
    runs = sa.table(
        "runs",
        *(sa.column(name) for name in ("connection", "run_id", "launcher_key")),
        sa.column("listed_at", UtcTime()),
    )
    same = (runs.c.connection == results.c.connection) & (runs.c.run_id == results.c.run_id)
    bind = op.get_bind()
    known: dict[tuple[str, str, str], int] = {}
    rows = bind.execute(
        sa.select(results, runs.c.launcher_key, runs.c.listed_at)
        .join_from(results, runs, same)
        .order_by(runs.c.listed_at)
    ).all()
    for row in rows:
        letters = dict.fromkeys(json.loads(row.excused), "e")
        letters |= dict.fromkeys(json.loads(row.failing), "f")
        letters |= dict.fromkeys(json.loads(row.unhealthy), "h")
        numbers = {}
        for name in sorted(letters):
            key = (row.connection, row.launcher_key, sha256(name.encode()).hexdigest())
            if key not in known:
                fresh = dict(zip(("connection", "launcher_key", "digest"), key, strict=True))
                times = dict.fromkeys(
                    ("first_seen", "last_seen", "first_failed", "last_failed"), row.listed_at
                )
                added = checks.insert().values(**fresh, **times, name=name, place="", groups="[]")
                known[key] = bind.execute(added.returning(checks.c.id)).scalar_one()
            else:
                seen = checks.update().where(checks.c.id == known[key])
                bind.execute(seen.values(last_seen=row.listed_at, last_failed=row.listed_at))
            numbers[known[key]] = letters[name]
        of_run = (results.c.connection == row.connection) & (results.c.run_id == row.run_id)
        bind.execute(results.update().where(of_run).values(came=_packed(numbers)))


def _packed(letters: Mapping[int, str]) -> bytes:
    """Pack letters by numbers, in the form of this revision."""
    numbers = sorted(letters)
    distances = (number - before for before, number in zip((0, *numbers), numbers, strict=False))
    text = "".join(letters[number] for number in numbers)
    return zlib.compress(struct.pack(f"<{len(numbers)}I", *distances) + text.encode())
