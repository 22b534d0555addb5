"""When something is done again and again, as people write it."""

from __future__ import annotations

import pytest

from bot import grammar
from bot.errors import UserError


@pytest.mark.parametrize(
    ("text", "fields", "zone"),
    [
        ("weekdays 02:00", "0 2 * * 1-5", ""),
        ("weekdays at 2am", "0 2 * * 1-5", ""),
        ("02:00 on weekdays", "0 2 * * 1-5", ""),
        ("02:00 weekdays", "0 2 * * 1-5", ""),
        ("every weekday at 02:00", "0 2 * * 1-5", ""),
        ("Mon,Thu 03:30", "30 3 * * 1,4", ""),
        ("Mondays and Thursdays 03:30", "30 3 * * 1,4", ""),
        ("mon-fri 22:15 europe/berlin", "15 22 * * 1-5", "Europe/Berlin"),
        ("02:00 Europe/Berlin on sat,sun", "0 2 * * 0,6", "Europe/Berlin"),
        ("every day 02:00", "0 2 * * *", ""),
        ("daily 02:00 UTC", "0 2 * * *", "UTC"),
        ("02:00", "0 2 * * *", ""),
        ("hourly", "0 * * * *", ""),
        ("1st of the month 04:00", "0 4 1 * *", ""),
        ("on the 1st and 15th of each month at 04:00", "0 4 1,15 * *", ""),
        ("the 31st 04:00 America/New_York", "0 4 31 * *", "America/New_York"),
        ("0 2 * * 1-5", "0 2 * * 1-5", ""),
        ("cron 0 2 * * Mon", "0 2 * * mon", ""),
        ("0 2 * * 1-5 Europe/Berlin", "0 2 * * 1-5", "Europe/Berlin"),
    ],
)
def test_schedule__every_way_to_say_it(text: str, fields: str, zone: str) -> None:
    """Words and cron come to the same."""
    found, named = grammar.schedule(text, "at")

    assert (found.text, named) == (fields, zone)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*/15 * * * *", "that is 4 times an hour, and at most one is possible"),
        ("* * * * *", "that is 60 times an hour, and at most one is possible"),
        ("0 0 2 * * *", "There are 6; none is for seconds or years."),
        ("0 0 2 * * mon", "There are 6; none is for seconds or years."),
        ("0 2 * *", "There are 4; none is for seconds or years."),
        ("0 25 * * *", "has “25” as the hour; it goes from 0 to 23"),
        ("0 2/6 * * *", "a step needs a range, for example 2-23/6"),
        ("0 2 * * L", "has “l” as the day of the week; it takes numbers, names, lists, ranges and steps"),
        ("0 2 * * 1-5 Mars/Olympus", "has “Mars/Olympus” as its time zone; there is none of that name"),
        ("weekdays 02:00 EST", "has “EST” as its time zone; there is none of that name"),
        ("weekdays", "it must be days and one time, or the five fields of cron"),
        ("someday 02:00", "it must be days and one time, or the five fields of cron"),
        ("weekdays 25:00", "it must be a time of day, from 00:00 to 23:59"),
        ("Mon 02:00 on Tue", "it must be days and one time, or the five fields of cron"),
        ("0th 02:00", "it must be days and one time, or the five fields of cron"),
        ("", "it must be days and one time, or the five fields of cron"),
        ("9" * 5000, "it must be days and one time, or the five fields of cron"),
    ],
)
def test_schedule__what_is_wrong(text: str, said: str) -> None:
    """A sentence says what, and where."""
    with pytest.raises(UserError) as found:
        grammar.schedule(text, "at")

    assert said in f"{found.value.problem} {found.value.hint}"


def test_schedule__a_slip_in_the_zone_offers_all_of_it() -> None:
    """The correction is the whole value: what was said before the zone stays."""
    with pytest.raises(UserError) as found:
        grammar.schedule("weekdays 02:00 Europe/Berln", "at")

    (correction,) = found.value.corrections
    assert (correction.name, correction.to) == ("at", "weekdays 02:00 Europe/Berlin")
