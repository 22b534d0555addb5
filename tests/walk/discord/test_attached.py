"""Files that people attach in Discord: to a mention or as an option, read from one host, without a token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.fakes import discord_cdn
from tests.fakes.discord_bot import World, answer, said, simulated
from tests.fakes.discord_cdn import Cdn
from tests.fakes.service import a_build_server
from tests.unit.commands.test_failing_file import a_failure, a_report

XML = b"<testsuites/>"
NAME = "junittests.xml"


@pytest.fixture
async def cdn() -> AsyncIterator[Cdn]:
    """Serve the files."""
    async with discord_cdn.serve() as cdn:
        yield cdn


@pytest.fixture
async def world(cdn: Cdn) -> AsyncIterator[World]:
    """Run a bot that reads report files: each says that twelve tests fail."""
    service = a_build_server()
    service.triage.files[XML] = a_report(*(a_failure(f"test {n:02}", "boom") for n in range(12)))
    async with simulated(service=service, cdn=cdn) as world:
        yield world


def everything(world: World) -> str:
    """Return all that stands in any channel or thread."""
    channels = world.env.backend.messages.values()
    return repr([(m.content, m.embeds) for kept in channels for m in kept.values()])


async def refusal(world: World, words: str, *, by: Any = None) -> str:
    """Say something that is answered to the person alone."""
    who = by or world.alice
    assert await world.mention(words, by=who) == []
    return said(who.user.dm_channel.last_message)


@pytest.mark.parametrize("words", ["", "failing"])
async def test_mention__with_a_file(world: World, cdn: Cdn, words: str) -> None:
    """Answered in place, page by page."""
    (first,) = await world.mention(words, files=[(NAME, XML)])
    await world.press(first, "Next page")

    assert f"12 failing tests in {NAME}" in said(first)
    assert "compared with no run" in said(first)
    assert "from 11 on" in everything(world)
    assert cdn.asked == [NAME, NAME]


async def test_option__with_a_file(world: World, cdn: Cdn) -> None:
    """It is in no message, and is read again from what is remembered; after a restart it is gone, which is said."""
    first = answer(await world.say("failing", file=(NAME, XML)))
    await world.press(first, "Next page")
    await world.restart()
    again = answer(await world.press(first, "Next page"))

    assert f"12 failing tests in {NAME}" in said(first)
    assert cdn.asked == [NAME, NAME]
    assert "cannot be read any more" in said(again)


async def test_mention__read_again_after_a_restart(world: World, cdn: Cdn) -> None:
    """The message is still there, and has a new address for it."""
    (first,) = await world.mention("", files=[(NAME, XML)])
    await world.restart()
    await world.press(first, "Next page")

    assert cdn.asked == [NAME, NAME]
    assert "from 11 on" in everything(world)


async def test_mention__that_a_process_took_and_did_not_answer(world: World) -> None:
    """The next one answers it, and knows of the file."""
    world.kill_before_answering()
    assert await world.mention("", files=[(NAME, XML)]) == []
    await world.restart()

    assert f"12 failing tests in {NAME}" in said(world.ours(world.main)[-1])


async def test_files__two_at_once(world: World, cdn: Cdn) -> None:
    """Which one is a question."""
    (question,) = await world.mention("", files=[("a.xml", XML), ("b.xml", XML)])
    await world.press(question, "Read 2")

    assert "2 files are attached" in said(question)
    assert cdn.asked == ["b.xml"]


async def test_file__of_another_channel(world: World, cdn: Cdn) -> None:
    """Whoever can name it may still not read it."""
    hidden = world.guild.create_text_channel("hidden")
    message = await world.alice.send(hidden, "secret", attachments=[(NAME, XML)])
    ref = f"{hidden.id}-{message.id}-{message.attachments[0].id}"

    assert "No such file is attached here." in await refusal(world, f"failing file={ref}", by=world.bob)
    assert cdn.asked == []


@pytest.mark.parametrize("ref", ["/etc/passwd", "1-2", "1-2-3-4", "x-y-z", "https://evil.example/x", "0-0-0"])
async def test_file__with_a_name_that_is_none(world: World, cdn: Cdn, ref: str) -> None:
    """Nothing is asked of anybody."""
    assert "No such file is attached here." in await refusal(world, f"failing file={ref}")
    assert cdn.asked == []


@pytest.mark.parametrize(
    ("serves", "shown"),
    [
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), "did not hand over the file"),
        (web.Response(status=404, text="This content is no longer available."), "cannot be read any more"),
        (web.Response(status=500), "did not hand over the file"),
        (web.Response(body=b"x" * (17 << 20)), "is larger than the 16 MiB"),
        (web.Response(text="<html>"), "cannot be read as a test report"),
    ],
    ids=["redirect", "expired", "500", "too large", "a page"],
)
async def test_file__as_its_host_may_serve_it(
    world: World, cdn: Cdn, serves: web.Response, shown: str
) -> None:
    """No redirect is followed, and every end is a sentence."""
    cdn.serves[NAME] = serves
    reply = answer(await world.say("failing", file=(NAME, XML)))

    assert shown in said(reply)
    assert cdn.asked == [NAME]


async def test_file__on_another_host(world: World, cdn: Cdn) -> None:
    """It is not asked for, whatever a message says of it."""
    cdn.base = "http://evil.example"
    reply = answer(await world.say("failing", file=(NAME, XML)))

    assert "a link to another service" in said(reply)
    assert cdn.asked == []


async def test_address__is_nowhere(world: World, cdn: Cdn, caplog: pytest.LogCaptureFixture) -> None:
    """It is the right to read the file: no message, log or row of the store has it."""
    caplog.set_level("DEBUG", logger="adapters")
    (first,) = await world.mention("", files=[(NAME, XML)])
    await world.say("failing", file=(NAME, XML))

    told = "".join([said(first), caplog.text, repr(vars(world.store))])
    assert "hm=" not in told
    assert cdn.base not in told
