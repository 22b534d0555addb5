"""Cron's five fields mean what crontab(5) says of days; changed clocks mean what `bot.calendar` says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import calendar, cron
from bot.cron import Fault, NotCron

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(text: str, since: str, number: int, zone: str = "UTC") -> list[str]:
    found = islice(cron.read(text).after(at(since), zone), number)
    return [f"{moment:%Y-%m-%dT%H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("text", "since", "found"),
    [
        # Days of the week count from Sunday as 0, and 7 is Sunday too; names are those of cron.
        ("0 2 * * 1-5", "2026-11-27T03", ["2026-11-30T02:00", "2026-12-01T02:00", "2026-12-02T02:00"]),
        ("0 2 * * 0", "2026-11-27T00", ["2026-11-29T02:00", "2026-12-06T02:00"]),
        ("0 2 * * 7", "2026-11-27T00", ["2026-11-29T02:00", "2026-12-06T02:00"]),
        ("0 2 * * 5-7", "2026-11-26T00", ["2026-11-27T02:00", "2026-11-28T02:00", "2026-11-29T02:00"]),
        ("0 2 * * */7", "2026-11-26T00", ["2026-11-29T02:00", "2026-12-06T02:00"]),
        ("0 0 * JAN,jul Mon", "2026-11-26T00", ["2027-01-04T00:00", "2027-01-11T00:00"]),
        ("0 0 * * sat-sun", "2026-11-26T00", ["2026-11-28T00:00", "2026-11-29T00:00"]),
        # A day of the month and a day of the week: either of them.
        ("0 4 13 * 5", "2026-11-01T00", ["2026-11-06T04:00", "2026-11-13T04:00", "2026-11-20T04:00"]),
        ("0 4 1-31 * 1", "2026-11-01T00", ["2026-11-01T04:00", "2026-11-02T04:00", "2026-11-03T04:00"]),
        ("0 4 1,*/10 * 1", "2026-11-01T00", ["2026-11-01T04:00", "2026-11-02T04:00", "2026-11-09T04:00"]),
        # Where one begins with a star, both.
        ("0 4 */2 * 1", "2026-11-01T00", ["2026-11-09T04:00", "2026-11-23T04:00", "2026-12-07T04:00"]),
        ("0 4 1 * */2", "2026-11-01T00", ["2026-11-01T04:00", "2026-12-01T04:00", "2027-04-01T04:00"]),
        ("0 4 */10 * 1", "2026-11-01T00", ["2026-12-21T04:00", "2027-01-11T04:00", "2027-02-01T04:00"]),
        ("0 2 * * 1,*", "2026-11-26T00", ["2026-11-26T02:00", "2026-11-27T02:00"]),
        # Months without the day are left out, and so are years.
        ("0 0 31 * *", "2026-01-31T01", ["2026-03-31T00:00", "2026-05-31T00:00"]),
        ("0 0 29 2 *", "2026-01-01T00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        # Steps begin at the first number of their range, every day anew.
        ("0 */5 * * *", "2026-01-01T14", ["2026-01-01T15:00", "2026-01-01T20:00", "2026-01-02T00:00"]),
        ("0 5-23/6 * * *", "2026-01-01T00", ["2026-01-01T05:00", "2026-01-01T11:00", "2026-01-01T17:00"]),
        ("@weekly", "2026-11-26T00", ["2026-11-29T00:00", "2026-12-06T00:00"]),
        ("@yearly", "2026-11-26T00", ["2027-01-01T00:00"]),
    ],
)  # fmt: skip
def test_after__the_days_of_cron(text: str, since: str, found: list[str]) -> None:
    """Each is what the cron of Debian does with it."""
    assert times(text, since, len(found)) == found


@pytest.mark.parametrize(
    ("text", "since", "zone", "found"),
    [
        # 02:30 does not exist on 29 March: as far behind the gap as it stands in it.
        ("30 2 * * *", "2026-03-28T03:00", BERLIN, ["2026-03-29T01:30", "2026-03-30T00:30"]),
        ("0 3 * * *", "2026-03-28T05:00", BERLIN, ["2026-03-29T01:00", "2026-03-30T01:00"]),
        # 02:30 exists twice on 25 October: the first.
        ("30 2 * * *", "2026-10-24T03:00", BERLIN, ["2026-10-25T00:30", "2026-10-26T01:30"]),
        # Every hour of the local day once: where 02:30 is 03:30, both are one.
        ("30 * * * *", "2026-03-29T00:00", BERLIN, ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"]),
        ("30 * * * *", "2026-10-24T23:00", BERLIN, ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T02:30"]),
        # A gap at midnight, and a day that its zone leaves out.
        ("30 0 * * *", "2026-03-07T12:00", "America/Havana", ["2026-03-08T05:30", "2026-03-09T04:30"]),
        ("0 12 30 12 *", "2011-12-01T00:00", "Pacific/Apia", ["2012-12-29T22:00"]),
    ],
)  # fmt: skip
def test_after__changed_clocks(text: str, since: str, zone: str, found: list[str]) -> None:
    """Once on each local day, whatever the clocks do."""
    assert times(text, since, len(found), zone) == found


@pytest.mark.parametrize("text", ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_next__never(text: str) -> None:
    """A day that no year has is looked for as far ahead as there can be one, and not further."""
    assert cron.read(text).next(at("2026-01-01T00:00"), BERLIN) is None


@pytest.mark.parametrize(
    ("text", "fault", "part", "of"),
    [
        ("0 0 0 2 * *", Fault.NUMBER, "0 0 0 2 * *", None),
        ("0 2 * *", Fault.NUMBER, "0 2 * *", None),
        ("@reboot", Fault.NUMBER, "@reboot", None),
        ("", Fault.NUMBER, "", None),
        ("60 2 * * *", Fault.RANGE, "60", cron.MINUTE),
        ("0 24 * * *", Fault.RANGE, "24", cron.HOUR),
        ("0 2 0 * *", Fault.RANGE, "0", cron.DAY),
        ("0 2 * 13 *", Fault.RANGE, "13", cron.MONTH),
        ("0 2 * * 8", Fault.RANGE, "8", cron.WEEKDAY),
        ("*/0 2 * * *", Fault.RANGE, "*/0", cron.MINUTE),
        ("0 22-2 * * *", Fault.ORDER, "22-2", cron.HOUR),
        ("0 2 * * fri-mon", Fault.ORDER, "fri-mon", cron.WEEKDAY),
        ("0 2/6 * * *", Fault.STEP, "2/6", cron.HOUR),
        ("0 2 * * mon#2", Fault.UNKNOWN, "mon#2", cron.WEEKDAY),
        ("0 2 L * *", Fault.UNKNOWN, "l", cron.DAY),
        ("0 2 ? * 1", Fault.UNKNOWN, "?", cron.DAY),
        ("0 2 * mon *", Fault.UNKNOWN, "mon", cron.MONTH),
        ("0 2,, * * *", Fault.UNKNOWN, "", cron.HOUR),
        ("0 *-5 * * *", Fault.UNKNOWN, "*-5", cron.HOUR),
        ("-1 2 * * *", Fault.UNKNOWN, "-1", cron.MINUTE),
        ("٣ 2 * * *", Fault.UNKNOWN, "٣", cron.MINUTE),
    ],
)
def test_read__what_is_wrong_and_where(text: str, fault: Fault, part: str, of: cron.Field | None) -> None:
    """The field is named, and nothing is guessed."""
    with pytest.raises(NotCron) as found:
        cron.read(text)

    assert (found.value.fault, found.value.part, found.value.of) == (fault, part, of)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["30 2 * * *", "0 3 * * 1-5", "15 0 * * *", "59 23 1,15 * *", "0 */7 * * *"]),
    st.sampled_from(
        [BERLIN, "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "America/Scoresbysund"]
    ),
    st.dates(date(2010, 1, 1), date(2030, 1, 1)),
)
def test_after__goes_up_and_means_each_local_time_once(text: str, zone: str, first: date) -> None:
    """Every local day of its kind has each of its times once, which is what `between` gives from anywhere."""
    start = datetime.combine(first, datetime.min.time(), UTC)
    found = list(islice(cron.read(text).after(start, zone), 40))

    assert found == sorted(set(found))
    middle = found[20]
    again = list(cron.read(text).between(found[10], middle, zone))
    assert again == found[11:21]
    shown = [calendar.local(moment, zone) for moment in found]
    assert len({(moment.date(), moment.hour, moment.minute) for moment in shown}) == len(found)
    assert all(moment - before >= timedelta(minutes=30) for before, moment in pairwise(found))
