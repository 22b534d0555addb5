"""Buttons of a card as Block Kit: the command travels in `value`, how it is meant in `action_id`.

`say:N` is answered, `ask:N` opens the verb's form, `report:N` is the report button that is filled at sending,
`page:N` only opens a page, `more:N` is the menu of those that are seldom needed, or for which there was no room.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.chat import pressed
from adapters.chat.slack.markup import Json, plain, safe_url
from bot import cleaning
from bot.cards import Button, Style
from bot.replies.layout import no_room

BUTTON_TEXT = 75
BUTTON_VALUE = 2000
BUTTON_URL = 3000
SAFE = 1000  # characters of an address that tell whether it is one to open
ROW = 25  # elements in one actions block
SHOWN = 5  # buttons beside each other; more of them become a menu
MENU = 5  # options of an overflow menu
OPTION_VALUE = 150
NOTE = 400  # characters about buttons without room

SAY, ASK, REPORT, PAGE, MORE = "say", "ask", "report", "page", "more"


def row(buttons: tuple[Button, ...], numbers: Iterator[int], *, signed: bool = False) -> list[Json]:
    """Build at most one actions block of the buttons that can be said, and one that names those without room.

    `signed`: links that open a report to whoever holds them are shown; only for one person's eyes.
    """
    if not buttons:
        return []
    meant = [b for b in buttons if _is_meant(b) and (signed or not b.signed)]
    fit = [b for b in meant if _fits(b)]
    rare = [b for b in fit if b.rare and _fits_menu(b)]
    often = [b for b in fit if b not in rare]
    spare = [b for b in often[SHOWN:] if _fits_menu(b) and b.page is None]
    menu = [*(spare if len(spare) + len(rare) > 1 else []), *rare][:MENU]
    shown = [b for b in fit if b not in menu][: ROW - 1]
    elements = [_button(b, next(numbers)) for b in shown]
    if menu:
        options = [_option(b) for b in menu]
        elements.append({"type": "overflow", "action_id": f"{MORE}:{next(numbers)}", "options": options})
    without = [cleaning.cut(b.text, BUTTON_TEXT) for b in meant if b not in shown and b not in menu]
    blocks: list[Json] = [{"type": "actions", "elements": elements}] if elements else []
    if without:
        blocks.append({"type": "context", "elements": [plain(no_room(without), NOTE)]})
    return blocks


def fill_report(block: Json, url: str) -> None:
    """Put a fresh signed link behind the report buttons of an actions block; an odd one is left to the click."""
    if not safe_url(url):
        return
    for element in block.get("elements", []):
        if str(element.get("action_id", "")).startswith(f"{REPORT}:"):
            element.pop("value", None)
            element["url"] = url


def _is_meant(button: Button) -> bool:
    """Whether it does anything, and opens no address that nobody should open."""
    address = _address(button)
    return button.command is not None if address is None else safe_url(address[:SAFE])


def _fits(button: Button) -> bool:
    address = _address(button)
    if address is not None:
        return safe_url(address) and len(address) <= BUTTON_URL
    return len(_value(button)) <= BUTTON_VALUE


def _address(button: Button) -> str | None:
    return button.signed.reveal() if button.signed else button.page


def _fits_menu(button: Button) -> bool:
    """Whether an option can do the same: it opens no form, looks like any other and carries less."""
    special = button.signed or button.report or button.opens_form or button.style is not Style.PLAIN
    return not special and (button.page is not None or len(_value(button)) <= OPTION_VALUE)


def _option(button: Button) -> Json:
    option = {
        "text": plain(button.text, BUTTON_TEXT),
        "value": _value(button) if button.page is None else PAGE,
    }
    return option if button.page is None else option | {"url": button.page}


def _value(button: Button) -> str:
    return pressed.write(button.command) if button.command else ""


def _button(button: Button, number: int) -> Json:
    element: Json = {"type": "button", "text": plain(button.text, BUTTON_TEXT)}
    address = _address(button)
    if address is not None:
        return element | {"action_id": f"{PAGE}:{number}", "url": address}
    kind = REPORT if button.report else ASK if button.opens_form else SAY
    element |= {"action_id": f"{kind}:{number}", "value": _value(button)}
    return element if button.style is Style.PLAIN else element | {"style": button.style.value}
