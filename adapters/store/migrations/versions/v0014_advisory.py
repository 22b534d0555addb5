"""Forget which advisory checks failed: a run is no environment problem for them, and they are no failures of the software.

Else nothing could be compared with the runs on record of a team whose build has a warning in every run.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ADVICE = frozenset(
    {
        "symbols were uploaded",
        "thread pausing was enabled",
        "recent version of software was provided",
        "assertions are present in customer code",
        "the test composer was used",
        "test ran with full parallelism",
        "no build warnings",
        "customer output volume",
        "virtual time per wall time",
        "hypervisor utilization",
        "fault injector total packets",
        "unique edges",
        "input count",
        "always: peak memory usage",
    }
)
"""As they were known at this revision; no test of another platform has a name like these."""


def upgrade() -> None:
    """Take the names out of what failed."""
    results = sa.table(
        "results", *(sa.column(name) for name in ("connection", "run_id", "failing", "unhealthy"))
    )
    bind = op.get_bind()
    some = (results.c.failing != "[]") | (results.c.unhealthy != "[]")
    for row in bind.execute(sa.select(results).where(some)).all():
        kept = {"failing": _without(row.failing), "unhealthy": _without(row.unhealthy)}
        if kept != {"failing": row.failing, "unhealthy": row.unhealthy}:
            of_run = (results.c.connection == row.connection) & (results.c.run_id == row.run_id)
            bind.execute(results.update().where(of_run).values(kept))


def _without(names: str) -> str:
    """Return JSON names without those; the text as it is where it has none of them."""
    listed = json.loads(names)
    kept = [name for name in listed if name.casefold() not in _ADVICE]
    return names if len(kept) == len(listed) else json.dumps(kept)
