"""Templates with everything escaped, and the application around them: strict headers on every answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

HERE = Path(__file__).parent
STYLE: Final = "/clew.css"
"""Where each application has the style sheet, below its own path."""

_OWN = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_SCRIPTS = "; script-src 'self'; connect-src 'self'"
HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Pages:
    """Writes pages from templates: those of one folder over the ones that all share (`base.html`).

    `clean` is done to every text before it is escaped, those in links too. `shared`: values that every template has beside its own.
    """

    def __init__(self, templates: Path, *, clean: Callable[[str], str] = str, **shared: object) -> None:
        self._environment = Environment(
            autoescape=True,
            loader=ChoiceLoader([FileSystemLoader(templates), FileSystemLoader(HERE / "templates")]),
            undefined=StrictUndefined,
            finalize=partial(_cleaned, clean),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(shared)

    def write(self, template: str, **values: object) -> str:
        """Return the text of a page or of a part of one; every value in it is escaped."""
        return self._environment.get_template(template).render(values)

    def answer(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        """Return a page as the answer to a request."""
        return html_answer(self.write(template, **values), status=status)


def html_answer(text: str, *, status: int = 200) -> web.Response:
    """Return the text of a page as the answer to a request."""
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _cleaned(clean: Callable[[str], str], value: object) -> object:
    """Clean a text that is put in a page; what was escaped already was cleaned then."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def html_application(*, scripts: bool = False, **options: Any) -> web.Application:
    """Return an application that serves the style sheet, and nothing without the headers that keep pages to themselves.

    `scripts`: whether files of its own may be run and talk to it; inline scripts and styles never are. `options` are those of
    aiohttp's `Application`.
    """
    app = web.Application(**options)
    app.on_response_prepare.append(partial(_keep_to_itself, _OWN + (_SCRIPTS if scripts else "")))
    app.add_routes([web.get(STYLE, _style)])
    return app


async def _keep_to_itself(policy: str, _: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["Content-Security-Policy"] = policy
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)


async def _style(_: web.Request) -> web.Response:
    text = (HERE / "static" / "clew.css").read_text(encoding="utf-8")
    return web.Response(
        text=text, content_type="text/css", charset="utf-8", headers={"Cache-Control": "max-age=300"}
    )
