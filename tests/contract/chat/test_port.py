"""What the deliverer relies on, held against every chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.access import TERMINAL
from bot.cards import Card, Mention, Untrusted
from bot.ports import Delivered, Found, Lookup, Missing, Post, Unconfirmed, Undeliverable
from bot.state import MessageRef
from tests.contract.chat.port_stages import STAGES, ChatStage

KEY = "abcdef0123456789abcdef01"
SOMEBODY = (
    Mention("slack:user:T01:U01ALICE", "For"),
    Mention("discord:user:80351110224678912", "For"),
    Mention(TERMINAL, "For"),
)
CARD = Card(
    title=("FAILED: ", Untrusted("nightly")),
    text=("FAILED: 1 of 3 properties fails.",),
    mentions=SOMEBODY,  # the judges of the chats see whom a message notifies
)


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[ChatStage]:
    """Every chat in turn; what it was sent has to be right in the end."""
    async with STAGES[request.param]() as stage:
        yield stage
        assert stage.violations() == []


def a_post(stage: ChatStage, key: str = KEY, thread: str | None = None) -> Post:
    return Post(channel=stage.channel, payload=stage.chat.render(CARD), key=key, thread=thread)


async def look(stage: ChatStage, key: str = KEY, thread: str | None = None) -> Lookup:
    return await stage.chat.find_posted(stage.channel, thread, key, stage.now() - timedelta(minutes=5))


async def test_name__is_the_first_part_of_its_channels(stage: ChatStage) -> None:
    """Rows are sorted to their chat by it."""
    assert stage.chat.name == stage.channel.partition(":")[0]


async def test_render__is_pure(stage: ChatStage) -> None:
    """The same card gives the same text: a re-send is the same to the byte."""
    assert stage.chat.render(CARD) == stage.chat.render(CARD)


async def test_post__is_found_again_by_its_key(stage: ChatStage) -> None:
    """The id found is the id that was answered."""
    posted = await stage.chat.post(a_post(stage))

    assert isinstance(posted, Delivered)
    assert Found(posted.message_id) == await look(stage)


async def test_find_posted__misses_what_was_never_posted(stage: ChatStage) -> None:
    """A history that was read whole says so, whatever else stands in it."""
    await stage.chat.post(a_post(stage, "another-key"))

    assert Missing() == await look(stage)


async def test_post__without_an_answer_is_perhaps_there_and_found(stage: ChatStage) -> None:
    """A lost answer is no failure: it was stored."""
    if stage.lose_answer is None:
        pytest.skip("no answer of this chat can be lost")
    stage.lose_answer()
    outcome = await stage.chat.post(a_post(stage))
    stage.settle()

    assert isinstance(outcome, Unconfirmed)
    assert isinstance(await look(stage), Found)


async def test_post__that_was_dropped_is_perhaps_there_and_missing(stage: ChatStage) -> None:
    """The same outcome, the other truth: only looking tells."""
    if stage.drop is None:
        pytest.skip("nothing can vanish on the way to this chat")
    stage.drop()
    outcome = await stage.chat.post(a_post(stage))
    stage.settle()

    assert isinstance(outcome, Unconfirmed)
    assert Missing() == await look(stage)


async def test_post__into_a_thread_is_found_there_only(stage: ChatStage) -> None:
    """A reply is looked for in its thread."""
    top = await stage.chat.post(a_post(stage))
    assert isinstance(top, Delivered)
    reply = await stage.chat.post(a_post(stage, "the-reply", thread=top.message_id))

    assert isinstance(reply, Delivered)
    assert Found(reply.message_id) == await look(stage, "the-reply", thread=top.message_id)
    assert Missing() == await look(stage, "the-reply")


async def test_edit__may_be_repeated(stage: ChatStage) -> None:
    """Editing twice leaves one message, and notifies nobody again."""
    posted = await stage.chat.post(a_post(stage))
    assert isinstance(posted, Delivered)
    message = MessageRef(channel=stage.channel, message_id=posted.message_id)

    assert isinstance(await stage.chat.edit(message, CARD), Delivered)
    assert isinstance(await stage.chat.edit(message, CARD), Delivered)
    assert Found(posted.message_id) == await look(stage)


async def test_edit__of_nothing_cannot_be_done(stage: ChatStage) -> None:
    """A message that is not there is not made by editing it."""
    outcome = await stage.chat.edit(MessageRef(channel=stage.channel, message_id="m404"), CARD)

    assert isinstance(outcome, Undeliverable)
    assert not outcome.channel_lost


async def test_is_shared__is_false_for_a_channel_of_our_own(stage: ChatStage) -> None:
    """Signed links may go where only our own people read."""
    assert not await stage.chat.is_shared(stage.channel)
