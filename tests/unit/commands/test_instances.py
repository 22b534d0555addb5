"""What `logs events=yes` shows: more instances of a property, from a sample without an order."""

from __future__ import annotations

import pytest

from bot.cards import Context, Tone, plain
from bot.errors import ServiceFailed
from bot.model import Instance, Moment, Run
from tests.fakes.runs import MOMENT, a_line, a_property, a_run, some_results
from tests.fakes.service import a_build_server
from tests.unit.commands.door import Door, command_of, told


def an_instance(number: int, holds: bool | None, text: str = "Always “balance”") -> Instance:
    """Return an event at a virtual time of its own."""
    moment = Moment(f"-{number}", f"{number}.5")
    return Instance(line=a_line(text, moment.vtime), moment=moment, holds=holds)


def a_failing_run(door: Door, *found: Instance, cut: str | None = None) -> Run:
    """Put a run into the world whose property fails, with these events."""
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("balance",)))
    door.service.set_events(run, *found, cut=cut)
    return run


async def test_instances__those_that_fail_stand_first() -> None:
    """By one press from the property: each with its own moment, and the thread goes on speaking of the property."""
    door = Door()
    run = a_failing_run(
        door, an_instance(9, None), an_instance(7, False), an_instance(3, True), an_instance(5, False)
    )

    failing = (await door.say(f"failing {run.ref.run_id} property=1")).card
    card = (await door.say(command_of(failing, "More instances"))).card

    assert [(item.mark, plain(item.lines[0])) for item in card.items] == [
        ("fails", "at 5.5 s, from etcd0"),
        ("fails", "at 7.5 s, from etcd0"),
        ("holds", "at 3.5 s, from etcd0"),
        ("mentions it", "at 9.5 s, from etcd0"),
    ]
    assert command_of(card, "Logs 2").values["moment"] == "-7,7.5"
    assert (
        "4 events of Payments Nightly 00000000 with the name “balance”: 2 where it fails, 1 where it holds and 1 where it neither fails nor holds."
        in plain(card.text)
    )
    assert "The search gives a sample in no order" in told(card)
    assert card.context == Context(run=run.ref, property_name="balance", moment=MOMENT)
    assert card.files == ()


async def test_instances__a_long_sample_is_whole_in_its_file() -> None:
    """The card shows ten, the file all that came, and that there are more is said."""
    door = Door()
    run = a_failing_run(door, *(an_instance(n, False, f"balance {n}") for n in range(1, 130)))

    card = (await door.say(f"logs {run.ref.run_id} property=balance events=yes")).card
    (file,) = card.files

    assert (len(card.items), card.items_left_out) == (10, 90)
    assert "100 where it fails. There are more. The search gives a sample" in plain(card.text)
    assert len(file.content.splitlines()) == 100
    assert b"fails\t-100 100.5\tetcd0\tbalance 100" in file.content
    assert file.size == len(file.content)


async def test_instances__none_found_proves_nothing() -> None:
    """The search is a sample, so nothing is said not to be there."""
    door = Door()
    run = a_failing_run(door)

    card = (await door.say(f"logs {run.ref.run_id} property=balance events=yes")).card

    assert "No instance found of “balance”" in plain(card.title)
    assert "an instance that is missing here may still exist" in told(card)


async def test_instances__a_broken_answer_is_said_to_be_one() -> None:
    """What came is shown, and that more may have been coming."""
    door = Door()
    run = a_failing_run(door, an_instance(1, False), cut="the stream broke off")
    card = (await door.say(f"logs {run.ref.run_id} property=balance events=yes")).card
    door.service.set_events(run, cut="the stream broke off")
    empty = (await door.say(f"logs {run.ref.run_id} property=balance events=yes")).card

    assert "Not the whole answer: the stream broke off." in told(card)
    assert (card.tone, empty.tone) == (Tone.WARNING, Tone.WARNING)
    assert plain(empty.text).startswith("No event could be read of Payments Nightly")
    assert "No instance found" not in plain(empty.title)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("logs {} events=yes property=nothing", "nothing"),
        ("logs {} events=yes", "It is not clear which property is meant."),
    ],
)
async def test_instances__of_which_property(words: str, said: str) -> None:
    """One has to be meant; a name that is not listed is looked for as it is."""
    door = Door()
    run = a_failing_run(door)

    reply = await door.say(words.format(run.ref.run_id))

    assert said in told(reply.card)


async def test_instances__a_platform_without_events_says_so() -> None:
    """A 404 of the run that is there, a failing platform, and one that offers no search."""
    door = Door()
    run = door.service.add_run(a_run(2))
    door.service.set_results(some_results(run, failing=("balance",)))
    gone = await door.say(f"logs {run.ref.run_id} property=balance events=yes")
    door.service.fail("instances", ServiceFailed("down"))
    down = await door.say(f"logs {run.ref.run_id} property=balance events=yes")
    other = Door(service=a_build_server(connection="demo"))
    refused = await other.say("logs 1 events=yes")

    assert "No events of this run can be looked for." in told(gone.card)
    assert down.failed
    assert refused.failed


async def test_instances__are_offered_for_events_alone() -> None:
    """A property that is judged on the whole run has no instances."""
    door = Door()
    run = door.service.add_run(a_run(1))
    whole = a_property("memory", failing=True, is_event=False, counterexamples=())
    results = some_results(run)
    door.service.set_results(type(results)(ref=run.ref, availability=results.availability, checks=(whole,)))

    card = (await door.say(f"failing {run.ref.run_id} property=1")).card

    assert "More instances" not in [button.label for button in card.buttons]


async def test_logs__leads_to_the_explorer_where_the_run_has_a_session() -> None:
    """Without I/O, and it says that the page asks for a login."""
    door = Door()
    run = a_failing_run(door)
    door.service.set_log(run, MOMENT, a_line("x", "398.1"))
    plain_logs = (await door.say(f"logs {run.ref.run_id}")).card
    door.service.change(run, session_id="d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1")
    logs = (await door.say(f"logs {run.ref.run_id}")).card

    assert "Page" not in [fact.label for fact in plain_logs.facts]
    assert [plain(fact.value) for fact in logs.facts if fact.label == "Page"] == [
        "Logs Explorer (asks for a login)"
    ]
