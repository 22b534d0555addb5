"""A Clew with a page: real settings, a real database, and a real listener; how polls and chats stand is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from adapters import settings
from adapters.cli.page.serve import operators_page
from adapters.cli.parts import Parts
from adapters.cli.reloading import Reloading
from adapters.http_server import listening
from adapters.main import assemble
from adapters.store.store import SqlStore
from adapters.web.app import application
from adapters.web.health import Health
from bot.cards import Tone
from bot.model import LaunchRequest, RunRef, VerdictKind
from bot.state import (
    AuditEntry,
    Cause,
    ChannelSettings,
    Ending,
    Expectation,
    Intent,
    IntentState,
    MentionRule,
    Mute,
    NewDelivery,
    Notice,
    Outcome,
    PropertyState,
    Reopened,
    Reservation,
    Schedule,
    ScheduleRequest,
    Subscription,
    Why,
    Word,
)
from bot.watch.auditor import Polled, Snapshot
from tests.fakes.clock import ManualClock

DRAFT = frozenset({IntentState.DRAFT})
NOW = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
TOKEN = "page-token-canary-0123456789abcdef"
KEY, HOOK = "api-key-canary-0123456789", "webhook-canary-0123456789"
SLACK, APP = "xoxb-canary-1234567890", "xapp-canary-1234567890"
SIGNED = "v2.public.c2lnbmVkLWNhbmFyeQ.Zm9vdGVy"
CANARIES = (TOKEN, KEY, HOOK, SLACK, APP, SIGNED, "db-canary-pass", "proxy-canary-pass", "beat-canary")
HERE, THERE, OPS = "slack:channel:T01:C01PAYMENTS", "discord:channel:1104:2208", "slack:channel:T01:C0OPS"
ANN, BOB = "slack:user:T01:U01ANN", "slack:user:T01:U02BOB"
TOML = """
[[connection]]
name = "prod"
tenant = "acme"
api_key = "{key}"
proxy = "http://ann:proxy-canary-pass@proxy.example.com:3128"
[[connection]]
name = "qa"
kind = "testhide"
base_url = "https://testhide.example.com"
api_key_file = "qa-key"
webhook_secret = "{hook}"
[roles]
read = ["slack:team:T01"]
launch = ["slack:user:T01:U01ANN", "slack:usergroup:T01:S01"]
admin = ["slack:user:T01:U02BOB"]
[[watch]]
channel = "slack:channel:T01:C01PAYMENTS"
launcher = "Payments Nightly"
[[preset]]
name = "nightly"
launcher = "Payments Nightly"
values = {{ duration = 60, "custom.db-password" = "db-canary-pass" }}
[[quota]]
per = "person"
runs = 2
minutes = 120
[[quota]]
channel = "slack:channel:T01:C01PAYMENTS"
runs = 5
zone = "Europe/Berlin"
[slack]
workspaces = ["T01"]
[operator]
channel = "slack:channel:T01:C0OPS"
heartbeat = "https://example.com/ping/beat-canary"
[web]
page = true
"""


@dataclass
class Site:
    """Where the page is, and what stands behind it. `snapshot`: how polls and chats are."""

    url: str
    parts: Parts
    store: SqlStore
    clock: ManualClock
    health: Health
    following: Reloading
    snapshot: Snapshot = field(default_factory=Snapshot)

    @property
    def page(self) -> str:
        """The address of the first view."""
        return f"{self.url}/operator"

    async def get(self, path: str = "", **headers: str) -> tuple[int, str]:
        """Ask for a view, with headers; a low line in a name stands for a hyphen."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with ClientSession() as session, session.get(f"{self.page}{path}", headers=given) as answer:
            return answer.status, await answer.text()

    async def trail(self) -> list[AuditEntry]:
        """Return what the audit trail says of the page, oldest first."""
        return [line.entry async for line in self.store.chained_lines() if line.entry.action == "page"]


@asynccontextmanager
async def a_site(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    toml: str = "",
    token: str | None = TOKEN,
    variables: Mapping[str, str] | None = None,
    change: Callable[[Parts], Parts] = lambda parts: parts,
) -> AsyncIterator[Site]:
    """Serve it. `toml` stands behind the settings of all sites, in its last table, `[web]`."""
    monkeypatch.chdir(folder)
    (folder / "qa-key").write_text(KEY + "-of-qa\n", encoding="utf-8")
    (folder / "qa-key").chmod(0o400)
    (folder / "clew.toml").write_text(TOML.format(key=KEY, hook=HOOK) + toml, encoding="utf-8")
    given = {"SLACK_BOT_TOKEN": SLACK, "SLACK_APP_TOKEN": APP, **(variables or {})}
    for name, value in {**given, **({"CLEW_PAGE_TOKEN": token} if token else {})}.items():
        monkeypatch.setenv(name, value)
    clock = ManualClock(NOW)
    async with assemble(settings.load(), clock) as assembled:
        parts = change(assembled)
        assert isinstance(assembled.store, SqlStore)
        health = Health(store=parts.store, clock=clock)
        following = Reloading(parts.settings, parts.handler, parts.store, clock, tell=lambda _: None)
        page = operators_page(parts, health, lambda: following.in_force)
        async with listening(application(health, page), ("127.0.0.1", 0)) as (host, port):
            site = Site(f"http://{host}:{port}", parts, assembled.store, clock, health, following)
            health.look = lambda: site.snapshot
            health.chats = lambda: site.snapshot.connected
            health.lost = lambda: site.snapshot.lost
            yield site


async def furnish(site: Site) -> None:
    """Let there be something of everything, with secrets in whatever people and chats may have put them."""
    store, now = site.store, site.clock.now()
    site.snapshot = Snapshot(
        polls={
            "prod": Polled(age=12.0, allowed=300.0, looked=True),
            "qa": Polled(
                age=740.0,
                allowed=300.0,
                looked=True,
                problem=f"The key was refused: https://x/?auth={SIGNED}",
            ),
        },
        connected={"slack": True, "discord": False},
        off={"discord": "Discord does not accept the token."},
        lost={THERE: "The bot is not in the channel."},
    )
    site.health.deliveries = lambda: {"slack": {"sent": 1204, "retried": 3}}
    await _subscriptions(site)
    await _messages(site)
    await store.open_notice(
        Notice(cause=Cause.POLL, subject="qa", problem=f"qa cannot be watched: {SIGNED}", since=now - HOUR),
        None,
        now,
    )
    for number, (actor, action, decision, detail) in enumerate(
        [
            (ANN, "launch", "allowed", "role:launch"),
            (ANN, "launch", "denied", f"place:launch {KEY}"),
            (BOB, "read-only", "on", ""),
            ("terminal:user:local", "outbox retry", "done", "7"),
            ("clew", "settings", "in force", f"In force: role launch: +{ANN} {SIGNED}"),
        ]
    ):
        at = now - timedelta(minutes=50 - number)
        channel = HERE if actor.startswith("slack") else ""
        entry = AuditEntry(
            at=at, actor=actor, channel=channel, action=action, decision=decision, detail=detail
        )
        await store.audit(entry)
    await store.keep_name(ANN, "Ann <b>Lee</b>")
    await _properties(site)
    await _requests(site)
    await _schedules(site)


HOUR = timedelta(hours=1)


async def _subscriptions(site: Site) -> None:
    store, now = site.store, site.clock.now()
    await store.configure(site.parts.settings.watches, now)
    await store.subscribe(
        Subscription(
            channel=HERE, connection="qa", outcomes=frozenset({Outcome.NEW_FAILURES, Outcome.RECOVERY})
        ),
        now,
    )
    await store.subscribe(Subscription(channel=THERE, launcher="Search <script>alert(1)</script>"), now)
    await store.mark_channel(THERE, "The bot is not in the channel.")
    await store.subscribe(Subscription(channel=OPS, connection="gone"), now)
    await store.set_channel(
        ChannelSettings(
            channel=HERE, zone="Europe/Berlin", quiet_from=time(22), quiet_to=time(7), digest=time(8)
        ),
        now,
    )
    await store.expect(
        Expectation(channel=HERE, connection="prod", launcher="Payments Nightly", by=time(3), since=now)
    )
    await store.add_mention(MentionRule(channel=HERE, who="slack:usergroup:T01:S01", pattern="ledger*"), now)
    await store.mute(
        Mute(channel=OPS, until=now + 3 * HOUR, since=now, by=BOB, launcher=f"Canary {KEY}"), now
    )


async def _messages(site: Site) -> None:
    store, now = site.store, site.clock.now()
    ending = Ending(
        run=RunRef("prod", "62bb42ba"), verdict=VerdictKind.FAILED, tone=Tone.BAD, outcome="2 new failures",
        launcher="Payments Nightly",
    )  # fmt: skip
    for number, (channel, problem) in enumerate(
        [(HERE, ""), (THERE, "The bot is not in the channel."), (OPS, f"No such channel: {SIGNED}")]
    ):
        await store.enqueue(
            NewDelivery(key=f"k{number}", channel=channel, payload=f'{{"text": "{SIGNED}"}}', ending=ending),
            now - HOUR,
        )
        if problem:
            delivery = await store.claim(frozenset({channel.partition(":")[0]}), now)
            assert delivery is not None
            await store.mark_dead(delivery, problem)


async def _properties(site: Site) -> None:
    store, now = site.store, site.clock.now()
    states = [
        PropertyState(
            connection="prod", launcher_key="Payments Nightly", name="The ledger balances after a crash",
            owner=ANN, owned_at=now - 5 * HOUR, word=Word.KNOWN, said_by=ANN, said_at=now - 5 * HOUR,
            ticket="https://tracker.example.com/PAY-12",
        ),
        PropertyState(
            connection="prod", launcher_key="Search Canary", name="A deleted document is never found",
            word=Word.SNOOZED, said_by=BOB, said_at=now - HOUR, until=now + 20 * HOUR,
        ),
        PropertyState(
            connection="qa", launcher_key="17", name="tests/test_pay.py::test_<img src=x onerror=alert(1)>",
            word=Word.NOT_A_BUG, said_by=ANN, said_at=now - 30 * HOUR,
            reopened=Reopened(why=Why.PLACE, run_id="881", now="pay.go:42"),
        ),
    ]  # fmt: skip
    for state in states:
        assert await store.save_property_state(state)


async def _requests(site: Site) -> None:
    """Ann has started two runs, of which nobody knows whether the second came through; Bob waits for a second person."""
    store, now = site.store, site.clock.now()
    for number in (1, 2):
        intent = a_launch(f"i{number}", ANN, site)
        await store.draft(intent)
        reserved = Reservation(
            actor=ANN, channel=HERE, launcher="payments nightly", connection="prod", minutes=30, at=now
        )
        assert await store.confirm(intent.id, DRAFT, now, reservation=reserved) is True
    confirmed = frozenset({IntentState.CONFIRMED})
    assert await store.advance("i1", confirmed, IntentState.ACCEPTED, now, run_id="62bb42ba")
    assert await store.advance("i2", confirmed, IntentState.UNKNOWN, now)
    await store.draft(replace(a_launch("i3", BOB, site), preset="nightly", second="launch"))
    assert await store.advance("i3", DRAFT, IntentState.ASKED, now, approve_by=now + HOUR)


async def _schedules(site: Site) -> None:
    """One that is on, and one that somebody paused."""
    now = site.clock.now()
    for number, paused in enumerate(("", f"Paused by Bob <i>{KEY}</i>.")):
        launch = LaunchRequest(launcher=f"Canary {number}", key="", values={"custom.token": KEY})
        request = ScheduleRequest(launch=launch, times="0 2 * * 1-5", zone="Europe/Berlin")
        schedule = Schedule(
            id=f"s{number}", channel=HERE, connection="prod", actor=ANN, principals=frozenset({ANN}), request=request,
            made_at=now, done_until=now, paused=paused,
        )  # fmt: skip
        await site.store.draft(replace(a_launch(schedule.id, ANN, site), request=request))
        assert await site.store.schedule(schedule, now)


def a_launch(intent_id: str, actor: str, site: Site) -> Intent:
    """Return the draft of a launch."""
    request = LaunchRequest(launcher="Payments Nightly", key=intent_id, values={"custom.token": KEY})
    return Intent(
        id=intent_id, connection="prod", actor=actor, channel=HERE, thread=None, request=request,
        subject="Payments Nightly", state=IntentState.DRAFT, created_at=site.clock.now(),
    )  # fmt: skip
