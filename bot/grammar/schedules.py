"""When something is to be done again and again, as people write it: days and a time, or a line of a crontab."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot import calendar, cron
from bot.cron import Cron, Fault, NotCron
from bot.errors import UserError
from bot.grammar.times import time_of_day, weekdays, zone
from bot.replies import values

_LONGEST = 200  # characters
_FIELD = re.compile(
    r"(?:[0-9*?,/#-]|l(?![a-z])|w(?![a-z])|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+",
    re.ASCII | re.IGNORECASE,
)
_FIRST = re.compile(r"[0-9*?][0-9*?,/-]*", re.ASCII)  # of a crontab line: a minute
_WORDS = re.compile(
    r"(?:(?P<days>[^:]*?)\s)?(?:at\s)?(?P<clock>[0-9]{1,2}(?::[0-9]{2}(?:\s?[ap]m)?|\s?[ap]m))(?:\s(?P<rest>.+))?",
    re.ASCII | re.IGNORECASE,
)
_OF_MONTH = re.compile(r"\s(?:day\s)?of\s(?:the|a|each|every)\smonth$", re.ASCII | re.IGNORECASE)
_MONTHDAY = re.compile(r"([1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)", re.ASCII | re.IGNORECASE)
_LEADING = re.compile(r"^(?:on\s|every\s|each\s|the\s)+", re.ASCII | re.IGNORECASE)
_PLURAL = re.compile(r"(?<=day)s\b", re.ASCII | re.IGNORECASE)
_AND = re.compile(r"\s*(?:,|\band\b)\s*", re.ASCII | re.IGNORECASE)
_EVERY_DAY = frozenset({"", "day", "daily"})
_HOURLY = frozenset({"hourly", "every hour"})


def schedule(text: str, name: str) -> tuple[Cron, str]:
    """Return the times that `weekdays 02:00`, `1st of the month 04:00 Europe/Berlin` or `0 2 * * 1-5` says, and the zone.

    The zone is "" where none is named. Raises `UserError`, also for more than one time an hour and for what never comes.
    """
    said = " ".join(text[: _LONGEST + 1].split()).removeprefix("cron ")
    words = said.split(" ")
    is_cron = words[0].startswith("@") or bool(_FIRST.fullmatch(words[0]) and len(words) > 1)
    found, named = _crontab(words, name) if is_cron else _in_words(said, name)
    if len(found.minutes) > 1:
        raise values.too_often(found, name)
    return found, named


def _crontab(words: Sequence[str], name: str) -> tuple[Cron, str]:
    """Read a line of a crontab, behind which a zone may stand."""
    fields = 1 if words[0].startswith("@") else len(cron.FIELDS)
    behind = words[fields:]
    if behind and _FIELD.fullmatch(behind[0]):
        raise values.not_cron(NotCron(Fault.NUMBER, " ".join(words)), name)
    try:
        found = cron.read(" ".join(words[:fields]))
    except NotCron as error:
        raise values.not_cron(error, name) from error
    return found, _zone(" ".join(behind), " ".join(words), name) if behind else ""


def _in_words(said: str, name: str) -> tuple[Cron, str]:
    """Read a time of day with its days before or behind it, and maybe a zone."""
    if said.casefold() in _HOURLY:
        return cron.read("@hourly"), ""
    found = _WORDS.fullmatch(said)
    if found is None:
        raise values.not_a_schedule(said, name)
    at = time_of_day(found["clock"], name)
    days, (named, behind) = found["days"] or "", _behind(found["rest"] or "", said, name)
    if days and behind:
        raise values.not_a_schedule(said, name)
    return cron.read(f"{at.minute} {at.hour} {_days(days or behind, said, name)}"), named


def _behind(rest: str, said: str, name: str) -> tuple[str, str]:
    """Read what stands behind the time: a zone, the days, or both."""
    before, on, days = f" {rest}".rpartition(" on ")
    if on:
        return (_zone(before.strip(), said, name) if before.strip() else ""), days
    try:
        _days(rest, rest, name)
    except UserError:
        return _zone(rest, said, name), ""
    return "", rest


def _zone(text: str, said: str, name: str) -> str:
    """Return the zone that stands in what was said; the likeliest one for a slip is offered with all of it."""
    try:
        return zone(text, name)
    except UserError as error:
        nearest = next((said.replace(text, each.to) for each in error.corrections), None)
        raise values.no_such_zone(text, name, nearest) from error


def _days(text: str, said: str, name: str) -> str:
    """Return the last three fields of the days that are meant: of the month, or of the week."""
    days = _PLURAL.sub("", _LEADING.sub("", text.strip()))
    if days.casefold() in _EVERY_DAY:
        return "* * *"
    numbered = [_MONTHDAY.fullmatch(part) for part in _AND.split(_OF_MONTH.sub("", days))]
    if all(numbered):
        return f"{','.join(part[1] for part in numbered if part)} * *"
    try:
        chosen = weekdays(_AND.sub(",", days), name)
    except UserError:
        raise values.not_a_schedule(said, name) from None
    if chosen == calendar.EVERY_DAY:
        return "* * *"
    if chosen == calendar.WEEKDAYS:
        return "* * 1-5"
    return f"* * {','.join(str(day) for day in sorted((day + 1) % 7 for day in chosen))}"
