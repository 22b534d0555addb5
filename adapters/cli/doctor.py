"""`clew doctor`: one line for each thing that has to be right, with the way to fix what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import typer

from adapters import logs, settings
from adapters.chat.kind import AnyChat
from adapters.chat.registry import CHATS
from adapters.cli import programs
from adapters.cli.finishing import reader_may_leave
from adapters.cli.hooks import hook_url
from adapters.cli.page.serve import address_of, way_in
from adapters.clock import SystemClock
from adapters.configuration.problems import SettingsError
from adapters.configuration.table import Connection, HttpConnection
from adapters.platforms.http.faults import FAULTS
from adapters.platforms.http.transport import open_http
from adapters.platforms.http.wire import NotSent
from adapters.platforms.kind import AnyPlatform, Checked
from adapters.platforms.registry import kind_of
from adapters.platforms.unwritten import EmptyLedger
from adapters.settings import Settings
from adapters.store.store import open_store
from bot import filters, mentioning
from bot.errors import AccessRefused, ClewError, NotFound, ServiceError, StoreError, UserError
from bot.expecting import usual_start
from bot.launch_rules import wrong_with
from bot.model import Run, RunQuery
from bot.platform import Platform, newest_runs
from bot.replies import expected as expecting
from bot.replies import mentioning as replies
from bot.replies.access import read_only_by
from bot.replies.meant import did_you_mean
from bot.replies.operating import OUTBOX_COMMANDS
from bot.replies.problems import HINTS
from bot.replies.watching import fits_none
from bot.replies.wording import clock_time, count
from bot.starts import StartStore, cannot_tell, starts_of
from bot.state import EXPECTED, Cause, Expectation, MentionRule, Notice, OutboxDepth, Subscription, Switched

SKEW_ALLOWED = 30.0  # seconds; more, and "runs since then" no longer means what it says
PATIENCE = 10.0  # seconds
PROPOSED = 5  # launchers that usually start at some time of the day, and nobody expects
ADDRESS: dict[type[ClewError], str] = {
    NotFound: "Check the base URL of this connection, also the path behind its host."
}


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
    """What some run should have, lest the setting be a slip; `connection`: None for any of them.

    `expected`: a channel is to hear when no such run starts.
    """

    subject: str
    launcher: str | None
    source: str | None = None
    connection: str | None = None
    expected: bool = False


_Odds = dict[Wanted, list[filters.Unmatched | None]]


async def doctor() -> int:
    """Look at everything and print it; return 1 where something has to be corrected."""
    logs.set_up("critical", traces=False)
    bad = False
    async for finding in _findings():
        bad = bad or finding.bad
        with reader_may_leave():
            typer.echo(_line(finding))
    return int(bad)


async def _findings() -> AsyncIterator[Finding]:
    try:
        loaded = settings.load()
    except SettingsError as error:
        for problem in error.problems:
            yield Finding(
                ": ".join(filter(None, ("settings", problem.where))), problem.what, problem.hint, bad=True
            )
        return
    yield Finding("settings", "complete")
    for warning in loaded.warnings:
        yield Finding("settings", warning, odd=True)
    database = await _database(loaded)
    running = await _programs(loaded)
    made, notices, ruled, switched = await _kept(loaded)
    rules = _rules(loaded, ruled)
    expected, unexpected = await _expected(loaded)
    said = (
        _roles(loaded),
        *_changes(loaded, switched),
        *_page(loaded),
        *database,
        *running,
        *_lost(made),
        *_told(notices),
        *_unused(rules),
        *unexpected,
    )
    for finding in said:
        yield finding
    watches = [*loaded.watches, *(watch for watch in made if not watch.from_settings)]
    async for finding in _platforms(loaded, watches, expected):
        yield finding
    for chat in CHATS:
        async for finding in _chat(chat, loaded, watches, rules):
            yield finding


def _changes(loaded: Settings, switched: Switched | None) -> Iterator[Finding]:
    """Say that nothing can be started or changed, and who switched that on; it may be forgotten."""
    if loaded.read_only or switched is not None:
        hint = "“audit read_only=off” in a chat ends it." if switched and not loaded.read_only else ""
        yield Finding("changes", read_only_by(switched, in_settings=loaded.read_only), hint, odd=True)


def _page(loaded: Settings) -> Iterator[Finding]:
    """Say where the operator's page is while Clew runs, and how one gets in."""
    if loaded.web.page and loaded.web.listen:
        host, port = loaded.web.listen
        served = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        yield Finding("page", f"{address_of(loaded, served)} while Clew runs, for {way_in(loaded)}")


def _roles(loaded: Settings) -> Finding:
    """Look at whether somebody said who may do what; at the terminal nobody has to."""
    if any(loaded.roles.values()):
        return Finding("roles", "set")
    if not loaded.chats:
        return Finding("roles", "none; the terminal needs none")
    return Finding(
        "roles",
        "none, so in chats members may only read",
        "Set who may read, debug and launch under [roles] in clew.toml; the README shows how.",
        bad=True,
    )


async def _platforms(
    loaded: Settings, watches: list[Subscription], expected: list[Wanted]
) -> AsyncIterator[Finding]:
    """Check every platform, and whether what is watched, expected or prepared fits any of their runs."""
    odds: _Odds = {wanted: [] for wanted in (*_wanted(loaded, watches), *expected)}
    wrong: dict[str, list[str]] = {name: [] for name in loaded.presets}
    for connection in loaded.connections:
        async for finding in _connection(connection, odds, wrong, loaded):
            yield finding
    for finding in (*_unmatched(odds), *_unusable(wrong)):
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


async def _programs(loaded: Settings) -> list[Finding]:
    """Say who runs on the database, who does what, and how far behind it is."""
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            seen = await programs.look(store, SystemClock())
    except (StoreError, UserError):
        return []  # the line about the database says so
    return [Finding(about, found, hint, odd=bool(hint)) for about, found, hint in programs.findings(seen)]


def outbox(depth: OutboxDepth) -> Iterator[Finding]:
    """Say what waits to be delivered, and what is not delivered until an operator decides."""
    yield Finding("database", f"open and writable, {count(depth.waiting, 'message')} waiting")
    stuck = depth.dead + depth.unknown
    needs = "message needs" if stuck == 1 else "messages need"
    if stuck:
        yield Finding("outbox", f"{stuck:,} {needs} an operator", OUTBOX_COMMANDS, bad=True)


async def _kept(
    loaded: Settings,
) -> tuple[tuple[Subscription, ...], tuple[Notice, ...], tuple[MentionRule, ...], Switched | None]:
    """Return what channels want, what an operator was notified of, whom posts mention, and who stopped all changes."""
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            made, notices = await store.subscriptions(), await store.notices()
            return made, notices, await store.mention_rules(), await store.read_only()
    except (StoreError, UserError):
        return (), (), (), None  # the line about the database says so


def _rules(loaded: Settings, kept: Iterable[MentionRule]) -> list[MentionRule]:
    """Return whom posts mention by the settings as they are now, and by what was said in chat."""
    known = {rule.wants: rule for rule in kept}
    made = [rule for rule in known.values() if not rule.from_settings]
    return [*(known.get(rule.wants, rule) for rule in loaded.mention_rules), *made]


def _unused(rules: Iterable[MentionRule]) -> Iterator[Finding]:
    """Name the rules by which nobody was mentioned for so long that they are likely a slip."""
    for rule in rules:
        if mentioning.unused(rule, datetime.now(UTC)):
            found, hint = replies.unused(rule, mentioning.UNUSED.days)
            yield Finding("mention", found, hint, odd=True)


async def _expected(loaded: Settings) -> tuple[list[Wanted], list[Finding]]:
    """Return what channels expect to start, and what usually starts and nobody expects."""
    try:
        async with open_store(loaded.database_url.reveal()) as store:
            made = [e for e in await store.expectations() if not e.from_settings]
            expected = [*loaded.expectations, *made]
            return [_as_wanted(e) for e in expected], await _unexpected(loaded, store, expected)
    except (StoreError, UserError):
        return [*map(_as_wanted, loaded.expectations)], []  # the line about the database says so


def _as_wanted(e: Expectation) -> Wanted:
    return Wanted(f"expect {e.channel}", e.launcher, e.source, e.connection, expected=True)


async def _unexpected(loaded: Settings, store: StartStore, expected: Iterable[Expectation]) -> list[Finding]:
    known = {(e.connection, e.launcher) for e in expected}
    now, found = datetime.now(UTC), list[Finding]()
    for connection in loaded.connections:
        for launcher in await store.launchers(connection.name):
            starts = await starts_of(store, connection.name, launcher, None, now)
            usual = usual_start([start.at for start in starts.all], "UTC", now, starts.whole_since)
            if usual is not None and (connection.name, launcher) not in known:
                said, hint = expecting.unexpected(connection.name, launcher, usual)
                found.append(Finding(f"launcher {launcher}", said, hint))
    return found[:PROPOSED]


def _lost(watches: Iterable[Subscription]) -> Iterator[Finding]:
    """Name the channels that took no message the last time, once each."""
    hint = "Fix that. Messages for the channel wait and are posted when possible."
    for channel, problem in {watch.channel: watch.problem for watch in watches if watch.problem}.items():
        yield Finding("channel", f"{channel} cannot be reached: {problem}", hint, bad=True)


def _told(notices: Iterable[Notice]) -> Iterator[Finding]:
    """Name what an operator was notified of and that is not over; lost channels have a line of their own."""
    for notice in notices:
        said = f"since {clock_time(notice.since)}: {notice.problem}"
        if notice.cause in EXPECTED:  # the channel was notified, and knows what to do
            yield Finding(f"expect {notice.channel}", said, odd=True)
        elif notice.cause is not Cause.LOST:
            yield Finding("operator", said, bad=True)


async def _connection(
    connection: Connection, odds: _Odds, wrong: Mapping[str, list[str]], loaded: Settings
) -> AsyncIterator[Finding]:
    subject, kind = f"platform {connection.name}", kind_of(connection)
    try:
        async with kind.open(connection, SystemClock(), EmptyLedger()) as platform:
            _prepared(platform, wrong, loaded)
            version = await platform.reads.version()
            newest = await newest_runs(platform, RunQuery())  # one page shows whether the key is accepted
            untold = _untold(platform, newest, odds)
            for wanted in odds:
                if wanted.connection in {None, connection.name}:
                    odd = await filters.odd_in(platform, wanted.launcher, wanted.source, connection.launchers)
                    odds[wanted].append(odd)
    except (ServiceError, UserError) as error:
        yield Finding(subject, str(error), _hint(error, kind), bad=True)
        if not isinstance(error, AccessRefused):
            return
    else:
        yield Finding(
            subject, f"{connection.address} answers, release {version or 'not named'}, key accepted"
        )
        for finding in untold:
            yield finding
        async for finding in _further(connection, subject, kind, loaded):
            yield finding
    yield await _clock(connection, kind.clock(connection))


def _untold(platform: Platform, newest: list[Run], odds: Iterable[Wanted]) -> list[Finding]:
    """Name what is expected of a connection that cannot tell whether a run started."""
    why = cannot_tell(platform, newest)
    if why is None:
        return []
    error = expecting.cannot_expect(platform, why)
    meant = [wanted for wanted in odds if wanted.expected and wanted.connection == platform.connection]
    return [Finding(wanted.subject, error.problem, error.hint, bad=True) for wanted in meant]


async def _further(
    connection: Connection, subject: str, kind: AnyPlatform, loaded: Settings
) -> AsyncIterator[Finding]:
    """Look at what not every platform has."""
    for checks in (_of_its_kind(connection, kind), _of_its_hook(connection, kind, loaded)):
        async for finding in _lines(subject, kind, checks):
            yield finding


def _of_its_kind(connection: Connection, kind: AnyPlatform) -> AsyncIterator[Checked]:
    """Look at what only platforms of this kind have."""
    return kind.check(connection, SystemClock()) if kind.check is not None else _nothing()


def _of_its_hook(connection: Connection, kind: AnyPlatform, loaded: Settings) -> AsyncIterator[Checked]:
    """Look at what sends webhooks, where some are wanted and the settings say where to."""
    url = hook_url(loaded, connection)
    if kind.check_hook is None or url is None:
        return _nothing()
    return kind.check_hook(connection, url, SystemClock())


async def _nothing() -> AsyncIterator[Checked]:
    for checked in tuple[Checked, ...]():
        yield checked


async def _lines(subject: str, kind: AnyPlatform, checks: AsyncIterator[Checked]) -> AsyncIterator[Finding]:
    """Make a line of everything that was looked at, and of what kept the rest from being looked at."""
    try:
        async for checked in checks:
            yield Finding(subject, checked.found, checked.hint, bad=checked.bad, odd=checked.odd)
    except (ServiceError, UserError) as error:
        yield Finding(subject, str(error), _hint(error, kind), bad=True)


def _wanted(loaded: Settings, watches: list[Subscription]) -> Iterator[Wanted]:
    """Return what watches and presets expect of runs."""
    for watch in watches:
        if watch.launcher or watch.source:
            yield Wanted(f"watch {watch.channel}", watch.launcher, watch.source, watch.connection)
    for preset in loaded.presets.values():
        yield Wanted(f"preset {preset.name}", preset.launcher)


def _unmatched(odds: _Odds) -> Iterator[Finding]:
    """Name what fits none of the known runs: channels would never be notified, launches fail, and nobody would notice."""
    for wanted, found in odds.items():
        odd = found[0] if found and all(found) else None
        if odd is not None:
            yield Finding(
                wanted.subject,
                fits_none(odd),
                did_you_mean(odd.close) or f"Check its {odd.name}.",
                odd=True,
            )


def _prepared(platform: Platform, wrong: Mapping[str, list[str]], loaded: Settings) -> None:
    """Look at whether presets can be launched on a platform as they are."""
    if platform.launches is not None:
        for name, preset in loaded.presets.items():
            wrong[name].append(wrong_with(preset, platform.launches, loaded.registries))


def _unusable(wrong: Mapping[str, list[str]]) -> Iterator[Finding]:
    """Name the presets that no connection launches as they stand in the settings."""
    for name, found in wrong.items():
        if found and all(found):
            yield Finding(f"preset {name}", found[0], bad=True)


async def _clock(connection: Connection, address: str) -> Finding:
    """Compare clocks by the Date header; any answer has one."""
    subject = f"clock of {connection.name}"
    ca_file = connection.ca_file if isinstance(connection, HttpConnection) else None
    try:
        async with open_http(proxy=connection.proxy, ca_file=ca_file) as http:
            before = datetime.now(UTC)
            async with http.client.stream("GET", address, timeout=PATIENCE) as answer:
                date = answer.headers["Date"]
            skew = (parsedate_to_datetime(date) - before).total_seconds()
    except (*FAULTS, NotSent, KeyError, ValueError, TypeError):
        return Finding(subject, "it cannot be read", odd=True)
    if abs(skew) <= SKEW_ALLOWED:
        return Finding(subject, "agrees with this machine's")
    which = "ahead of" if skew > 0 else "behind"
    return Finding(
        subject, f"{abs(skew):.0f} s {which} this machine's", "Synchronise this machine's clock.", bad=True
    )


async def _chat(
    chat: AnyChat, loaded: Settings, watches: list[Subscription], rules: Iterable[MentionRule]
) -> AsyncIterator[Finding]:
    """Look at the set-up of a chat, or say why it is off; one that no setting switches on has none."""
    own = loaded.chats.get(chat.name)
    if own is None or chat.check is None:
        if chat.switch:
            yield Finding(chat.name, f"off: {chat.switch} is not set")
        return
    channels = [watch.channel for watch in watches if watch.channel.startswith(f"{chat.name}:")]
    of_chat = [rule for rule in rules if rule.channel.startswith(f"{chat.name}:")]
    async for found, hint in chat.check(own, channels, of_chat):
        yield Finding(chat.name, found, hint, bad=bool(hint))


def _hint(error: ClewError, kind: AnyPlatform) -> str:
    """Return what helps, as the kind of platform knows it: others are sent here to find out."""
    return next(
        (known[of] for known in (kind.hints, ADDRESS, HINTS) for of in type(error).__mro__ if of in known), ""
    )


def _line(finding: Finding) -> str:
    sign = "BAD " if finding.bad else "warn" if finding.odd else "ok  "
    hint = f" -> {finding.hint}" if finding.hint else ""
    return f"{sign} {finding.subject}: {finding.found}{hint}"
