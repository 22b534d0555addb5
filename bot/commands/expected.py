"""What `watch` and `unwatch` do with `expect=`: which runs a channel expects to start, and by when.

watch expect="LAUNCHER by 03:00 [ZONE] [on DAYS]"
watch LAUNCHER expect="between 01:00 and 03:00"
watch LAUNCHER expect=on       (only runs that take twice their usual time)
watch [LAUNCHER] expect=off
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time

from bot import filters, grammar, reading
from bot.calendar import EVERY_DAY
from bot.cards import Item, Reply, plain
from bot.command import Asked, Services
from bot.errors import Correction, Part, ServiceError
from bot.expecting import never_shown, usual_start
from bot.launchers import launchers_of
from bot.parsed import ParsedCommand
from bot.platform import Platform
from bot.replies import commands, watching
from bot.replies import expected as replies
from bot.starts import starts_of, why_not
from bot.state import Cause, Expectation, Subscription
from bot.targets.run import having_launcher

EXPECT = "expect"
LAUNCHERS = 20  # the newest of a connection, whose starts are looked at
PROPOSED = 3  # in one reply
WITH = frozenset({EXPECT, "launcher", "source", "connection", "zone", "keep"})  # what may stand beside it
ON = frozenset({"on", "yes", "true", "1"})
OFF = frozenset({"off", "no", "false", "0", "none"})
_WHEN = re.compile(
    r"(?:(?P<launcher>.*)\s)?(?:by\s(?P<by>[0-9]\S*(?:\s[ap]m)?)"
    r"|between\s(?P<begins>[0-9]\S*)\sand\s(?P<end>[0-9]\S*(?:\s[ap]m)?))(?:\s(?P<rest>.+))?",
    re.ASCII | re.IGNORECASE,
)
_DAYS_ALONE = frozenset({"daily", "every day", "weekdays", "weekends"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is expected, as it was typed. `launcher`: "" where the text names none; `by` None: no deadline."""

    launcher: str
    by: time | None = None
    begins: time | None = None
    zone: str = ""
    days: frozenset[int] = EVERY_DAY
    when: str = ""  # all but the launcher, as it was typed


def read(text: str) -> Wish:
    """Read what is expected: a launcher, a deadline, or both. Raises `UserError` naming what is wrong."""
    said = " ".join(text.split())
    found = _WHEN.fullmatch(said if not said[:1].isdigit() or " " in said else f"by {said}")
    if found is None:
        return Wish(launcher="" if said.casefold() in ON else said)
    by = grammar.time_of_day(found["by"] or found["end"], EXPECT)
    begins = grammar.time_of_day(found["begins"], EXPECT) if found["begins"] else None
    if begins == by:
        raise replies.no_window(said)
    zone, days = _zone_and_days(found["rest"] or "")
    launcher = found["launcher"] or ""
    return Wish(
        launcher=launcher, by=by, begins=begins, zone=zone, days=days, when=said[len(launcher) :].strip()
    )


def _zone_and_days(rest: str) -> tuple[str, frozenset[int]]:
    """Read what stands behind the time: a zone, the days, or both."""
    zone, on, days = f" {rest}".rpartition(" on ") if " on " in f" {rest}" else (rest, "", "")
    if not on and zone.casefold() in _DAYS_ALONE:
        zone, days = "", zone
    zone = zone.strip()
    return (grammar.zone(zone) if zone else ""), (grammar.weekdays(days, EXPECT) if days else EVERY_DAY)


def reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read the words behind `expect=` as one value: “watch expect=nightly by 03:00”."""
    value = parsed.named.get(EXPECT, "")
    behind = [word for name, word in parsed.strays if name == EXPECT]
    if not behind:
        return parsed
    if value.casefold() in ON | OFF:  # the words are the launcher
        return replace(parsed, strays=tuple(stray for stray in parsed.strays if stray[0] != EXPECT))
    return replace(
        reading.without(parsed, behind), named={**parsed.named, EXPECT: " ".join([value, *behind])}
    )


async def handle(asked: Asked, services: Services, text: str, source: str | None) -> Reply:
    """Expect a run, change what is expected, or end it."""
    given = (*asked.invocation.values, *asked.command.named)
    others = [name for name in given if name not in WITH and asked.value(name)]
    if others:
        raise commands.beside(asked.command.as_typed(others[0]), EXPECT)
    if text.strip().casefold() in OFF:
        return await _end(asked, services, source)
    wish = read(text)
    launcher = _launcher(wish, asked.value("launcher", 0), text)
    platform = await _platform(asked, services, launcher)
    await _check(platform, services)
    if not asked.flag("keep"):
        await _fits(platform, services, launcher, source, wish)
    now = services.clock.now()
    wanted = Expectation(
        channel=asked.invocation.place.channel, connection=platform.connection, launcher=launcher, source=source,
        by=wish.by, begins=wish.begins, zone=wish.zone or await _zone(asked, services), days=wish.days, since=now,
    )  # fmt: skip
    return await _made(asked, services, wanted)


async def _zone(asked: Asked, services: Services) -> str:
    """Return the zone that was given beside, else the channel's, else UTC."""
    given = asked.value("zone")
    return grammar.zone(given) if given else await _zone_of(asked.invocation.place.channel, services)


async def _zone_of(channel: str, services: Services) -> str:
    settings = await services.store.channel_settings(channel)
    return settings[0].zone if settings else "UTC"


async def _made(asked: Asked, services: Services, wanted: Expectation) -> Reply:
    """Keep an expectation; one that is there just so keeps when it began."""
    here = await services.store.expectations(wanted.channel)
    there = any(replace(e, since=wanted.since, from_settings=False) == wanted for e in here)
    new = False
    dropped = next(
        (e for e in here if e.subject == wanted.subject and e.by is not None and wanted.by is None), None
    )
    if not there:
        new = await services.store.expect(wanted)
        who, where = asked.invocation.actor, asked.invocation.place
        await services.note(who, where, "watch", "done", f"expect: {plain(replies.described(wanted))}")
    now = services.clock.now()
    found = await starts_of(services.store, wanted.connection, wanted.launcher, wanted.source, now)
    usual = usual_start([start.at for start in found.all], wanted.zone, now, found.whole_since)
    day = never_shown(wanted, now)
    shifts = replies.shifts(wanted, *day) if day is not None else ""
    return replies.expecting_now(wanted, new=new, there=there, usual=usual, shifts=shifts, dropped=dropped)


def _launcher(wish: Wish, positional: str | None, text: str) -> str:
    named = grammar.launcher(positional) if positional else ""
    said = grammar.launcher(wish.launcher, EXPECT) if wish.launcher else ""
    if named and said and named != said:
        raise replies.two_launchers(named, said)
    if not (named or said):
        raise replies.not_read(text)
    return named or said


async def _platform(asked: Asked, services: Services, launcher: str) -> Platform:
    """Return the connection that is meant: the one named, the one that has the launcher, or the only one."""
    connection = asked.value("connection")
    if connection is not None:
        if connection not in services.platforms:
            raise commands.no_connection(connection, services.platforms)
        return services.platforms[connection]
    able = await having_launcher(launcher, services) or [*services.platforms.values()]
    if len(able) > 1:
        raise watching.which_connection([platform.connection for platform in able])
    return able[0]


async def _check(platform: Platform, services: Services) -> None:
    """Refuse a connection of which nobody could say that a run did not start."""
    why = await why_not(platform, services.store)
    if why is not None:
        raise replies.cannot_expect(platform, why)


async def _fits(
    platform: Platform, services: Services, launcher: str, source: str | None, wish: Wish
) -> None:
    """Ask about a launcher or a source that fits no known run: its alarm would come every day."""
    try:
        further = await launchers_of(platform, services)
        odd = await filters.odd_in(platform, launcher, source, further)
    except ServiceError:
        return
    if odd is not None:
        raise watching.fits_no_run(odd, "expect", "expected", instead=_whole(odd, wish))


def _whole(odd: filters.Unmatched, wish: Wish) -> Correction | None:
    """Return the parameter with another launcher in it, where that is wrong and stands there."""
    if not odd.close or odd.name != "launcher" or not wish.launcher:
        return None
    return Correction(Part.VALUE, " ".join(part for part in (odd.close, wish.when) if part), EXPECT)


async def items(services: Services, channel: str) -> list[Item]:
    """Return what a channel expects, each with what is wrong now."""
    open_ = [n for n in await services.store.notices() if n.channel == channel]
    here = await services.store.expectations(channel)
    return [
        replies.item(e, [n for n in open_ if n.cause is Cause.MISSING and n.subject == e.subject])
        for e in here
    ]


async def proposals(
    services: Services, channel: str, subscriptions: Sequence[Subscription]
) -> list[replies.Proposal]:
    """Propose to expect the launchers that a channel watches, or any where it watches all, where they start daily.

    Only of what is on record; what the channel expects already is not proposed.
    """
    here = {(e.connection, e.launcher) for e in await services.store.expectations(channel)}
    found: list[replies.Proposal] = []
    for platform in services.platforms.values():
        watching_it = [s for s in subscriptions if platform in services.meant_by(s)]
        if not watching_it or await why_not(platform, services.store) is not None:
            continue
        wanted = {s.launcher for s in watching_it}
        for launcher in (await services.store.launchers(platform.connection))[:LAUNCHERS]:
            if (None in wanted or launcher in wanted) and (platform.connection, launcher) not in here:
                found += await proposal(services, platform, channel, launcher, None, name=True)
    return found[:PROPOSED]


async def proposal(
    services: Services, platform: Platform, channel: str, launcher: str, source: str | None, *, name: bool
) -> list[replies.Proposal]:
    """Propose to expect a launcher where the record tells at which time of the day it starts."""
    now, zone = services.clock.now(), await _zone_of(channel, services)
    found = await starts_of(services.store, platform.connection, launcher, source, now)
    usual = usual_start([start.at for start in found.all], zone, now, found.whole_since)
    if usual is None:
        return []
    wanted = Expectation(
        channel=channel, connection=platform.connection, launcher=launcher, source=source, zone=zone
    )
    return [replies.proposed(wanted, usual, name=name)]


async def _end(asked: Asked, services: Services, source: str | None) -> Reply:
    """Expect nothing more of a launcher, or of any."""
    channel, launcher = asked.invocation.place.channel, asked.value("launcher", 0)
    here = await services.store.expectations(channel)
    meant = [
        e
        for e in here
        if launcher in {None, e.launcher}
        and source in {None, e.source}
        and asked.value("connection") in {None, e.connection}
    ]
    gone = await ended(asked, services, [e for e in meant if not e.from_settings])
    if not gone:
        raise replies.in_settings() if meant else replies.nothing_expected()
    return replies.no_longer(gone)


async def ended(asked: Asked, services: Services, meant: Sequence[Expectation]) -> list[Expectation]:
    """End these expectations; return those that were there."""
    gone = [e for e in meant if await services.store.stop_expecting(e)]
    who, where = asked.invocation.actor, asked.invocation.place
    for e in gone:
        await services.note(who, where, "watch", "done", f"expect=off: {plain(replies.described(e))}")
    return gone
