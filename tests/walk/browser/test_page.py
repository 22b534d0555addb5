"""The page in a real browser: what arrives, what keeps the focus, what a broken connection does, and hostile text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import Route, expect

from bot.cards import Button, Card, Command, Item, Tone, Untrusted
from bot.state import MessageRef
from tests.browser import NARROW, WIDE, Browser, browser, overflow, violations
from tests.fakes.service import a_build_server
from tests.unit.browser.pages import CHANGES, RUNS, Page, a_card, a_page
from tests.unit.browser.test_blocks import EVIL
from tests.unit.commands.test_failing_file import a_failure, a_report

__all__ = ["browser"]

BOX = "Message Clew in #runs"
expect.set_options(timeout=30_000)  # ms; only a failing test waits that long


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with a_page(tmp_path) as page:
        yield page


async def opened(browser: Browser, page: Page, query: str = "", *, width: int = WIDE) -> Tab:
    """Open the page, and wait until it hears what happens."""
    tab = await browser.page(width=width)
    async with tab.expect_response(lambda answer: "/events" in answer.url):
        await tab.goto(f"{page.visitor.url}{query}")
    return tab


def pressable(title: str, *labels: str) -> Card:
    """Return a card with buttons."""
    buttons = (Button(label=label, command=Command("status", {"run": label})) for label in labels)
    return Card(title=(title,), text=(f"{title}.",), tone=Tone.RUNNING, buttons=tuple(buttons))


async def test_message__arrives_live_and_is_said_once(page: Page, browser: Browser) -> None:
    """In its channel as a message, in the other one as unread; each tab knows."""
    here, there = await opened(browser, page), await opened(browser, page, "?in=changes")
    await page.announce(a_card("Nightly: 1 new failure"))
    await page.announce(a_card("Canary passed"), channel=CHANGES.id)

    await expect(here.get_by_role("heading", name="Nightly: 1 new failure")).to_be_visible()
    await expect(here.locator(".heard p")).to_have_text(
        ["Nightly: 1 new failure.", "#changes: Canary passed."]
    )
    await expect(there.get_by_role("heading", name="Canary passed")).to_be_visible()
    await expect(here.get_by_role("article")).to_have_count(1)
    await expect(here.get_by_role("link", name="changes")).to_have_accessible_name(
        "changes"
    )  # read in the other tab

    await there.goto("about:blank")
    await page.announce(a_card("Canary: 1 new failure"), channel=CHANGES.id)
    await expect(here.get_by_role("link", name="changes 1 unread")).to_be_visible()
    await expect(here).to_have_title("(1) #runs · Clew")


async def test_edit__keeps_the_focus_and_what_is_unfolded(page: Page, browser: Browser) -> None:
    """A message that changes under somebody's fingers stays under them."""
    rare = Button(label="Seldom", command=Command("status"), rare=True)
    card = pressable("Running: 1 of 9", "One", "Two")
    message = MessageRef(channel=RUNS.id, message_id=await page.announce(_with(card, rare)))
    tab = await opened(browser, page)
    await tab.locator("summary").click()
    await tab.get_by_role("button", name="Two").focus()

    await page.chat.chat.edit(message, _with(pressable("Running: 2 of 9", "One", "Two"), rare))
    await expect(tab.get_by_role("heading", name="Running: 2 of 9")).to_be_visible()
    await expect(tab.get_by_role("button", name="Two")).to_be_focused()
    await expect(tab.get_by_role("button", name="Seldom")).to_be_visible()

    await page.chat.chat.edit(message, a_card("Ended"))
    await expect(tab.get_by_role("heading", name="Ended")).to_be_visible()
    await expect(tab.get_by_role("article")).to_be_focused()
    await expect(tab.locator(".heard p").last).to_have_text("Ended.")


async def test_press__of_a_button_whose_message_changes_meanwhile(page: Page, browser: Browser) -> None:
    """Between the finger's way down and up: the press counts, and the message changes a moment later."""
    root = await page.announce(pressable("Running: 1 of 9", "latest"))
    tab = await opened(browser, page)
    await tab.get_by_role("button", name="latest", exact=True).hover()
    await tab.mouse.down()
    await page.chat.chat.edit(
        MessageRef(channel=RUNS.id, message_id=root), pressable("Running: 2 of 9", "latest")
    )
    await page.announce(a_card("Canary passed"))
    await expect(tab.get_by_role("heading", name="Canary passed")).to_be_visible()
    await tab.mouse.up()

    await expect(tab.locator(".channel").get_by_role("heading", name="Running: 2 of 9")).to_be_visible()
    await page.until(lambda: bool(page.room.thread(root)))


async def test_connection__that_breaks_loses_and_doubles_nothing(page: Page, browser: Browser) -> None:
    """What came meanwhile is there once it is back, and nothing is there twice."""
    tab = await opened(browser, page)
    await page.announce(a_card("before"))
    await expect(tab.get_by_role("heading", name="before")).to_be_visible()
    await tab.route("**/events*", lambda route: route.abort("connectionrefused"))
    page.room.close()  # every stream ends
    await expect(tab.get_by_text("The connection is lost. Trying again…")).to_be_visible()
    page.room.closed = False
    for number in range(3):
        await page.announce(a_card(f"meanwhile {number}"))
    await tab.unroute("**/events*")

    await expect(tab.locator(".list h3").filter(has_not_text="Meet Clew")).to_have_text(
        ["before", "meanwhile 0", "meanwhile 1", "meanwhile 2"]
    )
    await expect(tab.locator(".heard p")).to_have_text(
        ["before.", "meanwhile 0.", "meanwhile 1.", "meanwhile 2."]
    )
    await expect(tab.get_by_text("The connection is lost")).to_have_count(0)


async def test_say__that_did_not_arrive_is_sent_again_and_acts_once(page: Page, browser: Browser) -> None:
    """The line stays in its place, and says why."""
    tab = await opened(browser, page)
    await tab.get_by_label(BOX).fill("status")
    await tab.route("**/say", _answer_lost)
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("Clew cannot be reached. Send it again; it acts once.")).to_be_visible()
    await expect(tab.get_by_label(BOX)).to_have_value("status")
    await tab.unroute("**/say")
    await tab.keyboard.press("Enter")

    await expect(tab.get_by_label(BOX)).to_have_value("")
    await expect(tab.locator(".typed")).to_have_count(1)
    await expect(tab.locator(".list h3").filter(has_text="Recent runs")).to_have_count(1)


async def test_thread__opens_beside_and_follows_what_is_said(page: Page, browser: Browser) -> None:
    """By keyboard; what a button answers opens the thread by itself; closing gives the focus back."""
    root = await page.announce(pressable("Nightly: 1 new failure", "latest"))
    for number in range(20):
        await page.announce(a_card(f"reply {number}"), thread=root)
    tab = await opened(browser, page)
    await tab.get_by_role("link", name="20 replies").focus()
    await tab.keyboard.press("Enter")
    thread = tab.locator(".thread")
    await expect(thread.get_by_label("Reply to the thread")).to_be_focused()
    await expect(thread.get_by_role("heading", name="reply 19")).to_be_in_viewport()

    await tab.keyboard.type("status latest")
    await tab.keyboard.press("Enter")
    await expect(thread.locator("h3").last).to_contain_text("Payments Nightly")
    await expect(thread.locator("h3").last).to_be_in_viewport()
    await thread.get_by_role("link", name="Close the thread").click()
    await expect(tab.get_by_role("link", name="22 replies")).to_be_visible()

    await tab.get_by_role("button", name="latest", exact=True).click()
    await expect(thread.locator("h3").last).to_be_in_viewport()
    await expect(thread.get_by_role("article")).to_have_count(24)


async def test_thread__keeps_what_is_typed_and_not_sent(page: Page, browser: Browser) -> None:
    """Whichever thread is looked at meanwhile; and no answer elsewhere takes its place by itself."""
    first = await page.announce(pressable("First", "latest"))
    await page.announce(a_card("Second"))
    tab = await opened(browser, page)
    reply = tab.get_by_label("Reply to the thread")
    links = tab.get_by_role("link", name="Reply in thread")
    await links.last.click()
    await reply.fill("not sent yet")
    await tab.get_by_role("button", name="latest", exact=True).click()
    await expect(tab.get_by_role("link", name="1 reply")).to_be_visible()
    await expect(reply).to_have_value("not sent yet")

    await tab.get_by_role("link", name="1 reply").click()
    await expect(tab.locator(".thread").get_by_role("article")).to_have_count(2)
    await expect(reply).to_have_value("")
    await links.click()
    await expect(reply).to_have_value("not sent yet")
    assert len(page.room.thread(first)) == 1


async def test_press__whose_answer_is_the_message_itself_opens_no_thread(
    page: Page, browser: Browser
) -> None:
    """What comes into its thread later is no answer to it."""
    tab = await opened(browser, page)
    await tab.get_by_label(BOX).fill("launch basic_test duration=30")
    await tab.keyboard.press("Enter")
    await tab.get_by_role("button", name="Launch", exact=True).click()
    await expect(tab.get_by_role("heading", name="Launch basic_test?")).to_have_count(0)
    asked = next(message.id for message in page.messages if message.content)
    await page.announce(a_card("It ended"), thread=asked)

    await expect(tab.get_by_role("link", name="1 reply")).to_be_visible()
    await expect(tab.locator(".thread")).to_be_hidden()


async def test_completion__by_keyboard(page: Page, browser: Browser) -> None:
    """A list that is chosen from with the arrows; Escape leaves what was typed."""
    tab = await opened(browser, page)
    box = tab.get_by_label(BOX)
    await expect(box).to_be_focused()
    await tab.keyboard.type("/stat")
    await expect(tab.get_by_role("option").first).to_contain_text("status")
    await expect(box).to_have_attribute("aria-expanded", "true")
    assert await violations(tab) == []
    await tab.keyboard.press("ArrowDown")
    await expect(tab.get_by_role("option", selected=True)).to_contain_text("status")
    await tab.keyboard.press("Enter")
    await expect(box).to_have_value("/status ")
    await expect(tab.get_by_role("option").first).to_be_visible()
    await tab.keyboard.press("Escape")
    await expect(tab.get_by_role("listbox")).to_be_hidden()
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".list h3").filter(has_text="Recent runs")).to_have_count(1)


async def test_file__is_attached_by_keyboard(tmp_path: Path, browser: Browser) -> None:
    """It is named before it is sent, and once its command is."""
    service = a_build_server()
    service.triage.files[b"<testsuites/>"] = a_report(a_failure("test_pay", "boom"))
    async with a_page(tmp_path, service) as page:
        tab = await opened(browser, page)
        file = tab.get_by_label("Attach a report file")
        await file.set_input_files(
            {"name": "junittests.xml", "mimeType": "text/xml", "buffer": b"<testsuites/>"}
        )
        await expect(tab.get_by_text("Attached: junittests.xml")).to_be_visible()
        await tab.get_by_role("button", name="Send").focus()
        await tab.keyboard.press("Enter")

        await expect(tab.get_by_role("heading", name="1 failing test in junittests.xml")).to_be_visible()
        await expect(tab.get_by_text("Attached: junittests.xml")).to_be_hidden()


async def test_page__hostile_names(page: Page, browser: Browser) -> None:
    """Nothing of it runs, leads anywhere, or makes the page wider than a phone."""
    evil, long = Untrusted(EVIL), Untrusted("W" * 500)
    await page.announce(
        Card(
            title=(evil,), text=(evil,), body=((evil,), (long,)),
            items=(Item(title=(long,), lines=((evil,),), buttons=(Button(label=EVIL, command=Command("x")),)),),
        )
    )  # fmt: skip
    tab = await opened(browser, page, width=NARROW)
    await page.announce(Card(title=(evil, long), text=(evil,)))
    await expect(tab.get_by_role("article")).to_have_count(2)

    assert await tab.locator(".list a:not([data-open]), .list script, .list img").count() == 0
    assert await overflow(tab) == 0
    assert await violations(tab) == []


async def test_page__without_scripts(page: Page, browser: Browser) -> None:
    """Lines are sent, forms filled in with what is wrong at each field; the page says that it has to be reloaded."""
    tab = await browser.page(scripts=False)
    await tab.goto(str(page.visitor.url))
    assert await tab.locator("noscript p").is_visible()
    await tab.get_by_label(BOX).fill("launch")
    await tab.get_by_role("button", name="Send").click()
    await page.until(lambda: len(page.messages) == 2)
    await tab.goto(str(page.visitor.url))
    await tab.get_by_role("button", name="Fill in the form").click()
    dialog = tab.get_by_role("dialog")
    await dialog.get_by_label("Launcher").fill("basic_test")
    await dialog.get_by_role("button", name="Continue").click()
    await expect(dialog.get_by_label("Duration in minutes")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Duration in minutes").fill("30")
    await dialog.get_by_role("button", name="Continue").click()
    await page.until(lambda: len(page.messages) == 4)
    await tab.reload()
    await expect(tab.get_by_role("heading", name="Launch basic_test?").first).to_be_visible()


async def _answer_lost(route: Route) -> None:
    """Let a request arrive, and its answer not."""
    await route.fetch()
    await route.abort()


def _with(card: Card, button: Button) -> Card:
    return replace(card, buttons=(*card.buttons, button))
