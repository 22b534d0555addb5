"""Forum channels: every run is a post of its own, tagged with its verdict."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.analysis import analysis_of
from bot.cards import Card, Context, Tone, Untrusted
from bot.model import Run, RunRef, RunStatus
from bot.ports import Delivered, Found, Missing, Post, Undeliverable
from bot.replies import announcements
from bot.state import MessageRef
from tests.fakes.discord_bot import World, answer, said
from tests.fakes.runs import a_run, run_id

CARD = Card(
    title=("FAILED: ", Untrusted("Payments Nightly"), " ", Untrusted("00000000", code=True)),
    text=("FAILED: 1 of 3 properties fails.",),
    tone=Tone.BAD,
    context=Context(run=RunRef("demo", run_id(1))),
)
KEY = "f" * 24
TAGS = [
    {"id": number, "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
    for number, name in (("101", "Passed"), ("102", "Failed"))
]


@pytest.fixture
async def forum(world: World) -> Any:
    """Make a forum with tags for verdicts."""
    forum = world.guild.create_forum_channel("runs")
    world.env.backend.edit_channel(forum.id, {"available_tags": TAGS})
    await world.env.settle()
    return forum


def name_of(world: World, forum: Any) -> str:
    return f"discord:channel:{world.guild.id}:{forum.id}"


async def posted(world: World, forum: Any) -> str:
    """Announce a run there; return its id."""
    payload = world.chat.chat.render(CARD)
    outcome = await world.chat.chat.post(Post(channel=name_of(world, forum), payload=payload, key=KEY))
    assert isinstance(outcome, Delivered)
    return outcome.message_id


async def test_post__opens_a_post_with_its_tag(world: World, forum: Any) -> None:
    """It is named after the run, and its verdict is a tag that can be filtered by."""
    await posted(world, forum)

    (thread,) = forum.threads
    sent = [body for method, path, body in world.requests() if path == f"/channels/{forum.id}/threads"]
    assert thread.name == "Payments Nightly 00000000"
    assert sent[0]["applied_tags"] == ["102"]
    assert "FAILED" in said(thread.history()[0])


async def test_post__a_correction_has_the_tag_of_what_the_run_is_now(world: World, forum: Any) -> None:
    """The tag comes from the verdict that the card holds, whatever its title begins with."""
    tags = [*TAGS, {**TAGS[0], "id": "103", "name": "Incomplete"}]
    world.env.backend.edit_channel(forum.id, {"available_tags": tags})
    run = world.service.add_run(a_run(1, status=RunStatus.INCOMPLETE))
    found = await analysis_of(world.service.platform, world.store, run)
    card = announcements.corrected(found, RunStatus.COMPLETED, world.clock.now())
    payload = world.chat.chat.render(card)

    await world.chat.chat.post(Post(channel=name_of(world, forum), payload=payload, key=KEY))

    (sent,) = [body for _, path, body in world.requests() if path == f"/channels/{forum.id}/threads"]
    assert sent["applied_tags"] == ["103"]


async def test_find_posted__finds_it_among_the_posts(world: World, forum: Any) -> None:
    """Discord takes no nonce there, so the footer's short id is all there is."""
    since = world.clock.now() - timedelta(minutes=1)
    thread = await posted(world, forum)

    assert Found(thread) == await world.chat.chat.find_posted(name_of(world, forum), None, KEY, since)
    assert Missing() == await world.chat.chat.find_posted(name_of(world, forum), None, "other", since)


async def test_edit__changes_the_first_message(world: World, forum: Any) -> None:
    """In Discord a post's first message has the post's own id, and stands in it."""
    thread = await posted(world, forum)

    await world.chat.chat.edit(MessageRef(channel=name_of(world, forum), message_id=thread), CARD)

    edits = [path for method, path, _ in world.requests() if method == "PATCH"]
    assert edits == [f"/channels/{thread}/messages/{thread}"]


async def test_command__inside_a_post_is_answered_there(world: World, forum: Any, run: Run) -> None:
    """A post is the run's thread: it knows what it speaks of."""
    thread = await posted(world, forum)
    await world.store.set_context(name_of(world, forum), thread, Context(run=run.ref))

    result = await world.say("failing", channel=forum.threads[0])

    assert "Ledger balances" in said(answer(result))
    assert result.response.channel_id == int(thread)


async def test_post__without_the_tag_that_a_forum_wants_says_what_helps(world: World, forum: Any) -> None:
    """The operator reads why runs are not posted, and the other channels go on."""
    world.env.inject_error("POST", f"/channels/{forum.id}/threads", status=400, code=40067)

    outcome = await world.chat.chat.post(
        Post(channel=name_of(world, forum), payload=world.chat.chat.render(CARD), key=KEY)
    )

    assert isinstance(outcome, Undeliverable)
    assert not outcome.channel_lost
    assert "takes no post without a tag" in outcome.reason
    assert "everyone may set" in outcome.reason


async def test_post__sets_no_tag_that_only_moderators_may_set(world: World) -> None:
    """Discord would refuse the whole post."""
    forum = world.guild.create_forum_channel("moderated")
    tag = {"id": "101", "name": "Failed", "moderated": True, "emoji_id": None, "emoji_name": None}
    world.env.backend.edit_channel(forum.id, {"available_tags": [tag]})
    await world.env.settle()

    await posted(world, forum)

    sent = [body for method, path, body in world.requests() if path == f"/channels/{forum.id}/threads"]
    assert sent[0]["applied_tags"] == []
