"""The life of a command, held against every chat: accepted once, answered once, in time, and where it belongs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.chat.conversation import RESUMED
from adapters.chat.lanes import MOST, SHARE
from bot.replies.load import WAITING_FOR_OWN
from tests.contract.chat.conversations import QUICK, SLOW, TALKS, Talk

ANSWER, REFUSED = "Payments Nightly", "The database is not there."


@pytest.fixture(params=sorted(TALKS))
async def talk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Talk]:
    """Every chat in turn; what it was sent has to be right in the end."""
    async with TALKS[request.param](tmp_path) as talk:
        yield talk
        assert talk.violations == []


def answers(talk: Talk) -> list[str]:
    """Return the answers about the run that the person reads."""
    return [text for text in talk.seen if ANSWER in text]


async def turns() -> None:
    """Let whatever is begun go on as far as it can by itself."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_command__delivered_again_is_answered_once(talk: Talk) -> None:
    """While it is worked on, and after its answer."""
    async with talk.process():
        delivered = await talk.say(f"status run={SLOW}")
        await talk.service.until(waiting=1)
        await talk.again(delivered)
        talk.service.gate.set()
        await talk.done(1)
        await talk.again(delivered)
        await talk.say(f"status run={QUICK}")
        await talk.done(2)

    assert len(answers(talk)) == 2
    assert talk.service.most_waiting == 1


async def test_command__is_acknowledged_before_it_is_answered(talk: Talk) -> None:
    """However long the test platform takes."""
    async with talk.process():
        delivered = await talk.say(f"status run={SLOW}")
        await talk.told(delivered)
        await talk.service.until(waiting=1)
        before = answers(talk)
        talk.service.gate.set()
        await talk.done(1)

    assert (before, len(answers(talk))) == ([], 1)


async def test_command__while_the_inbox_is_slow_waits_for_it(talk: Talk) -> None:
    """Nothing is done for what was not accepted, and it is answered once when it was."""
    async with talk.process():
        talk.store.writing.clear()
        saying = asyncio.create_task(talk.say(f"status run={QUICK}"))
        await talk.store.asked_to_write.wait()
        asked = talk.service.calls[:]
        talk.store.writing.set()
        await saying
        await talk.done(1)

    assert asked == []
    assert len(answers(talk)) == 1


async def test_command__that_the_inbox_refuses_is_not_answered(talk: Talk) -> None:
    """The person is told, or the chat delivers it again: then it is answered."""
    async with talk.process():
        talk.store.refusing = True
        delivered = await talk.say(f"status run={QUICK}")
        await talk.store.asked_to_write.wait()
        await talk.until(lambda: talk.redelivers or any(REFUSED in text for text in talk.alone))
        told, early = talk.alone, answers(talk)
        talk.store.refusing = False
        await talk.again(delivered)
        await talk.done(1)

    assert early == []
    assert [REFUSED in text for text in told] == ([] if talk.redelivers else [True])
    assert len(answers(talk)) == 1


@pytest.mark.parametrize("again", [True, False])
async def test_command__that_is_kept_by_a_database_that_cannot_say_so(talk: Talk, again: bool) -> None:
    """Answered once, delivered again or not; or the person is told that nothing was done, and nothing is."""
    async with talk.process():
        talk.store.breaking = True
        delivered = await talk.say(f"status run={QUICK}")
        await talk.store.asked_to_write.wait()
        if again and talk.redelivers:
            await talk.again(delivered)
        await talk.until(lambda: not talk.store.breaking and not talk.store.unanswered)
        await talk.until(lambda: talk.redelivers or any(REFUSED in text for text in talk.alone))
        first = [*answers(talk)]
    async with talk.process():  # which resumes what the one before left
        talk.service.gate.set()
        await talk.say(f"status run={SLOW}")
        await talk.until(lambda: len(answers(talk)) > len(first) and not talk.store.unanswered)

    assert len(first) == (1 if talk.redelivers else 0)
    assert len(answers(talk)) == len(first) + 1


async def test_command__that_waits_for_its_turn_says_so(talk: Talk) -> None:
    """What goes on is seen while it is long, and gives way to the answers."""
    async with talk.process():
        for _ in range(SHARE + 1):
            await talk.say(f"status run={SLOW}")
        await talk.service.until(waiting=SHARE)
        await talk.until(lambda: WAITING_FOR_OWN in talk.progress)
        talk.service.gate.set()
        await talk.done(SHARE + 1)

    assert len(answers(talk)) == len(talk.seen) == SHARE + 1


async def test_answer__for_all_is_read_by_all(talk: Talk) -> None:
    """And is one message."""
    async with talk.process():
        await talk.say(f"status run={QUICK}")
        await talk.done(1)

    assert len(answers(talk)) == len(talk.seen) == 1
    assert len(talk.public) == (1 if talk.has_others else 0)


async def test_answer__for_one_is_read_by_nobody_else(talk: Talk) -> None:
    """A mistake is for the person who made it."""
    async with talk.process():
        await talk.say("status run=nonexistent-run")
        await talk.done(1)

    assert ["nonexistent" in text for text in talk.alone] == [True]
    assert talk.public == []


async def test_form__is_asked_for_where_values_are_missing(talk: Talk) -> None:
    """As the chat asks for one: at once, by a button, or field by field."""
    async with talk.process():
        await talk.say("launch")
        await talk.until(lambda: talk.forms > 0)
        await talk.done(0)

    assert talk.forms == 1
    assert talk.service.count("launch") == 0


async def test_thread__knows_what_its_message_is_about(talk: Talk) -> None:
    """A verb in the thread of an answer needs no arguments."""
    async with talk.process():
        await talk.say(f"status run={QUICK}")
        await talk.done(1)
        await talk.say_below("failing")
        await talk.done(2)

    assert sum("1 failing property" in text for text in talk.seen) == 1


async def test_restart__leaves_one_answer(talk: Talk) -> None:
    """What a process did not finish is answered by the next one, in the message that is there."""
    async with talk.process(hurried=True):
        await talk.say(f"status run={SLOW}")
        await talk.service.until(waiting=1)
    cut_off = answers(talk)
    talk.service.gate.set()
    async with talk.process():
        await talk.done(1)

    assert cut_off == []
    assert len(answers(talk)) == 1
    assert not [text for text in talk.public if ANSWER not in text]


async def test_restart__after_the_answer_was_shown_shows_no_second_one(talk: Talk) -> None:
    """A process that dies before it can note its answer leaves it to the next one, which finds it there."""
    talk.store.finishing.clear()
    async with talk.process(hurried=True):
        await talk.say(f"status run={QUICK}")
        await talk.store.asked_to_finish.wait()
    shown = answers(talk)
    talk.store.finishing.set()
    async with talk.process():
        await talk.done(1)

    assert len(shown) == len(answers(talk)) == len(talk.seen) == 1


async def test_restart__that_came_too_late_says_so(talk: Talk) -> None:
    """Nobody waits for the answer any more: the person is told to ask again."""
    async with talk.process(hurried=True):
        await talk.say(f"status run={SLOW}")
        await talk.service.until(waiting=1)
    talk.store.age(RESUMED + timedelta(minutes=1))
    talk.service.gate.set()
    async with talk.process():
        await talk.done(1)

    assert answers(talk) == []
    assert sum("Ask again" in text for text in talk.seen) == 1


async def test_start__that_is_slow_answers_what_comes_in_once(talk: Talk) -> None:
    """A command that comes in while what is left over is being read is not taken for left over."""
    talk.store.reading.clear()
    async with talk.process(connect=False) as reached:
        await talk.store.asked_to_read.wait()
        saying = [asyncio.create_task(talk.say(f"status run={SLOW}"))] if reached() else []
        await turns()
        talk.store.reading.set()
        await talk.until(reached)
        await asyncio.gather(*saying)
        if not saying:
            await talk.say(f"status run={SLOW}")
        await talk.until(lambda: talk.service.waiting > 0)
        await turns()
        talk.service.gate.set()
        await talk.done(1)
        await talk.say(f"status run={QUICK}")
        await talk.done(2)

    assert len(answers(talk)) == 2
    assert talk.service.most_waiting == 1
    assert talk.store.reads == 1


async def test_person__with_too_much_under_way_is_told(talk: Talk) -> None:
    """What was accepted is answered, and no more is accepted meanwhile."""
    async with talk.process():
        for _ in range(MOST):
            await talk.say(f"status run={SLOW}")
        await talk.until(lambda: talk.store.unanswered == MOST)
        await talk.say(f"status run={SLOW}")
        await talk.until(lambda: len(talk.store.commands) == MOST + 1 and talk.store.unanswered == MOST)
        talk.service.gate.set()
        await talk.done(MOST + 1)

    assert len(answers(talk)) == MOST
    assert sum("are running" in text for text in talk.refusals) == 1
