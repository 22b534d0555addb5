"""A person shows Clew to a colleague: `clew demo --web`, in a real browser, by keyboard and by mouse."""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import PIPE
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.browser import NARROW, WIDE, Browser, Scheme, browser, overflow, picture, violations
from tests.walk.browser.demo import demo
from tests.walk.terminal.keyboard import CLEW, surroundings

__all__ = ["browser"]

BOX = "Message Clew in #runs"
LOOKS: tuple[tuple[int, Scheme], ...] = ((NARROW, "light"), (NARROW, "dark"), (WIDE, "dark"))
expect.set_options(timeout=30_000)  # ms; only a failing test waits that long


def titled(page: Page | Locator, title: str | re.Pattern[str]) -> Locator:
    """Return the messages with a title."""
    heading = page.page if isinstance(page, Locator) else page
    return page.get_by_role("article").filter(has=heading.get_by_role("heading", name=title))


def left_in(folder: Path) -> list[Path]:
    """Return what a demo left behind."""
    return list(folder.iterdir())


async def say(page: Page, line: str, box: str = BOX) -> None:
    """Type a line and send it, by keyboard alone."""
    await page.get_by_label(box).fill(line)
    await page.keyboard.press("Enter")


async def test_demo__a_person_shows_it(tmp_path: Path, browser: Browser) -> None:
    """Launch, confirm, hear of the end live, failing, logs, a mark, a form with a mistake; in two tabs and two channels."""
    async with demo(tmp_path, "--speed", "200") as running:
        page = await browser.page()
        await page.goto(running.url)
        await expect(page.get_by_role("heading", name="Meet Clew")).to_be_visible()
        await expect(page.get_by_label(BOX)).to_be_focused()
        await picture(page, "chat first 1280")

        await page.get_by_role("button", name="Launch a run and watch it end").click()
        await titled(page, "Launch basic_test?").get_by_role("button", name="Launch", exact=True).click()
        await expect(page.get_by_role("progressbar").first).to_be_visible()
        announced = titled(page, "basic_test: 1 failure").first
        await expect(announced.get_by_role("button", name="Logs 1")).to_be_visible()
        await picture(page, "chat announced 1280")

        await announced.get_by_role("button", name="Logs 1").click()
        thread = page.locator(".thread")
        await expect(thread.locator("pre")).to_be_visible()
        async with page.expect_download() as saved:
            await thread.get_by_role("link", name=re.compile("^logs-")).click()
        assert (await (await saved.value).path()).read_bytes().count(b"\n") > 10

        reply = "Reply to the thread"
        await say(page, "failing", reply)
        await expect(titled(thread, re.compile("failing propert"))).to_be_visible()
        await say(page, "mark 1 known DEMO-1", reply)
        await expect(thread.get_by_text("DEMO-1").last).to_be_visible()
        await picture(page, "chat thread 1280")
        assert await violations(page) == []
        await thread.get_by_role("link", name="Close the thread").click()
        await expect(thread).to_be_hidden()

        await _form(page)
        other = await page.context.new_page()
        await other.goto(f"{running.url}?in=changes")
        await expect(other.get_by_role("link", name=re.compile("^changes"))).to_have_attribute(
            "aria-current", "page"
        )
        await say(other, "status", "Message Clew in #changes")
        await expect(titled(other, "Recent runs")).to_be_visible()

        for width, scheme in LOOKS:
            again = await browser.page(width=width, scheme=scheme)
            await again.goto(running.url)
            await expect(again.get_by_role("heading", name="basic_test: 1 failure").first).to_be_visible()
            await picture(again, f"chat {width} {scheme}")
            assert await violations(again) == []
            assert await overflow(again) == 0
        code, trouble = await running.ends()

    assert (code, trouble) == (0, "")
    assert "Nothing costs money." in running.said
    assert left_in(tmp_path) == []


async def _form(page: Page) -> None:
    """Fill in a form with a mistake, by keyboard: it is said at its field, the focus goes there, and Escape gives up."""
    await say(page, "launch")
    await page.get_by_role("button", name="Fill in the form").click()
    dialog = page.get_by_role("dialog", name="Launch a test run")
    launcher, duration = dialog.get_by_label("Launcher"), dialog.get_by_label("Duration in minutes")
    await expect(launcher).to_be_focused()
    await page.keyboard.type("basic_test")
    await page.keyboard.press("Tab")
    await page.keyboard.type("soon")
    await page.keyboard.press("Enter")
    await expect(duration).to_have_attribute("aria-invalid", "true")
    await expect(duration).to_be_focused()
    await expect(duration).to_have_accessible_description(re.compile("it must be a length of time"))
    await expect(launcher).to_have_value("basic_test")
    await picture(page, "chat form 1280")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("button", name="Fill in the form")).to_be_focused()


async def test_demo__port_that_is_taken_is_said(tmp_path: Path) -> None:
    """In a sentence that says what to do."""
    async with demo(tmp_path) as running:
        port = running.url.split(":")[2].partition("/")[0]
        taken = await asyncio.create_subprocess_exec(
            *CLEW,
            "demo",
            "--web",
            "--port",
            port,
            cwd=tmp_path,
            env=surroundings({}),
            stdout=PIPE,
            stderr=PIPE,
        )
        _, trouble = await taken.communicate()
        ended = await running.ends()

    assert taken.returncode == 2
    assert trouble.decode() == (
        f"Port {port} on 127.0.0.1 cannot be used. Give another --port, or 0 for a free one.\n"
    )
    assert ended == (0, "")
