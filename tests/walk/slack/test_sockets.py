"""What Slack does to sockets, and that nobody's command is lost by it."""

from __future__ import annotations

import asyncio
import logging

import pytest

from adapters.chat.running import ChatRefused
from adapters.chat.slack import sockets
from bot.state import Subscription
from tests.fakes import slack_api as faults
from tests.fakes.runs import EPOCH
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import APP_TOKEN, BOB, BOT_TOKEN, BOT_USER, MAIN, TEAM

OPEN = "apps.connections.open"


async def test_refresh__with_200_commands_in_flight_loses_none(bot: Bot) -> None:
    """One socket is refreshed while 200 commands come in: every one is acknowledged, every one acts."""
    gate = bot.slack.gate
    gate.handshake_delay = 0.15

    async def command(number: int) -> bool:
        if number == 50:
            await gate.refresh(gate.live[0])
        await asyncio.sleep(number / 400)
        return (await bot.slack.command("help", user=f"U7{number}")).taken

    taken = await asyncio.gather(*(command(number) for number in range(200)))
    await bot.answered(200)

    assert sum(taken) == 200


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", "too_many_websockets"])
async def test_refresh__opens_a_new_socket(bot: Bot, reason: str) -> None:
    """Whatever reason Slack gives, a new ticket is asked for and used."""
    old = bot.slack.gate.live[0]

    await bot.slack.gate.refresh(old, reason)
    await bot.slack.world.until(lambda: old not in bot.slack.gate.sockets)
    await bot.slack.gate.connected(2)
    ack = await bot.slack.command("help")

    assert ack.taken


async def test_abort__is_mended(bot: Bot) -> None:
    """Both connections break without a word; both come back."""
    for socket in list(bot.slack.gate.live):
        bot.slack.gate.abort(socket)
    await bot.slack.world.until(lambda: not bot.slack.gate.live)

    await bot.slack.gate.connected(2)
    ack = await bot.slack.command("help")

    assert ack.taken


async def test_half_open__is_noticed(bot: Bot) -> None:
    """A link that is open and dead is replaced: nobody says so, only the missing answer to a ping does."""
    dead = bot.slack.gate.live[0]
    bot.slack.gate.freeze(dead)

    await bot.slack.gate.connected(2)

    assert dead not in bot.slack.gate.live


async def test_used_up_ticket__does_not_stop_it_for_ever(bot: Bot) -> None:
    """After a refresh the handshake is refused once: the old address is dropped, a fresh one works."""
    gate = bot.slack.gate
    gate.refuse_upgrades = 1

    await gate.refresh(gate.live[0])
    await bot.slack.world.until(lambda: gate.refuse_upgrades == 0)
    await gate.connected(2)

    assert (await bot.slack.command("help")).taken


async def test_start__survives_a_slack_that_is_down(slack: FakeSlack) -> None:
    """Nothing answers at first; the bot waits, asks again, and serves when Slack is back."""
    slack.api.fault(
        "auth.test", faults.HTML_502, faults.DROPPED, faults.error("internal_error"), faults.limited("2")
    )
    slack.api.fault(OPEN, faults.error("internal_error"), faults.HTML_502)

    async with running_bot(slack):
        ack = await slack.command("help")

    assert ack.taken


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"])
async def test_start__with_a_bad_bot_token_is_one_sentence(slack: FakeSlack, code: str) -> None:
    """A token that Slack will never take ends it at once, with the way to fix it."""
    slack.api.fault("auth.test", faults.error(code))

    async with running_bot(slack, connect=False) as bot:
        with pytest.raises(ChatRefused) as refused:
            await asyncio.wait_for(asyncio.shield(bot.running), 10)

    assert str(refused.value).endswith(".")
    assert len(slack.world.called("auth.test")) == 1


async def test_start__with_a_persons_token_is_one_sentence(slack: FakeSlack) -> None:
    """A token that is not a bot's would act as that person."""
    slack.api.fault(
        "auth.test", faults.Fault(body={"ok": True, "team_id": "T01", "user_id": "U01ALICE", "user": "alice"})
    )

    async with running_bot(slack, connect=False) as bot:
        with pytest.raises(ChatRefused, match="xoxb-"):
            await asyncio.wait_for(asyncio.shield(bot.running), 10)


async def test_start__in_a_workspace_that_is_not_served_is_told(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    """The settings name other workspaces than the token's: everything would be refused, so it is said at once."""
    async with running_bot(slack, workspaces=frozenset({"T99"})):
        pass

    assert "[slack] workspaces leaves out" in caplog.text


async def test_start__with_a_bad_app_token_is_one_sentence(slack: FakeSlack) -> None:
    """A wrong app token neither hangs nor spins."""
    async with running_bot(slack, connect=False, app_token="xapp-wrong") as bot:
        with pytest.raises(ChatRefused, match="SLACK_APP_TOKEN"):
            await asyncio.wait_for(asyncio.shield(bot.running), 10)

    assert len(slack.world.called(OPEN)) <= 2


async def test_revoked__while_running_is_one_sentence(slack: FakeSlack) -> None:
    """The app is removed from the workspace: it stops asking."""
    async with running_bot(slack) as bot:
        slack.world.tokens = {BOT_TOKEN}
        for socket in list(slack.gate.live):
            await slack.gate.refresh(socket)
        with pytest.raises(ChatRefused):
            await asyncio.wait_for(asyncio.shield(bot.running), 10)
        asked = len(slack.world.called(OPEN))

    assert not bot.chat.connected
    assert len(slack.world.called(OPEN)) == asked


async def test_revoked__bot_token_while_running_is_one_sentence(slack: FakeSlack) -> None:
    """Nobody could be answered any more, so it stops with the way to fix it."""
    async with running_bot(slack) as bot:
        slack.api.fault("chat.postMessage", faults.error("token_revoked"))
        await slack.command("watch")
        with pytest.raises(ChatRefused, match="SLACK_BOT_TOKEN"):
            await asyncio.wait_for(asyncio.shield(bot.running), 10)

    assert len(slack.world.called("chat.postMessage")) == 1


@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_removed__is_one_sentence_at_once(slack: FakeSlack, kind: str) -> None:
    """Slack tells that the app is gone: nobody has to fail at posting first."""
    async with running_bot(slack) as bot:
        slack.world.tokens = {APP_TOKEN}
        await slack.gate.deliver("events_api", slack.envelope({"type": kind}))
        with pytest.raises(ChatRefused, match="SLACK_BOT_TOKEN"):
            await asyncio.wait_for(asyncio.shield(bot.running), 10)

    assert slack.world.called("chat.postMessage") == []


async def test_removed__of_another_token_changes_nothing(slack: FakeSlack) -> None:
    """A token that is not ours was revoked: ours still works, and so does everything else."""
    async with running_bot(slack) as bot:
        await slack.gate.deliver("events_api", slack.envelope({"type": "tokens_revoked"}))
        await slack.world.until(lambda: len(slack.world.called("auth.test")) == 2)
        await slack.command("help")
        await bot.answered(1)

        assert not bot.running.done()


async def test_joined__lets_a_lost_channel_be_tried_at_once(slack: FakeSlack) -> None:
    """Invited again, the bot posts what waited; that somebody else joined says nothing."""
    lost, other = f"slack:channel:{TEAM}:{MAIN}", f"slack:channel:{TEAM}:C0OTHER"
    async with running_bot(slack) as bot:
        for channel in (lost, other):
            await bot.store.subscribe(Subscription(channel=channel, problem="not in the channel"), EPOCH)
        for who, where in ((BOB, "C0OTHER"), (BOT_USER, MAIN)):
            event = {"type": "member_joined_channel", "user": who, "channel": where}
            await slack.gate.deliver("events_api", slack.envelope(event))
        async with asyncio.timeout(10):
            while [s for s in await bot.store.subscriptions(lost) if s.problem]:  # noqa: ASYNC110 - it happens in the background
                await asyncio.sleep(0)

        assert [s.problem for s in await bot.store.subscriptions(other)] == ["not in the channel"]


async def test_log__holds_no_token_and_no_ticket(slack: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails on the way, what is logged opens nothing."""
    caplog.set_level(logging.DEBUG)
    slack.gate.refuse_upgrades = 2
    slack.api.fault("auth.test", faults.HTML_502)

    async with running_bot(slack):
        await slack.command("help")
        for socket in list(slack.gate.live):
            slack.gate.abort(socket)
        await slack.world.until(lambda: not slack.gate.live)
        await slack.gate.connected(2)
    ours = "\n".join(
        r.getMessage() + str(r.exc_info or "") for r in caplog.records if r.name.startswith("adapters")
    )

    assert "ticket=t" not in ours
    assert APP_TOKEN not in ours
    assert BOT_TOKEN not in ours


async def test_refresh__right_after_connecting_does_not_spin(bot: Bot) -> None:
    """A Slack that sends every new socket away is asked less and less often; commands get through meanwhile."""
    for _ in range(3):
        await _sent_away(bot)

    ack = await bot.slack.command("help")

    assert ack.taken
    assert len(bot.slack.world.called(OPEN)) <= 2 + 3


async def test_connected__follows_the_sockets(slack: FakeSlack) -> None:
    """Readiness is what the sockets are."""
    async with running_bot(slack) as bot:
        await _until_connected(bot)
        up = bot.chat.connected

    assert up
    assert not bot.chat.connected


async def test_environment__does_not_turn_on_another_sign_in(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that bolt reads by itself change nothing."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-somebody-else")

    async with running_bot(slack):
        ack = await slack.command("help")
        answer = await slack.world.answer("Commands: launch")

    assert ack.taken
    assert answer.channel == MAIN


async def _sent_away(bot: Bot) -> None:
    """Refresh the newest socket, and wait for the one that takes over."""
    gate = bot.slack.gate
    before = gate.upgrades
    await gate.refresh(gate.live[-1])
    await bot.slack.world.until(lambda: gate.upgrades > before)
    await gate.connected(2)


async def _until_connected(bot: Bot) -> None:
    async with asyncio.timeout(10):
        while not bot.chat.connected:  # noqa: ASYNC110 - it is found out by looking
            await asyncio.sleep(sockets.LOOK_SECONDS / 10)
