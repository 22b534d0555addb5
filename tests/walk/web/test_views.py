"""What the page says: true, bounded, without a secret, and as far as it is known where the database cannot be read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from adapters.cli.page import overview
from adapters.cli.page.launches import OF_EACH
from adapters.web.health import ASKED_AGAIN, Program
from adapters.web.page import entrance
from bot.errors import StoreError
from bot.state import AuditEntry, Cause, Notice, Reservation, Subscription
from bot.watch.auditor import Polled, Snapshot
from tests.walk.web.hall import ANN, CANARIES, DRAFT, HERE, OPS, THERE, TOKEN, Site, a_launch, a_site, furnish

VIEWS = ("", "/outbox", "/launches", "/channels", "/audit", "/properties", "/settings")
TAGS = re.compile(r"<[^>]+>")


async def shown(site: Site, path: str = "", status: int = 200) -> str:
    """Return what a view says, on one line."""
    found, text = await site.get(path, Authorization=f"Bearer {TOKEN}")
    assert found == status
    return " ".join(unescape(TAGS.sub(" ", text.replace("<wbr>", ""))).split())


def rows(text: str) -> Iterator[str]:
    """Yield the rows of the tables in a page, each as a text."""
    for row in re.findall(r"<tr>.*?</tr>", text, flags=re.DOTALL):
        yield " ".join(unescape(TAGS.sub(" ", row.replace("<wbr>", ""))).split())


async def test_views__no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of the settings, not a signed link, wherever people, chats and platforms put it; and no tag of anybody's."""
    secret = {"DATABASE_URL": "sqlite:///clew.db", "DISCORD_TOKEN": ""}
    async with a_site(tmp_path, monkeypatch, variables=secret) as site:
        await furnish(site)
        for path in (
            *VIEWS,
            f"/channels?channel={TOKEN}",
            f"/audit?person={TOKEN}",
            f"/audit?run={CANARIES[5]}",
        ):
            _, text = await site.get(path, Authorization=f"Bearer {TOKEN}")
            assert [canary for canary in CANARIES if canary in text] == []
            assert "<script" not in text
            assert "<img" not in text
            assert "<b>" not in text
            assert not re.search(
                r'(?:href|src|action)="(?!/operator|\?|#|data:,)', text
            )  # nothing leads elsewhere


async def test_overview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong stands first; a connection that cannot be polled is never called well."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        said = await shown(site)

    assert "Clew works, but somebody should look at this: qa: cannot be polled discord: refuses Clew" in said
    assert "2 messages cannot be posted 1 notice not over yet" in said
    assert "prod antithesis, https://acme.antithesis.com polled 12 s ago" in said
    assert "1 waiting, the oldest for 1 h" in said
    assert f"{THERE} : The bot is not in the channel." in said


async def test_overview__all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where every connection was polled and nothing is stuck."""
    async with a_site(tmp_path, monkeypatch) as site:
        assert "prod: not polled yet" in await shown(site)
        fine = Polled(age=3.0, allowed=300.0, looked=True)
        for odd in (
            Polled(age=3.0, allowed=300.0, looked=False),
            Polled(age=301.0, allowed=300.0, looked=True),
            Polled(age=3.0, allowed=300.0, looked=True, problem="The platform does not answer."),
            Polled(age=3.0, allowed=300.0, looked=True, unlisted="The run list of prod stops early."),
        ):
            site.snapshot = Snapshot(polls={"prod": odd, "qa": fine})
            assert "All is well" not in await shown(site)
        site.snapshot = Snapshot(polls={"prod": fine, "qa": fine})
        assert "All is well" in await shown(site)
        await site.store.open_notice(
            Notice(cause=Cause.CLOCK, subject="x", problem="It jumped.", since=site.clock.now()),
            None,
            site.clock.now(),
        )
        assert "All is well" not in await shown(site)


async def test_overview__another_program_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this one does not poll it knows nothing of, and says that."""
    async with a_site(tmp_path, monkeypatch) as site:
        site.health.waits_for = lambda: "Another Clew (host a, process 7)"
        said = await shown(site)

    assert "Another Clew (host a, process 7) polls and delivers" in said
    assert "prod antithesis, https://acme.antithesis.com not polled here" in said
    assert "All is well" not in said


async def test_overview__several_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with what it does; one that is silent, and what nobody does, is something to look at."""
    async with a_site(tmp_path, monkeypatch) as site:
        since = site.clock.now() - timedelta(hours=1)
        here = Program(
            host="a", process=7, version="0.3", since=since, duties=("live", "poll prod"), here=True
        )
        other = Program(host="b<", process=8, version="0.4", since=since, silent=6.0)
        site.health.programs = lambda: [here, other]
        site.health.free = lambda: {"tidy"}
        said = await shown(site)

    assert "a, process 7 (this one) 0.3 alive" in said
    assert "live, poll prod" in said
    assert "b<, process 8 0.4 silent for 6 s" in said
    assert "Nobody does: tidy" in said
    assert "b<, process 8: silent for 6 s" in said, "among what somebody should look at"


async def test_views__the_database_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, shows what it knows without it, and what it showed before with the time of that."""

    async def down(*_: object, **__: object) -> None:
        raise StoreError("The database cannot be reached.")

    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        before = await shown(site, "/outbox")
        assert "Payments Nightly: 2 new failures" in before
        for name in (
            "depth",
            "prove",
            "notices",
            "read_only",
            "entries",
            "of_channels",
            "audit_lines",
            "audit",
        ):
            monkeypatch.setattr(site.store, name, down)
        site.clock.pass_time(600)

        first = await shown(site, status=503)
        outbox = await shown(site, "/outbox", status=503)
        channels = await shown(site, "/channels", status=503)
        settings = await shown(site, "/settings")

    assert "The database cannot be reached." in first
    assert "qa testhide, https://testhide.example.com/api/v3 cannot be polled" in first
    assert "Not known while the database cannot be read." in first
    assert "Payments Nightly: 2 new failures" in outbox
    assert "This is how it was when it could be read last: 30 Nov 08:30 UTC, 10 min ago." in outbox
    assert "The database cannot be reached." in channels
    assert HERE not in channels
    assert "Connection prod" in settings


async def test_overview__the_database_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for longer than a request may take: what is known without it is there all the same."""
    monkeypatch.setattr(overview, "PATIENCE", 0.05)
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        monkeypatch.setattr(entrance, "PATIENCE", 0.05)
        monkeypatch.setattr(site.store, "audit", forever)
        for name in ("prove", "notices"):
            with monkeypatch.context() as patched:
                patched.setattr(site.store, name, forever)
                site.clock.pass_time(ASKED_AGAIN)
                said = await shown(site, status=503)
                assert "The database does not answer within 0.05 s." in said
                assert "prod antithesis, https://acme.antithesis.com polled 12 s ago" in said
                assert "All is well" not in said


async def forever(*_: object) -> None:
    await asyncio.Event().wait()


async def test_page__not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in an address is said, with the way back."""
    async with a_site(tmp_path, monkeypatch) as site:
        said = await shown(site, "/no-such-page", status=404)

    assert "There is no such page. Go to the overview" in said


async def test_outbox__with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs a person stands first, each with why."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        _, text = await site.get("/outbox", Authorization=f"Bearer {TOKEN}")

    _, *found = rows(text)
    assert [row.split()[1] for row in found] == ["dead", "dead", "pending"]
    assert any("The bot is not in the channel." in row for row in found)


async def test_launches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a person and what nobody knows the outcome of; and of each quota what is used, by whom, until when."""
    async with a_site(tmp_path, monkeypatch) as site:
        empty = await shown(site, "/launches")
        await furnish(site)
        _, text = await site.get("/launches", Authorization=f"Bearer {TOKEN}")
    heads = ("What State", "What When", "Quota For")
    asked, unknown, on, paused, person, channel = [row for row in rows(text) if not row.startswith(heads)]

    assert "Nothing that costs or changes something is waiting." in empty
    assert "channel slack:channel:T01:C01PAYMENTS: 5 runs a day (Europe/Berlin)" in empty
    assert "waits for a second person approved or refused by 30 Nov 09:30 UTC" in asked
    assert "launch: Payments Nightly on prod, preset nightly" in asked
    assert "outcome not known" in unknown
    assert "Nothing is scheduled." in empty
    assert on.startswith("Canary 0 on prod ")
    assert "01 Dec 02:00 Europe/Berlin" in on
    assert "paused Paused by Bob" in paused
    assert "01 Dec" not in paused
    assert person.endswith(f"{ANN} used up 2 of 2 60 of 120 01 Dec 00:00 UTC")
    assert channel.endswith(f"{HERE} has room 2 of 5 60 01 Dec 00:00 Europe/Berlin")


@pytest.mark.parametrize("more", [0, 1])
async def test_launches__says_that_more_used_of_a_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    """A list that was cut is not taken for all of it."""
    async with a_site(tmp_path, monkeypatch) as site:
        now = site.clock.now()
        for number in range(OF_EACH + more):
            who = f"slack:user:T01:U{number:02}"
            intent = a_launch(f"i{number}", who, site)
            await site.store.draft(intent)
            reserved = Reservation(
                actor=who, channel=HERE, launcher="nightly", connection="prod", minutes=30, at=now
            )
            assert await site.store.confirm(intent.id, DRAFT, now, reservation=reserved) is True
        _, text = await site.get("/launches", Authorization=f"Bearer {TOKEN}")

    assert sum(row.startswith("each person") for row in rows(text)) == OF_EACH
    assert ("There are others." in text) == bool(more)


async def test_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that `clew channels` says of a channel, and only those that are asked for."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        said = await shown(site, "/channels?channel=C01pay")

    assert THERE not in said
    assert OPS not in said
    for part in (
        "notified of every finished run of Payments Nightly (except those of qa), from the settings file",
        "notified when no run of Payments Nightly on prod starts by 03:00 UTC",
        "posts mention slack:usergroup:T01:S01 for failures of checks named like ledger*",
        "Quiet from 22:00 to 07:00 Europe/Berlin",
        "A digest comes every day at 08:00 Europe/Berlin",
        "dead: 1 message, the oldest recorded 1 h ago",
    ):
        assert part in said


async def test_audit__filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By person, verb and time, as the verb of that name reads them; a slip is said beside the form."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        by_ann = await shown(site, f"/audit?person={ANN}&verb=launch")
        none = await shown(site, "/audit?verb=launch&since=10min")
        slip = await shown(site, "/audit?person=nobody+at+all")
        wrong = await shown(site, "/audit?since=whenever")

    assert "2 lines, newest first" in by_ann
    assert "No line fits." in none
    assert "Nobody called “nobody at all” is in the audit trail." in slip
    assert "whenever" in wrong


@pytest.mark.parametrize(
    ("trail", "said"),
    [
        (None, "has not checked yet"),
        ("", "Checked 30 Nov 08:30 UTC: no line was changed or removed. Lines since then are checked within a day."),
        ("The audit trail was changed. Line 7 was removed.", "Line 7 was removed."),
    ],
)  # fmt: skip
async def test_audit__says_how_far_it_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trail: str | None, said: str
) -> None:
    """Never more than this program has seen."""
    async with a_site(tmp_path, monkeypatch) as site:
        site.health.trail = lambda: None if trail is None else (site.clock.now(), trail)
        assert said in await shown(site, "/audit")


async def test_lists__of_any_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a long list is short, leads to the next one, and the pages hold each entry once."""
    async with a_site(tmp_path, monkeypatch) as site:
        for number in range(60):
            await site.store.subscribe(
                Subscription(channel=f"slack:channel:T01:C{number:03}"), site.clock.now()
            )
        for number in range(120):
            await site.store.audit(_line(site, number))
        seen: list[str] = []
        path = "/channels?channel=T01:C"
        while path:
            _, text = await site.get(path, Authorization=f"Bearer {TOKEN}")
            found = [row.split()[0] for row in rows(text)][1:]
            assert len(found) <= 25
            seen += found
            path = after(text, "/channels")
        _, first = await site.get("/audit?verb=status", Authorization=f"Bearer {TOKEN}")
        await site.store.audit(_line(site, 120))
        _, second = await site.get(after(first, "/audit"), Authorization=f"Bearer {TOKEN}")
        beyond = await shown(site, "/audit?from=999999")
        await shown(site, "/audit?from=-1&until=x")

    assert seen == [f"slack:channel:T01:C{number:03}" for number in range(60)]
    details = [row.split()[-1] for text in (first, second) for row in [*rows(text)][1:]]
    assert details == [f"n{number}" for number in range(119, 19, -1)]  # what came meanwhile moves nothing
    assert "122 lines" in beyond


def _line(site: Site, number: int) -> AuditEntry:
    at = site.clock.now() + timedelta(seconds=number)
    return AuditEntry(
        at=at, actor=ANN, channel=HERE, action="status", decision="allowed", detail=f"n{number}"
    )


def after(text: str, path: str) -> str:
    """Return the address of the next page, "" where there is none."""
    found = re.search(r'rel="next" href="([^"]+)"', text)
    return path + unescape(found[1]) if found else ""


async def test_settings__where_each_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment, `.env`, the file, the file of a secret, or the default; a change of roles shows at once."""
    (tmp_path / ".env").write_text("CLEW_POLL_SECONDS=90\n", encoding="utf-8")
    async with a_site(tmp_path, monkeypatch) as site:
        _, text = await site.get("/settings", Authorization=f"Bearer {TOKEN}")
        changed = (tmp_path / "clew.toml").read_text(encoding="utf-8").replace("U01ANN", "U03NEW")
        (tmp_path / "clew.toml").write_text(
            f"read_only = true\n{changed}".replace("acme", "other"), encoding="utf-8"
        )
        await site.following.reload(asked=True)
        later = await shown(site, "/settings")

    found = [*rows(text)]
    for row in (
        "tenant acme clew.toml, connection 1, tenant",
        "api_key set, masked clew.toml, connection 1, api_key",
        "proxy http://ann:***@proxy.example.com:3128 clew.toml, connection 1, proxy",
        "api_key set, masked clew.toml, connection 2, api_key, the file qa-key",
        "SLACK_BOT_TOKEN set, masked the environment",
        "workspaces T01 clew.toml, slack, workspaces",
        "CLEW_POLL_SECONDS 90 .env",
        "CLEW_LOG_LEVEL info default",
        "DATABASE_URL SQLite, clew.db default",
        "listen 127.0.0.1:8080 default",
        "launch slack:user:T01:U01ANN, slack:usergroup:T01:S01 clew.toml, roles",
        "heartbeat set, masked clew.toml, operator",
    ):
        assert row in found
    assert any("duration = 60, custom.db-password = *** clew.toml, preset" in row for row in found)
    assert "read_only true clew.toml, read_only" in later
    assert "launch slack:user:T01:U03NEW" in later
    assert "tenant acme" in later  # what is read at the start alone is what it was then
