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
class System:
    """One system under test. `bugs`: names of properties that fail in turn, most telling first."""

    name: str
    containers: tuple[str, ...]
    assertions: tuple[Assertion, ...]
    bugs: tuple[str, ...]
    lines: tuple[str, ...]
    commands: tuple[str, ...]
    fillers: int = 0  # further reachability assertions, for long lists


PAYMENTS = System(
    "payments",
    ("api", "ledger", "postgres0", "postgres1", "workload"),
    (
        Assertion(
            "Always", "Money is never created or destroyed", "workload", "check/balance.go:88 CheckTotal"
        ),
        Assertion(
            "Always", "A settled payment stays settled", "ledger", "ledger/settle.go:214 (*Ledger).Settle"
        ),
        Assertion(
            "AlwaysOrUnreachable", "A refund never exceeds its payment", "api", "api/refund.go:61 Refund"
        ),
        Assertion("Sometimes", "A retried payment succeeds", "workload", "drive/retry.go:40 Retry"),
        Assertion(
            "Sometimes", "Failover happens during a payment", "ledger", "ledger/db.go:132 (*Pool).Failover"
        ),
        Assertion(
            "Unreachable", "Idempotency key used for two payments", "api", "api/idempotency.go:57 Reserve"
        ),
        Assertion("Reachable", "Reconciliation finished", "workload", "check/reconcile.go:19 Reconcile"),
    ),
    (
        "Money is never created or destroyed",
        "A retried payment succeeds",
        "Idempotency key used for two payments",
        "Thread pausing was enabled",
    ),
    (
        "\x1b[32mINFO\x1b[0m  POST /payments 201 {n}ms request_id={hex}",
        "\x1b[33mWARN\x1b[0m  retrying payment {hex} after {n}ms: connection reset by peer",
        '{{"level":"info","msg":"payment settled","payment":"{hex}","amount_cents":{n}}}',
        '{{"level":"error","msg":"could not commit","error":"context deadline exceeded","tx":"{hex}"}}',
        "LOG:  checkpoint complete: wrote {n} buffers (0.{n}%)",
        'ERROR:  duplicate key value violates unique constraint "payments_key"\\nDETAIL:  Key (id)=({hex})',
    ),
    ("parallel_driver_pay", "parallel_driver_refund", "anytime_check_balance", "eventually_reconcile"),
)
CHECKOUT = System(
    "checkout",
    ("shop", "cart", "redis0", "workload"),
    (
        Assertion("Always", "An order is shipped at most once", "shop", "src/orders/ship.ts:77 shipOrder"),
        Assertion("Always", "The cart total equals its items", "cart", "src/cart/total.ts:31 total"),
        Assertion(
            "Sometimes", "A cart survives a restart of redis", "workload", "test/restart.ts:52 survives"
        ),
        Assertion("Unreachable", "Stock below zero", "shop", "src/stock/reserve.ts:104 reserve"),
        Assertion("Reachable", "Checkout completed", "workload", "test/checkout.ts:20 checkout"),
    ),
    ("Stock below zero", "The cart total equals its items", "Checkout completed", "Customer output volume"),
    (
        "[cart] added item sku-{n} to cart {hex}",
        "[shop] order {hex} accepted in {n}ms",
        '{{"severity":"WARNING","message":"redis did not answer in {n}ms, serving from memory","cart":"{hex}"}}',
        "1:M {n} * Background saving terminated with success",
        "UnhandledPromiseRejection: Error: ECONNREFUSED redis0:6379 (attempt {n})",
    ),
    ("parallel_driver_shop", "anytime_check_stock", "finally_check_orders"),
)
ETCD = System(
    "etcd",
    ("etcd0", "etcd1", "etcd2", "client"),
    (
        Assertion("Always", "Reads are linearizable", "client", "traffic/check.go:147 CheckLinearizable"),
        Assertion(
            "Always", "Watch events arrive in revision order", "client", "watch/order.go:90 (*Checker).Next"
        ),
        Assertion("AlwaysOrUnreachable", "A learner never votes", "etcd1", "raft/raft.go:1064 (*raft).poll"),
        Assertion("Sometimes", "A leader steps down", "etcd0", "raft/raft.go:902 (*raft).becomeFollower"),
        Assertion(
            "Sometimes",
            "A snapshot is sent to a slow follower",
            "etcd2",
            "raft/raft.go:640 maybeSendSnapshot",
        ),
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
        '{{"level":"info","logger":"raft","caller":"raft/raft.go:1064","msg":"{hex} sent MsgPreVote at term {n}"}}',
        '{{"level":"warn","caller":"txn/util.go:93","msg":"apply request took too long","took":"{n}ms"}}',
        '{{"level":"info","caller":"client/watch.go:101","msg":"Watch channel closed"}}',
        '{{"level":"error","logger":"raft","msg":"lost leader {hex} at term {n}"}}',
        "traffic: put key-{n} ok revision {n}",
        "panic: runtime error recovered in worker {n}: lease {hex} expired",
    ),
    ("singleton_driver_traffic", "parallel_driver_watch", "anytime_check_revisions"),
    fillers=96,
)
SEARCH = System(
    "search",
    ("gateway", "index0", "index1", "workload"),
    (
        Assertion(
            "Always", "A deleted document is never found", "workload", "tests/delete.py:44 check_deleted"
        ),
        Assertion("Always", "Result pages do not overlap", "gateway", "gateway/page.py:120 next_page"),
        Assertion(
            "Sometimes", "A query is answered during reindexing", "workload", "tests/reindex.py:71 query"
        ),
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
        "INFO:gateway:GET /search?q={hex} 200 {n}ms",
        "WARNING:index:shard {n} is behind by {n} operations",
        '{{"event":"merge","segment":"_{hex}","docs":{n}}}',
        "ERROR:index:translog fsync failed: [Errno 5] Input/output error, retrying in {n}ms",
    ),
    ("parallel_driver_index", "parallel_driver_query", "eventually_reindex"),
)

SYSTEMS = {system.name: system for system in (PAYMENTS, CHECKOUT, ETCD, SEARCH)}
