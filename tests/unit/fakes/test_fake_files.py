"""Where the loopback Slack and the Discord in a process keep files: who gets them, and what the others get."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes import discord_cdn
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_files import SharedFile
from tests.fakes.slack_world import BOT_TOKEN, MAIN

XML = b"<testsuites/>"


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """Serve a workspace."""
    async with serve() as slack:
        yield slack


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a client."""
    async with aiohttp.ClientSession() as session:
        yield session


async def got(
    slack: FakeSlack, http: aiohttp.ClientSession, file: SharedFile, token: str
) -> tuple[int, bytes]:
    """Return what somebody with a token gets."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = file.about(slack.url)["url_private_download"]
    async with http.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize(("token", "status"), [(BOT_TOKEN, 200), ("xoxb-other", 302), ("", 302)])
async def test_slack_file__is_for_the_bot(
    slack: FakeSlack, http: aiohttp.ClientSession, token: str, status: int
) -> None:
    """Whoever has no right is led to where one logs in."""
    file = slack.api.shared.share("a.xml", XML, MAIN)

    assert (await got(slack, http, file, token))[0] == status


async def test_slack_file__without_the_permission_is_a_page(
    slack: FakeSlack, http: aiohttp.ClientSession
) -> None:
    """With status 200, as Slack does it; files.info says what is lacking."""
    file = slack.api.shared.share("a.xml", XML, MAIN)
    slack.api.shared.scopes = "chat:write"
    status, body = await got(slack, http, file, BOT_TOKEN)

    assert (status, b"Sign in" in body) == (200, True)
    assert slack.api.shared.info(file.id) == "missing_scope"


async def test_slack_file__that_is_deleted(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """Its object and its bytes are gone, as those of one that never was."""
    file = slack.api.shared.share("a.xml", XML, MAIN)
    assert slack.api.shared.info(file.id) == {"file": file.about(slack.url), "comments": []}
    file.deleted = True

    assert slack.api.shared.info(file.id) == "file_deleted"
    assert slack.api.shared.info("F404") == "file_not_found"
    assert (await got(slack, http, file, BOT_TOKEN))[0] == 404


async def test_discord_file__is_for_whoever_has_its_whole_address(http: aiohttp.ClientSession) -> None:
    """Without its signature, or when that has ended, there is nothing; a token is minded."""
    async with discord_cdn.serve() as cdn:
        url = cdn.store_attachment(1, 2, "a.xml", XML, None)["url"]
        statuses = []
        for address in (url, url.partition("?")[0]):
            async with http.get(address) as answer:
                statuses.append(answer.status)
        cdn.expire()
        async with http.get(url, headers={"Authorization": "Bot x"}) as answer:
            statuses.append(answer.status)
        minded = [*cdn.violations]
        cdn.violations.clear()

    assert statuses == [200, 404, 404]
    assert minded == ["a token came along to the host of the files"]
