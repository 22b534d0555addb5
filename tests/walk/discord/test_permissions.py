"""Who may do what, and what happens where the bot itself may not."""

from __future__ import annotations

import discord
import pytest

from bot.cards import Card, Untrusted
from bot.model import Run
from bot.ports import Delivered, Halted, NotDelivered, Post, PostOutcome, Unconfirmed, Undeliverable
from bot.state import MessageRef
from tests.fakes.discord_bot import World, answer, said, simulated
from tests.fakes.runs import run_id

CARD = Card(title=("FAILED: ", Untrusted("nightly")), text=("FAILED: 1 of 3 properties fails.",))


def a_post(world: World, channel: str | None = None, thread: str | None = None) -> Post:
    return Post(
        channel=channel or world.place, payload=world.chat.chat.render(CARD), key="k" * 24, thread=thread
    )


async def test_role__decides_every_click(world: World, run: Run) -> None:
    """Anyone sees a button; who lacks the role is told so alone, and nothing happens."""
    card = answer(await world.say("launch", launcher="basic_test", duration="30"))

    pressed = await world.press(card, "Launch", by=world.bob)

    assert pressed.response.ephemeral
    assert world.service.launches == []


async def test_confirm__by_its_requester_replaces_the_question(world: World) -> None:
    """The card that asked becomes the card that follows the run; nothing private is left behind."""
    card = answer(await world.say("launch", launcher="basic_test", duration="30"))

    pressed = await world.press(card, "Launch")

    assert len(world.service.launches) == 1
    assert pressed.response is None
    assert len(world.ours(world.main)) == 1
    assert "basic_test" in said(world.ours(world.main)[0])
    assert [live.message for live in await world.store.live()] == [
        MessageRef(channel=world.place, message_id=str(card.id))
    ]


async def test_guild__that_is_not_served_is_told_so() -> None:
    """Commands of other servers get one sentence."""
    async with simulated(guilds=frozenset({"1104000000000000001"})) as closed:
        result = await closed.say("status")

        assert "does not serve your server" in said(result.response)
        assert result.response.ephemeral
        assert closed.service.calls == []


async def test_mention__where_the_bot_may_not_write_reaches_the_person(world: World, run: Run) -> None:
    """The answer comes directly, and says why."""
    mute = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.env.bot.user: mute})

    posted = await world.mention(f"status {run_id(1)}", channel=quiet)
    direct = world.alice.user.dm_channel.last_message

    assert posted == []
    assert "FAILED" in said(direct)
    assert "may not write here" in direct.embeds[0].footer.text


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (
            403,
            50001,
            Undeliverable("The bot does not see the channel. Give it the permission View Channel there."),
        ),
        (403, 50013, Undeliverable("The bot lacks a permission in the channel. `clew doctor` says which.")),
        (404, 10003, Undeliverable("Discord does not know the channel any more.")),
        (400, 50035, Undeliverable("Discord answered with status 400, code 50035.", channel_lost=False)),
        (404, 10008, Delivered("")),
        (500, 0, Unconfirmed("Discord failed with status 500.")),
        (429, 0, NotDelivered("Discord asks for a pause.", retry_after=30.0, limits_channel=True)),
        (401, 0, Halted("Discord does not accept the bot's token. Check DISCORD_TOKEN.")),
    ],
)
async def test_post__every_answer_has_its_meaning(
    world: World, status: int, code: int, expected: PostOutcome
) -> None:
    """The deliverer can tell what is there, what is not, and what has to be looked for."""
    world.env.inject_error("POST", "/channels/*/messages", status=status, code=code, times=None)

    assert expected == await world.chat.chat.post(a_post(world))


async def test_post__after_a_refused_token_sends_nothing_more(world: World) -> None:
    """Each refused request counts towards a ban, so there is exactly one."""
    world.env.inject_error("POST", "/channels/*/messages", status=401, times=None)
    await world.chat.chat.post(a_post(world))
    before = len(world.requests())

    outcome = await world.chat.chat.post(a_post(world))

    assert isinstance(outcome, Halted)
    assert world.requests()[before:] == []


async def test_post__into_a_locked_thread_stands_in_the_channel(world: World) -> None:
    """What belongs to a thread that takes nothing is a reply to its message."""
    top = await world.chat.chat.post(a_post(world))
    assert isinstance(top, Delivered)
    world.env.inject_error("POST", f"/channels/{top.message_id}/messages", status=400, code=160005)

    outcome = await world.chat.chat.post(a_post(world, thread=top.message_id))

    assert isinstance(outcome, Delivered)
    reference = world.ours(world.main)[-1].reference
    assert reference is not None
    assert reference.message_id == int(top.message_id)


async def test_post__into_a_thread_of_no_message_stands_there(world: World) -> None:
    """A person opened it by itself, and it came out of the archive: the gateway did not tell of it."""
    thread = world.env.backend.create_thread(world.main.id, "ours", world.alice.id)
    await world.env.settle()
    guild = world.env.bot.get_guild(world.guild.id)
    assert guild is not None
    guild._threads.clear()

    outcome = await world.chat.chat.post(a_post(world, thread=str(thread.id)))

    assert isinstance(outcome, Delivered)
    sent = [path for method, path, _ in world.requests() if method == "POST" and path.endswith("/messages")]
    assert sent == [f"/channels/{thread.id}/messages"]


async def test_edit__in_an_archived_thread_opens_it_first(world: World) -> None:
    """Discord edits nothing in the archive."""
    top = await world.chat.chat.post(a_post(world))
    assert isinstance(top, Delivered)
    reply = await world.chat.chat.post(a_post(world, thread=top.message_id))
    assert isinstance(reply, Delivered)
    world.env.inject_error("PATCH", f"/channels/{top.message_id}/messages/*", status=400, code=50083)

    ref = MessageRef(channel=world.place, message_id=reply.message_id, thread=top.message_id)
    outcome = await world.chat.chat.edit(ref, CARD)

    assert isinstance(outcome, Delivered)
    assert ("PATCH", f"/channels/{top.message_id}", {"archived": False}) in world.requests()


async def test_shared__announcement_channels_are_and_others_are_not(world: World) -> None:
    """What other servers can follow gets no signed links."""
    news = world.guild.create_news_channel("news")
    await world.env.settle()

    assert await world.chat.chat.is_shared(f"discord:channel:{world.guild.id}:{news.id}")
    assert not await world.chat.chat.is_shared(world.place)
    assert await world.chat.chat.is_shared(f"discord:channel:{world.guild.id}:1104000000000000009")


async def test_private__to_somebody_who_takes_no_messages_is_said_in_place(world: World) -> None:
    """The answer stays private; what all see only says why, and what helps."""
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)

    (posted,) = await world.mention("help")

    assert "Clew cannot send you direct messages" in said(posted)
    assert "launch" not in said(posted)


async def test_restart__long_after_tells_the_person_that_it_is_too_late(world: World, run: Run) -> None:
    """Nobody waits an hour: the person is told, with a button to ask again, and nothing else is said."""
    world.kill_before_answering()
    await world.say("status", run=run_id(1))
    world.clock.ahead = 3600
    await world.restart()

    told = world.alice.user.dm_channel.last_message

    assert "Clew was not running when you asked" in said(told)
    assert [m for m in world.ours(world.main) if "FAILED" in said(m)] == []
