"""Every table, the same in SQLite and PostgreSQL; the migrations build exactly this."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    event,
    func,
    text,
)

from adapters.store.columns import CleanText, UtcTime

GENESIS = "0" * 64  # the hash that stands before the first line of the audit trail

metadata = MetaData()

# SQLite numbers rows by itself only in a column of exactly this type.
RowId = BigInteger().with_variant(Integer, "sqlite")

inbox = Table(
    "inbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source", CleanText, nullable=False),
    Column("dedupe_id", CleanText, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("invocation", CleanText, nullable=False),
    UniqueConstraint("source", "dedupe_id", name="inbox_once"),
    Index("inbox_waiting", "source", "finished", "received_at"),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("connection", CleanText, primary_key=True),
    Column("created_at", UtcTime, nullable=False),
)

# Over which time of creation `runs` holds every run of a connection; `since` is exclusive, `until` is not.
# `unread`: stretches inside it that listing still has to come to, as JSON.
coverage = Table(
    "coverage",
    metadata,
    Column("connection", CleanText, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("unread", CleanText, nullable=False),
)

# `settled`: ended, and its results are known or were there before the first look; nothing is left to do.
# `listed_at`: when it was created, or first listed where the platform does not say: then it falls from row to row of
# a list. `listed`: a list has shown it; until then a run that was launched here has the time of its launch.
# `launcher_key`: the launcher's id, or its name where it has none: what a series goes by.
runs = Table(
    "runs",
    metadata,
    Column("connection", CleanText, primary_key=True),
    Column("run_id", CleanText, primary_key=True),
    Column("status", CleanText, nullable=False),
    Column("launcher", CleanText, nullable=False),
    Column("source", CleanText, nullable=False),
    Column("test_name", CleanText, nullable=False),
    Column("ephemeral", Boolean, nullable=False),
    Column("created_at", UtcTime),
    Column("listed_at", UtcTime, nullable=False),
    Column("terminal_since", UtcTime),
    Column("announced", CleanText),
    Column("results_known", Boolean, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("launcher_key", CleanText, nullable=False),
    Column("listed", Boolean, nullable=False),
    Index("runs_unsettled", "connection", "settled"),
    Index("runs_listed", "connection", "listed_at"),
    Index("runs_launchers", "connection", "launcher", "listed_at"),
    Index("runs_series", "connection", "launcher_key", "source", "test_name", "listed_at"),
)

# Apart from `runs`, so that results kept for comparing never look like a run that was announced.
# `told`: channels were told them; reading them once more to compare changes nothing of that.
results = Table(
    "results",
    metadata,
    Column("connection", CleanText, primary_key=True),
    Column("run_id", CleanText, primary_key=True),
    Column("launcher", CleanText, nullable=False),
    Column("status", CleanText, nullable=False),
    Column("created_at", UtcTime),
    Column("failing", CleanText, nullable=False),
    Column("passing_count", Integer, nullable=False),
    Column("unknown_count", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("skipped_count", Integer, nullable=False),
    Column("excused", CleanText, nullable=False),
    Column("says", CleanText),
    Column("seen_at", UtcTime),
)

# `wants` joins what makes a subscription unique: in a unique constraint NULL never equals NULL.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("wants", CleanText, nullable=False, unique=True),
    Column("channel", CleanText, nullable=False),
    Column("connection", CleanText),
    Column("launcher", CleanText),
    Column("source", CleanText),
    Column("outcomes", CleanText, nullable=False),
    Column("report_links", CleanText),
    Column("from_settings", Boolean, nullable=False),
    Column("problem", CleanText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("subscriptions_channel", "channel"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", CleanText, nullable=False, unique=True),
    Column("provider_key", CleanText, nullable=False),
    Column("chat", CleanText, nullable=False),
    Column("channel", CleanText, nullable=False),
    Column("thread", CleanText),
    Column("after_key", CleanText),
    Column("payload", CleanText, nullable=False),
    Column("context", CleanText),
    Column("report_connection", CleanText),
    Column("report_run_id", CleanText),
    Column("report_links", CleanText, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempt_at", UtcTime),
    Column("next_at", UtcTime, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("error", CleanText, nullable=False),
    Column("message_id", CleanText),
    Column("recorded_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Index("outbox_due", "state", "id"),
    Index("outbox_lanes", "state", "channel", "id"),
)

# One row of a (channel, thread) in flight: a rule of the database, whoever claims.
Index(
    "outbox_in_flight",
    outbox.c.channel,
    func.coalesce(outbox.c.thread, text("''")),
    unique=True,
    sqlite_where=text("state = 'sending'"),
    postgresql_where=text("state = 'sending'"),
)

parked = Table(
    "parked",
    metadata,
    Column("channel", CleanText, primary_key=True),
    Column("until", UtcTime, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    Column("channel", CleanText, primary_key=True),
    Column("thread", CleanText, primary_key=True),
    Column("context", CleanText, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Index("threads_kept", "kept_at"),
)

live_cards = Table(
    "live_cards",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("intent_id", CleanText, nullable=False),
    Column("channel", CleanText, nullable=False),
    Column("message_id", CleanText, nullable=False),
    Column("thread", CleanText),
    Column("shown", CleanText, nullable=False),
    UniqueConstraint("intent_id", "channel", "message_id", name="live_cards_once"),
)

# The first message that shows a launch in a channel; its completion belongs there, also after the edits ended.
stories = Table(
    "stories",
    metadata,
    Column("intent_id", CleanText, primary_key=True),
    Column("channel", CleanText, primary_key=True),
    Column("message_id", CleanText, nullable=False),
    Column("thread", CleanText),
)

# How people were called when they last acted; never decides anything.
names = Table(
    "names",
    metadata,
    Column("actor", CleanText, primary_key=True),
    Column("name", CleanText, nullable=False),
)

# Messages that were never sent because a summary (`digest`, the key of its row) tells of them.
folded = Table(
    "folded",
    metadata,
    Column("key", CleanText, primary_key=True),
    Column("digest", CleanText, nullable=False),
    Index("folded_digest", "digest"),
)

# Messages that may be there although nobody can find out; their next post says so.
repeats = Table("repeats", metadata, Column("key", CleanText, primary_key=True))

# The program that polls and delivers. `place`, `pid` and `born` say whether it still runs, to whoever can see it;
# `beats` grows while it lives.
workers = Table(
    "workers",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("holder", CleanText, nullable=False),
    Column("host", CleanText, nullable=False),
    Column("place", CleanText, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", CleanText, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("beats", BigInteger, nullable=False),
)

# What an operator was told of and that is not over.
notices = Table(
    "notices",
    metadata,
    Column("cause", CleanText, primary_key=True),
    Column("subject", CleanText, primary_key=True),
    Column("problem", CleanText, nullable=False),
    Column("since", UtcTime, nullable=False),
)

# What buttons ask for, by token, and short texts of chats.
words = Table(
    "words",
    metadata,
    Column("token", CleanText, primary_key=True),
    Column("words", CleanText, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Index("words_kept", "kept_at"),
)

# A row that is written to find out whether anything can be.
probes = Table(
    "probes",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("writes", BigInteger, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", CleanText, primary_key=True),
    Column("kind", CleanText, nullable=False),
    Column("connection", CleanText, nullable=False),
    Column("actor", CleanText, nullable=False),
    Column("channel", CleanText, nullable=False),
    Column("thread", CleanText),
    Column("request", CleanText, nullable=False),
    Column("subject", CleanText, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("posted_at", UtcTime),
    Column("run_id", CleanText),
    Column("reason", CleanText, nullable=False),
    Index("intents_state", "state", "created_at"),
    Index("intents_subject", "connection", "subject", "created_at"),
    Index("intents_run", "connection", "run_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", CleanText, nullable=False),
    Column("channel", CleanText, nullable=False),
    Column("action", CleanText, nullable=False),
    Column("decision", CleanText, nullable=False),
    Column("detail", CleanText, nullable=False),
    Column("prev_hash", CleanText, nullable=False),
    Column("hash", CleanText, nullable=False),
)

# One row: the last line's number and hash. Writers queue on it, and a trail that lost its end shows.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", CleanText, nullable=False),
)


@event.listens_for(audit_head, "after_create")
def lay_first_hash(_table: Table, connection: Connection, **_options: object) -> None:
    """Put in the one row; the migration that makes the table does the same."""
    connection.execute(audit_head.insert(), {"id": 1, "seq": 0, "hash": GENESIS})
