"""Rules over what may be started on a day: which hold, for which day, and what they leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access import Policy, difference
from bot.quotas import Quota, Standing, holding
from bot.state import Per, Reservation, Used

ANN, ANNS_OTHER = "slack:user:T01:U01", "discord:user:902"
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
RUN = Reservation(actor=ANN, channel="c1", launcher="payments nightly", connection="demo", minutes=30, at=AT)
IDS = frozenset({ANN})
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("quota", "holds"),
    [
        (Quota(per=Per.PERSON, of=ANN), True),
        (Quota(per=Per.PERSON, of=ANNS_OTHER), False),
        (Quota(per=Per.PERSON), True),
        (Quota(per=Per.CHANNEL, of="c1"), True),
        (Quota(per=Per.CHANNEL, of="c2"), False),
        (Quota(per=Per.LAUNCHER, of="Payments Nightly"), True),
        (Quota(per=Per.LAUNCHER, of="Payments"), False),
        (Quota(per=Per.CONNECTION, of="demo"), True),
        (Quota(per=Per.CONNECTION, of="Demo"), False),
    ],
)
def test_holding__by_kind(quota: Quota, holds: bool) -> None:
    """A rule holds for what it names, or for each; the case of a launcher's name does not count."""
    assert holding([quota], RUN, IDS) == ((quota,) if holds else ())


def test_holding__a_named_one_goes_before_each() -> None:
    """Who is named has the quota that names them and not each one's; other kinds hold beside it."""
    each, anns, channels = (
        Quota(per=Per.PERSON, runs=1),
        Quota(per=Per.PERSON, of=ANNS_OTHER, runs=9),
        Quota(per=Per.CHANNEL, runs=5),
    )

    assert holding([each, anns, channels], RUN, IDS) == (each, channels)
    assert holding([each, anns, channels], RUN, IDS | {ANNS_OTHER}) == (anns, channels)


def test_share__a_person_is_all_their_accounts() -> None:
    """What any of a person's accounts started counts; of the rest the name that is asked for."""
    ids = IDS | {ANNS_OTHER}

    assert Quota(per=Per.PERSON).share(RUN, ids).names == ids
    assert Quota(per=Per.LAUNCHER).share(RUN, ids).names == {"payments nightly"}


@pytest.mark.parametrize(
    ("zone", "at", "hours", "since"),
    [
        ("UTC", "2026-06-01T00:00", 24, "2026-06-01T00:00"),
        ("UTC", "2026-05-31T23:59", 24, "2026-05-31T00:00"),
        ("Europe/Berlin", "2026-06-01T21:59", 24, "2026-05-31T22:00"),
        ("Europe/Berlin", "2026-06-01T22:00", 24, "2026-06-01T22:00"),
        ("Europe/Berlin", "2026-03-29T12:00", 23, "2026-03-28T23:00"),  # clocks go forward
        ("Europe/Berlin", "2026-10-25T12:00", 25, "2026-10-24T22:00"),  # and back
        ("America/Havana", "2026-11-01T04:30", 25, "2026-11-01T04:00"),  # midnight is there twice
        ("America/Havana", "2026-11-01T05:30", 25, "2026-11-01T04:00"),
        ("Africa/Cairo", "2026-04-24T12:00", 23, "2026-04-23T22:00"),  # midnight is left out
        ("Pacific/Apia", "2011-12-31T12:00", 24, "2011-12-31T10:00"),  # the day before was left out
    ],
)
def test_share__the_day_of_the_zone(zone: str, at: str, hours: int, since: str) -> None:
    """A day is from midnight to midnight of the zone, however long that is."""
    moment, begins = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, since))
    share = Quota(per=Per.CHANNEL, zone=zone).share(
        Reservation(actor="a", channel="c", launcher="l", connection="x", minutes=None, at=moment), IDS
    )

    assert (share.since, share.until) == (begins, begins + hours * HOUR)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    st.sampled_from(
        ["Europe/Berlin", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Beirut"]
    ),
)
def test_share__days_leave_no_gap(at: datetime, zone: str) -> None:
    """Every moment is of exactly one day, and the next day begins where it ends."""
    quota = Quota(per=Per.CHANNEL, zone=zone)

    def day(moment: datetime) -> tuple[datetime, datetime]:
        run = Reservation(actor="a", channel="c", launcher="l", connection="x", minutes=None, at=moment)
        share = quota.share(run, IDS)
        return share.since, share.until

    since, until = day(at)

    assert since <= at < until
    assert day(since) == (since, until) == day(until - timedelta(microseconds=1))
    assert day(until)[0] == until


@pytest.mark.parametrize(
    ("quota", "used", "minutes", "room", "ever"),
    [
        (Quota(per=Per.CHANNEL, runs=2), Used(runs=1), 30, True, True),
        (Quota(per=Per.CHANNEL, runs=2), Used(runs=2), 30, False, True),
        (Quota(per=Per.CHANNEL, runs=2), Used(runs=9), 30, False, True),  # it was more before
        (Quota(per=Per.CHANNEL, minutes=60), Used(runs=1, minutes=30), 30, True, True),
        (Quota(per=Per.CHANNEL, minutes=60), Used(runs=1, minutes=31), 30, False, True),
        (Quota(per=Per.CHANNEL, minutes=60), Used(), 61, False, False),
        (Quota(per=Per.CHANNEL, minutes=60), Used(runs=1, minutes=60), None, True, True),
        (Quota(per=Per.CHANNEL, minutes=60, untimed=20), Used(runs=1, minutes=41), None, False, True),
        (Quota(per=Per.CHANNEL, minutes=60, untimed=20), Used(runs=2, minutes=20, untimed=1), 20, True, True),
        (Quota(per=Per.CHANNEL, minutes=60, untimed=61), Used(), None, False, False),
        (Quota(per=Per.CHANNEL, runs=0), Used(), None, False, False),
        (Quota(per=Per.CHANNEL, minutes=0), Used(), None, False, False),
        (Quota(per=Per.CHANNEL, runs=1, minutes=60), Used(runs=1), 1, False, True),
    ],
)
def test_standing__room(quota: Quota, used: Used, minutes: int | None, room: bool, ever: bool) -> None:
    """What is left decides; a run that fits on no day is known as such."""
    standing = Standing(quota=quota, share=quota.share(RUN, IDS), used=used, minutes=minutes)

    assert (standing.has_room, standing.ever) == (room, ever)
    assert (standing.runs_left or 0) >= 0
    assert (standing.minutes_left or 0) >= 0


def test_difference__of_quotas() -> None:
    """The audit trail says of a changed rule what it was and what it is."""
    before = Policy(quotas=(Quota(per=Per.CHANNEL, runs=5, zone="Europe/Berlin"),))
    after = Policy(quotas=(Quota(per=Per.CHANNEL, of="c1", runs=5, minutes=60, untimed=10),))

    assert difference(before, before) == ""
    assert difference(before, after) == (
        "quota +channel c1: 5 runs, 60 minutes, a run of unknown length as 10 a day (UTC); "
        "quota -each channel: 5 runs a day (Europe/Berlin)"
    )
