"""Files that people attach in Slack: read where they are shown, with the token on the host that serves files and on no other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.fakes import slack_api as faults
from tests.fakes.service import a_build_server
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB, BOT_TOKEN, MAIN, PRIVATE, SHARED
from tests.unit.commands.test_failing_file import a_failure, a_report

XML = b"<testsuites/>"
NAME = "junittests.xml"


@pytest.fixture
async def bot(slack: FakeSlack) -> AsyncIterator[Bot]:
    """Run a bot that reads report files: each says that twelve tests fail."""
    service = a_build_server()
    service.triage.files[XML] = a_report(*(a_failure(f"test {n:02}", "boom") for n in range(12)))
    async with running_bot(slack, service=service) as bot:
        yield bot


@pytest.mark.parametrize("words", ["", "failing"])
async def test_mention__with_a_file(slack: FakeSlack, bot: Bot, words: str) -> None:
    """Answered in the thread, page by page; nobody else gets the token."""
    file = slack.api.shared.share(NAME, XML)
    message = await slack.mention(words, files=[file])
    first = await slack.world.answer(f"12 failing tests in {NAME}")
    await slack.press(first, "Next page")
    second = await slack.world.answer("from 11 on")

    assert {first.thread_ts, second.thread_ts} == {message.ts}
    assert "compared with no run" in first.words
    assert "test 11" in second.words
    assert slack.api.shared.asked == [f"Bearer {BOT_TOKEN}"] * 2


@pytest.mark.parametrize("words", ["", "failing"])
async def test_mention__whose_event_leaves_the_file_out(slack: FakeSlack, bot: Bot, words: str) -> None:
    """Slack sends some mentions so: the message itself has it, in a thread too."""
    file = slack.api.shared.share(NAME, XML)
    before = await slack.mention("help")
    await slack.mention(words, files=[file], sparse=True)
    await slack.world.answer(f"12 failing tests in {NAME}")
    await slack.mention(words, files=[file], sparse=True, thread=before.ts)
    await slack.world.until(lambda: len(slack.api.shared.asked) == 2)

    assert len(slack.world.called("conversations.replies")) == 2


async def test_mention__that_needs_no_file_is_not_looked_up(slack: FakeSlack, bot: Bot) -> None:
    """Nor is one whose files the event names, and where the message cannot be read it has none."""
    slack.api.fault("conversations.replies", faults.error("internal_error"))
    await slack.mention("status")
    await slack.mention("", files=[slack.api.shared.share(NAME, XML)])
    await slack.world.answer(f"12 failing tests in {NAME}")
    assert slack.world.called("conversations.replies") == []
    await slack.mention("", files=[slack.api.shared.share(NAME, XML)], sparse=True)
    await slack.world.ephemeral(ALICE)

    assert len(slack.api.shared.asked) == 1


async def test_direct_message__with_a_file_alone(slack: FakeSlack, bot: Bot) -> None:
    """No word is needed there either."""
    await slack.direct("", files=[slack.api.shared.share(NAME, XML)])

    await slack.world.answer(f"12 failing tests in {NAME}")


async def test_file__of_another_organisation(slack: FakeSlack, bot: Bot) -> None:
    """The event has its id alone; Slack tells the rest, or that the other organisation does not let it go."""
    slack.world.members.add(SHARED)
    open_one = slack.api.shared.share(NAME, XML, file_access="visible")
    closed = slack.api.shared.share(NAME, XML, file_access="access_denied")
    await slack.mention("", files=[open_one])
    await slack.world.answer(f"12 failing tests in {NAME}")
    await slack.mention("", files=[closed])
    await slack.world.answer("Slack does not let Clew read this file.")

    assert len(slack.api.shared.asked) == 1


async def test_file__deleted_before_the_next_page(slack: FakeSlack, bot: Bot) -> None:
    """The first page stands; that there is no second one is said."""
    file = slack.api.shared.share(NAME, XML)
    await slack.mention("", files=[file])
    first = await slack.world.answer(f"12 failing tests in {NAME}")
    file.deleted = True
    await slack.press(first, "Next page")

    await slack.world.answer("cannot be read any more")


async def test_file__of_another_channel_is_not_read(slack: FakeSlack, bot: Bot) -> None:
    """The bot may read it, the person who names it may not: by a typed name, nothing is read."""
    secret = slack.api.shared.share("secret.xml", XML, PRIVATE)
    await slack.mention(f"failing file={secret.id}", user=BOB)
    answer = await slack.world.answer("No such file is attached here.")

    assert "secret.xml" not in answer.words
    assert slack.api.shared.asked == []


async def test_file__named_in_the_channel_it_is_shown_in(slack: FakeSlack, bot: Bot) -> None:
    """As a button does that was pressed after a restart."""
    file = slack.api.shared.share(NAME, XML, MAIN)
    await slack.mention(f"failing file={file.id}")

    await slack.world.answer(f"12 failing tests in {NAME}")


async def test_file__without_the_permission(slack: FakeSlack, bot: Bot) -> None:
    """What to add, and where, is said; the file is not asked for."""
    slack.api.scopes = "chat:write,files:write"
    await slack.mention("", files=[slack.api.shared.share(NAME, XML)])
    await slack.world.answer("lacks the permission files:read")
    await slack.world.answer("clew manifest slack")

    assert slack.api.shared.asked == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"mode": "tombstone"}, "cannot be read any more"),
        ({"mode": "hidden_by_limit"}, "cannot be read any more"),
        ({"is_external": True, "url_private": "https://drive.example.com/x"}, "a link to another service"),
        ({"url_private_download": "https://evil.example/x", "url_private": ""}, "a link to another service"),
        ({"url_private_download": "https://files.slack.com.evil.example/x"}, "a link to another service"),
        ({"url_private_download": "https://files.slack.com@evil.example/x"}, "a link to another service"),
        ({"url_private_download": "http://files.slack.com/x"}, "a link to another service"),
        ({"url_private_download": "file:///etc/passwd"}, "a link to another service"),
        ({"url_private_download": "", "url_private": ""}, "cannot be read any more"),
        ({"size": "huge", "name": 7, "channels": "C01MAIN"}, "12 failing tests"),
    ],
)
async def test_file__as_slack_may_describe_it(
    slack: FakeSlack, bot: Bot, told: dict[str, object], said: str
) -> None:
    """An address that is not Slack's for files is never asked, and gets no token."""
    await slack.mention("", files=[slack.api.shared.share(NAME, XML, **told)])
    await slack.world.answer(said)

    assert len(slack.api.shared.asked) == (said == "12 failing tests")


@pytest.mark.parametrize(
    ("serves", "said"),
    [
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), "does not let Clew read"),
        (web.Response(text="<html>Sign in</html>", content_type="text/html"), "does not let Clew read"),
        (web.Response(status=403), "does not let Clew read"),
        (web.Response(status=404), "cannot be read any more"),
        (web.Response(status=500), "did not hand over the file"),
        (web.Response(body=b"\x1f\x8b" + b"x" * 50, headers={"Content-Encoding": "gzip"}), "cannot be read as a test report"),
        (web.Response(body=b"x" * (17 << 20)), "is larger than the 16 MiB that are read"),
        (web.Response(body=b"\x89PNG"), "cannot be read as a test report"),
    ],
    ids=["redirect", "login", "403", "404", "500", "packed", "too large", "a picture"],
)  # fmt: skip
async def test_file__as_its_host_may_serve_it(
    slack: FakeSlack, bot: Bot, serves: web.Response, said: str
) -> None:
    """No redirect is followed, nothing is unpacked, and every end is a sentence."""
    file = slack.api.shared.share(NAME, XML)
    file.serves = serves
    await slack.mention("", files=[file])
    answer = await slack.world.answer(said)

    assert BOT_TOKEN not in answer.words
    assert len(slack.api.shared.asked) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.error("file_not_found"), "cannot be read any more"),
        (faults.error("access_denied"), "does not let Clew read"),
        (faults.error("internal_error"), "did not hand over"),
        (faults.limited(), "did not hand over"),
        (faults.HTML_502, "did not hand over"),
        (faults.EMPTY, "did not hand over"),
    ],
)
async def test_file__where_slack_tells_nothing_of_it(
    slack: FakeSlack, bot: Bot, fault: faults.Fault, said: str
) -> None:
    """It is said, and the bot goes on."""
    slack.api.fault("files.info", fault)
    await slack.mention("", files=[slack.api.shared.share(NAME, XML)])
    await slack.world.answer(said)
    await slack.mention("help")
    await slack.world.ephemeral(ALICE)


async def test_files__two_at_once(slack: FakeSlack, bot: Bot) -> None:
    """Which one is a question with a button for each."""
    files = [slack.api.shared.share(name, XML) for name in ("a.xml", "b.xml")]
    await slack.mention("failing", files=files)
    question = await slack.world.answer("2 files are attached")
    await slack.press(question, "Read 2")

    await slack.world.answer("12 failing tests in b.xml")


async def test_file__beside_another_command(slack: FakeSlack, bot: Bot) -> None:
    """A screenshot with a question is no report."""
    await slack.mention("status", files=[slack.api.shared.share("shot.png", b"PNG")])
    await bot.answered(1)

    assert slack.api.shared.asked == []


async def test_message__that_is_edited_afterwards(slack: FakeSlack, bot: Bot) -> None:
    """The same message is answered once; an edit is no command."""
    file = slack.api.shared.share(NAME, XML)
    message = await slack.mention("", files=[file])
    await slack.world.answer("12 failing tests")
    again = slack.event(
        "app_mention", message, **slack.with_files(MAIN, [file]), edited={"user": ALICE, "ts": "1"}
    )
    changed = slack.envelope(
        {"type": "message", "subtype": "message_changed", "channel": MAIN, "message": {}}
    )
    await slack.gate.deliver("events_api", again)
    await slack.gate.deliver("events_api", changed)
    await slack.mention("help")
    await slack.world.ephemeral(ALICE)

    assert len(slack.api.shared.asked) == 1
