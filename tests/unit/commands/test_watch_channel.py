"""What `watch` says of a channel as a whole: its zone, its quiet hours, its digest."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from bot.calendar import EVERY_DAY, WEEKDAYS
from bot.cards import plain
from bot.state import CHANGES, ChannelSettings, Expectation, MentionRule, Mute, Subscription
from tests.fakes.runs import EPOCH
from tests.fakes.stage import texts
from tests.unit.commands.door import CHANNEL, Door
from tests.unit.terminal.cards import drawn

BERLIN = "Europe/Berlin"


async def settings_of(door: Door) -> ChannelSettings:
    (found,) = await door.store.channel_settings(CHANNEL)
    return found


async def test_watch__sets_a_digest_where_nothing_was_watched() -> None:
    """It watches every run, and says when the first digest comes and what that means."""
    door = Door()

    reply = await door.say("watch digest=08:00 zone=Europe/Berlin digest_days=weekdays")

    assert (Subscription(channel=CHANNEL),) == await door.store.subscriptions(CHANNEL)
    assert await settings_of(door) == ChannelSettings(
        channel=CHANNEL, zone=BERLIN, digest=time(8), digest_days=WEEKDAYS
    )
    said = plain(reply.card.text)
    assert said.startswith("This channel is notified of every finished run.")
    assert "A digest comes on weekdays at 08:00 Europe/Berlin, next on " in said
    assert said.endswith("Until then no run is posted.")


async def test_watch__of_the_channel_alone_leaves_what_is_watched() -> None:
    """A digest in addition does not widen a watch of changes."""
    door = Door()
    await door.say("watch Payments Nightly outcomes=changes keep=yes")

    reply = await door.say("watch digest=8am")

    assert (
        Subscription(channel=CHANNEL, launcher="Payments Nightly", outcomes=CHANGES),
    ) == await door.store.subscriptions(CHANNEL)
    assert ("Notifications changed",) == reply.card.title
    assert "Runs whose outcome a watch names are still posted at once." in plain(reply.card.text)


async def test_watch__changes_one_thing_and_keeps_the_others() -> None:
    """Step by step, and back."""
    door = Door()
    for words in (
        "watch",
        "watch quiet=22:00-07:00",
        "watch digest=08:00",
        "watch zone=Asia/Tokyo",
        "watch digest_empty=yes",
    ):
        await door.say(words)
    assert await settings_of(door) == ChannelSettings(
        channel=CHANNEL,
        zone="Asia/Tokyo",
        quiet_from=time(22),
        quiet_to=time(7),
        digest=time(8),
        digest_empty=True,
    )

    gone = await door.say("watch digest=off quiet=OFF")

    assert await settings_of(door) == ChannelSettings(channel=CHANNEL, zone="Asia/Tokyo", digest_empty=True)
    assert "This channel has no quiet hours any more. This channel has no digest any more." == plain(
        gone.card.text
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("watch zone=Berlin", "zone= is “Berlin”; that is not a time zone. Did you mean “Europe/Berlin”?"),
        ("watch digest=25:00", "it must be a time of day"),
        ("watch digest=08:00 digest_days=someday", "it must be days of the week"),
        ("watch digest=08:00 digest_empty=perhaps", "it must be yes or no"),
        ("watch quiet=7", "it must be two times of day"),
        ("watch quiet=07:00-07:00", "it ends when it starts"),
        (
            "watch quiet=22:00-09:00 digest=08:00",
            "The digest would come at 08:00, in the quiet hours from 22:00 to 09:00.",
        ),
        ("watch quiet=12:00-13:00 digest=12:00", "Let it come at 13:00 or later"),
        (
            "watch digest_days=weekdays",
            "digest_days= is about the digest, and this channel has none. Add digest=08:00.",
        ),
        (
            "watch digest=off digest_empty=yes",
            "digest_empty= is about the digest, and this channel has none.",
        ),
    ],
)
async def test_watch__changes_nothing_where_something_is_wrong(words: str, said: str) -> None:
    """Neither the settings nor what is watched."""
    door = Door()

    reply = await door.say(words)

    assert reply.failed
    assert said in plain(reply.card.text)
    assert () == await door.store.channel_settings(CHANNEL)
    assert () == await door.store.subscriptions(CHANNEL)


async def test_watch__leaves_to_the_settings_file_what_stands_there() -> None:
    """A change would be undone at the next start."""
    door = Door()
    theirs = ChannelSettings(channel=CHANNEL, digest=time(7), from_settings=True)
    await door.store.configure_channels([theirs], EPOCH)

    reply = await door.say("watch digest=08:00")

    assert "come from the settings file" in plain(reply.card.text)
    assert theirs == await settings_of(door)


async def test_watching__says_how_the_channel_is_notified() -> None:
    """Also where nothing is watched."""
    door = Door()
    await door.store.set_channel(
        ChannelSettings(
            channel=CHANNEL,
            zone=BERLIN,
            quiet_from=time(22),
            quiet_to=time(7),
            digest=time(8),
            digest_days=EVERY_DAY,
        ),
        EPOCH,
    )

    nothing = await door.say("watching")
    await door.say("watch")
    listed = await door.say("watching")

    for reply in (nothing, listed):
        said = texts(reply.card)
        assert (
            "Quiet from 22:00 to 07:00 Europe/Berlin: what ends meanwhile is posted together afterwards."
            in said
        )
        assert "A digest comes every day at 08:00 Europe/Berlin" in said


async def test_watching__says_a_time_zone_that_stands_alone() -> None:
    """Mutes and digests will go by it, so it is no secret; UTC is what everybody expects."""
    door = Door()
    await door.store.set_channel(ChannelSettings(channel=CHANNEL, zone=BERLIN), EPOCH)
    assert "The times of this channel are those of Europe/Berlin." in texts((await door.say("watching")).card)

    await door.store.set_channel(ChannelSettings(channel=CHANNEL), EPOCH)
    assert "The times of this channel" not in texts((await door.say("watching")).card)


ALL = """\
#1 • This channel watches 2 things and has 1 mention and 1 mute
   Quiet from 22:00 to 07:00 Europe/Berlin: what ends meanwhile is posted
   together afterwards.
   A digest comes every day at 08:00 Europe/Berlin, next on 14 May 2026. Until
   then no run is posted.
   A post that mentions somebody by a rule of this channel is posted at once.
   • every finished run of Payments Nightly
     [1] Unwatch   [2] Only when something changes
   • when no run of Payments Nightly on demo starts by 03:00 UTC, or one takes
     twice its usual time
     [3] Stop expecting
   • Mentions Bo for new failures and incomplete runs (environment problems too)
     “fake:user:BO” is not of this channel's chat.
     [4] Stop mentioning
   • muted  Chaos Weekly until 16 May 05:00 Europe/Berlin
     [5] Unmute
   “watch LAUNCHER outcomes=changes” adds one; “unwatch LAUNCHER” ends one.
"""


async def test_watching__shows_all_of_a_channel_at_80_columns() -> None:
    """What is watched, expected, mentioned and muted, and when: the title counts what the list has."""
    door, later = Door(), EPOCH + timedelta(days=2)
    await door.store.subscribe(Subscription(channel=CHANNEL, launcher="Payments Nightly"), EPOCH)
    await door.store.set_channel(
        ChannelSettings(channel=CHANNEL, zone=BERLIN, quiet_from=time(22), quiet_to=time(7), digest=time(8)),
        EPOCH,
    )
    expected = Expectation(channel=CHANNEL, connection="demo", launcher="Payments Nightly", by=time(3))
    await door.store.expect(expected)
    await door.store.add_mention(MentionRule(channel=CHANNEL, who="fake:user:BO", name="Bo"), EPOCH)
    await door.store.mute(Mute(channel=CHANNEL, launcher="Chaos Weekly", since=EPOCH, until=later), EPOCH)

    assert drawn((await door.say("watching")).card).strip() == ALL.strip()
