"""Keep all programs that run, and which of them holds what, in place of the one that works."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import counters, keys, numbers, texts, times

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Lay both tables, and remove the one that they replace."""
    op.create_table(
        "replicas",
        *keys("id"),
        *texts("host", "place"),
        *numbers("pid"),
        *texts("born"),
        *times("since"),
        *texts("version"),
        *counters("beats"),
        *texts("report"),
    )
    op.create_table("leases", *keys("name"), *texts("holder", nullable=True), *counters("epoch"))
    op.drop_table("workers")
