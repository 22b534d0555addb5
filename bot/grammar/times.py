"""Zones, days and times as people write them: past ones and those to come."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from bot import calendar
from bot.grammar.quantities import age, length
from bot.replies import values
from bot.wordlike import nearest

FIRST_YEAR = 2000  # no platform is older; a year before that is a slip of the hand
LAST_YEAR = 2100  # the same for what is to come
_LONGEST = 60  # characters
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ](.+))?", re.ASCII)
_CLOCK = re.compile(
    r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?\s?(am|pm)?|\s?(am|pm))", re.ASCII | re.IGNORECASE
)  # a number alone is no time of day
_IN_UTC = re.compile(r"(.*[0-9apm]) ?(?:z|utc)", re.ASCII | re.IGNORECASE)
_LEADING = re.compile(r"^(?:until|till|for|in|on|next)\s", re.ASCII | re.IGNORECASE)
_HOURS = re.compile(r"(.+?)\s?(?:-|\u2013|to|until)\s?(.+)", re.ASCII | re.IGNORECASE)
_RANGE = re.compile(r" ?[-\u2013] ?")
_NOON = 12
_PAST_DAYS = {"today": 0, "yesterday": 1}
_COMING_DAYS = {"today": 0, "tomorrow": 1}
_SETS = {
    "daily": calendar.EVERY_DAY, "every day": calendar.EVERY_DAY, "all": calendar.EVERY_DAY,
    "weekdays": calendar.WEEKDAYS, "weekday": calendar.WEEKDAYS,
    "weekends": calendar.WEEKEND, "weekend": calendar.WEEKEND,
}  # fmt: skip
_FIXED = frozenset({"EST", "MST", "HST"})  # the whole year, unlike the places that people mean by them
_SHORTEST_DAY = 2  # letters of a day's name that say which one it is


def zone(text: str, name: str = "zone") -> str:
    """Return the name of a time zone as the database spells it, case aside. Raises `UserError` with the likeliest one."""
    said = "_".join(text.split())[: _LONGEST + 1]
    names = calendar.zones()
    found = said if said in names else {known.casefold(): known for known in names}.get(said.casefold())
    if found is not None and found not in _FIXED:
        return found
    raise values.not_a_zone(text, name, None if found else _meant(said, names))


def _meant(said: str, names: frozenset[str]) -> str | None:
    """Guess by the place alone, "berlin", where it can be in the part of the world that is named, "Europe/Berln"."""
    area, slash, place = said.casefold().rpartition("/")
    inside = [known for known in names if known.casefold().startswith(f"{area}{slash}")]
    if any(known.casefold().startswith(f"{said.casefold()}/") for known in names):
        return None
    for among in (inside, names):
        places = {known.rpartition("/")[2]: known for known in sorted(among, reverse=True)}
        found = nearest(place, places)
        if found and (inside or not slash or found == place or nearest(said, [places[found]])):
            return places[found]
    return None


def time_of_day(text: str, name: str) -> time:
    """Return the time that `08:00`, `8am` or `22:30` says. Raises `UserError`."""
    found = _clock(" ".join(text.split()))
    if found is None:
        raise values.not_a_time_of_day(text, name)
    return found


def hours(text: str, name: str) -> tuple[time, time]:
    """Return start and end of `22:00-07:00`, which may go past midnight. Raises `UserError`, also where both are the same."""
    parts = _HOURS.fullmatch(" ".join(text[: _LONGEST + 1].split()))
    start, end = (_clock(part) for part in parts.groups()) if parts else (None, None)
    if start is None or end is None:
        raise values.not_hours(text, name)
    if start == end:
        raise values.no_hours(text, name)
    return start, end


def weekdays(text: str, name: str) -> frozenset[int]:
    """Return the days of `weekdays`, `mon-fri`, `sat,sun` or `daily`; Monday is 0. Raises `UserError`."""
    said = " ".join(text[: _LONGEST + 1].casefold().split())
    if said in _SETS:
        return _SETS[said]
    found: set[int] = set()
    for part in _RANGE.sub("-", said).replace(";", " ").replace(",", " ").split():
        ends = [*map(_weekday, part.split("-"))]
        days = [day for day in ends if day is not None]
        if part in _SETS:
            found |= _SETS[part]
        elif len(days) != len(ends) or len(ends) > len(("from", "to")):
            raise values.not_days(text, name)
        else:
            found |= {(days[0] + n) % 7 for n in range((days[-1] - days[0]) % 7 + 1)}
    if not found:
        raise values.not_days(text, name)
    return frozenset(found)


def since(text: str, name: str, now: datetime) -> datetime:
    """Return the time in UTC that `24h`, `2d`, `1w`, `yesterday`, `2026-11-28` or `2026-11-28 14:30` says, none to come.

    A length counts back from `now`. Raises `UserError`.
    """
    said = " ".join(text.split())[: _LONGEST + 1]
    found = _away(now, age(said), -1)
    if found is None:
        shown = _shown(_without_utc(said)[0], now.replace(tzinfo=None), _past_day)
        found = None if shown is None else shown.replace(tzinfo=UTC)
    if found is None or found.year < FIRST_YEAR:
        raise values.not_a_time(text, name)
    if found > now:
        raise values.in_the_future(text, name)
    return found


def until(
    text: str, name: str, now: datetime, zone: str = "UTC", longest: timedelta | None = None
) -> datetime:
    """Return the moment in UTC up to which something is to last.

    `for 3 h`, `2d`, `2026-12-03`, `2026-12-03 09:00`, `Friday 09:00`, `tomorrow`, `15:00`: by the clocks of `zone`, unless the
    text ends in UTC. A day alone is its beginning, a time alone comes next. Raises `UserError`, also for what is over, for
    what is further away than `longest`, and for times that the clocks of the zone show never or twice on that day.
    """
    said = _LEADING.sub("", " ".join(text.split())[: _LONGEST + 1], count=1)
    found = _away(now, length(said), 1)
    if found is None:
        said, in_utc = _without_utc(said)
        found = _coming(said, text, name, now, "UTC" if in_utc else zone)
    if found <= now:
        raise values.in_the_past(text, name, found, zone)
    if longest is not None and found - now > longest:
        raise values.too_far_away(text, name, longest)
    return found


def _coming(said: str, text: str, name: str, now: datetime, zone: str) -> datetime:
    here = calendar.local(now, zone).replace(tzinfo=None)
    shown = _shown(said, here, _coming_day)
    if shown is None and (clock := _clock(said)) is not None:
        shown = datetime.combine(here.date(), clock)
        shown += timedelta(days=calendar.instant(shown, zone) <= now)
    if shown is None or not FIRST_YEAR <= shown.year < LAST_YEAR:
        raise values.not_a_time_to_come(text, name)
    if not calendar.exists(shown, zone):
        raise values.never_shown(text, name, shown, zone)
    if calendar.twice(shown, zone):
        both = (calendar.instant(shown, zone), calendar.instant(shown.replace(fold=1), zone))
        raise values.shown_twice(text, name, shown, zone, both)
    return calendar.instant(shown, zone)


def _shown(
    said: str, here: datetime, named_day: Callable[[str, datetime, time], date | None]
) -> datetime | None:
    """Return the naive time of a day, named or as a date, at its beginning or at the time that follows it."""
    try:
        if dated := _DATE.fullmatch(said):
            clock = time() if dated[2] is None else _clock(dated[2])
            return None if clock is None else datetime.combine(date.fromisoformat(dated[1]), clock)
    except ValueError:  # no such day
        return None
    word, _, rest = said.partition(" ")
    clock = _clock(rest) if rest else time()
    day = None if clock is None else named_day(word.casefold(), here, clock)
    return None if clock is None or day is None else datetime.combine(day, clock)


def _past_day(word: str, here: datetime, _: time) -> date | None:
    return here.date() - timedelta(days=_PAST_DAYS[word]) if word in _PAST_DAYS else None


def _coming_day(word: str, here: datetime, clock: time) -> date | None:
    if word in _COMING_DAYS:
        return here.date() + timedelta(days=_COMING_DAYS[word])
    wanted = _weekday(word)
    if wanted is None:
        return None
    day = here.date() + timedelta(days=(wanted - here.weekday()) % 7)
    return day if datetime.combine(day, clock) > here else day + timedelta(days=7)


def _weekday(word: str) -> int | None:
    """Return the day that a name, whole or shortened, means; Monday is 0."""
    begun = [i for i, day in enumerate(calendar.DAYS) if day.casefold().startswith(word)]
    return begun[0] if len(word) >= _SHORTEST_DAY and len(begun) == 1 else None


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hour, half = int(found[1]), (found[4] or found[5] or "").lower()
    if half:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    try:
        return time(hour, int(found[2] or 0), int(found[3] or 0))
    except ValueError:
        return None


def _away(now: datetime, span: timedelta | None, sign: int) -> datetime | None:
    try:
        return None if span is None else now + sign * span
    except OverflowError:
        return None


def _without_utc(said: str) -> tuple[str, bool]:
    """Take a closing UTC away; whether there was one."""
    found = _IN_UTC.fullmatch(said)
    return (found[1], True) if found else (said, False)
