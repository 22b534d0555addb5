"""The tenant's weeks of history and its future: which run ends when, and how.

Runs end on a grid of `SLOT` of tenant time, counted from the start of the simulation; slot 0 ends shortly after
it. A slot is a function of the seed and its number, so past and future come from the same hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.simulator.antithesis.ids import run_id
from adapters.simulator.antithesis.run import Answer, Pinned, Plan, SimRun
from adapters.simulator.antithesis.systems import SYSTEMS
from adapters.simulator.common.ids import dice

SLOT = timedelta(minutes=30)
FIRST_END = timedelta(minutes=12)  # at the usual speed of 60 a person sees the first run end after 12 s
HISTORY_SLOTS = 48 * 24  # 24 days
SPARSE_BEFORE = 48 * 3  # older than three days, every third slot holds a run
LOOK_AHEAD = timedelta(hours=14)  # longer than any run takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Runs that are compared with each other. `minutes` is the requested length."""

    launcher: str
    system: str
    source: str
    test_name: str
    minutes: int
    creator: tuple[str, str]
    offset: int  # where in `CYCLE` slot 0 finds it


NIGHTLY = Series(launcher="Payments Nightly", system="payments", source="main", test_name="payments-ledger",
                 minutes=60, creator=("nightly", "antithesis_scheduler"), offset=2)  # fmt: skip
RELEASE = replace(NIGHTLY, source="release-2.4", minutes=30, creator=("release-bot", "ci"), offset=7)
CHECKOUT = Series(launcher="basic_test", system="checkout", source="main", test_name="checkout",
                  minutes=15, creator=("shop-ci", "github_action"), offset=4)  # fmt: skip
FEATURE = replace(CHECKOUT, source="feature/checkout-retry", creator=("mira.okafor", "user"), offset=6)
K8S = Series(launcher="basic_k8s_test", system="etcd", source="main", test_name="etcd-k8s",
             minutes=30, creator=("etcd-agent", "agent"), offset=5)  # fmt: skip
SOAK = Series(launcher="etcd Soak", system="etcd", source="main", test_name="etcd-soak",
              minutes=360, creator=("soak", "antithesis_scheduler"), offset=2)  # fmt: skip
CANARY = Series(launcher="Search Canary", system="search", source="main", test_name="search-canary",
                minutes=15, creator=("canary", "antithesis_scheduler"), offset=2)  # fmt: skip

ROTATION = (CANARY, CHECKOUT, NIGHTLY, CANARY, K8S, FEATURE, CANARY, RELEASE, CHECKOUT, SOAK)
SERIES = tuple(dict.fromkeys(ROTATION))

# What the runs of a series come to, in turn: numbers name the system's bugs, a word an incomplete run.
CYCLE: tuple[tuple[int, ...] | str, ...] = (
    (), (), (0,), (0,), (0, 1), (1,), (), "setup", (2,), (), (3,), "killed", (), (0,), (), "crash",
)  # fmt: skip
INCOMPLETE = {
    "setup": {"pinned": Pinned.NULL, "properties": Answer.MISSING, "linked": False},
    "killed": {"pinned": Pinned.ZERO_TEXT, "properties": Answer.EMPTY, "linked": True},
    "crash": {"pinned": Pinned.REAL, "properties": Answer.LIST, "linked": True},
}

# Peculiar runs of the recent past, by slot; each is one trap of the API. The words are read by `_peculiar`.
TRAPS = {
    -2: "secrets",
    -5: "no links",
    -8: "cancelled",
    -11: "numeric parameter",
    -13: "description in parameters",
    -16: "numeric zero",
    -19: "json description",
    -22: "ephemeral",
    -25: "null link",
    -28: "unknown",
    -31: "old ephemeral",
    -34: "no parameters",
    -37: "crash",
    -39: "new fields",
    -42: "setup",
    -46: "killed",
}


def slots(start: datetime, low: datetime, high: datetime) -> range:
    """Return the slots that end after `low` and not after `high`."""
    first = (low - start - FIRST_END) // SLOT + 1
    return range(first, (high - start - FIRST_END) // SLOT + 1)


def exists(slot: int) -> bool:
    """Whether a slot holds a run at all."""
    return slot >= -SPARSE_BEFORE or (slot >= -HISTORY_SLOTS and slot % 3 == 0)


def run_of(slot: int, seed: int, start: datetime) -> SimRun:
    """Return the run that ends in a slot."""
    turn, place = divmod(slot, len(ROTATION))
    series = ROTATION[place]
    number = turn * ROTATION.count(series) + ROTATION[:place].count(series)
    rng = dice(seed, "slot", slot)
    ends_at = start + FIRST_END + slot * SLOT + timedelta(seconds=rng.randint(0, 240))
    length = timedelta(minutes=series.minutes * rng.uniform(1.3, 1.8) + 8)
    created_at = (ends_at - length).replace(microsecond=rng.choice((0, 884000)))
    run = SimRun(
        run_id=run_id(_release(slot), seed, "slot", slot),
        launcher=series.launcher,
        system=series.system,
        created_at=created_at,
        plan=replace(
            plan(series, number), ends_after=length, properties_lag=timedelta(seconds=rng.choice((0, 0, 150)))
        ),
        parameters=_parameters(series, slot),
        creator={"name": series.creator[0], "type": series.creator[1]},
        description=f"{series.test_name} on {series.source}",
        session_id=run_id(_release(slot), seed, "session", slot) if slot % 3 else None,
    )
    return _peculiar(run, TRAPS[slot]) if slot in TRAPS else run


def plan(series: Series, number: int) -> Plan:
    """Return how the run of that number in its series goes."""
    outcome = CYCLE[(number + series.offset) % len(CYCLE)]
    bugs = SYSTEMS[series.system].bugs
    if isinstance(outcome, str):
        return incomplete(outcome, bugs)
    return Plan(failing=tuple(bugs[n] for n in outcome), starts_after=timedelta(minutes=3))


def incomplete(kind: str, bugs: tuple[str, ...]) -> Plan:
    """Return the plan of a run that breaks: "setup", "killed" or "crash"."""
    failing = bugs[:1] if kind == "crash" else ()
    return Plan(status="incomplete", failing=failing, starts_after=timedelta(minutes=3), **INCOMPLETE[kind])  # type: ignore[arg-type]


def _release(slot: int) -> str:
    """Return the platform release of a time; the oldest runs' structured results have aged out."""
    days = -slot // 48
    return next(
        release
        for since, release in ((21, "51.2"), (18, "53.1"), (14, "58.11"), (5, "62.14"), (-(10**9), "64.0"))
        if days >= since
    )


def _parameters(series: Series, slot: int) -> dict[str, Any]:
    common = {
        "antithesis.config_image": f"{series.system}-config:latest",
        "antithesis.description": f"{series.test_name} on {series.source}",
        "antithesis.duration": str(series.minutes),
        "antithesis.integrations.type": "none",
        "antithesis.is_ephemeral": "false",
        "antithesis.source": series.source,
        "antithesis.test_name": series.test_name,
    }
    if series.creator[1] != "github_action":
        return common | {"antithesis.report.recipients": "team@example.com", "run.team": series.system}
    commit = f"{abs(hash_number(slot)):040x}"[:40]
    return common | {
        "vcs.system_name": "git",
        "vcs.repo_type": "github",
        "vcs.repo_owner": "acme",
        "vcs.repo_name": series.system,
        "vcs.repo_branch": series.source,
        "vcs.version_id": commit,
        "vcs.version_link": f"https://github.com/acme/{series.system}/commit/{commit}",
    }


def hash_number(slot: int) -> int:
    """Return a number that looks like a commit, the same for a slot everywhere."""
    return dice("commit", slot).getrandbits(159)


def _peculiar(run: SimRun, trap: str) -> SimRun:
    """Return a run as a trap."""
    if trap in INCOMPLETE:
        plan = replace(incomplete(trap, SYSTEMS[run.system].bugs), ends_after=run.plan.ends_after)
    else:
        plan = replace(run.plan, **_PLANS.get(trap, {}))
    changes: dict[str, Any] = {"parameters": (run.parameters or {}) | _PARAMETERS.get(trap, {})}
    return replace(run, plan=plan, **changes | _FIELDS.get(trap, {}))


_PLANS: dict[str, dict[str, Any]] = {
    "cancelled": {"status": "cancelled", "properties": Answer.MISSING, "linked": False, "failing": ()},
    "unknown": {"status": "unknown", "properties": Answer.MISSING, "linked": False, "failing": ()},
    "no links": {"status": "completed", "linked": False},
    "null link": {"status": "completed", "linked": False},
    "numeric zero": {
        "status": "incomplete",
        "properties": Answer.EMPTY,
        "pinned": Pinned.ZERO_NUMBER,
        "failing": (),
    },
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "secrets": {
        "antithesis.integrations.slack.callback_url": "https://hooks.slack.example/services/T0/B0/simulated-secret",
        "antithesis.integrations.slack.token": "simulated-secret-token",
    },
    "ephemeral": {"antithesis.is_ephemeral": "true"},
    "old ephemeral": {"antithesis.is_ephemeral": "on"},
    "numeric parameter": {"vcs.pr_id": 4711, "vcs.pr_title": "Retry checkout <b>safely</b> & @channel"},
}
_FIELDS: dict[str, dict[str, Any]] = {
    "description in parameters": {"description": None},
    "json description": {
        "description": '"{\\"branch\\":\\"main\\",\\"note\\":\\"first line\\\\nsecond line\\"}"'
    },
    "no parameters": {"parameters": None, "creator": None, "description": None},
    "null link": {"extra": {"links": {"triage_report": None}}},
    "new fields": {"extra": {"attrs.region": "eu", "failure_reason": None, "priority": 3}},
}
