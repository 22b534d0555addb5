"""Every table, the same in SQLite and PostgreSQL; the migrations build exactly this."""

from __future__ import annotations

from sqlalchemy import Connection, Index, MetaData, Table, UniqueConstraint, event, func, text

from adapters.store.columns import blobs, counters, flags, keys, numbers, row_id, texts, times

GENESIS = "0" * 64  # the hash that stands before the first line of the audit trail

metadata = MetaData()

# `owner`: the program that answers it (`replicas.id`); null for what a version accepted that kept none.
inbox = Table(
    "inbox",
    metadata,
    row_id(),
    *texts("source", "dedupe_id"),
    *times("received_at"),
    *flags("finished"),
    *texts("invocation"),
    *texts("owner", nullable=True),
    UniqueConstraint("source", "dedupe_id", name="inbox_once"),
    Index("inbox_waiting", "source", "finished", "received_at"),
)

watermarks = Table("watermarks", metadata, *keys("connection"), *times("created_at"))

# Over which time of creation `runs` holds every run of a connection; `since` is exclusive, `until` is not.
# `unread`: stretches inside it that listing still has to come to, as JSON.
coverage = Table("coverage", metadata, *keys("connection"), *times("since", "until"), *texts("unread"))

# `settled`: ended, and its results are known or were there before the first look, or no longer followed: it is not read.
# `listed_at`: when it was created, or first listed where the platform does not say: then it falls from row to row of
# a list. `listed`: a list has shown it; until then a run that was launched here has the time of its launch.
# `progress`: how many checks were done; `changed_at`: since when it and the status are as they are.
# `launcher_key`: the launcher's id, or its name where it has none: what a series goes by.
# `says`: the platform's own word for it. `brief`: all of this is from a row of a list, which says less than the run alone.
runs = Table(
    "runs",
    metadata,
    *keys("connection", "run_id"),
    *texts("status", "launcher", "source", "test_name"),
    *flags("ephemeral"),
    *times("created_at", nullable=True),
    *times("listed_at"),
    *times("terminal_since", nullable=True),
    *texts("announced", nullable=True),
    *flags("results_known", "settled"),
    *texts("launcher_key"),
    *flags("listed"),
    *texts("progress"),
    *times("changed_at"),
    *texts("says", nullable=True),
    *flags("brief"),
    *texts("commit", nullable=True),
    Index("runs_unsettled", "connection", "settled"),
    Index("runs_listed", "connection", "listed_at"),
    Index("runs_launchers", "connection", "launcher", "listed_at"),
    Index("runs_series", "connection", "launcher_key", "source", "test_name", "listed_at"),
)

# Apart from `runs`, so that results kept for comparing never look like a run that was announced.
# `told`: they were announced to channels; reading them once more to compare changes nothing of that.
# `came`: what came of every check, by its number in `checks`, as `came.py` packs it; NULL where that is not known.
# `came_whole`: it has all of the run's checks, not only those that failed.
results = Table(
    "results",
    metadata,
    *keys("connection", "run_id"),
    *texts("launcher", "status"),
    *times("created_at", nullable=True),
    *texts("failing"),
    *numbers("passing_count", "unknown_count"),
    *flags("told"),
    *numbers("skipped_count"),
    *texts("excused"),
    *texts("says", nullable=True),
    *times("seen_at", nullable=True),
    *texts("unhealthy"),
    *blobs("came", nullable=True),
    *flags("came_whole"),
    *texts("commit", nullable=True),
    *numbers("advisory_count", nullable=True),
)

# Every check that the runs of a launcher named: what a run says of it stands in `results.came` under its number.
# `digest`: of the name, since an index takes no text of any length. The times outlive the results that they come from.
# `groups`: those of a name that stands in several, as JSON.
checks = Table(
    "checks",
    metadata,
    row_id(),
    *texts("connection", "launcher_key", "digest", "name"),
    *times("first_seen", "last_seen"),
    *times("first_failed", "last_failed", nullable=True),
    *texts("place", "groups"),
    UniqueConstraint("connection", "launcher_key", "digest", name="checks_once"),
    Index("checks_named", "connection", "digest"),
)

# What people said of single properties; a row stays when it is cleared, so that its `version` only grows.
# `digest`: of the name, as in `checks`. `places`: as JSON. `reopened_why` is NULL while what was said holds.
property_states = Table(
    "property_states",
    metadata,
    *keys("connection", "launcher_key", "digest"),
    *texts("name", "owner"),
    *times("owned_at", nullable=True),
    *texts("word", nullable=True),
    *texts("said_by"),
    *times("said_at", nullable=True),
    *texts("ticket"),
    *times("until", nullable=True),
    *numbers("runs", nullable=True),
    *texts("places"),
    *texts("ratio", nullable=True),
    *times("counts_from", nullable=True),
    *texts("reopened_why", nullable=True),
    *texts("reopened_run_id", "reopened_now"),
    *counters("version"),
)

# `wants` joins what makes a subscription unique: in a unique constraint NULL never equals NULL.
subscriptions = Table(
    "subscriptions",
    metadata,
    row_id(),
    *texts("wants", unique=True),
    *texts("channel"),
    *texts("connection", "launcher", "source", nullable=True),
    *texts("outcomes"),
    *texts("report_links", nullable=True),
    *flags("from_settings"),
    *texts("problem"),
    *times("created_at"),
    Index("subscriptions_channel", "channel"),
)

# `by`, `begins`: local times of `zone`; `days`: of the week, Monday is 0. `since`: earlier deadlines do not count.
expectations = Table(
    "expectations",
    metadata,
    row_id(),
    *texts("wants", unique=True),
    *texts("channel", "connection", "launcher"),
    *texts("source", "by", "begins", nullable=True),
    *texts("zone", "days"),
    *flags("from_settings"),
    *times("since"),
    Index("expectations_channel", "channel"),
)

# Whom posts mention. `wants` as in `subscriptions`; `who`: an id of the channel's chat. `since`: when it was made.
mentions = Table(
    "mentions",
    metadata,
    row_id(),
    *texts("wants", unique=True),
    *texts("channel", "who", "name"),
    *texts("connection", "launcher", "source", "pattern", nullable=True),
    *texts("outcomes"),
    *flags("from_settings"),
    *times("since"),
    *times("matched_at", nullable=True),
    Index("mentions_channel", "channel"),
)

# Ids with the same `person` are one person's.
links = Table("links", metadata, *keys("actor"), *texts("person"))

# A code that links whoever says it to `actor`; the code itself is kept nowhere.
link_codes = Table("link_codes", metadata, *keys("digest"), *texts("actor"), *times("until"))

# How a channel wants to be notified; times are those of its zone.
channels = Table(
    "channels",
    metadata,
    *keys("channel"),
    *texts("zone"),
    *texts("quiet_from", "quiet_to", nullable=True),
    *flags("from_settings"),
    *texts("digest", nullable=True),
    *texts("digest_days"),
    *flags("digest_empty"),
)

# How far the digests of each channel are. `upto`: a number of the outbox.
digests = Table(
    "digests",
    metadata,
    *keys("channel"),
    *texts("schedule"),
    *times("after", "since"),
    *counters("upto"),
)

# `scope` joins channel, connection, launcher and source: in a unique constraint NULL never equals NULL.
mutes = Table(
    "mutes",
    metadata,
    row_id(),
    *texts("scope", unique=True),
    *texts("channel"),
    *texts("connection", "launcher", "source", nullable=True),
    *times("until", "since"),
    *texts("by"),
    Index("mutes_channel", "channel"),
)

# `ending`: how the run ended whose end it announces, as JSON. A row in `held` is looked at from `next_at` on.
outbox = Table(
    "outbox",
    metadata,
    row_id(),
    *texts("key", unique=True),
    *texts("provider_key", "chat", "channel"),
    *texts("thread", "after_key", nullable=True),
    *texts("payload"),
    *texts("context", "report_connection", "report_run_id", nullable=True),
    *texts("report_links", "state"),
    *numbers("attempts"),
    *times("attempt_at", nullable=True),
    *times("next_at"),
    *numbers("faults"),
    *texts("error"),
    *texts("message_id", nullable=True),
    *times("recorded_at"),
    *times("settled_at", nullable=True),
    *texts("ending", nullable=True),
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

# Announcements that are edited when it is known why their runs broke, or (`marked`) since people said something of what
# fails in them. `before`: the end that they correct.
late_causes = Table(
    "late_causes",
    metadata,
    *keys("key"),
    *texts("connection", "run_id"),
    *texts("before", nullable=True),
    *times("since"),
    *flags("marked"),
    Index("late_causes_connection", "connection", "since"),
)

rate_limits = Table("parked", metadata, *keys("channel"), *times("until"))

threads = Table(
    "threads",
    metadata,
    *keys("channel", "thread"),
    *texts("context"),
    *times("kept_at"),
    Index("threads_kept", "kept_at"),
)

live_cards = Table(
    "live_cards",
    metadata,
    row_id(),
    *texts("intent_id", "channel", "message_id"),
    *texts("thread", nullable=True),
    *texts("shown"),
    UniqueConstraint("intent_id", "channel", "message_id", name="live_cards_once"),
)

# The first message that shows a launch in a channel; its completion belongs there, also after the edits ended.
stories = Table(
    "stories",
    metadata,
    *keys("intent_id", "channel"),
    *texts("message_id"),
    *texts("thread", nullable=True),
)

# How people were called when they last acted; never decides anything.
names = Table("names", metadata, *keys("actor"), *texts("name"))

# Messages that were never sent because a summary (`digest`, the key of its row) tells of them.
folded = Table("folded", metadata, *keys("key"), *texts("digest"), Index("folded_digest", "digest"))

# Messages that may be there although nobody can find out; their next post says so.
repeats = Table("repeats", metadata, *keys("key"))

# The programs that run. `place`, `pid` and `born` say whether one still runs, to whoever can see it; `beats` grows
# while it lives, and `report` says what it sees.
replicas = Table(
    "replicas",
    metadata,
    *keys("id"),
    *texts("host", "place"),
    *numbers("pid"),
    *texts("born"),
    *times("since"),
    *texts("version"),
    *counters("beats"),
    *texts("report"),
)

# What webhooks told. `digest`: of a delivery's body, so that one which comes again is the same hint; `run_ids`: as JSON, and none
# any more once a poll has `answered` it.
hints = Table(
    "hints",
    metadata,
    *keys("connection", "digest"),
    *times("at"),
    *texts("run_ids"),
    *flags("answered"),
    Index("hints_waiting", "connection", "answered", "at"),
)

# What one replica does at a time, and which (NULL: none); `epoch` grows each time it is taken or freed.
leases = Table("leases", metadata, *keys("name"), *texts("holder", nullable=True), *counters("epoch"))

# What somebody was notified of and that is not over. `channel`: where; empty: the operator's.
notices = Table(
    "notices", metadata, *keys("cause", "subject"), *texts("problem"), *times("since"), *texts("channel")
)

# What buttons ask for, by token, and short texts of chats.
short_texts = Table(
    "words",
    metadata,
    *keys("token"),
    *texts("words"),
    *times("kept_at"),
    Index("words_kept", "kept_at"),
)

# A row that is written to find out whether anything can be.
probes = Table("probes", metadata, *keys("name"), *counters("writes"))

intents = Table(
    "intents",
    metadata,
    *keys("id"),
    *texts("kind", "connection", "actor", "channel"),
    *texts("thread", nullable=True),
    *texts("request", "subject", "state"),
    *times("created_at", "changed_at"),
    *times("posted_at", nullable=True),
    *texts("run_id", nullable=True),
    *texts("reason", "preset", "preset_mark", "second", "decided_by"),
    *times("approve_by", nullable=True),
    Index("intents_state", "state", "created_at"),
    Index("intents_subject", "connection", "subject", "created_at"),
    Index("intents_run", "connection", "run_id"),
)

# Launches that are made at times. `same`: what makes one unique in its channel; `request`: what was confirmed, as JSON.
schedules = Table(
    "schedules",
    metadata,
    *keys("id"),
    *texts("channel", "connection", "actor", "principals", "request", "same"),
    *times("made_at", "done_until"),
    *texts("paused"),
    *times("last_due", nullable=True),
    *texts("last_intent", nullable=True),
    *texts("last"),
    *flags("told"),
    *counters("version"),
    UniqueConstraint("channel", "same", name="schedules_once"),
)

# Runs that are written into another platform. Of what a person asked for, `key` is the intent's id.
publications = Table(
    "publications",
    metadata,
    *keys("key"),
    *texts("source_connection", "source_run_id", "target", "state"),
    *texts("intent_id", nullable=True),
    *flags("by_rule"),
    *times("created_at", "changed_at"),
    *texts("reason"),
    Index("publications_state", "state", "created_at"),
)

# How far each check of a publication is. `content`: what is written of it, as JSON.
publication_results = Table(
    "publication_results",
    metadata,
    *keys("key"),
    *numbers("position", primary_key=True, autoincrement=False),
    *texts("content"),
    *numbers("tries"),
    *texts("result_id", nullable=True),
    *flags("told"),
    *texts("file_id", nullable=True),
    *flags("attached"),
    *texts("trouble"),
)

# What was written into platforms that do not let it be read back.
ledger_runs = Table(
    "ledger_runs",
    metadata,
    *keys("connection", "run_id"),
    *texts("project", "label", "series", "status"),
    *times("created_at"),
    *times("ended_at", nullable=True),
    *texts("origin"),
)

ledger_results = Table(
    "ledger_results",
    metadata,
    *keys("connection", "result_id"),
    *texts("run_id", "name", "status"),
    *flags("excused"),
    *times("written_at"),
    *times("ended_at", nullable=True),
    Index("ledger_results_run", "connection", "run_id", "written_at"),
)

# What confirmed runs take of quotas; it counts as long as the intent's state says that it may have become a run.
reservations = Table(
    "reservations",
    metadata,
    *keys("intent_id"),
    *texts("actor", "channel", "launcher", "connection"),
    *numbers("minutes", nullable=True),
    *times("at"),
    Index("reservations_at", "at"),
)

# What is switched on: a row that is there.
switches = Table("switches", metadata, *keys("name"), *times("at"), *texts("actor", "by"))

audit = Table(
    "audit",
    metadata,
    *counters("seq", primary_key=True, autoincrement=False),
    *times("at"),
    *texts("actor", "channel", "action", "decision", "detail", "prev_hash", "hash"),
)

# One row: the last line's number and hash. Writers queue on it, and a trail that lost its end shows.
audit_head = Table(
    "audit_head",
    metadata,
    *numbers("id", primary_key=True, autoincrement=False),
    *counters("seq"),
    *texts("hash"),
)


@event.listens_for(audit_head, "after_create")
def lay_first_hash(_table: Table, connection: Connection, **_options: object) -> None:
    """Put in the one row; the migration that makes the table does the same."""
    connection.execute(audit_head.insert(), {"id": 1, "seq": 0, "hash": GENESIS})
