"""What a page sends: lines, presses, forms and files; each acts once, or is refused with a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.chat.browser import uploads
from adapters.chat.browser.room import Message
from bot.cards import Button, Card, Command
from bot.replies import chat_page as sentences
from bot.state import MessageRef
from tests.fakes.service import a_build_server
from tests.unit.browser.pages import CHANGES, RUNS, Page, a_card, a_page
from tests.unit.commands.test_failing_file import a_failure, a_report

SIGNED = "https://acme.antithesis.com/report/x.html?auth=v2.public.c2VjcmV0c2VjcmV0"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with a_page(tmp_path) as page:
        yield page


def ours(page: Page) -> list[Message]:
    return [message for message in page.messages if message.content]


async def say(page: Page, text: str, **fields: str) -> Message:
    """Say something and return its answer."""
    before = len(ours(page))
    answer = await page.visitor.send("say", {"in": "runs", "text": text, **fields})
    assert answer.status == 204
    await page.until(lambda: len(ours(page)) > before)
    return ours(page)[-1]


async def test_say__is_shown_and_answered_where_it_was_said(page: Page) -> None:
    """In the channel, or in the thread; as other chats say it too."""
    root = await say(page, "/clew status latest", **{"in": "changes"})
    below = await say(page, "/failing", **{"in": "changes", "thread": root.id})

    assert (root.channel, root.thread) == (CHANGES.id, None)
    assert (below.channel, below.thread) == (CHANGES.id, root.id)
    assert [m.typed for m in page.messages if not m.content] == ["status latest", "failing"]
    assert below.content is not None
    assert "Ledger balances" in below.content.whole


async def test_say__sent_again_is_answered_once(page: Page) -> None:
    """A browser that did not hear whether it arrived sends the same act again."""
    await say(page, "status", act="11111111-aaaa")
    await page.visitor.send("say", {"in": "runs", "text": "status", "act": "11111111-aaaa"})
    await say(page, "status", act="22222222-bbbb")

    assert [m.typed for m in page.messages if not m.content] == ["status", "status"]
    assert len(ours(page)) == 2


async def test_say__keeps_no_signature_that_was_pasted(page: Page) -> None:
    """Not even in what the person sees that they typed."""
    await say(page, f"status {SIGNED}")

    assert "c2VjcmV0" not in await (await page.visitor.get("")).text()


async def test_say__that_is_too_long_is_refused_and_fills_no_page(page: Page) -> None:
    answer = await say(page, "status " + "x" * 20_000)

    assert page.messages[0].typed == "…"
    assert answer.content is not None
    assert "exceeds the limit of 12,000 characters" in answer.content.whole
    assert len(await (await page.visitor.get("")).text()) < 20_000


@pytest.mark.parametrize("fields", [{"in": "nowhere"}, {"thread": "999"}, {"thread": "../x"}])
async def test_say__where_nothing_is_does_nothing(page: Page, fields: dict[str, str]) -> None:
    answer = await page.visitor.send("say", {"in": "runs", "text": "status", **fields})

    assert answer.status == 409
    assert await answer.text() == sentences.NO_MESSAGE
    assert page.messages == []


async def test_press__of_a_button_that_changed_does_nothing(page: Page) -> None:
    """A button is what it says and does: the one that took its place is another one."""
    before = Card(title=("t",), text=("t",), buttons=(Button(label="Go", command=Command("status")),))
    message = await page.announce(before)
    found = page.room.message(message)
    assert found is not None
    assert found.content is not None
    (control,) = found.content.controls
    after = Card(title=("t",), text=("t",), buttons=(Button(label="Go", command=Command("failing")),))
    await page.chat.chat.edit(_ref(message), after)

    answer = await page.visitor.send("press", {"message": message, "button": control.name})

    assert answer.status == 409
    assert await answer.text() == sentences.NO_BUTTON
    assert len(page.messages) == 1


async def test_press__answers_in_the_thread_of_the_message(page: Page) -> None:
    button = Button(label="Status", command=Command("status", {"run": "latest"}))
    message = await page.announce(Card(title=("t",), text=("t",), buttons=(button,)))
    found = page.room.message(message)
    assert found is not None
    assert found.content is not None

    await page.visitor.send("press", {"message": message, "button": found.content.controls[0].name})
    await page.until(lambda: len(ours(page)) == 2)

    assert ours(page)[-1].thread == message


async def form(page: Page) -> str:
    """Open the form of a launch and return it."""
    asked = await say(page, "launch")
    assert asked.content is not None
    control = next(control for control in asked.content.controls if control.opens_form)
    answer = await page.visitor.send("press", {"message": asked.id, "button": control.name})
    assert answer.status == 200
    return await answer.text()


def form_name(html: str) -> str:
    return html.partition('name="form" value="')[2].partition('"')[0]


async def test_form__with_mistakes_says_each_at_its_field_and_does_nothing(page: Page) -> None:
    """What was filled in stays, escaped."""
    opened = form_name(await form(page))
    count = len(page.messages)

    answer = await page.visitor.send(
        "form",
        {"form": opened, "launcher": "", "duration": "soon", "description": '"><script>alert(1)</script>'},
    )
    html = await answer.text()

    assert answer.status == 200
    assert html.count('aria-invalid="true"') == 2
    assert "This field is required." in html
    assert "it must be a length of time" in html
    assert 'value="soon"' in html
    assert "<script" not in html
    assert len(page.messages) == count
    assert page.stage.service.count("launch") == 0


async def test_form__filled_in_asks_for_confirmation(page: Page) -> None:
    opened = form_name(await form(page))
    before = len(ours(page))

    answer = await page.visitor.send("form", {"form": opened, "launcher": "basic_test", "duration": "30"})
    await page.until(lambda: len(ours(page)) > before)

    assert answer.status == 204
    asked = ours(page)[-1].content
    assert asked is not None
    assert asked.heading == "Launch basic_test?"


async def test_form__that_is_gone_says_so(page: Page) -> None:
    answer = await page.visitor.send("form", {"form": "nothing", "launcher": "basic_test"})

    assert answer.status == 409
    assert await answer.text() == sentences.FORM_GONE


async def test_file__that_is_too_large_is_refused_with_a_sentence(page: Page) -> None:
    large = b"x" * (uploads.MOST_BYTES + (2 << 20))
    answer = await page.visitor.send("say", {"in": "runs", "text": ""}, file=("junittests.xml", large))

    assert answer.status == 413
    assert await answer.text() == "A file can be 10 MiB at most. Nothing was sent."
    assert page.messages == []


async def test_file__that_was_attached_is_named_and_kept_under_another_name(
    page: Page, tmp_path: Path
) -> None:
    """Its own name leads nowhere; it goes when the page does."""
    await page.visitor.send(
        "say", {"in": "runs", "text": "failing"}, file=("../../<b>junittests.xml", b"<testsuites/>")
    )
    (kept,) = files(tmp_path)

    assert kept.read_bytes() == b"<testsuites/>"
    assert kept.stat().st_mode & 0o077 == 0
    assert page.messages[0].typed == "failing [../../<b>junittests.xml]"


@pytest.mark.parametrize("text", ["", "failing"])
async def test_file__that_was_attached_is_read_page_by_page(tmp_path: Path, text: str) -> None:
    """A button on the answer reads it again; once it is forgotten that is said."""
    service = a_build_server()
    service.triage.files[b"<testsuites/>"] = a_report(*(a_failure(f"test {n:02}", "boom") for n in range(12)))
    async with a_page(tmp_path, service) as page:
        file = ("junittests.xml", b"<testsuites/>")
        await page.visitor.send("say", {"in": "runs", "text": text}, file=file)
        await page.until(lambda: len(ours(page)) == 1)
        first = ours(page)[0].content
        assert first is not None
        further = next(control for control in first.controls if control.label == "Next page")
        press = {"message": ours(page)[0].id, "button": further.name}
        await page.visitor.send("press", press)
        await page.until(lambda: len(ours(page)) == 2)
        second = ours(page)[1].content
        for _ in range(uploads.MOST):
            await page.visitor.send("say", {"in": "runs", "text": "help"}, file=file)
        await page.visitor.send("press", press)
        await page.until(lambda: any("Attach it again." in m.content.whole for m in ours(page) if m.content))

    assert first.heading == "12 failing tests in junittests.xml"
    assert second is not None
    assert "test 11" in second.whole
    assert files(tmp_path) == []


def files(folder: Path) -> list[Path]:
    return list(folder.glob("upload-*"))


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "..%2fupload-0", "upload-0"])
async def test_file__that_no_message_names_is_not_handed_out(page: Page, name: str) -> None:
    assert (await page.visitor.get(f"file/{name}")).status == 404


async def test_page__without_a_script_goes_back_to_where_it_was(page: Page) -> None:
    """A form that is opened comes in a whole page."""
    answer = await page.visitor.http.post(
        page.visitor.url / "say",
        data={"in": "changes", "text": "launch"},
        headers={"Origin": page.visitor.origin},
        allow_redirects=False,
    )
    await page.until(lambda: len(ours(page)) == 1)
    asked = ours(page)[0]
    assert asked.content is not None
    control = next(control for control in asked.content.controls if control.opens_form)
    opened = await page.visitor.http.post(
        page.visitor.url / "press",
        data={"message": asked.id, "button": control.name},
        headers={"Origin": page.visitor.origin},
    )

    assert (answer.status, answer.headers["Location"]) == (303, "./?in=changes#end")
    assert '<dialog aria-labelledby="form-title" open>' in await opened.text()


async def test_read__marks_are_the_same_in_every_tab(page: Page) -> None:
    """What is said in a channel is unread until somebody looks at it."""
    await page.announce(a_card(), channel=CHANGES.id)
    assert page.room.unread() == {CHANGES.id: 1}

    await page.visitor.get("?in=changes")
    assert page.room.unread() == {}
    await page.announce(a_card("Canary: 1 new failure"), channel=CHANGES.id)
    again = await (await page.visitor.get("?in=changes")).text()
    assert again.index("Nightly: 1 new failure") < again.index('class="since"') < again.index("Canary: 1 new")
    assert 'class="since"' not in await (await page.visitor.get("?in=changes")).text()

    await page.announce(a_card())
    await page.visitor.send("read", {"in": "runs", "version": str(page.room.version)})
    assert page.room.unread() == {}
    await page.visitor.send("read", {"in": "runs", "version": "9" * 40})
    await page.announce(a_card())
    assert page.room.unread() == {RUNS.id: 1}


def _ref(message: str) -> MessageRef:
    return MessageRef(channel=RUNS.id, message_id=message)
