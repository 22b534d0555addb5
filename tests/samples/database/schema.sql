CREATE TABLE inbox (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	dedupe_id TEXT NOT NULL, 
	received_at VARCHAR(32) NOT NULL, 
	finished BOOLEAN NOT NULL, 
	invocation TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT inbox_once UNIQUE (source, dedupe_id)
);
CREATE INDEX inbox_waiting ON inbox (source, finished, received_at);
CREATE TABLE watermarks (
	connection TEXT NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (connection)
);
CREATE TABLE coverage (
	connection TEXT NOT NULL, 
	since VARCHAR(32) NOT NULL, 
	until VARCHAR(32) NOT NULL, 
	unread TEXT NOT NULL, 
	PRIMARY KEY (connection)
);
CREATE TABLE runs (
	connection TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	status TEXT NOT NULL, 
	launcher TEXT NOT NULL, 
	source TEXT NOT NULL, 
	test_name TEXT NOT NULL, 
	ephemeral BOOLEAN NOT NULL, 
	created_at VARCHAR(32), 
	listed_at VARCHAR(32) NOT NULL, 
	terminal_since VARCHAR(32), 
	announced TEXT, 
	results_known BOOLEAN NOT NULL, 
	settled BOOLEAN NOT NULL, 
	PRIMARY KEY (connection, run_id)
);
CREATE INDEX runs_launchers ON runs (connection, launcher, listed_at);
CREATE INDEX runs_listed ON runs (connection, listed_at);
CREATE INDEX runs_series ON runs (connection, launcher, source, test_name, listed_at);
CREATE INDEX runs_unsettled ON runs (connection, settled);
CREATE TABLE results (
	connection TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	launcher TEXT NOT NULL, 
	status TEXT NOT NULL, 
	created_at VARCHAR(32), 
	failing TEXT NOT NULL, 
	passing_count INTEGER NOT NULL, 
	unknown_count INTEGER NOT NULL, 
	told BOOLEAN NOT NULL, 
	PRIMARY KEY (connection, run_id)
);
CREATE TABLE subscriptions (
	id INTEGER NOT NULL, 
	wants TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	connection TEXT, 
	launcher TEXT, 
	source TEXT, 
	outcomes TEXT NOT NULL, 
	report_links TEXT, 
	from_settings BOOLEAN NOT NULL, 
	problem TEXT NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (wants)
);
CREATE INDEX subscriptions_channel ON subscriptions (channel);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	provider_key TEXT NOT NULL, 
	chat TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	thread TEXT, 
	after_key TEXT, 
	payload TEXT NOT NULL, 
	context TEXT, 
	report_connection TEXT, 
	report_run_id TEXT, 
	report_links TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	attempt_at VARCHAR(32), 
	next_at VARCHAR(32) NOT NULL, 
	faults INTEGER NOT NULL, 
	error TEXT NOT NULL, 
	message_id TEXT, 
	recorded_at VARCHAR(32) NOT NULL, 
	settled_at VARCHAR(32), 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
CREATE UNIQUE INDEX outbox_in_flight ON outbox (channel, coalesce(thread, '')) WHERE state = 'sending';
CREATE INDEX outbox_due ON outbox (state, id);
CREATE INDEX outbox_lanes ON outbox (state, channel, id);
CREATE TABLE parked (
	channel TEXT NOT NULL, 
	until VARCHAR(32) NOT NULL, 
	PRIMARY KEY (channel)
);
CREATE TABLE threads (
	channel TEXT NOT NULL, 
	thread TEXT NOT NULL, 
	context TEXT NOT NULL, 
	kept_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (channel, thread)
);
CREATE INDEX threads_kept ON threads (kept_at);
CREATE TABLE live_cards (
	id INTEGER NOT NULL, 
	intent_id TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	thread TEXT, 
	shown TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT live_cards_once UNIQUE (intent_id, channel, message_id)
);
CREATE TABLE stories (
	intent_id TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	thread TEXT, 
	PRIMARY KEY (intent_id, channel)
);
CREATE TABLE names (
	actor TEXT NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (actor)
);
CREATE TABLE folded (
	"key" TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE INDEX folded_digest ON folded (digest);
CREATE TABLE repeats (
	"key" TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE workers (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	host TEXT NOT NULL, 
	place TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	born TEXT NOT NULL, 
	since VARCHAR(32) NOT NULL, 
	beats BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE notices (
	cause TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	problem TEXT NOT NULL, 
	since VARCHAR(32) NOT NULL, 
	PRIMARY KEY (cause, subject)
);
CREATE TABLE words (
	token TEXT NOT NULL, 
	words TEXT NOT NULL, 
	kept_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (token)
);
CREATE INDEX words_kept ON words (kept_at);
CREATE TABLE probes (
	name TEXT NOT NULL, 
	writes BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE intents (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	connection TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	thread TEXT, 
	request TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	changed_at VARCHAR(32) NOT NULL, 
	posted_at VARCHAR(32), 
	run_id TEXT, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX intents_subject ON intents (connection, subject, created_at);
CREATE INDEX intents_state ON intents (state, created_at);
CREATE INDEX intents_run ON intents (connection, run_id);
CREATE TABLE audit (
	seq BIGINT NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	actor TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	action TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	prev_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
CREATE TABLE audit_head (
	id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
