"""Small pieces of wording that every card shares: names, counts, times and durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import calendar
from bot.cards import Line, Span, Untrusted, When, plain
from bot.cleaning import shorten
from bot.model import Moment, Run
from bot.terms import Noun, Terms

SHORT_ID = 8
RESULT = Noun("result", "results")
LONGEST_NAME = 120  # characters
_LONGEST_ID = 12  # characters of an id that is shown whole, whatever it is made of
_RANDOM = re.compile(r"[0-9a-f]{32}(?:-[0-9]{1,6}){0,2}", re.ASCII)  # from its first digit on
_FILE = re.compile(r"\.[A-Za-z0-9]{1,5}(?:::|$)", re.ASCII)
STOPS = (".", "!", "?", "…")
MINUTE = HOUR = 60
DAY = 24
_KB = 1000


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: "1 run", "3 runs", "1,204 lines"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def number_of(number: int, noun: Noun) -> str:
    """Write a number with a noun of a connection: "1 property", "1,204 tests"."""
    return count(number, noun.one, noun.many)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a large number briefly with its noun: "1 example", "2.3k examples"."""
    return f"{shortened(number)} {noun if number == 1 else plural or noun + 's'}"


def virtual_seconds(value: float) -> str:
    """Write a span of virtual time: "1 virtual second", "0.5 virtual seconds"."""
    return f"{value:g} virtual second{'' if value == 1 else 's'}"


def last(number: int, noun: str, plural: str = "") -> str:
    """Say how many of the newest there are: "the last line", "the last 20 lines"."""
    return f"the last {noun}" if number == 1 else f"the last {count(number, noun, plural)}"


def first(number: int, noun: str, plural: str) -> str:
    """Say how many of the first there are: "the first property", "the first 100 properties"."""
    return f"the first {noun}" if number == 1 else f"the first {count(number, noun, plural)}"


def sentence(*spans: Span) -> Line:
    """End a sentence in one full stop; text from outside may bring its own, or another mark."""
    return spans if plain(spans).rstrip().endswith(STOPS) else (*spans, ".")


def stopped(text: str) -> str:
    """End a text in one full stop, as `sentence` does."""
    return plain(sentence(text.rstrip()))


def shortened(number: int) -> str:
    """Write a large count briefly: 812, 2.3k, 18M."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= limit:
            text = f"{number / limit:.1f}" if number < 10 * limit else f"{number // limit}"
            return text.removesuffix(".0") + unit
    return str(number)


def short_id(run_id: str) -> str:
    """Shorten an id for reading; the whole one stands in the card's facts.

    Only of random digits the first ones tell runs apart: of other ids, and of those in ascending order, both ends do.
    """
    if _RANDOM.fullmatch(run_id):
        return run_id[:SHORT_ID]
    return run_id if len(run_id) <= _LONGEST_ID else f"{run_id[:6]}…{run_id[-5:]}"


def from_on(first: int) -> str:
    """Say where a page of a list begins; "" for its first one."""
    return f", from {first:,} on" if first > 1 else ""


def check_name(name: str) -> Untrusted:
    """Name a check in a sentence: a long name is shortened in its middle, so that two of them do not read the same."""
    return Untrusted(shorten(name, LONGEST_NAME))


def check_names(names: Sequence[str], most: int) -> Line:
    """Name so many checks in a sentence, and say how many more there are."""
    parts: list[Span] = []
    for name in names[:most]:
        parts += [", " if parts else "", "“", check_name(name), "”"]
    more = len(names) - most
    return (*parts, f" and {more:,} more") if more > 0 else tuple(parts)


def titled(name: str) -> tuple[Untrusted, Line]:
    """Return the title of a check, and the line below it: of a test's id what stands behind its last "::", and its file."""
    plain = name.partition("[")[0]
    place, _, title = plain.rpartition("::")
    if not place or not title or (" " in plain and not _FILE.search(place)):
        return check_name(name), ()
    return check_name(name[len(place) + 2 :]), (Untrusted(shorten(place, LONGEST_NAME), code=True),)


def run_title(run: Run, terms: Terms) -> str:
    """Return what a run is called as a label: a single result is no run."""
    return RESULT.title if run.single else terms.run.title


def run_name(run: Run) -> Line:
    """Name a run the way people do: its launcher where that is known, then the start of its id."""
    name: Line = (Untrusted(run.launcher), " ") if run.launcher else ()
    return (*name, Untrusted(short_id(run.ref.run_id), code=True))


def series_name(run: Run) -> Line:
    """Name the series of a run: "Payments Nightly on main, test ledger"."""
    source: Line = (" on ", Untrusted(run.source)) if run.source else ()
    test: Line = (", test ", Untrusted(run.test_name)) if run.test_name else ()
    return (Untrusted(run.launcher), *source, *test)


def minutes(value: float) -> str:
    """Write minutes as people say them: 0.5 -> "30 s", 90 -> "1 h 30 min"."""
    return duration(timedelta(minutes=value))


def duration(span: timedelta) -> str:
    """Write a span in its two largest units: "45 s", "12 min", "1 h 30 min", "3 d 4 h"."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < MINUTE:
        return f"{seconds} s"
    whole, rest = divmod(seconds // MINUTE, HOUR)
    if whole == 0:
        return f"{rest} min"
    if whole < DAY:
        return f"{whole} h {rest} min" if rest else f"{whole} h"
    days, hours = divmod(whole, DAY)
    return f"{days} d {hours} h" if hours else f"{days} d"


def took(span: timedelta) -> str:
    """Write how long something took, as exactly as people compare it: "0.3 s", "1.2 s", "4 min 47 s", "1 h 30 min"."""
    seconds = max(0.0, span.total_seconds())
    if seconds < MINUTE:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole, rest = divmod(round(seconds), MINUTE)
    return f"{whole} min {rest} s" if whole < HOUR and rest else duration(span)


def size_of(number: int) -> str:
    """Write a number of bytes: "31 bytes", "10 KB", "1.2 MB"."""
    if number < _KB:
        return count(number, "byte")
    if number < _KB * _KB:
        return f"{number // _KB} KB"
    return f"{number / (_KB * _KB):,.1f} MB"


def ago(then: datetime | None, now: datetime) -> str:
    """Say how long ago something was, "" where that is not known."""
    if then is None:
        return ""
    return "just now" if now - then < timedelta(seconds=5) else f"{duration(now - then)} ago"


def when(then: datetime | None, now: datetime) -> Line:
    """Say how long ago something was, in a way that a chat may keep current; empty where that is not known."""
    return (When(then, ago(then, now)),) if then else ()


def stage_of(run: Run) -> tuple[str, datetime | None]:
    """Return the last stage of a run whose time is known: "ended", "started" or "created", and when."""
    if run.status.terminal and run.completed_at:
        return "ended", run.completed_at
    if not run.status.terminal and run.started_at:
        return "started", run.started_at
    return "created", run.created_at


def age(run: Run, now: datetime) -> Line:
    """Say how old a run is, and since what: "ended 3 h ago", "started 5 min ago"."""
    stage, at = stage_of(run)
    return (f"{stage} ", *when(at, now)) if at else ()


def clock_time(at: datetime, zone: str = "UTC", *, besides: datetime | None = None) -> str:
    """Write a time for people: date, hours and minutes by the clocks of a zone; where those show it twice, which one.

    The year is written where it is another than that of `besides`.
    """
    shown = calendar.local(at, zone)
    year = f" {shown:%Y}" if besides and calendar.local(besides, zone).year != shown.year else ""
    which = (
        f" (UTC{shown.isoformat()[-6:]})" if calendar.twice(shown.replace(tzinfo=None, fold=0), zone) else ""
    )
    return f"{shown:%d %b}{year} {shown:%H:%M} {zone}{which}"


def on_days(days: frozenset[int]) -> str:
    """Say on which days of the week: "every day", "on weekdays", "on Saturday and Sunday"."""
    named = {calendar.EVERY_DAY: "every day", calendar.WEEKDAYS: "on weekdays"}
    return named.get(days) or f"on {listed([calendar.DAYS[day] for day in sorted(days)])}"


def ordinal(number: int) -> str:
    """Write a number as an ordinal: "2nd", "11th"."""
    teens = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def day(at: datetime) -> str:
    """Write a day for people, in UTC."""
    return f"{at.day} {at:%b %Y}"


def elapsed(run: Run, now: datetime) -> timedelta | None:
    """How long a run took, or has been going on; None where it has not started, or where nobody knows when it ended."""
    start = run.started_at or run.created_at
    if start is None or (run.status.terminal and run.completed_at is None):
        return None
    end = run.completed_at if run.status.terminal and run.completed_at else now
    return max(timedelta(0), end - start)


def virtual(moment: Moment) -> str:
    """Write a moment's virtual time for reading: truncated to milliseconds, never rounded up."""
    return virtual_text(moment.vtime)


def virtual_text(vtime: str) -> str:
    """Truncate an exact virtual time to milliseconds; exponent forms stay as they are."""
    whole, dot, fraction = vtime.partition(".")
    if not dot or "e" in vtime.lower():
        return f"{vtime} s"
    return f"{whole}.{fraction[:3]} s"


def listed(words: list[str]) -> str:
    """Join words as in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
