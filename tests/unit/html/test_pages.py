"""What every page of HTML has: escaped values, strict headers, a known name, one frame that anybody can use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from jinja2 import UndefinedError

from adapters.html.hosts import by_its_name
from adapters.html.pages import STYLE, Pages, html_application
from tests.browser import NARROW, WIDE, Browser, Scheme, browser, overflow, picture, violations

__all__ = ["browser"]

PAGE = """{% extends "base.html" %}
{% block title %}{{ name }}{% endblock %}
{% block nav %}<nav aria-label="Pages"><ul><li><a href="/" aria-current="page">Home</a></li></ul></nav>{% endblock %}
{% block main %}
<h1>{{ name }}</h1>
<div class="note odd"><p>Read this.</p></div>
<table class="rows"><caption>What there is</caption>
<thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col" class="number">Number</th></tr></thead>
<tbody>{% for state in ["good", "bad", "odd"] %}
<tr><th scope="row"><code>{{ "long-" * 20 }}</code></th><td data-label="State"><span class="state {{ state }}">{{ state }}</span></td>
<td data-label="Number" class="number">12</td></tr>{% endfor %}</tbody></table>
<form class="bar"><p><label for="x">Words</label><input id="x" name="x"></p><p><button class="first">Show</button></p></form>
<p class="quiet">Quiet words, <a href="/">a link</a>.</p>
{% endblock %}
{% block foot %}<footer class="foot"><p>The end</p></footer>{% endblock %}
"""
HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }}"


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    return Pages(tmp_path, style=STYLE)


@pytest.fixture
async def client(pages: Pages) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def home(_: web.Request) -> web.Response:
        return pages.answer("page.html", name="Home")

    async def fault(_: web.Request) -> web.Response:
        raise RuntimeError

    app = html_application(middlewares=[by_its_name(["Clew.example.com"])])
    app.add_routes([web.get("/", home), web.get("/fault", fault)])
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


def test_pages__escape_every_value(pages: Pages) -> None:
    """Nothing that was passed in is read as HTML or as a template, in the text and in a title."""
    text = pages.write("page.html", name=HOSTILE)

    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34; onload=&#39;x&#39; {{ 7 * 7 }}") == 2
    assert "<script" not in text


def test_pages__a_value_that_is_not_there_is_a_fault(pages: Pages) -> None:
    """A slip in a template never shows as an empty cell."""
    with pytest.raises(UndefinedError):
        pages.write("page.html")


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/none", 404), ("/fault", 500), (STYLE, 200)])
async def test_html_application__every_answer_keeps_to_itself(
    client: TestClient[web.Request, web.Application], path: str, status: int
) -> None:
    """Also errors: no script, no frame, nothing from elsewhere, and no word to elsewhere."""
    answer = await client.get(path)

    assert answer.status == status
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == ("max-age=300" if path == STYLE else "no-store")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("127.8.0.1:80", 200),
        ("[::1]:8080", 200),
        ("10.1.2.3:8080", 200),
        ("clew.EXAMPLE.com:443", 200),
        ("evil.example.com", 421),
        ("localhost.evil.example.com", 421),
        ("clew.example.com.", 421),
        ("127.0.0.1.evil.example.com", 421),
        ("[::1", 421),
        ("10.1.2", 421),
        ("", 421),
        ("localhost@evil.example.com", 421),
    ],
)
async def test_by_its_name(client: TestClient[web.Request, web.Application], host: str, status: int) -> None:
    """A page of another site whose name was made to lead here is told nothing."""
    assert (await client.get("/", headers={"Host": host})).status == status


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
async def test_base__anybody_can_use_it(
    browser: Browser,
    client: TestClient[web.Request, web.Application],
    scheme: Scheme,
    width: int,
) -> None:
    """Readable in both schemes and on a phone, and the first press of Tab offers to skip what every page has."""
    page = await browser.page(width=width, scheme=scheme)
    await page.goto(str(client.make_url("/")))

    assert await violations(page) == []
    assert await overflow(page) <= 0
    await picture(page, f"base {scheme} {width}")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
