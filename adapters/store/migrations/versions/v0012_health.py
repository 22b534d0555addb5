"""Tell failing checks of the environment apart from those of the software, in what is on record too.

Else the first sound run after the update would be said to pass for the first time what never was about the software.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText

revision = "0012"
down_revision = "0011"

_HEALTH = frozenset(
    {
        "software was instrumented",
        "symbols were uploaded",
        "thread pausing was enabled",
        "software images match expected platform",
        "recent version of software was provided",
        "assertions are present in customer code",
        "fuzzing has branches",
        "the test composer was used",
        "test ran with full parallelism",
        "fault injector started",
        "all containers joined",
        "no antithesis errors",
        "no session errors",
        "no build errors",
        "no build warnings",
    }
)
"""As they were known at this revision; no test of another platform has a name like these."""


def upgrade() -> None:
    """Add the column, and sort the names on record into it."""
    results = sa.table(
        "results", *(sa.column(name) for name in ("connection", "run_id", "failing", "unhealthy"))
    )
    with op.batch_alter_table("results") as table:
        table.add_column(sa.Column("unhealthy", CleanText()))
    op.execute(results.update().values(unhealthy="[]"))
    bind = op.get_bind()
    for row in bind.execute(sa.select(results).where(results.c.failing != "[]")).all():
        names = json.loads(row.failing)
        ill = [name for name in names if name.casefold() in _HEALTH]
        if ill:
            sound = [name for name in names if name not in ill]
            of_run = (results.c.connection == row.connection) & (results.c.run_id == row.run_id)
            bind.execute(
                results.update().where(of_run).values(failing=json.dumps(sound), unhealthy=json.dumps(ill))
            )
    with op.batch_alter_table("results") as table:
        table.alter_column("unhealthy", existing_type=CleanText(), nullable=False)
