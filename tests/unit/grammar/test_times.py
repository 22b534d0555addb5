"""Zones, days and times are read as people write them; what cannot be meant is refused with the way to give it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import calendar, grammar
from bot.errors import UserError

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 30, 13, 50, 7, tzinfo=UTC)  # a Monday
RUBBLE = ["", " ", "x", "-1", "never", "for ever", "\u0663 h", "2026-02-30", "2026-13-01", "25:00", "24:00", "12", "13pm",
          "Fri 9", "9999-12-31", "1999-01-01", "until", "2026-12-03T", "0x10", "99999 w 1", "m" * 9_000]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Europe/Berlin", BERLIN),
        (" europe/BERLIN ", BERLIN),
        ("America/New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_zone__is_spelled_as_the_database_does(text: str, expected: str) -> None:
    """Case and blanks do not matter."""
    assert expected == grammar.zone(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("Berlin", BERLIN), ("Europe/Berln", BERLIN), ("new york", "America/New_York"), ("Europe/Tokio", "Asia/Tokyo"),
     ("America", None), ("localtime", None), ("Mars/Base", None), ("Germany/Berlin", BERLIN), ("../../etc/passwd", None), ("EST", None), ("", None), ("+02:00", None),
     ("x" * 9_000, None)],
)  # fmt: skip
def test_zone__asks_about_a_slip(text: str, meant: str | None) -> None:
    """The place alone says which one; a zone without summer time, a path or a whole continent is none."""
    with pytest.raises(UserError, match=r"^zone= is ") as refused:
        grammar.zone(text)

    assert ([meant] if meant else []) == [c.to for c in refused.value.corrections]
    assert meant or "Europe/Berlin" in refused.value.hint
    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [("08:00", time(8)), ("8:05", time(8, 5)), ("8am", time(8)), ("12 AM", time(0)), ("12:30pm", time(12, 30)),
     ("23:59", time(23, 59))],
)  # fmt: skip
def test_time_of_day__is_read(text: str, expected: time) -> None:
    """By 24 hours, or with am and pm."""
    assert expected == grammar.time_of_day(text, "digest")


@pytest.mark.parametrize(
    "text", ["", "8", "24:00", "08:60", "0am", "13pm", "8:0", "08:00 UTC", "\u0660\u0668:00", "9" * 9_000]
)
def test_time_of_day__refuses_the_rest(text: str) -> None:
    """A number alone is none, and no clock shows 24:00."""
    with pytest.raises(UserError, match=r"^digest= is "):
        grammar.time_of_day(text, "digest")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22:00-07:00", (time(22), time(7))),
        ("22:00 \u2013 7am", (time(22), time(7))),
        ("9am to 5pm", (time(9), time(17))),
    ],
)
def test_hours__are_two_times(text: str, expected: tuple[time, time]) -> None:
    """They may go past midnight."""
    assert expected == grammar.hours(text, "quiet")


@pytest.mark.parametrize("text", ["", "22:00", "22-7", "07:00-07:00", "22:00-25:00", "a-b", "-" * 9_000])
def test_hours__refuses_the_rest(text: str) -> None:
    """Hours that end when they start are none, or the whole day: nobody knows."""
    with pytest.raises(UserError, match=r"^quiet= is "):
        grammar.hours(text, "quiet")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("weekdays", {0, 1, 2, 3, 4}), ("Mon-Fri", {0, 1, 2, 3, 4}), ("mon \u2013 fri", {0, 1, 2, 3, 4}), ("sat,sun", {5, 6}),
     ("weekend", {5, 6}), ("daily", set(range(7))), ("fri-mon", {4, 5, 6, 0}), ("Tuesday; thurs", {1, 3}),
     ("mon-wed,sat", {0, 1, 2, 5}), ("weekend, monday", {5, 6, 0})],
)  # fmt: skip
def test_weekdays__are_days_and_ranges(text: str, expected: set[int]) -> None:
    """A range may go over Sunday."""
    assert expected == grammar.weekdays(text, "days")


@pytest.mark.parametrize(
    "text", ["", ",", "s", "t", "mon-", "-fri", "mon-wed-fri", "monn", "mon fry", "x" * 9_000]
)
def test_weekdays__refuses_the_rest(text: str) -> None:
    """Also a letter that stands for two days."""
    with pytest.raises(UserError, match=r"^days= is "):
        grammar.weekdays(text, "days")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for 3 h", "2026-11-30T16:50:07"), ("3h", "2026-11-30T16:50:07"), ("90 min", "2026-11-30T15:20:07"),
        ("1h30m", "2026-11-30T15:20:07"), ("2 days", "2026-12-02T13:50:07"), ("1w", "2026-12-07T13:50:07"),
        ("2026-12-03", "2026-12-02T23:00"), ("until 2026-12-03", "2026-12-02T23:00"),
        ("2026-12-03 UTC", "2026-12-03T00:00"), ("2026-12-03T09:00Z", "2026-12-03T09:00"),
        ("2026-12-03 9am", "2026-12-03T08:00"), ("until Friday 09:00", "2026-12-04T08:00"),
        ("friday", "2026-12-03T23:00"), ("next fri 9am", "2026-12-04T08:00"), ("Monday 15:00", "2026-11-30T14:00"),
        ("Monday 14:00", "2026-12-07T13:00"), ("tomorrow", "2026-11-30T23:00"), ("today 18:00", "2026-11-30T17:00"),
        ("tomorrow 08:00 UTC", "2026-12-01T08:00"), ("15:00", "2026-11-30T14:00"), ("14:00", "2026-12-01T13:00"),
        ("14:00 UTC", "2026-11-30T14:00"),
    ],
)  # fmt: skip
def test_until__reads_lengths_days_and_times(text: str, expected: str) -> None:
    """By the clocks of the zone; at 14:50 in Berlin, on a Monday."""
    assert datetime.fromisoformat(expected).replace(tzinfo=UTC) == grammar.until(text, "mute", NOW, BERLIN)


@pytest.mark.parametrize("text", RUBBLE)
def test_until__refuses_the_rest(text: str) -> None:
    """Whatever was given, the sentence names the parameter and is short."""
    with pytest.raises(UserError, match=r"^mute= is ") as refused:
        grammar.until(text, "mute", NOW, BERLIN)

    assert len(refused.value.problem) < 220


@pytest.mark.parametrize(
    "text", ["2026-11-29", "2026-11-30", "today", "today 14:00", "0h", "2026-11-30 13:50 UTC"]
)
def test_until__says_what_is_over(text: str) -> None:
    """A date alone is its beginning, so today's is over."""
    with pytest.raises(UserError, match=r"Europe/Berlin, which is over\."):
        grammar.until(text, "mute", NOW, BERLIN)


def test_until__is_bounded() -> None:
    """What may not last for ever is refused with the most that it may."""
    month = timedelta(days=30)

    assert NOW + month == grammar.until("30d", "mute", NOW, longest=month)
    with pytest.raises(UserError, match="30 days from now is the most"):
        grammar.until("31d", "mute", NOW, longest=month)


def test_until__asks_again_for_a_time_that_is_never_shown() -> None:
    """In the night when clocks go forward, with the time that they show instead."""
    with pytest.raises(UserError, match="02:30 does not exist on 28 Mar 2027 in Europe/Berlin") as refused:
        grammar.until("2027-03-28 02:30", "mute", NOW, BERLIN)

    assert 'mute="2027-03-28 03:30"' in refused.value.hint


def test_until__asks_which_one_of_a_time_that_is_shown_twice() -> None:
    """In the night when clocks go back; UTC tells the two apart, and what is offered is taken."""
    with pytest.raises(UserError, match="02:30 exists twice on 31 Oct 2027 in Europe/Berlin") as refused:
        grammar.until("2027-10-31 02:30", "mute", NOW, BERLIN)

    assert 'mute="2027-10-31 00:30 UTC", mute="2027-10-31 01:30 UTC"' in refused.value.hint
    assert datetime(2027, 10, 31, 1, 30, tzinfo=UTC) == grammar.until(
        "2027-10-31 01:30 UTC", "mute", NOW, BERLIN
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(calendar.zones())), st.dates(date(2026, 12, 2), date(2037, 1, 1)), st.times())
def test_until__is_what_clocks_show(zone: str, day: date, clock: time) -> None:
    """A date and a time come back as the clocks of the zone show them, or are refused."""
    shown = datetime.combine(day, clock.replace(microsecond=0))
    try:
        found = grammar.until(f"{shown:%Y-%m-%d %H:%M:%S}", "mute", NOW, zone)
    except UserError:
        assert not calendar.exists(shown, zone) or calendar.twice(shown, zone)
    else:
        assert shown == calendar.local(found, zone).replace(tzinfo=None)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80))
def test_readers__take_any_text(text: str) -> None:
    """Nothing but a refusal ever comes out of a text that says nothing."""
    for read in (grammar.zone, grammar.time_of_day, grammar.hours, grammar.weekdays):
        with suppress(UserError):
            read(text, "value")
