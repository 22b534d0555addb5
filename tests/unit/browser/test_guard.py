"""Who may talk to the page: whoever knows its address, from its own pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from bot.replies import chat_page
from tests.unit.browser.pages import Page, a_card, a_page

LINE = {"in": "runs", "text": "status"}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with a_page(tmp_path) as page:
        yield page


@pytest.mark.parametrize("path", ["", "events", "thread?thread=1", "suggest?typed=s", "file/x", "report/1"])
async def test_key__wrong_or_missing_finds_nothing(page: Page, path: str) -> None:
    """Nothing tells a wrong key from an address that there never was."""
    await page.announce(a_card())
    host = page.visitor.url.origin()
    for key in (f"{'A' * 43}/", "", "%00/"):
        answer = await page.visitor.get(str(host.join(URL(f"/{key}{path}"))))
        assert answer.status == 404
        assert "Nightly" not in await answer.text()


async def test_key__wrong_sends_nothing(page: Page) -> None:
    """Neither a line nor a press."""
    host = page.visitor.url.origin()
    for path in ("say", "press", "form", "read"):
        answer = await page.visitor.send(str(host.join(URL(f"/{'A' * 43}/{path}"))), LINE)
        assert answer.status == 404

    assert page.messages == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # a page of another port of this machine
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_send__from_another_page_is_refused(page: Page, headers: dict[str, str]) -> None:
    """Although it knows the address."""
    answer = await page.visitor.send("say", LINE, headers=headers)

    assert answer.status == 403
    assert page.messages == []


async def test_send__by_a_name_that_leads_here_is_refused(page: Page) -> None:
    """A foreign name that leads to this machine is still foreign."""
    evil = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = await page.visitor.send("say", LINE, headers=evil)

    assert answer.status == 421
    assert (await page.visitor.get("", evil)).status == 421
    assert page.messages == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_read__from_another_page_is_refused(page: Page, site: str) -> None:
    """Its events and its pages are for its own pages."""
    for path in ("", "events?after=0", "suggest?typed=s"):
        assert (await page.visitor.get(path, {"Sec-Fetch-Site": site})).status == 403


async def test_page__typed_address_is_answered_with_strict_headers(page: Page) -> None:
    """Nothing inline runs, no other site frames it, and no other site learns its address."""
    answer = await page.visitor.get("", {"Sec-Fetch-Site": "none"})

    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert page.visitor.url.parts[1] not in await answer.text()


async def test_page__address_without_the_slash_at_its_end_leads_there(page: Page) -> None:
    """As people copy it; one with a wrong key leads nowhere."""
    path = page.visitor.url.path.rstrip("/")
    answer = await page.visitor.get(str(page.visitor.url.origin().join(URL(path))))
    wrong = await page.visitor.get(str(page.visitor.url.origin().join(URL(path[:-1]))))

    assert (answer.status, answer.headers["Location"]) == (303, page.visitor.url.path)
    assert (wrong.status, await wrong.text()) == (404, chat_page.NOTHING_HERE)


async def test_url__is_long_and_of_this_machine_alone(page: Page, tmp_path: Path) -> None:
    """Each page has another one."""
    async with a_page(tmp_path) as other:
        assert other.visitor.url.parts[1] != page.visitor.url.parts[1]
    assert page.visitor.url.host == "127.0.0.1"
    assert len(page.visitor.url.parts[1]) >= 43
