"""What `failing` says of failing properties."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cards import Context, Tone, plain
from bot.model import Availability, Results, RunStatus
from bot.replies.wording import short_id
from tests.fakes.runs import MOMENT, a_property, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.unit.commands.door import Door, told, words_of


async def test_failing__newly_failing_comes_first_and_each_has_its_moment() -> None:
    """The order is by what is new, and the buttons carry exact texts."""
    door = Door()
    before = door.service.add_run(a_run(1))
    door.service.set_results(some_results(before, failing=("a old",), passing=("z new",)))
    run = door.service.add_run(a_run(2))
    door.service.set_results(some_results(run, failing=("a old", "z new")))

    card = (await door.say("failing latest")).card

    assert ["newly failing", "still failing, 2 runs in a row"] == [item.mark for item in card.items]
    assert ["1. z new", "2. a old"] == [plain(item.title) for item in card.items]
    assert f'logs demo/{run.ref.run_id} moment={MOMENT.text} property="z new"' == words_of(card, "Logs 1")
    assert f'debug demo/{run.ref.run_id} moment={MOMENT.text} property="a old"' == words_of(card, "Debug 2")
    assert "1 newly failing and 1 still failing" in plain(card.text)


async def test_failing__without_an_earlier_run_nothing_is_called_new() -> None:
    """With nothing to compare with, a failure is just failing."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("x",)))

    card = (await door.say("failing latest")).card

    assert ["failing"] == [item.mark for item in card.items]


@pytest.mark.parametrize("failing", [("x",), ()])
async def test_failing__of_a_list_that_was_cut_says_so(failing: tuple[str, ...]) -> None:
    """What was read of it is shown, and neither new nor "no property fails" is concluded from it."""
    door = Door()
    before = door.service.add_run(a_run(1), some_results(a_run(1), passing=("x", "y")))
    run = door.service.add_run(a_run(2))
    door.service.set_results(replace(some_results(run, failing=failing, passing=("y",)), whole=False))

    for words in ("failing", "status"):
        card = (await door.say(f"{words} {run.ref.run_id}")).card
        said = told(card)
        assert "could not be read" in said
        assert "newly" not in said
        assert "passed" not in said
        assert "No property fails" not in said
        assert all(item.mark == "failing" for item in card.items)
    assert await door.store.stored_results(run.ref) is None
    assert await door.store.stored_results(before.ref) is None


async def test_failing__group_leaves_count() -> None:
    """Users' own assertions carry `is_group`; a bot that drops them shows a red run as green."""
    door = Door()
    run = door.service.add_run(a_run(1))
    leaf = a_property("balance never negative", failing=True, is_group=True)
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(leaf,)))

    card = (await door.say("failing latest")).card

    assert Tone.BAD is card.tone
    assert "balance never negative" in told(card)


async def test_failing__a_property_without_moment_offers_no_logs() -> None:
    """A property judged on the whole run has nothing to look at in time."""
    door = Door()
    run = door.service.add_run(a_run(1))
    whole = a_property(
        "Recent version", failing=True, is_event=False, counterexamples=(), counterexample_count=None
    )
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(whole,)))

    card = (await door.say("failing latest")).card

    assert ["History 1", "Mark 1"] == [button.text for button in card.items[0].buttons]
    assert "counterexamples not counted · no moment: judged on the whole run" in told(card)


async def test_failing__one_by_number_or_name() -> None:
    """A number of the list and a part of the name find the same property, and the thread remembers it."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("balance", "ledger order")))

    by_number = (await door.say("failing latest property=2")).card
    by_name = (await door.say("failing latest property=LEDGER")).card

    assert by_number == by_name
    assert Context(run=run.ref, property_name="ledger order", moment=MOMENT) == by_number.context
    assert "ledger.go:42" in told(by_number)
    assert f'Moment.from({{ run_id: "{run.ref.run_id}", input_hash: "{MOMENT.input_hash}"' in told(by_number)


async def test_failing__an_ambiguous_or_unknown_name_is_a_sentence() -> None:
    """It asks for more of the name, or says which one was perhaps meant."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("balance a", "balance b")))

    several = await door.say("failing latest property=balance")
    none = await door.say("failing latest property='balance x'")

    assert "2 failing properties match" in told(several.card)
    assert "Did you mean “balance" in told(none.card)


async def test_failing__nothing_failing_says_why() -> None:
    """Good, not over yet, and unreadable are three different sentences."""
    door = Door()
    good = door.service.add_run(a_run(1))
    door.service.set_results(some_results(good, passing=("x",)))
    going = door.service.add_run(a_run(2, status=RunStatus.IN_PROGRESS))
    old = door.service.add_run(a_run(3))
    door.service.set_results(Results(ref=old.ref, availability=Availability.AGED_OUT))

    texts = [plain((await door.say(f"failing {run.ref.run_id}")).card.text) for run in (good, going, old)]

    assert "No property fails" in texts[0]
    assert "has not ended" in texts[1]
    assert texts[2] == "Run Payments Nightly 00000000 has no properties to show."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"status": RunStatus.INCOMPLETE, "failure_reason": "Setup failed"},
            "show: it did not complete (setup failed).",
        ),
        ({"status": RunStatus.CANCELLED}, "show: it was cancelled."),
        ({"status": RunStatus.CANCELLED, "interrupted": True}, "show."),
    ],
)
async def test_failing__without_any_property_says_how_the_run_ended(
    changes: dict[str, object], said: str
) -> None:
    """Once, in a sentence, and what else is known of that below it."""
    door = Door()
    run = door.service.add_run(a_run(1, **changes))  # type: ignore[arg-type]  # fields
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY))

    card = (await door.say("failing latest")).card

    assert plain(card.title) == "No properties to show in Payments Nightly 00000000"
    assert plain(card.text) == f"Run Payments Nightly 00000000 has no properties to {said}"
    assert (
        told(card).count("did not complete") == ("did not complete" in said) * 2
    )  # as text, and as its body


@pytest.mark.parametrize(
    ("status", "passing", "said"),
    [
        (RunStatus.COMPLETED, ("x", "y"), ": all 2 properties pass."),
        (RunStatus.COMPLETED, ("x",), ": its only property passes."),
        (RunStatus.INCOMPLETE, ("x", "y"), " (incomplete): all 2 properties pass."),
        (RunStatus.CANCELLED, ("x",), " (cancelled): its only property passes."),
    ],
)
async def test_failing__nothing_failing_is_one_clean_sentence(
    status: RunStatus, passing: tuple[str, ...], said: str
) -> None:
    """One colon, and the state of the run only where the properties do not tell it."""
    door = Door()
    run = door.service.add_run(a_run(1, status=status))
    door.service.set_results(some_results(run, passing=passing))

    text = plain((await door.say(f"failing {run.ref.run_id}")).card.text)

    assert f"No property fails in Payments Nightly {short_id(run.ref.run_id)}{said}" == text


async def test_failing__more_than_fit_are_counted() -> None:
    """What is left out is said."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=tuple(f"p{n:02}" for n in range(14))))

    card = (await door.say("failing latest")).card

    assert (10, 4) == (len(card.items), card.items_left_out)
    assert "and 11 more" in plain(card.text)


async def test_failing__offers_only_what_the_platform_can_do() -> None:
    """A platform without debugging sessions gets no such button."""
    service = FakeRunService(connection="demo", lacks=frozenset({"debugs"}))
    door = Door(service=service)
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=("x",)))

    card = (await door.say("failing latest")).card

    assert ["Logs 1", "History 1", "Mark 1"] == [button.text for button in card.items[0].buttons]


async def test_failing__without_a_run_asks_for_one() -> None:
    """Untrusted a thread it cannot know."""
    reply = await Door().say("failing")

    assert "Which run?" in told(reply.card)
    assert "a launcher's exact name" in told(reply.card)


async def test_failing__latest_is_the_newest_run_that_has_ended() -> None:
    """A run that has just begun has no results to show; with none ended, it is told of that one."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("x",)))
    door.service.add_run(a_run(2, status=RunStatus.IN_PROGRESS))
    other = door.service.add_run(a_run(3, status=RunStatus.IN_PROGRESS, launcher="etcd"))

    card = (await door.say("failing latest")).card
    none = (await door.say("failing latest etcd")).card

    assert Context(run=run.ref) == card.context
    assert Context(run=other.ref) == none.context
