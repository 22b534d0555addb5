"""How cards look as HTML: everything in place, and nothing from outside alive."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adapters.chat.browser import blocks, sender
from bot.cards import (
    Attachment,
    Button,
    Card,
    Chart,
    Command,
    Excerpt,
    Fact,
    Item,
    Link,
    Progress,
    Tone,
    Untrusted,
)
from bot.model import Secret
from bot.ports import Delivered, Post
from bot.state import MessageRef, Place
from tests.unit.browser.pages import RUNS, Page, a_page
from tests.unit.terminal.cards import CARDS, CHART, FAILED

EVIL = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)> https://evil.example [x](javascript:y)\u202e"
)
SIGNED = Secret("https://acme.antithesis.com/report/x.html?auth=v2.public.c2VjcmV0c2VjcmV0")


class Tags(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attribute(self, name: str) -> list[str]:
        return [found for _, attributes in self.elements if (found := attributes.get(name)) is not None]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with a_page(tmp_path) as page:
        yield page


async def shown(page: Page, card: Card) -> Tags:
    await page.announce(card)
    return Tags(await (await page.visitor.get("")).text())


async def test_card__hostile_text_is_text(page: Page) -> None:
    """In every place of a card where outside text can stand."""
    evil = Untrusted(EVIL)
    found = await shown(
        page,
        Card(
            title=(evil,),
            subtitle=(evil,),
            text=(evil,),
            body=((evil,), (Untrusted(EVIL, code=True),)),
            facts=(Fact(EVIL, (evil,)),),
            items=(
                Item(
                    mark=EVIL,
                    title=(evil,),
                    lines=((evil,),),
                    buttons=(Button(label=EVIL, command=Command(EVIL)),),
                ),
            ),
            excerpt=Excerpt(lines=(EVIL,), title=EVIL),
            progress=Progress(fraction=7.0, text=EVIL),
            chart=Chart(title=EVIL, values=(1,), labels=("x",), text=EVIL),
            files=(Attachment(name=EVIL, title=EVIL, content=b"x"),),
            buttons=(
                Button(label=EVIL, page="javascript:alert(1)"),
                Button(label=EVIL, page='http://x"onclick=y'),
            ),
            footer=(evil, Link(EVIL, "javascript:alert(1)"), Link("ok", "https://ok.example/a?b=c&d")),
        ),
    )

    tags = [tag for tag, _ in found.elements]
    assert tags.count("script") == 1  # the page's own
    assert tags.count("img") == 1  # the chart
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    links = [
        link for link in found.attribute("href") if not link.startswith(("./", "/", "#", "file/", "data:"))
    ]
    assert links == ["https://ok.example/a?b=c&d"]
    assert found.text.count("<script>alert(1)</script>") >= 10
    assert "\u202e" not in found.text


@pytest.mark.parametrize("name", CARDS)
async def test_card__says_all_that_the_terminal_says(page: Page, name: str) -> None:
    """Nothing of a card is lost on the way to the page."""
    found = await shown(page, CARDS[name])
    (message,) = page.messages
    assert message.content is not None

    for row in message.content.rows:
        for segment in row.segments:
            words = " ".join((found.text + " ".join(found.attribute("alt"))).split())
            assert " ".join(segment.text.split()) in words
    for control in message.content.controls:
        assert control.label in found.text


async def test_card__with_rare_buttons_has_them_in_a_menu(page: Page) -> None:
    rare = Button(label="Seldom", command=Command("status"), rare=True)
    found = await shown(page, Card(title=("t",), text=("t",), buttons=(rare,)))

    assert [tag for tag, _ in found.elements].count("summary") == 1


async def test_chart__is_a_picture_with_words(page: Page) -> None:
    found = await shown(page, CHART)
    (picture,) = [attributes for tag, attributes in found.elements if tag == "img"]
    assert CHART.chart is not None

    assert picture["alt"] == CHART.chart.text
    assert str(picture["src"]).startswith("data:image/svg+xml;base64,")
    assert "oldest first" in found.text


async def test_report__link_stands_in_no_page(page: Page) -> None:
    """The button leads to it by way of the server, where the post has one; elsewhere it asks for it."""
    chat = page.chat.chat
    posted = await chat.post(Post(channel=RUNS.id, payload=chat.render(FAILED), key="k", report_url=SIGNED))
    assert isinstance(posted, Delivered)
    html = await (await page.visitor.get("")).text()
    led = await page.visitor.get(f"report/{posted.message_id}")

    assert "c2VjcmV0" not in html
    assert f'href="report/{posted.message_id}"' in html
    assert (led.status, led.headers["Location"]) == (303, SIGNED.reveal())
    assert led.headers["Referrer-Policy"] == "no-referrer"
    for message in ("999", "x"):
        assert (await page.visitor.get(f"report/{message}")).status == 404


async def test_file__that_came_with_a_card_is_handed_out_to_be_saved(page: Page) -> None:
    """Whatever it holds, it is never shown as a page of ours."""
    file = Attachment(name="logs <b>.html", title="The window", content=b"<script>alert(1)</script>")
    page.chat.chat.send(Card(title=("t",), text=("t",), files=(file,)), key="k", place=Place(channel=RUNS.id))
    html = await (await page.visitor.get("")).text()
    (link,) = re.findall(r'href="(file/[^"]+)" download', html)
    answer = await page.visitor.get(link)

    assert await answer.read() == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_file__is_removed_once_there_are_many_newer_ones(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a page is open, it fills no disk."""
    monkeypatch.setattr(sender, "MOST_FILES", 2)
    for number in range(4):
        file = Attachment(name=f"{number}.txt", title="f", content=b"x")
        page.chat.chat.send(
            Card(title=("t",), text=("t",), files=(file,)), key="k", place=Place(channel=RUNS.id)
        )

    assert names_in(tmp_path) == ["2.txt", "3.txt"]
    assert (await page.visitor.get("file/0.txt")).status == 404


async def test_edit__keeps_the_link_that_a_message_has(page: Page) -> None:
    """A card that is shown instead may bring another one."""
    chat, signed = page.chat.chat, Button(label="Open", signed=SIGNED)
    chat.send(Card(title=("a",), text=("a",), buttons=(signed,)), key="k", place=Place(channel=RUNS.id))
    await chat.edit(MessageRef(channel=RUNS.id, message_id="1"), Card(title=("b",), text=("b",)))
    message = page.room.message("1")

    assert message is not None
    assert message.report_url == SIGNED


@pytest.mark.parametrize(
    ("url", "opens"),
    [
        ("https://acme.antithesis.com/runs?x=1#y", True),
        ("http://127.0.0.1:8000/a", True),
        ("http://[::1]:8000/", True),
        ("javascript:alert(1)", False),
        ("//evil.example", False),
        ("https://user:pass@evil.example/", False),
        ("https://x/ y", False),
        ("data:text/html,x", False),
        ("", False),
        (None, False),
    ],
)
def test_page__address_that_may_be_opened(url: str | None, opens: bool) -> None:
    assert (blocks.page(url) is not None) is opens


def test_signs__say_each_tone_without_colour() -> None:
    assert len({blocks.SIGNS[tone] for tone in Tone}) == len(Tone)
