"""What a person sees: in a real browser, by keyboard, on a phone, in the dark, and with a screen reader's eyes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import NARROW, WIDE, Browser, Scheme, browser, overflow, picture, violations
from tests.walk.web.hall import TOKEN, a_site, furnish

__all__ = ["browser"]

VIEWS = ("Overview", "Outbox", "Launches", "Channels", "Audit", "Properties", "Settings")


async def test_page__in_a_browser(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in by keyboard; every view is readable on a phone and in both schemes, and nothing asks anybody else."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        asked: list[str] = []
        looks: tuple[tuple[int, Scheme], ...] = ((WIDE, "light"), (NARROW, "dark"))
        for width, scheme in looks:
            page = await browser.page(width=width, scheme=scheme)
            page.on("request", lambda request: asked.append(request.url))
            await page.goto(site.page)
            assert await page.title() == "Sign in · Clew"
            assert await violations(page) == []
            await picture(page, f"sign in {scheme} {width}")
            await page.keyboard.type(TOKEN)  # the field has the focus
            await page.keyboard.press("Enter")
            for view in VIEWS:
                await page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()
                assert await page.title() == f"{view} · Clew"
                assert await page.locator("h1").all_inner_texts() == [view]
                assert await violations(page) == []
                assert await overflow(page) <= 0
                await picture(page, f"{view} {scheme} {width}")

    assert {url.removeprefix(site.url).split("?")[0].split("/")[1] for url in asked} == {"operator"}
