"""Lay the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Lay the first tables."""
    _commands()
    _watching()
    _delivering()
    _talking()
    _deciding()
    _auditing()


def row_id() -> sa.types.TypeEngine[int]:
    """Return the type of a column that numbers rows: SQLite does so only for exactly INTEGER."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _commands() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("source", CleanText(), nullable=False),
        sa.Column("dedupe_id", CleanText(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("invocation", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "dedupe_id", name="inbox_once"),
    )
    op.create_index("inbox_waiting", "inbox", ["source", "finished", "received_at"])


def _watching() -> None:
    _watermarks()
    _runs()
    _results()
    _subscriptions()


def _watermarks() -> None:
    op.create_table(
        "watermarks",
        sa.Column("connection", CleanText(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("connection"),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("connection", CleanText(), nullable=False),
        sa.Column("run_id", CleanText(), nullable=False),
        sa.Column("status", CleanText(), nullable=False),
        sa.Column("launcher", CleanText(), nullable=False),
        sa.Column("source", CleanText(), nullable=False),
        sa.Column("test_name", CleanText(), nullable=False),
        sa.Column("ephemeral", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime()),
        sa.Column("listed_at", UtcTime(), nullable=False),
        sa.Column("terminal_since", UtcTime()),
        sa.Column("announced", CleanText()),
        sa.Column("results_known", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "run_id"),
    )
    op.create_index("runs_launchers", "runs", ["connection", "launcher", "listed_at"])
    op.create_index("runs_listed", "runs", ["connection", "listed_at"])
    op.create_index("runs_unsettled", "runs", ["connection", "settled"])


def _results() -> None:
    op.create_table(
        "results",
        sa.Column("connection", CleanText(), nullable=False),
        sa.Column("run_id", CleanText(), nullable=False),
        sa.Column("launcher", CleanText(), nullable=False),
        sa.Column("source", CleanText(), nullable=False),
        sa.Column("test_name", CleanText(), nullable=False),
        sa.Column("ephemeral", sa.Boolean(), nullable=False),
        sa.Column("status", CleanText(), nullable=False),
        sa.Column("created_at", UtcTime()),
        sa.Column("failing", CleanText(), nullable=False),
        sa.Column("passing_count", sa.Integer(), nullable=False),
        sa.Column("unknown_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "run_id"),
    )
    op.create_index(
        "results_series", "results", ["connection", "launcher", "source", "test_name", "created_at"]
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("wants", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("connection", CleanText()),
        sa.Column("launcher", CleanText()),
        sa.Column("source", CleanText()),
        sa.Column("outcomes", CleanText(), nullable=False),
        sa.Column("report_links", CleanText()),
        sa.Column("from_settings", sa.Boolean(), nullable=False),
        sa.Column("problem", CleanText(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("wants"),
    )
    op.create_index("subscriptions_channel", "subscriptions", ["channel"])


def _delivering() -> None:
    _outbox()
    _parked()


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("provider_key", CleanText(), nullable=False),
        sa.Column("chat", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("thread", CleanText()),
        sa.Column("after_key", CleanText()),
        sa.Column("payload", CleanText(), nullable=False),
        sa.Column("context", CleanText()),
        sa.Column("report_connection", CleanText()),
        sa.Column("report_run_id", CleanText()),
        sa.Column("report_links", CleanText(), nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempt_at", UtcTime()),
        sa.Column("next_at", UtcTime(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("error", CleanText(), nullable=False),
        sa.Column("message_id", CleanText()),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("outbox_due", "outbox", ["state", "id"])
    op.create_index(
        "outbox_in_flight",
        "outbox",
        ["channel", sa.text("coalesce(thread, '')")],
        unique=True,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )


def _parked() -> None:
    op.create_table(
        "parked",
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel"),
    )


def _talking() -> None:
    _threads()
    _live_cards()
    _words()


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("thread", CleanText(), nullable=False),
        sa.Column("context", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "thread"),
    )


def _live_cards() -> None:
    op.create_table(
        "live_cards",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("intent_id", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("message_id", CleanText(), nullable=False),
        sa.Column("thread", CleanText()),
        sa.Column("shown", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("intent_id", "channel", "message_id", name="live_cards_once"),
    )


def _words() -> None:
    op.create_table(
        "words",
        sa.Column("token", CleanText(), nullable=False),
        sa.Column("words", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )


def _deciding() -> None:
    op.create_table(
        "intents",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("connection", CleanText(), nullable=False),
        sa.Column("actor", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("thread", CleanText()),
        sa.Column("request", CleanText(), nullable=False),
        sa.Column("subject", CleanText(), nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("posted_at", UtcTime()),
        sa.Column("run_id", CleanText()),
        sa.Column("reason", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("intents_run", "intents", ["connection", "run_id"])
    op.create_index("intents_state", "intents", ["state", "created_at"])
    op.create_index("intents_subject", "intents", ["connection", "subject", "created_at"])


def _auditing() -> None:
    _audit()
    _audit_head()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("action", CleanText(), nullable=False),
        sa.Column("decision", CleanText(), nullable=False),
        sa.Column("detail", CleanText(), nullable=False),
        sa.Column("prev_hash", CleanText(), nullable=False),
        sa.Column("hash", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
