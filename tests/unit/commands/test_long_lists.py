"""Lists that end in a count: what is behind it is one press away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.cards import Card, Command, plain
from bot.home import SUBSCRIPTIONS, Channels
from bot.model import Check
from bot.replies.wording import short_id
from bot.state import Subscription
from tests.fakes.runs import a_property, a_run, run_id, some_results
from tests.unit.commands.door import CHANNEL, Door, command_of, told
from tests.unit.commands.test_pages import Shown, in_discord, in_slack, in_terminal
from tests.unit.test_home import said


def a_changed_run(door: Door) -> None:
    """Put two runs into the world, between which much changed in every direction."""
    kinds = ("broke", "still", "mended", "gone")
    names = {kind: tuple(f"{kind} {number:02}" for number in range(24)) for kind in kinds}
    before, after = door.service.add_run(a_run(1)), door.service.add_run(a_run(2))
    failing = (*names["still"], *names["mended"], *names["gone"])
    door.service.set_results(some_results(before, failing=failing, passing=names["broke"]))
    door.service.set_results(
        some_results(after, failing=(*names["broke"], *names["still"]), passing=names["mended"])
    )


async def test_changes__every_one_is_reached() -> None:
    """The card names five of a kind and has the way to all; each stands once, with its mark."""
    door = Door()
    a_changed_run(door)
    card = (await door.say(f"status {run_id(2)}")).card
    counts = [plain(item.title) for item in card.items if plain(item.title).endswith(" more")]
    wanted: Command | None = command_of(card, "All changes")
    found: list[tuple[str, str]] = []
    while wanted is not None:
        page = (await door.say(wanted)).card
        found += [(item.mark, plain(item.title)) for item in page.items]
        wanted = page.pages.after(len(page.items)) if page.pages else None

    assert counts == ["19 more"] * 4
    assert len(found) == len({*found}) == 96
    assert {mark for mark, _ in found} == {
        "newly failing",
        "still failing",
        "passing again",
        "not seen this time",
    }
    assert plain(page.title) == f"What changed in Payments Nightly {short_id(run_id(2))}, from 81 on"
    assert f"Compared with run {short_id(run_id(1))}" in told(page)


async def test_changes__of_an_environment_problem_are_reached() -> None:
    """Setup properties are not in the list of what fails."""
    door = Door()
    run = door.service.add_run(a_run(1))
    checks: tuple[Check, ...] = tuple(
        a_property(f"setup {n:02}", failing=True, health=True) for n in range(9)
    )
    results = some_results(run)
    door.service.set_results(type(results)(ref=run.ref, availability=results.availability, checks=checks))

    page = (await door.say(command_of((await door.say("status latest")).card, "All changes"))).card

    assert [item.mark for item in page.items] == ["environment problem"] * 9


async def test_changes__few_have_no_button_and_none_is_a_sentence() -> None:
    """Where all is named there is nothing behind it."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, passing=("a",)))
    card = (await door.say("status latest")).card
    nothing = (await door.say("status latest changes=yes")).card

    assert "All changes" not in [button.label for button in card.buttons]
    assert plain(nothing.text).startswith("Nothing that is known changed in")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("status changes=yes", "“changes=” is for one run."),
        (f"status {run_id(2)} changes=yes from=97", "from= is “97”; it must be a whole number from 1 to 96."),
        (f"status {run_id(2)} changes=yes source=main", "“source=” is for the list of recent runs."),
    ],
)
async def test_changes__bad_values(words: str, sentence: str) -> None:
    """Each with its sentence."""
    door = Door()
    a_changed_run(door)

    reply = await door.say(words)

    assert reply.failed
    assert sentence in told(reply.card)


@pytest.mark.parametrize("shown", [in_slack, in_discord, in_terminal])
async def test_watching__every_subscription_is_reached(shown: Callable[[Card], Shown]) -> None:
    """A channel can watch more than one message has room for."""
    door = Door()
    for number in range(45):
        wanted = Subscription(channel=CHANNEL, launcher=f"{number + 1}. check ")
        await door.store.subscribe(wanted, door.clock.now())
    numbers: list[int] = []
    asked: Command | None = Command("watching")
    while asked is not None:
        found, asked = shown((await door.say(asked)).card)
        numbers += found

    assert numbers == [*range(1, 46)]


async def test_home__says_where_the_other_channels_are_listed() -> None:
    """It has room for some."""
    door = Door()
    names = {f"C{number:02}": f"team-{number:02}" for number in range(SUBSCRIPTIONS + 3)}
    for name in names:
        wanted = Subscription(channel=f"slack:channel:T1:{name}")
        await door.store.subscribe(wanted, door.clock.now())

    async def channels() -> Channels:
        return Channels(names=names)

    *_, card = await door.handler.home(door.invocation("status").actor, channels)

    assert card.items_left_out == 3
    assert "“/clew watching” in a channel lists what it is notified of." in said(card)
