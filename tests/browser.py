"""A real browser for tests: Debian's Chromium, headless, without a network; skipped by name where there is none.

With `CLEW_SCREENSHOTS=FOLDER` a test leaves its pictures there for somebody to look at.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, async_playwright

PATIENCE = 60_000  # ms; a busy machine is no fault of a page
NARROW, WIDE = 360, 1280  # px: a small phone, a notebook
ARGUMENTS = (
    "--no-sandbox",  # as root there is none to be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
FOLDER = os.environ.pop("CLEW_SCREENSHOTS", "")  # Clew would name it as a setting that it does not know
Scheme = Literal["light", "dark"]


class Browser:
    """Opens pages. `problems`: what a page complained of (errors of scripts, refusals of its policy), in every page."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self.problems: list[str] = []

    async def page(
        self, *, width: int = WIDE, scheme: Scheme = "light", scripts: bool = True, **context: Any
    ) -> Page:
        """Return an empty page of a browser of its own, without cookies. `scripts`: whether the site's own may run."""
        own = await self._chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
            **context,
        )
        own.set_default_timeout(PATIENCE)
        page = await own.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self._note(said.type, said.text))
        return page

    def _note(self, kind: str, text: str) -> None:
        # An answer that is no success is the test's to judge.
        if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
            self.problems.append(text)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Run a browser. Skips the test where Chromium is not installed."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=PATIENCE)
        try:
            yield Browser(chromium)
        finally:
            await chromium.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a browser, and hold that no page complained of anything."""
    async with browsing() as one:
        yield one
    assert one.problems == []


async def violations(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """Return what axe finds wrong for people who use a page by keyboard, screen reader or with weak eyes.

    `rules`: those alone; none: all of them.
    """
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = (await Axe().run(page, options={"resultTypes": ["violations"], **options})).response["violations"]
    return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


async def overflow(page: Page) -> int:
    """Return how many px a page is wider than its window: what is wider has to be scrolled sideways to be read."""
    width: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


async def picture(page: Page, name: str) -> None:
    """Leave a picture of the whole page, where somebody wants to look."""
    if FOLDER:
        path = Path(FOLDER) / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png"
        await page.screenshot(path=path, full_page=True)
