"""How somebody mutes runs for a while, changes that and ends it; what is posted meanwhile says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import Context, Tone, plain
from bot.delivery.keys import key_of
from bot.errors import UserError
from bot.model import RunStatus, VerdictKind
from bot.replies import announcements, muting
from bot.replies.wording import clock_time
from bot.state import ChannelSettings, Ending, Mute, NewDelivery, Outcome
from tests.fakes.runs import EPOCH, a_run
from tests.fakes.service import a_build_server
from tests.fakes.stage import texts
from tests.posts import ended, green, three_new
from tests.unit.commands.door import ALICE, CHANNEL, Door, words_of

HOUR = timedelta(hours=1)


async def a_door(**changes: object) -> Door:
    """Return a door to a channel that watches, and behind which Payments Nightly has run."""
    door = Door(**changes)  # type: ignore[arg-type]  # the test's own fields
    door.service.add_run(a_run(1, connection=door.service.connection))
    await door.say("watch")
    return door


async def only(door: Door) -> Mute:
    (mute,) = await door.store.mutes()
    return mute


async def held(door: Door, number: int = 1) -> None:
    """Let the announcement of a run be held."""
    run = a_run(number)
    await door.store.track(run, door.clock.now())
    ending = Ending(
        run=run.ref, verdict=VerdictKind.PASSED, tone=Tone.GOOD, outcome=" passed",
        outcomes=frozenset({Outcome.ALL}))  # fmt: skip
    key = key_of(run.ref, RunStatus.COMPLETED, CHANNEL)
    await door.store.enqueue(
        NewDelivery(
            key=key, channel=CHANNEL, payload="{}", context=Context(run=run.ref), ending=ending,
            held_until=door.clock.now() + HOUR,
        ),
        door.clock.now(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "until", "scope"),
    [
        ('watch mute="for 3 h"', 3 * HOUR, (None, None, None)),
        ("watch mute=for 3 h", 3 * HOUR, (None, None, None)),
        ("watch mute=3h", 3 * HOUR, (None, None, None)),
        ("watch Payments Nightly mute=3h", 3 * HOUR, (None, "Payments Nightly", None)),
        ("watch mute=3h Payments Nightly", 3 * HOUR, (None, "Payments Nightly", None)),
        ("watch Payments Nightly source=main mute=until tomorrow", None, (None, "Payments Nightly", "main")),
        ("watch connection=demo mute=2d", 48 * HOUR, ("demo", None, None)),
    ],
)
async def test_mute__every_way_to_say_it(
    words: str, until: timedelta | None, scope: tuple[str | None, ...]
) -> None:
    """A span or a time, in one value or in words; the scope is a subscription's, which stays as it is."""
    door = await a_door()
    before = await door.store.subscriptions(CHANNEL)
    await door.say(words)
    mute = await only(door)

    assert mute.runs == scope
    assert mute.by == ALICE.id
    assert until is None or mute.until - door.clock.now() == until
    assert await door.store.subscriptions(CHANNEL) == before


async def test_mute__says_until_when_and_what_comes_then() -> None:
    """In the channel's zone; the way back is a button."""
    door = await a_door()
    await door.store.set_channel(ChannelSettings(channel=CHANNEL, zone="Asia/Tokyo"), door.clock.now())
    reply = await door.say("watch Payments Nightly mute=2d")
    said = plain(reply.card.text)

    assert said.startswith("Muted in this channel until ")
    assert "Asia/Tokyo: Payments Nightly." in said
    assert said.endswith("One message then says what ended meanwhile.")
    assert words_of(reply.card, "Unmute") == 'watch mute=off launcher="Payments Nightly"'


async def test_mute__again_changes_until_when_and_counts_from_the_first() -> None:
    """The same scope is one mute; what ended since it began belongs to it."""
    door = await a_door()
    await door.say("watch mute=3h")
    first = await only(door)
    door.clock.pass_time(600)
    reply = await door.say("watch mute=5h")

    assert plain(reply.card.title) == "Mute changed"
    assert (await only(door)).since == first.since
    assert (await only(door)).until - door.clock.now() == 5 * HOUR


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("watch mute=yesterday", "mute="),
        ("watch mute=2020-01-01", "mute="),
        ("watch mute=31d", "mute="),
        ("watch mute=soon", "mute="),
        ("watch mute=3h outcomes=changes", "cannot be set together"),
        ("watch Paymnets mute=3h", "Nothing is muted yet."),
        ("watch mute=off", "Nothing is muted in this channel."),
    ],
)
async def test_mute__bad_input_is_told_how_to_say_it(words: str, said: str) -> None:
    """A time that is over, that is none or that nobody will remember; a launcher that nobody knows; nothing is muted."""
    door = await a_door()
    reply = await door.say(words)

    assert reply.failed
    assert said in texts(reply.card)
    assert await door.store.mutes() == ()


async def test_mute__of_a_channel_that_watches_nothing() -> None:
    """There is nothing to keep back."""
    door = Door()
    door.service.add_run(a_run(1))
    reply = await door.say("watch mute=3h")

    assert reply.failed
    assert "nothing to mute" in texts(reply.card)


async def test_mute__off_lets_out_what_it_held() -> None:
    """Its end is announced with that; where it held nothing this answer is all there is."""
    door = await a_door()
    await door.say("watch Payments Nightly mute=3h")
    await held(door)
    reply = await door.say("watch mute=off")
    assert "What ended meanwhile follows." in texts(reply.card)
    assert (await only(door)).until == door.clock.now()
    assert [each.due for each in await door.store.held(CHANNEL)] == [door.clock.now()]

    other = await a_door()
    await other.say("watch mute=3h source=main")
    reply = await other.say("watch mute=off")
    assert "No run that was held back ended meanwhile." in texts(reply.card)
    assert await other.store.mutes() == ()


async def test_mute__off_of_one_of_several() -> None:
    """With a scope it is that one; without, all; another scope is told what is there."""
    door = await a_door()
    await door.say("watch Payments Nightly mute=3h")
    await door.say("watch source=main mute=3h")
    wrong = await door.say("watch source=other mute=off")
    assert wrong.failed
    assert "Payments Nightly" in texts(wrong.card)

    await door.say("watch source=main mute=off")
    assert (await only(door)).launcher == "Payments Nightly"
    await door.say("watch source=main mute=3h")
    reply = await door.say("watch mute=off")
    assert "Payments Nightly and all runs from source main again." in plain(reply.card.text)
    assert await door.store.mutes() == ()


async def test_mute__off_in_quiet_hours() -> None:
    """What ended stays held until they are over, and the answer says so."""
    door = await a_door()
    now = door.clock.now()
    hours = ChannelSettings(channel=CHANNEL, quiet_from=now.time(), quiet_to=(now + HOUR).time())
    await door.store.set_channel(hours, now)
    await door.say("watch mute=3h")
    await held(door)
    reply = await door.say("watch mute=off")

    assert f"What ended meanwhile follows by {clock_time(now + HOUR)}." in texts(reply.card)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("watch Payments Nightly mute=2h", "all runs from source main is over. Still muted until "),
        ("watch digest=00:00", "This channel is notified of all runs from source main again."),
    ],
)
async def test_mute__off_where_something_else_holds_the_same(by: str, said: str) -> None:
    """Another mute, or the digest: the answer says when what ended follows, and promises nothing sooner."""
    door = await a_door()
    await door.say(by)
    await door.say("watch source=main mute=3h")
    await held(door)
    reply = await door.say("watch source=main mute=off")

    assert said in texts(reply.card)
    assert "What ended meanwhile follows by " in texts(reply.card)


async def test_watching__lists_mutes_with_their_ends() -> None:
    """Whoever only hears the card learns it too; the button ends that one."""
    door = await a_door()
    await door.say("watch Payments Nightly mute=3h")
    reply = await door.say("watching")

    assert "Muted: Payments Nightly until " in plain(reply.card.text)
    assert words_of(reply.card, "Unmute") == 'watch mute=off launcher="Payments Nightly"'
    door.clock.pass_time(4 * 3600)
    assert "Muted" not in plain((await door.say("watching")).card.text)


async def test_mute__of_a_build_server() -> None:
    """A platform without moments has mutes too."""
    door = await a_door(service=a_build_server())
    await door.say("watch mute=3h")

    assert (await only(door)).runs == (None, None, None)


async def test_mute__is_audited() -> None:
    """Who muted what until when, and who ended it."""
    door = await a_door()
    await door.say("watch Payments Nightly mute=3h")
    await door.say("watch mute=off")
    details = [entry.detail for entry in door.store.trail]

    assert any(detail.startswith("mute: Payments Nightly until ") for detail in details)
    assert "mute=off: Payments Nightly" in details


@pytest.mark.parametrize("found", [green, three_new])
def test_beside_mutes__a_post_says_what_is_not_posted(found: object) -> None:
    """Whoever reads the channel never takes silence for a run that did not end; without a mute a post is as ever."""
    card = ended(found())  # type: ignore[operator]  # one of the catalogue's
    mute = Mute(channel=CHANNEL, since=EPOCH, until=EPOCH + HOUR, launcher="Weekly", source="main")
    marked = announcements.beside_mutes(card, (mute, replace(mute, launcher=None)), EPOCH)

    assert plain(marked.footer).endswith(
        "muted until 04:00 UTC: Weekly from source main · muted until 04:00 UTC: all runs from source main"
    )
    assert announcements.beside_mutes(card, (), EPOCH) is card
    assert "14 May 04:00 UTC" in plain(muting.until_in_short(mute, EPOCH - 24 * HOUR))


def test_alone__names_what_cannot_stand_beside_it() -> None:
    """The error is about the parameter that was given."""
    assert isinstance(muting.alone("outcomes"), UserError)
    assert "outcomes=" in muting.alone("outcomes").problem
