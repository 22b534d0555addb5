"""“mine”, “known JIRA-12”, “snooze 3 runs”, “not a bug”: whole messages and nothing else, about the failure of their thread."""

from __future__ import annotations

import pytest

from bot.cards import Context
from bot.commands import replied
from bot.state import Word
from tests.fakes.runs import a_run
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, command_of, told
from tests.unit.commands.test_mark import KEY, Marking, X, Y, a_thread


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("mine", {"as": "own"}),
        (" Mine!\n", {"as": "own"}),
        ("mine !", {"as": "own"}),
        ("not a bug", {"as": "not-a-bug"}),
        ("Not-a-bug.", {"as": "not-a-bug"}),
        ("known JIRA-12", {"as": "known", "link": "JIRA-12"}),
        ("known #123", {"as": "known", "link": "#123"}),
        (
            "known https://tracker.example.com/x?y=1",
            {"as": "known", "link": "https://tracker.example.com/x?y=1"},
        ),
        ("snooze 3 runs", {"as": "snooze", "until": "3 runs"}),
        ("snooze 3h", {"as": "snooze", "until": "3h"}),
        ("snooze for 2  builds", {"as": "snooze", "until": "2 builds"}),
        ("snooze until 2026-12-03", {"as": "snooze", "until": "2026-12-03"}),
        ("snooze until Friday 09:00", {"as": "snooze", "until": "Friday 09:00"}),
    ],
)
def test_read__whole_messages(text: str, values: dict[str, str]) -> None:
    """Case, spaces and the sign at the end do not count."""
    assert replied.read(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "this is mine", "mine too", "mine?", "mine\n\nlooking at it", "not a bug, I think", "it is not a bug", "known", "known issue",
        "known bug in prod", "a known JIRA-12", "known JIRA-12 again", "snooze", "snooze it", "snooze 3", "snooze until the release is out",
        "snoozed 3 runs", "", "m" * 1000, "mine " * 200, "“mine”", "@clew mine", "status",
    ],
)  # fmt: skip
def test_read__never_a_sentence_that_holds_such_words(text: str) -> None:
    """What says more, or less, is not for Clew."""
    assert replied.read(text) is None


async def test_reply__marks_the_only_failure_of_its_thread() -> None:
    """As `mark` would."""
    door = Marking()
    await door.ran(a_run(1), failing=(X,))
    thread = await door.thread_about(a_run(1))

    await door.say("mine", thread=thread)
    await door.say("known JIRA-12", thread=thread)

    state = await door.state()
    assert (state.owner, state.word, state.ticket) == (ALICE.id, Word.KNOWN, "JIRA-12")


async def test_reply__of_several_failures_asks_which() -> None:
    """Whatever somebody looked at in the thread meanwhile; a button says it."""
    door, thread = await a_thread()
    looked_at = Context(run=a_run(1).ref, property_name=Y)
    await door.store.set_context(CHANNEL, thread, looked_at)

    asked = await door.say("snooze 3 runs", thread=thread)
    none = await door.state()
    await door.say(command_of(asked.card, X), thread=thread)

    assert "it is not clear which is meant" in told(asked.card)
    assert none.empty
    assert ((await door.state()).word, (await door.state()).runs) == (Word.SNOOZED, 3)


async def test_reply__to_one_message_is_about_what_that_shows() -> None:
    """Where a chat says which message is answered, and that shows one failure, nobody has to be asked."""
    door, thread = await a_thread()
    await door.store.set_context(CHANNEL, "m7", Context(run=a_run(1).ref, property_name=X))

    reply = await door.say("mine", thread=thread, about="m7")

    assert not reply.failed
    assert (await door.state()).owner == ALICE.id


async def test_reply__takes_the_rights_of_mark() -> None:
    """Whoever may only read changes nothing; outside of a thread it is asked which failure is meant."""
    door, thread = await a_thread()

    denied = await door.say("mine", by=MALLORY, thread=thread)
    nowhere = await door.say("mine")

    assert denied.failed
    assert nowhere.failed or nowhere.card.form is not None
    assert (await door.store.property_state(*KEY)).empty


async def test_handler__knows_threads_about_runs() -> None:
    """Another thread is none of Clew's."""
    door, thread = await a_thread()
    place = door.invocation("mine", thread=thread).place

    assert await door.handler.speaks_of_run(place)
    assert not await door.handler.speaks_of_run(place, "m9")
    assert not await door.handler.speaks_of_run(door.invocation("mine", thread="t9").place)
    assert not await door.handler.speaks_of_run(door.invocation("mine").place)
