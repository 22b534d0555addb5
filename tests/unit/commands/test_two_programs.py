"""Several programs over one database: whichever of them a person reaches, the same is decided, once."""

from __future__ import annotations

import asyncio

from bot.state import IntentState
from tests.fakes.stage import ANN, BO, Stage, an_invocation, button_of, silent, texts

WORDS = "launch basic_test duration=30"


async def test_confirm__two_people_at_two_replicas_for_the_same() -> None:
    """Who presses in the same instant as somebody else elsewhere starts nothing, and is told of the other."""
    here = Stage()
    there = here.restarted()
    drafts = [(here, await here.say(WORDS), ANN), (there, await there.say(WORDS, by=BO), BO)]
    said = [stage.say(button_of(reply.card, "Launch").command, by=by) for stage, reply, by in drafts]
    replies = await asyncio.gather(*said)

    assert len(here.service.launches) == 1
    assert sum("This button did not start anything." in texts(reply.card) for reply in replies) == 1
    assert {i.state for i in here.memory.intents.values()} == {IntentState.ACCEPTED, IntentState.DECLINED}


async def test_confirm__pressed_twice_at_two_replicas() -> None:
    """One press sends it and shows how it stands; the other one says that it was sent, whichever process it reached."""
    here = Stage()
    there = here.restarted()
    await here.say(WORDS)
    (intent,) = here.memory.intents.values()
    said = an_invocation(here, f"confirm {intent.id}")
    replies = await asyncio.gather(*(each.handler.handle(said, silent) for each in (here, there)))

    assert len(here.service.launches) == 1
    assert sorted(reply.private for reply in replies) == [False, True]


async def test_confirm__answered_by_who_adopts_the_press() -> None:
    """What a press sent before its process died is shown by whoever answers it then; a second press hears of it only."""
    here = Stage()
    await here.say(WORDS)
    (intent,) = here.memory.intents.values()
    said = an_invocation(here, f"confirm {intent.id}")
    await here.handler.handle(said, silent)  # and it dies before that is shown
    shown = await here.restarted().handler.handle(said, silent, resumed=True)
    again = await here.restarted().handler.handle(said, silent)

    assert len(here.service.launches) == 1
    assert shown.live == intent.id
    assert again.private
