"""`clew doctor`: one line for each thing that has to be right, with the way to fix what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import typer

from adapters import logs, settings
from adapters.clock import SystemClock
from adapters.configuration.problems import SettingsError
from adapters.configuration.values import Connection, Discord, Slack
from adapters.settings import Settings
from adapters.store.store import open_store
from bot import filters
from bot.errors import AccessRefused, ClewError, ServiceError, StoreError, Unreachable, UserError
from bot.model import RunQuery
from bot.platform import Platform, listed
from bot.ports import Clock
from bot.replies.meant import did_you_mean
from bot.replies.operating import DESK, Cause
from bot.replies.problems import HINTS
from bot.replies.watching import fits_none
from bot.replies.wording import clock_time, count
from bot.state import OutboxDepth, Subscription

SKEW_ALLOWED = 30.0  # seconds; more, and "runs since then" no longer means what it says
PATIENCE = 10.0  # seconds

CheckSlack = Callable[[Slack], AsyncIterator[tuple[str, str]]]
CheckDiscord = Callable[[Discord, Iterable[str]], AsyncIterator[tuple[str, str]]]
OpenService = Callable[[Connection, Clock], AbstractAsyncContextManager[Platform]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and how to fix it, "" where it is well.

    `bad`: it has to be corrected; `odd`: Clew works, but somebody should look at it.
    """

    subject: str
    found: str
    hint: str = ""
    bad: bool = False
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What some run should have, lest the setting be a slip; `connection`: None for any of them."""

    subject: str
    launcher: str | None
    source: str | None = None
    connection: str | None = None


_Odds = dict[Wanted, list[filters.Unmatched | None]]


async def doctor(*, open_service: OpenService, check_slack: CheckSlack, check_discord: CheckDiscord) -> int:
    """Look at everything and print it; return 1 where something has to be corrected."""
    logs.set_up("critical", traces=False)
    bad = False
    async for finding in _findings(open_service, check_slack, check_discord):
        bad = bad or finding.bad
        typer.echo(_line(finding))
    return int(bad)


async def _findings(
    open_service: OpenService, check_slack: CheckSlack, check_discord: CheckDiscord
) -> AsyncIterator[Finding]:
    try:
        loaded = settings.load()
    except SettingsError as error:
        for problem in error.problems:
            yield Finding(f"settings: {problem.where}", problem.what, problem.hint, bad=True)
        return
    yield Finding("settings", "complete")
    for warning in loaded.warnings:
        yield Finding("settings", warning, odd=True)
    for finding in (_roles(loaded), *await _database(loaded), *await _lost(loaded), *await _told(loaded)):
        yield finding
    async for finding in _platforms(loaded, open_service):
        yield finding
    async for finding in _slack(loaded, check_slack):
        yield finding
    async for finding in _discord(loaded, check_discord):
        yield finding


def _roles(loaded: Settings) -> Finding:
    """Look at whether somebody said who may do what; at the terminal nobody has to."""
    if any(loaded.roles.values()):
        return Finding("roles", "set")
    if loaded.slack is None and loaded.discord is None:
        return Finding("roles", "none, and none are needed in the terminal")
    return Finding(
        "roles",
        "none, so in chats members may read and nobody may do anything else",
        "Say under [roles] in clew.toml who may read, debug and launch; the README shows how.",
        bad=True,
    )


async def _platforms(loaded: Settings, open_service: OpenService) -> AsyncIterator[Finding]:
    """Check every platform, and whether what is watched or prepared fits any of their runs."""
    odds: _Odds = {wanted: [] for wanted in _wanted(loaded, await _subscriptions(loaded))}
    for connection in loaded.connections:
        async for finding in _connection(connection, open_service, odds):
            yield finding
    for finding in _unmatched(odds):
        yield finding


async def _database(loaded: Settings) -> list[Finding]:
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            await store.check()
            await store.prove()
            depth = await store.depth()
    except (StoreError, UserError) as error:
        return [Finding("database", str(error), bad=True)]
    return list(outbox(depth))


def outbox(depth: OutboxDepth) -> Iterator[Finding]:
    """Say what waits to be delivered, and what is not delivered until an operator decides."""
    yield Finding("database", f"open and writable, {count(depth.waiting, 'message')} waiting")
    stuck = depth.dead + depth.unknown
    needs = "message needs" if stuck == 1 else "messages need"
    if stuck:
        yield Finding("outbox", f"{stuck:,} {needs} an operator", DESK, bad=True)


async def _lost(loaded: Settings) -> list[Finding]:
    """Name the channels that took no message the last time, once each."""
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            problems = {
                watch.channel: watch.problem for watch in await store.subscriptions() if watch.problem
            }
    except (StoreError, UserError):
        return []  # the line about the database says so
    hint = "Mend that. What is for the channel waits, and is posted when it can be."
    return [
        Finding("channel", f"{channel} cannot be reached: {problem}", hint, bad=True)
        for channel, problem in problems.items()
    ]


async def _told(loaded: Settings) -> list[Finding]:
    """Name what an operator was told of and that is not over; lost channels have a line of their own."""
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            notices = await store.notices()
    except (StoreError, UserError):
        return []  # the line about the database says so
    return [
        Finding("operator", f"since {clock_time(notice.since)}: {notice.problem}", bad=True)
        for notice in notices
        if notice.cause is not Cause.LOST
    ]


async def _connection(
    connection: Connection, open_service: OpenService, odds: _Odds
) -> AsyncIterator[Finding]:
    subject = f"platform {connection.name}"
    try:
        async with open_service(connection, SystemClock()) as platform:
            version = await platform.reads.version()
            async for _ in listed(platform, RunQuery()):
                break  # one page shows whether the key is accepted
            for wanted in odds:
                if wanted.connection in {None, connection.name}:
                    odd = await filters.odd_in(platform, wanted.launcher, wanted.source, connection.launchers)
                    odds[wanted].append(odd)
    except AccessRefused as error:
        yield Finding(subject, str(error), "Make a new API key on the tenant's settings page.", bad=True)
    except (ServiceError, UserError) as error:
        yield Finding(subject, str(error), _mend(error), bad=True)
        return
    else:
        yield Finding(
            subject, f"{connection.base_url} answers, release {version or 'not named'}, key accepted"
        )
    yield await _clock(connection)


def _wanted(loaded: Settings, watches: list[Subscription]) -> Iterator[Wanted]:
    """Return what watches and presets expect of runs."""
    for watch in watches:
        if watch.launcher or watch.source:
            yield Wanted(f"watch {watch.channel}", watch.launcher, watch.source, watch.connection)
    for preset in loaded.presets.values():
        yield Wanted(f"preset {preset.name}", preset.launcher)


def _unmatched(odds: _Odds) -> Iterator[Finding]:
    """Name what fits none of the known runs: channels would hear of nothing, launches fail, and nobody would notice."""
    for wanted, found in odds.items():
        odd = found[0] if found and all(found) else None
        if odd is not None:
            yield Finding(
                wanted.subject,
                fits_none(odd),
                did_you_mean(odd.close) or f"Check its {odd.name}.",
                odd=True,
            )


async def _clock(connection: Connection) -> Finding:
    """Compare clocks by the Date header; any answer has one."""
    subject = "clock"
    try:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, proxy=connection.proxy) as http:
            before = datetime.now(UTC)
            answer = await http.get(f"{connection.base_url}/api/version")
            skew = (parsedate_to_datetime(answer.headers["Date"]) - before).total_seconds()
    except (httpx.HTTPError, KeyError, ValueError, TypeError):
        return Finding(subject, "the platform's clock cannot be read", odd=True)
    if abs(skew) <= SKEW_ALLOWED:
        return Finding(subject, "agrees with the platform's")
    which = "behind" if skew > 0 else "ahead of"
    return Finding(
        subject, f"{abs(skew):.0f} s {which} the platform's", "Synchronise this machine's clock.", bad=True
    )


async def _slack(loaded: Settings, check: CheckSlack) -> AsyncIterator[Finding]:
    if loaded.slack is None:
        yield Finding("slack", "off: SLACK_BOT_TOKEN is not set")
        return
    async for found, hint in check(loaded.slack):
        yield Finding("slack", found, hint, bad=bool(hint))


async def _discord(loaded: Settings, check: CheckDiscord) -> AsyncIterator[Finding]:
    if loaded.discord is None:
        yield Finding("discord", "off: DISCORD_TOKEN is not set")
        return
    async for found, hint in check(loaded.discord, await _watched("discord", loaded)):
        yield Finding("discord", found, hint, bad=bool(hint))


async def _watched(chat: str, loaded: Settings) -> list[str]:
    """Return the channels of a chat that hear of runs."""
    channels = [watch.channel for watch in await _subscriptions(loaded)]
    return [channel for channel in channels if channel.startswith(f"{chat}:")]


async def _subscriptions(loaded: Settings) -> list[Subscription]:
    """Return what channels hear of, by the settings and by what was said in chats."""
    made: tuple[Subscription, ...] = ()
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            made = tuple(watch for watch in await store.subscriptions() if not watch.from_settings)
    except (StoreError, UserError):
        pass  # the line about the database says so
    return [*loaded.watches, *made]


def _mend(error: ClewError) -> str:
    if isinstance(error, Unreachable):
        return "Look at ANTITHESIS_TENANT or ANTITHESIS_BASE_URL first."  # others are sent here to find out
    return next((HINTS[kind] for kind in type(error).__mro__ if kind in HINTS), "")


def _line(finding: Finding) -> str:
    sign = "BAD " if finding.bad else "warn" if finding.odd else "ok  "
    hint = f" -> {finding.hint}" if finding.hint else ""
    return f"{sign} {finding.subject}: {finding.found}{hint}"
