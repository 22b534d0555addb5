"""What a person sees: in a real browser, by keyboard, on a phone, in the dark, and with a screen reader's eyes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from bot.errors import StoreError
from bot.state import Subscription
from tests.browser import NARROW, WIDE, Browser, Scheme, browser, overflow, picture, violations
from tests.walk.web.hall import TOKEN, Site, a_site, furnish

__all__ = ["browser"]

SAME_PARTS = frozenset(
    {"Outbox", "Launches", "Properties"}
)  # in the dark axe looks at the others: these are made of the same parts
VIEWS = ("Overview", "Outbox", "Launches", "Channels", "Audit", "Properties", "Settings")


async def signed_in(page: Page, site: Site) -> None:
    """Sign in by keyboard: the field has the focus."""
    await typed(page, site, TOKEN)
    await page.wait_for_selector("nav[aria-label=Views]")


async def typed(page: Page, site: Site, token: str) -> None:
    """Open the page and type something as the token, once the field got the focus by itself."""
    await page.goto(site.page)
    await page.wait_for_selector("#token:focus")
    await page.keyboard.type(token)
    await page.keyboard.press("Enter")


async def is_for_everybody(page: Page, name: str) -> None:
    """Hold that axe finds nothing and that nothing has to be scrolled sideways."""
    assert await violations(page) == []
    assert await overflow(page) <= 0
    await picture(page, name)


async def test_page__in_a_browser(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every view is readable on a phone and in both schemes, one press of Tab skips to it, and nobody else is asked for anything."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        asked: list[str] = []
        looks: tuple[tuple[int, Scheme], ...] = ((WIDE, "light"), (NARROW, "dark"))
        for width, scheme in looks:
            page = await browser.page(width=width, scheme=scheme)
            page.on("request", lambda request: asked.append(request.url))
            await page.goto(site.page)
            assert await page.title() == "Sign in · Clew"
            await is_for_everybody(page, f"sign in {scheme} {width}")
            await signed_in(page, site)
            for view in VIEWS:
                await page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()
                assert await page.title() == f"{view} · Clew"
                assert await page.locator("h1").all_inner_texts() == [view]
                if width == WIDE or view not in SAME_PARTS:
                    await is_for_everybody(page, f"{view} {scheme} {width}")
                assert await overflow(page) <= 0
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            assert await page.evaluate("document.activeElement.id") == "main"

    assert {url.removeprefix(site.url).split("?")[0].split("/")[1] for url in asked} == {"operator"}


async def test_page__when_something_is_wrong(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong token, a slip in a filter and in an address, a long list, and a database that is down."""

    async def down(*_: object, **__: object) -> None:
        raise StoreError("The database cannot be reached.")

    async with a_site(tmp_path, monkeypatch) as site:
        for number in range(30):
            channel = f"slack:channel:T01:{'X' * 60}{number}"
            await site.store.subscribe(Subscription(channel=channel), site.clock.now())
        page = await browser.page(width=NARROW, scheme="dark")
        await typed(page, site, "not the token")
        await page.wait_for_selector("[role=alert]")
        await is_for_everybody(page, "wrong token")
        await signed_in(page, site)
        for path in ("/channels", "/audit?person=nobody", "/no-such-page"):
            await page.goto(site.page + path)
            await is_for_everybody(page, f"odd {path}")
        await page.goto(f"{site.page}/channels")
        await page.get_by_role("link", name="Next").click()
        assert "26 to 30 of 30 channels" in await page.inner_text("main")
        for name in ("depth", "prove", "notices", "of_channels"):
            monkeypatch.setattr(site.store, name, down)
        for path in ("", "/channels", "/channels?channel=none"):
            await page.goto(site.page + path)
            await is_for_everybody(page, f"down {path}")
            assert "The database cannot be reached." in await page.inner_text("[role=alert]")


async def test_page__without_scripts(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page needs none: not to sign in, to filter or to sign out."""
    async with a_site(tmp_path, monkeypatch) as site:
        await furnish(site)
        page = await browser.page(scripts=False)
        await signed_in(page, site)
        await page.get_by_role("link", name="Audit").click()
        await page.get_by_label("Verb").select_option("launch")
        await page.get_by_role("button", name="Show").click()
        assert "2 lines, newest first" in await page.inner_text("main")
        await page.get_by_role("button", name="Sign out").click()
        assert await page.title() == "Sign in · Clew"
