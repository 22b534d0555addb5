"""Keep what webhooks told until it is answered."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import flags, keys, texts, times

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table(
        "hints",
        *keys("connection", "digest"),
        *times("at"),
        *texts("run_ids"),
        *flags("answered"),
    )
    op.create_index("hints_waiting", "hints", ["connection", "answered", "at"])
