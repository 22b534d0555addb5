"""Puts the operator's page together: its views, who may read it, and what is done to every text on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from aiohttp import web

from adapters.cli.page import audit, channels, launches, outbox, overview, properties, settings
from adapters.cli.page.known import Known, PageStore
from adapters.cli.parts import Parts
from adapters.redact import redact
from adapters.settings import Settings
from adapters.web.health import Health
from adapters.web.page.app import OperatorsPage, View
from adapters.web.page.entrance import PATH, Doors, Entrance
from bot.cleaning import cut, one_line
from bot.model import Secret
from bot.replies import pages as replies

LONGEST = 2000  # characters of one text


def operators_page(
    parts: Parts, health: Health, in_force: Callable[[], Settings]
) -> Callable[[], web.Application] | None:
    """Return what makes the page; None where the settings want none.

    `in_force`: the settings as they are now: a token that was changed ends the sessions of the one before.
    """
    loaded = parts.settings
    if not loaded.web.page:
        return None
    known = Known(
        parts=parts,
        store=cast("PageStore", parts.store),
        health=health,
        started=parts.clock.now(),
        in_force=in_force,
    )
    page = OperatorsPage(
        [*_views(known)],
        Entrance(lambda: doors_of(in_force()), parts.clock, parts.store.audit),
        parts.clock,
        names=[*_names(loaded)],
        clean=partial(_clean, loaded.secrets),
        version=parts.handler.services.version,
    )
    return page.application


def doors_of(loaded: Settings) -> Doors:
    """Return the ways in that the settings give.

    A token that is taken away counts at once, and where the page is served only after a restart: no way in may be left.
    """
    return Doors(
        alone=loaded.web.alone,
        token=loaded.page_token,
        user_header=loaded.web.user_header,
        proxies=loaded.web.proxies,
        secure=(loaded.web.url or "").startswith("https:"),
    )


def address_of(loaded: Settings, served: str | None) -> str:
    """Return where people open the page: as the settings say, else where it is served now."""
    return f"{loaded.web.url or served or ''}{PATH}"


def way_in(loaded: Settings) -> str:
    """Say how one gets in."""
    return replies.way_in(token=loaded.page_token is not None, header=loaded.web.user_header)


def _views(known: Known) -> Iterator[View]:
    for path, title, module in (
        ("", "Overview", overview),
        ("outbox", "Outbox", outbox),
        ("launches", "Launches", launches),
        ("channels", "Channels", channels),
        ("audit", "Audit", audit),
        ("properties", "Properties", properties),
        ("settings", "Settings", settings),
    ):
        yield View(path=path, name=path or "overview", title=title, read=partial(module.read, known))


def _names(loaded: Settings) -> Iterator[str]:
    if loaded.web.url:
        yield urlsplit(loaded.web.url).hostname or ""


def _clean(secrets: Collection[Secret], text: str) -> str:
    """Make any text fit for the page: no secret, nothing that hides or turns around, and no end of it."""
    return cut(one_line(redact(text, secrets)), LONGEST)
