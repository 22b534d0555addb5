"""What the bot says of quotas: what is left of one, and why something cannot be started today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import Fact, Line, Untrusted, plain
from bot.quotas import Quota, Standing
from bot.replies.wording import clock_time, count, listed, number_of
from bot.state import Per
from bot.terms import Terms

BY_SETTINGS = "Whoever runs Clew can change the quota, under [[quota]] in clew.toml."
UNREADABLE = "What is left of quotas today cannot be read just now."


def left(standing: Standing, name: str, terms: Terms, now: datetime) -> Line:
    """Say what is left today: "2 of 5 runs and 60 of 120 minutes are left today for this channel; the day ends …"."""
    parts, share = [], standing.share
    if 0 in {share.runs, share.minutes}:
        return (spent(standing, name, terms, now),)
    if share.runs is not None:
        parts.append(f"{standing.runs_left or 0:,} of {number_of(share.runs, terms.run)}")
    if share.minutes is not None:
        parts.append(f"{standing.minutes_left or 0:,} of {count(share.minutes, 'minute')}")
    one = len(parts) == 1 and 1 in {share.runs, share.minutes, standing.runs_left, standing.minutes_left}
    ends = clock_time(share.until, standing.quota.zone, besides=now)
    return (f"{' and '.join(parts)} {'is' if one else 'are'} left today for ", *_whose(standing.quota.per, name, terms),
            f"; the day ends {ends}.")  # fmt: skip


def today(
    standings: Sequence[tuple[Standing, str]], rules: Sequence[Quota], terms: Terms, now: datetime
) -> tuple[Line, ...]:
    """Say what is left of all that holds for somebody, and what each launcher gets."""
    of_launchers = [quota for quota in rules if quota.per is Per.LAUNCHER]
    named = any(quota.of for quota in of_launchers)
    return (
        *(left(standing, name, terms, now) for standing, name in standings),
        *(_limit(quota, terms, others=named) for quota in of_launchers if not quota.of),
    )


def facts(standings: Sequence[tuple[Standing, str]], terms: Terms, now: datetime) -> tuple[Fact, ...]:
    """Say beside the cost of a run what is left for it, and as what it counts where nobody knows its minutes."""
    return tuple(
        Fact("Quota", (*left(standing, name, terms, now), *_untimed(standing, terms)))
        for standing, name in standings
    )


def _untimed(standing: Standing, terms: Terms) -> Line:
    if standing.minutes is not None or standing.share.minutes is None:
        return ()
    counts = f"it counts as {count(standing.share.untimed, 'minute')}"
    if not standing.share.untimed:
        counts = "it takes none of the minutes"
    return (f" How long this {terms.run.one} takes is not known before, so {counts}.",)


def each_time(standings: list[tuple[Standing, str]], terms: Terms) -> tuple[Fact, ...]:
    """Say what each of many runs will take: "1 of 5 runs and 30 of 120 minutes a day for this channel"."""
    return tuple(
        Fact("Quota, each time", _share_of_day(standing, name, terms)) for standing, name in standings
    )


def _share_of_day(standing: Standing, name: str, terms: Terms) -> Line:
    share, parts = standing.share, list[str]()
    if share.runs is not None:
        parts.append(f"1 of {number_of(share.runs, terms.run)}")
    if share.minutes is not None:
        parts.append(f"{share.asked(standing.minutes):,} of {count(share.minutes, 'minute')}")
    return (f"{' and '.join(parts)} a day for ", *_whose(standing.quota.per, name, terms), f" ({standing.quota.zone})",
            *((".", *_untimed(standing, terms)) if _untimed(standing, terms) else ()))  # fmt: skip


def spent(standing: Standing, name: str, terms: Terms, now: datetime) -> str:
    """Say why a run cannot be started, and when it can: today's quota is used up, or it never fits."""
    share, run = standing.share, terms.run
    whose = plain(_whose(standing.quota.per, name, terms))
    if 0 in {share.runs, share.minutes}:
        return _nothing(whose, terms, runs=share.runs == 0)
    free = clock_time(share.until, standing.quota.zone, besides=now)
    if standing.runs_left == 0:
        limit = number_of(share.runs or 0, run)
        return f"The quota of {limit} a day for {whose} is used up. It is free again from {free} on."
    limit, asks = count(share.minutes or 0, "minute"), count(share.asked(standing.minutes), "minute")
    counts = "asks for" if standing.minutes is not None else "counts as"
    if not standing.ever:
        return f"This {run.one} {counts} {asks}, more than the quota of {limit} a day for {whose}."
    rest = count(standing.minutes_left or 0, "minute")
    return (
        f"This {run.one} {counts} {asks}, and {rest} of the quota of {limit} a day for {whose} are left."
        f" All of it is free again from {free} on."
    )


def _limit(quota: Quota, terms: Terms, *, others: bool) -> Line:
    """Say what each launcher gets: "At most 5 runs and 120 minutes a day (UTC) for each other launcher."."""
    whose = f"other {terms.launcher.one}" if others else terms.launcher.one
    if 0 in {quota.runs, quota.minutes}:
        return (_nothing(f"any {whose}", terms, runs=quota.runs == 0),)
    limits = [number_of(quota.runs, terms.run)] if quota.runs is not None else []
    limits += [count(quota.minutes, "minute")] if quota.minutes is not None else []
    return (f"At most {listed(limits)} a day ({quota.zone}) for each {whose}.",)


def _nothing(whose: str, terms: Terms, *, runs: bool) -> str:
    """Say that a quota is 0, of runs or of minutes."""
    return f"No {terms.run.one} can be started for {whose}: the quota is 0 {terms.run.many if runs else 'minutes'} a day."


def _whose(per: Per, name: str, terms: Terms) -> Line:
    match per:
        case Per.PERSON:
            return (Untrusted(name),) if name else ("you",)
        case Per.CHANNEL:
            return (Untrusted(name),) if name else ("this channel",)
        case Per.LAUNCHER:
            if not name:
                return (f"{terms.run.many} whose {terms.launcher.one} is not known",)
            return (f"the {terms.launcher.one} “", Untrusted(name), "”")
        case Per.CONNECTION:
            return ("the connection “", Untrusted(name), "”")
