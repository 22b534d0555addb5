"""Two companies' programs with one token: each chat says so in its own way, and Clew says it where it is told."""

from __future__ import annotations

import asyncio

from adapters.chat.slack.sockets import Sockets
from adapters.chat.slack.strangers import LASTING, LOOKS
from tests.fakes import discord, discord_live, slack, slack_bot
from tests.fakes.runs import a_run


async def test_slack__counts_the_sockets_of_an_app() -> None:
    """Of two programs on two databases each sees two sockets that nobody here has; on one database all are known."""
    async with (
        slack.serve() as world,
        slack_bot.running_bot(world) as first,
        slack_bot.running_bot(world) as second,
    ):
        await world.gate.connected(4)
        said: dict[int, str | None] = {}
        for elsewhere in (0, first.chat.connections()):
            for _ in range(2):
                await another_hello(world, second)
                said[elsewhere] = [second.chat.strangers(elsewhere) for _ in range(LOOKS)][-1]
                await second.clock.sleep(LASTING)

    assert "Slack counts 2 connections of this app" in (said[0] or "")
    assert said[2] == ""


async def another_hello(world: slack.FakeSlack, bot: slack_bot.Bot) -> None:
    """Let Slack open one of a program's sockets anew, and count."""
    counted = asyncio.Event()

    def hello(number: int, own: int) -> None:
        bot.chat._strangers.hello(number, own)
        counted.set()

    assert isinstance(bot.chat._transport, Sockets)
    bot.chat._transport._hello = hello
    await world.gate.refresh(world.gate.live[-1])  # those of the other program are older
    async with asyncio.timeout(30):
        await counted.wait()
    await world.gate.connected(4)


async def test_discord__counts_the_sessions_of_a_bot() -> None:
    """Who comes second to answer a command asks Discord, which has counted a session more than this database has."""
    async with (
        discord.serve() as world,
        discord_live.running_bot(world) as first,
        discord_live.running_bot(world) as second,
    ):
        for bot in (first, second):
            bot.service.add_run(a_run(1))
        before = [bot.chat.strangers(0) for bot in (first, second)]
        world.slash("status")
        await world.until(lambda: any(bot.chat.strangers(0) is not None for bot in (first, second)))
        said = [bot.chat.strangers(0) for bot in (first, second)]

    assert before == [None, None]
    assert sorted(filter(None, said)) == [next(filter(None, said))]
    assert "Discord counts 1 session of this bot" in next(filter(None, said))
