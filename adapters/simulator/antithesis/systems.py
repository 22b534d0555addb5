"""The systems under test in the simulated tenant: containers, assertions, log wording. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assertion:
    """A user's assertion. `kind` is the SDK's display name: Always, Sometimes, Reachable, ..."""

    kind: str
    name: str
    container: str
    place: str  # "file:line function"

    @property
    def type(self) -> str:
        """The SDK's `assert_type`."""
        if self.kind.startswith("Always"):
            return "always"
        return "sometimes" if self.kind == "Sometimes" else "reachability"


@dataclass(frozen=True, slots=True)
class Line:
    """What a container writes; each `{n}` and `{hex}` is thrown anew."""

    container: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class System:
    """One system under test.

    `bugs`: names of properties that fail in turn, most telling first. `symptoms`: written before something fails.
    """

    name: str
    containers: tuple[str, ...]
    assertions: tuple[Assertion, ...]
    bugs: tuple[str, ...]
    lines: tuple[Line, ...]
    symptoms: tuple[Line, ...]
    commands: tuple[str, ...]
    fillers: int = 0  # further reachability assertions, for long lists


# One row a line, however long: these are tables.
# fmt: off
PAYMENTS = System(
    "payments",
    ("api", "ledger", "postgres0", "postgres1", "workload"),
    (
        Assertion("Always", "Money is never created or destroyed", "workload", "check/balance.go:88 CheckTotal"),
        Assertion("Always", "A settled payment stays settled", "ledger", "ledger/settle.go:214 (*Ledger).Settle"),
        Assertion("AlwaysOrUnreachable", "A refund never exceeds its payment", "api", "api/refund.go:61 Refund"),
        Assertion("Sometimes", "A retried payment succeeds", "workload", "drive/retry.go:40 Retry"),
        Assertion("Sometimes", "Failover happens during a payment", "ledger", "ledger/db.go:132 (*Pool).Failover"),
        Assertion("Unreachable", "Idempotency key used for two payments", "api", "api/idempotency.go:57 Reserve"),
        Assertion("Reachable", "Reconciliation finished", "workload", "check/reconcile.go:19 Reconcile"),
    ),
    (
        "Money is never created or destroyed",
        "A retried payment succeeds",
        "Idempotency key used for two payments",
        "Thread pausing was enabled",
    ),
    (
        Line("api", "out", "\x1b[32mINFO\x1b[0m  POST /payments 201 {n}ms request_id={hex}"),
        Line("api", "out", "\x1b[32mINFO\x1b[0m  GET /payments/{hex} 200 {n}ms"),
        Line("api", "err", "\x1b[33mWARN\x1b[0m  retrying payment {hex} after {n}ms: connection reset by peer"),
        Line("ledger", "info", '{"level":"info","msg":"payment settled","payment":"{hex}","amount_cents":{n}}'),
        Line("ledger", "info", '{"level":"info","msg":"batch committed","entries":{n},"tx":"{hex}"}'),
        Line("ledger", "error", '{"level":"warn","msg":"slow commit","took_ms":{n},"tx":"{hex}"}'),
        Line("postgres0", "error", "LOG:  checkpoint complete: wrote {n} buffers"),
        Line("postgres0", "error", "LOG:  duration: {n}.482 ms  statement: UPDATE accounts SET cents = cents - {n}"),
        Line("postgres1", "error", "LOG:  started streaming WAL from primary at 0/{hex} on timeline {n}"),
        Line("postgres1", "error", "LOG:  recovery restart point at 0/{hex}"),
        Line("workload", "stdout", "paid {n} cents from account {n} to {hex}"),
        Line("workload", "stdout", "\u2713 balance of {n} accounts adds up"),
    ),
    (
        Line("postgres1", "error", "FATAL:  terminating walreceiver due to timeout"),
        Line("ledger", "error", '{"level":"error","msg":"could not commit","error":"context deadline exceeded"}'),
        Line("postgres0", "error", 'ERROR:  duplicate key value violates unique constraint "payments_key"'),
        Line("api", "err", "\x1b[31mERROR\x1b[0m payment {hex} answered twice: 201, then 201"),
        Line("workload", "stderr", "total is {n} cents short\\n  account {hex}: expected 4200, found 4180"),
    ),
    ("parallel_driver_pay", "parallel_driver_refund", "anytime_check_balance", "eventually_reconcile"),
)
CHECKOUT = System(
    "checkout",
    ("shop", "cart", "redis0", "workload"),
    (
        Assertion("Always", "An order is shipped at most once", "shop", "src/orders/ship.ts:77 shipOrder"),
        Assertion("Always", "The cart total equals its items", "cart", "src/cart/total.ts:31 total"),
        Assertion("Sometimes", "A cart survives a restart of redis", "workload", "test/restart.ts:52 survives"),
        Assertion("Unreachable", "Stock below zero", "shop", "src/stock/reserve.ts:104 reserve"),
        Assertion("Reachable", "Checkout completed", "workload", "test/checkout.ts:20 checkout"),
    ),
    ("Stock below zero", "The cart total equals its items", "Checkout completed", "Customer output volume"),
    (
        Line("shop", "info", "[shop] order {hex} accepted in {n}ms"),
        Line("shop", "info", "[shop] reserved {n} of sku-{n}"),
        Line("cart", "out", "[cart] added item sku-{n} to cart {hex}"),
        Line("cart", "out", "[cart] total of {hex} is {n}.00"),
        Line("cart", "err", '{"severity":"WARNING","message":"redis slow, {n}ms, serving from memory","cart":"{hex}"}'),
        Line("redis0", "stdout", "1:M {n} * Background saving terminated with success"),
        Line("redis0", "stdout", "1:M {n} * {n} changes in 60 seconds. Saving..."),
        Line("workload", "stdout", "shopper {n} checks out cart {hex}"),
        Line("workload", "stdout", "shopper {n} left without buying"),
    ),
    (
        Line("redis0", "stderr", "1:M {n} # Connection with replica lost."),
        Line("cart", "err", "UnhandledPromiseRejection: Error: ECONNREFUSED redis0:6379"),
        Line("shop", "error", "[shop] retry of order {hex} after timeout, reserving again"),
        Line("shop", "error", "[shop] stock of sku-{n} is now -1"),
    ),
    ("parallel_driver_shop", "anytime_check_stock", "finally_check_orders"),
)
ETCD = System(
    "etcd",
    ("etcd0", "etcd1", "etcd2", "client"),
    (
        Assertion("Always", "Reads are linearizable", "client", "traffic/check.go:147 CheckLinearizable"),
        Assertion("Always", "Watch events arrive in revision order", "client", "watch/order.go:90 (*Checker).Next"),
        Assertion("AlwaysOrUnreachable", "A learner never votes", "etcd1", "raft/raft.go:1064 (*raft).poll"),
        Assertion("Sometimes", "A leader steps down", "etcd0", "raft/raft.go:902 (*raft).becomeFollower"),
        Assertion("Sometimes", "A snapshot is sent to a slow follower", "etcd2", "raft/raft.go:640 maybeSendSnapshot"),
        Assertion("Unreachable", "Committed entry lost after restart", "etcd0", "server/wal.go:233 Replay"),
        Assertion("Reachable", "Compaction ran under load", "client", "traffic/compact.go:38 Compact"),
    ),
    (
        "Reads are linearizable",
        "A snapshot is sent to a slow follower",
        "Committed entry lost after restart",
        "Software was instrumented",
    ),
    (
        Line("etcd0", "error", '{"level":"info","logger":"raft","msg":"{hex} sent MsgPreVote at term {n}"}'),
        Line("etcd0", "error", '{"level":"info","caller":"mvcc/index.go:194","msg":"compact tree index","revision":{n}}'),
        Line("etcd1", "error", '{"level":"warn","caller":"txn/util.go:93","msg":"apply took too long","took":"{n}ms"}'),
        Line("etcd1", "error", '{"level":"info","logger":"raft","msg":"{hex} became follower at term {n}"}'),
        Line("etcd2", "error", '{"level":"info","caller":"rafthttp/peer.go:133","msg":"started remote peer {hex}"}'),
        Line("etcd2", "error", '{"level":"warn","caller":"rafthttp/probing.go:68","msg":"prober found {n}ms delay"}'),
        Line("client", "out", "traffic: put key-{n} ok revision {n}"),
        Line("client", "out", "traffic: range key-{n} ok"),
        Line("client", "err", '{"level":"info","caller":"client/watch.go:101","msg":"Watch channel closed"}'),
    ),
    (
        Line("etcd0", "error", '{"level":"error","logger":"raft","msg":"lost leader {hex} at term {n}"}'),
        Line("etcd1", "error", '{"level":"info","logger":"raft","msg":"{hex} became leader at term {n}"}'),
        Line("etcd0", "error", '{"level":"warn","msg":"waiting for ReadIndex response took too long, retrying"}'),
        Line("client", "error", "traffic: range key-{n} read revision {n} after a newer one was seen"),
    ),
    ("singleton_driver_traffic", "parallel_driver_watch", "anytime_check_revisions"),
    fillers=96,
)
SEARCH = System(
    "search",
    ("gateway", "index0", "index1", "workload"),
    (
        Assertion("Always", "A deleted document is never found", "workload", "tests/delete.py:44 check_deleted"),
        Assertion("Always", "Result pages do not overlap", "gateway", "gateway/page.py:120 next_page"),
        Assertion("Sometimes", "A query is answered during reindexing", "workload", "tests/reindex.py:71 query"),
        Assertion("Unreachable", "Two primaries for one shard", "index0", "index/shard.py:208 promote"),
        Assertion("Reachable", "Reindexing finished", "index1", "index/reindex.py:55 finish"),
    ),
    (
        "A deleted document is never found",
        "Two primaries for one shard",
        "A query is answered during reindexing",
        "Always: Peak memory usage",
    ),
    (
        Line("gateway", "out", "INFO:gateway:GET /search?q={hex} 200 {n}ms"),
        Line("gateway", "out", "INFO:gateway:DELETE /documents/{hex} 204 {n}ms"),
        Line("index0", "info", '{"event":"merge","segment":"_{hex}","docs":{n}}'),
        Line("index0", "info", '{"event":"refresh","shard":{n},"took_ms":{n}}'),
        Line("index1", "info", "WARNING:index:shard {n} is behind by {n} operations"),
        Line("index1", "info", '{"event":"replicated","from":"index0","operations":{n}}'),
        Line("workload", "stdout", "indexed document {hex} ({n} words)"),
        Line("workload", "stdout", "query {hex} found {n} documents"),
    ),
    (
        Line("index0", "error", "ERROR:index:translog fsync failed: [Errno 5] Input/output error, retrying in {n}ms"),
        Line("index1", "error", "WARNING:index:promoting shard {n} without an answer from index0"),
        Line("gateway", "err", "ERROR:gateway:shard {n} answered from a stale segment _{hex}"),
        Line("workload", "stderr", "document {hex} was deleted at revision {n} and is still found"),
    ),
    ("parallel_driver_index", "parallel_driver_query", "eventually_reindex"),
)
# fmt: on

SYSTEMS = {system.name: system for system in (PAYMENTS, CHECKOUT, ETCD, SEARCH)}
