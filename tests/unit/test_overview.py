"""How things stand for a person: in `status` and on the home, from the record alone, and no further than that tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.discord import render as discord
from adapters.chat.slack import home as slack_home
from bot.cards import Card, plain
from bot.home import Channels
from bot.model import Run, RunStatus
from bot.replies import expected as expecting
from bot.state import Cause, Expectation, Mute, Notice, Subscription, Word
from tests.fakes.expecting import at
from tests.fakes.runs import some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import ANN, BO, CHANNEL, Stage
from tests.fakes.watching import Watching
from tests.unit.terminal.cards import drawn

NAMES = ("Stock below zero", "Paid twice", "Leader lost", "Ledger off")
ELSEWHERE = "fake:channel:C2"


async def ran(watching: Watching, *each: Sequence[str], **changes: object) -> Run:
    """Let runs end one after the other, an hour apart, each with what fails in it; return the last one."""
    last = None
    for failing in each:
        watching.clock.pass_time(3600)
        last = watching.starts(1000 + len(watching.service._runs), **changes)
        passing = tuple(name for name in NAMES if name not in failing)
        watching.service.finish(last, some_results(last, failing=tuple(failing), passing=passing), minutes=0)
        await watching.tick(1)
    assert last is not None
    return last


def stage_of(watching: Watching) -> Stage:
    """Return people before the same record and platform."""
    return Stage(clock=watching.clock, service=watching.service, memory=watching.store)


async def say(watching: Watching, name: str, **said: object) -> None:
    state = await watching.store.property_state("demo", "Payments Nightly", name)
    assert await watching.store.save_property_state(replace(state, **said))  # type: ignore[arg-type]  # the test's own


async def busy(service: FakeRunService | None = None) -> Watching:
    """Return a record with something of each kind: new, unowned, owned, known, missing, expected, muted."""
    watching = Watching(service=service or FakeRunService())
    await watching.begin()
    await ran(watching, NAMES[1:], NAMES[1:], NAMES)
    await say(watching, "Leader lost", owner=ANN.id, owned_at=watching.clock.now())
    await say(watching, "Ledger off", word=Word.KNOWN, ticket="JIRA-12")
    now, store = watching.clock.now(), watching.store
    await store.keep_name(ANN.id, "Ann")
    for channel in (CHANNEL, ELSEWHERE):
        for launcher in ("Payments Nightly", "Chaos Weekly"):
            await store.expect(
                Expectation(channel=channel, connection="demo", launcher=launcher, by=at(3).time(), since=now)
            )
        await store.mute(
            Mute(channel=channel, until=now + timedelta(hours=3), since=now, launcher="Chaos Weekly"), now
        )
    missed = (await store.expectations(CHANNEL))[1]
    problem = expecting.missing_problem(missed, at(3))
    await store.open_notice(
        Notice(cause=Cause.MISSING, subject=missed.subject, problem=problem, since=at(3), channel=CHANNEL),
        None,
        now,
    )
    return watching


def marks(card: Card) -> list[str]:
    return [item.mark for item in card.items if item.mark[:1].isdigit() or item.mark == "muted"]


async def test_status__says_how_things_stand() -> None:
    """What nobody owns, what is new first; what Ann owns; what this channel expects, what is missing first; what is muted."""
    card = (await stage_of(await busy()).say("status")).card

    assert marks(card) == [
        "1 new, unowned", "2 unowned", "3 owned, fails", "4 missing", "5 expected", "muted",
    ]  # fmt: skip
    said = plain(card.body[-1])
    assert said.startswith("Nobody owns 2 failures, 1 of them new. Ann owns 1 property.")
    assert "Of 2 expected runs 1 is missing. Muted: Chaos Weekly until 15 May 09:00 UTC." in said
    assert "2 other failures: owned, snoozed, known or not a bug." in said
    assert said in plain(card.text)


async def test_status__each_entry_has_its_way_on() -> None:
    """Owning the new failure takes it out of what nobody owns, for everybody; a mute ends where it stands."""
    stage = stage_of(await busy())
    card = (await stage.say("status")).card
    of_entry = {item.mark: {b.text: b.command for b in item.buttons} for item in card.items}

    assert list(of_entry["1 new, unowned"]) == ["Own 1", "History 1"]
    assert list(of_entry["3 owned, fails"]) == ["History 3", "Mark 3"]
    assert list(of_entry["4 missing"]) == ["Recent runs 4"]
    await stage.say(of_entry["1 new, unowned"]["Own 1"], by=ANN)
    await stage.say(of_entry["muted"]["Unmute"], by=ANN)

    assert marks((await stage.say("status", by=BO)).card) == ["1 unowned", "2 missing", "3 expected"]
    assert "You own" not in plain((await stage.say("status", by=BO)).card.text)


async def test_status__asks_no_platform_more() -> None:
    """The record tells it: a channel with nothing of all that costs the same calls."""
    watching = await busy()
    full, bare = stage_of(watching), Stage(clock=watching.clock, service=watching.service)
    watching.service.calls.clear()
    await full.say("status")
    asked = list(watching.service.calls)
    watching.service.calls.clear()
    await bare.say("status")

    assert [call for call in asked if call not in watching.service.calls] == []


@pytest.mark.parametrize("words", ["status count=5", "status source=main", "status from=2"])
async def test_status__narrowed_is_the_list_alone(words: str) -> None:
    """Whoever asks for a part of the list, or for more of it, gets that."""
    assert marks((await stage_of(await busy()).say(words)).card) == []


async def test_status__says_where_it_is_not_known() -> None:
    """Where no run got through, nobody knows what fails."""
    watching = await busy()
    broken = watching.starts(900, launcher="Chaos Weekly")
    watching.service.change(broken, status=RunStatus.INCOMPLETE)
    await watching.tick(1)

    card = (await stage_of(watching).say("status")).card

    assert "It is not known what fails now in Chaos Weekly" in plain(card.text)


async def test_status__is_of_what_the_channel_watches() -> None:
    """A channel that watches one launcher hears of that; one that watches nothing, of all."""
    watching = await busy()
    await ran(watching, NAMES[:1], launcher="Chaos Weekly")
    stage = stage_of(watching)
    await watching.store.subscribe(
        Subscription(channel=ELSEWHERE, launcher="Chaos Weekly"), watching.clock.now()
    )

    def unowned(card: Card) -> int:
        return sum("unowned" in mark for mark in marks(card))

    assert unowned((await stage.say("status", channel=ELSEWHERE)).card) == 1
    assert unowned((await stage.say("status", channel="fake:channel:C3")).card) == 3


async def test_status__one_person_with_two_accounts() -> None:
    """What was owned from another chat is theirs here too."""
    watching = await busy()
    await say(watching, "Leader lost", owner="other:user:ANN")
    stage = stage_of(watching)
    stage.services = replace(stage.services, people=(frozenset({ANN.id, "other:user:ANN"}),))
    stage.handler = type(stage.handler)(stage.services)

    assert "3 owned, fails" in marks((await stage.say("status")).card)
    assert not any("owned, fails" in mark for mark in marks((await stage.say("status", by=BO)).card))


@pytest.mark.parametrize("lists", [True, False])
async def test_status__of_a_build_server(*, lists: bool) -> None:
    """Another platform's tests are told of too, and where no list is served they are on record all the same."""
    watching = await busy(a_build_server())
    if not lists:
        watching.service.lacks |= {"lists"}

    card = (await stage_of(watching).say("status")).card

    assert ("What is known of" in plain(card.title)) is not lists

    assert any("unowned" in mark for mark in marks(card))
    assert any("owned, fails" in mark for mark in marks(card))


@pytest.mark.parametrize("name", NAMES[:2])
async def test_status__is_read_in_every_chat(name: str) -> None:
    """All entries stand in a terminal of 80 columns and in Discord."""
    card = (await stage_of(await busy()).say("status")).card
    shown = discord.message(card)

    assert name in drawn(card)
    assert name in shown["embeds"][0]["description"]
    assert "not shown here" not in shown["embeds"][0]["description"]


async def home(watching: Watching, *, whole: bool = True) -> dict[str, Card]:
    async def channels() -> Channels:
        return Channels(names={"C1": "main"}, whole=whole)

    return {plain(card.title): card for card in await stage_of(watching).handler.home(ANN, channels)}


async def test_home__says_how_things_stand_in_ones_own_channels() -> None:
    """Of channels that the person is not in, nothing; what belongs to a channel names it, and is ended there."""
    cards = await home(await busy())

    assert marks(cards["New and unowned"]) == ["1 new, unowned", "2 unowned"]
    assert marks(cards["Your properties"]) == ["3 owned, fails"]
    assert marks(cards["Expected runs"]) == ["4 missing", "5 expected"]
    (muted,) = cards["Muted"].items
    assert plain(muted.title).endswith(" in #main")
    assert not muted.buttons
    assert "mute=off" in plain(cards["Muted"].body[0])


async def test_home__claims_nothing_of_channels_that_were_not_listed() -> None:
    """A chat that lists not all channels leaves open what others expect and mute."""
    watching = Watching()
    await watching.begin()

    cards = await home(watching, whole=False)

    assert {plain(cards[title].body[0]) for title in ("Expected runs", "Muted")} == {
        "Unknown, because the chat does not list all of your channels."
    }
    whole = await home(watching)
    assert plain(whole["Muted"].body[0]) == "Nothing is muted in your channels."


async def test_home__has_room_for_all_of_a_busy_team() -> None:
    """As many entries of each kind as there may be fit into one view of Slack."""
    watching = await busy()
    for number in range(12):
        await ran(watching, NAMES, launcher=f"Launcher {number}")
        watching.service.add_run(watching.starts(5000 + number, status=RunStatus.IN_PROGRESS))
    for number in range(30):
        launcher = f"Launcher {number}"
        now = watching.clock.now()
        await watching.store.subscribe(Subscription(channel=CHANNEL, launcher=launcher), now)
        await watching.store.mute(
            Mute(channel=CHANNEL, until=now + timedelta(days=1), since=now, launcher=launcher), now
        )

    cards = await home(watching)
    blocks = slack_home.view(cards.values())["blocks"]

    assert len(blocks) < slack_home.BLOCKS
    assert "more failures that nobody owns" in " ".join(plain(line) for line in cards["New and unowned"].body)
    assert cards["Muted"].items_left_out == 26
