"""Buttons of a card as Discord's components: what is pressed travels in `custom_id`, or waits in the store.

`say:N:COMMAND` is answered, `key:N:TOKEN` is the same with the command that the store has under the token. `ask:`
and `ask_key:` open the form of the verb before it, `rep:` and `rpk:` are for the report button that is filled at sending. A select's
options carry such a text each. Tokens are made of the command, so that a card always gives the same message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from adapters.chat import pressed
from adapters.chat.discord import markup
from adapters.chat.discord.markup import Json
from adapters.chat.layout import flat
from adapters.chat.pressed import Pressed
from bot import cleaning
from bot.cards import Button, Item, Style

LABEL = 80
CUSTOM_ID = 100
URL = 512
ROW = 5
ROWS = 5
OPTIONS = 25
OPTION = 100
SELECTS = 3
MORE = "···"  # what stands on the menu of what is seldom needed
FEW = 5  # item buttons that are shown as buttons; more become menus, and those that read the same: an option names its item

SAY, KEY, ASK, ASK_KEY, REPORT, REPORT_KEY, PICK = "say", "key", "ask", "ask_key", "rep", "rpk", "pick"

_STYLES = {Style.PLAIN: 2, Style.PRIMARY: 1, Style.DANGER: 4}
_LINK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a button or an option asks for, or the token that this is kept under; `form`: the verb whose form opens."""

    command: Pressed = ""
    token: str | None = None
    form: str | None = None


def read(custom_id: str, values: object) -> Press | None:
    """Read what was pressed or chosen; None where it is not one of ours."""
    kind, _, rest = custom_id.partition(":")
    if kind == PICK:
        chosen = values[0] if isinstance(values, list) and values else None
        return read(chosen, None) if isinstance(chosen, str) and not chosen.startswith(PICK) else None
    _, _, asked = rest.partition(":")
    if kind in {SAY, REPORT} and asked:
        return Press(command=pressed.read(asked))
    if kind in {KEY, REPORT_KEY} and asked:
        return Press(token=asked)
    verb, _, prefilled = asked.partition(":")
    if kind == ASK and verb:
        return Press(command=pressed.read(prefilled or verb), form=verb)
    if kind == ASK_KEY and verb and prefilled:
        return Press(token=prefilled, form=verb)
    return None


@dataclass(slots=True)
class Rows:
    """Lays out rows within Discord's limits, collects the words that have to be kept, and what has no room.

    `signed`: links that open a report to whoever holds them are shown; only for one person's eyes.
    """

    signed: bool = False
    kept: dict[str, str] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    _laid: set[int] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def lay(self, items: tuple[Item, ...], own: tuple[Button, ...]) -> list[Json]:
        """Return the rows: menus or buttons of the items, then the card's own buttons."""
        there = [b for b in own if self._may(b)]
        rare = [b for b in there if b.rare and not b.page]  # an option cannot open a page
        menu = [self._menu(MORE, [(b.text, b) for b in rare])] if len(rare) > 1 else []
        beside = [b for b in there if not (menu and b in rare)]
        fit = [self._button(b) for b in beside]
        wanted = -(-len(fit) // ROW) + len(menu)
        rows = self._of_items(items, ROWS - min(ROWS, wanted))
        room = (ROWS - len(rows) - len(menu)) * ROW
        self._laid.difference_update(map(id, beside[max(0, room) :]))
        offered = (*(b for item in items for b in item.buttons), *own)
        self.without = [b.text for b in offered if id(b) not in self._laid and _is_meant(b)]
        return rows + [_row(fit[at : at + ROW]) for at in range(0, min(len(fit), room), ROW)] + menu

    def _may(self, button: Button) -> bool:
        return _fits(button) and (self.signed or not button.signed)

    def _of_items(self, items: tuple[Item, ...], room: int) -> list[Json]:
        pressable = [(item, button) for item in items for button in item.buttons if self._may(button)]
        if not pressable or room <= 0:
            return []
        told_apart = len({button.text for _, button in pressable}) == len(pressable)
        if len(pressable) <= FEW and (told_apart or any(button.page for _, button in pressable)):
            return [_row([self._button(button) for _, button in pressable])]
        named = [(flat(item.title), button) for item, button in pressable if not button.page]
        rare = [(f"{b.label}: {n}", b) for n, b in named if b.rare]
        often = [button for _, button in pressable if button.page or not button.rare]
        if rare and 0 < len(often) <= FEW and room > 1:
            return [_row([self._button(button) for button in often]), self._menu(MORE, rare)]
        labels = list(dict.fromkeys(b.label for _, b in named))
        most = min(SELECTS, room)
        own = labels if len(labels) <= most else labels[: most - 1]
        rows = [self._menu(f"{label}…", [(n, b) for n, b in named if b.label == label]) for label in own]
        others = [(f"{b.label}: {n}", b) for n, b in named if b.label not in own]
        return [*rows, self._menu(MORE, others)] if others else rows

    def _menu(self, label: str, entries: list[tuple[str, Button]]) -> Json:
        options: dict[str, Json] = {}
        for number, (name, button) in enumerate(entries[:OPTIONS], 1):
            value = self._said(button, f"{number}")
            options.setdefault(value, {"label": _label(name, OPTION), "value": value})
            self._laid.add(id(button))
        select: Json = {
            "type": 3,
            "custom_id": f"{PICK}:{next(self._numbers)}",
            "placeholder": _label(label, OPTION),
            "options": list(options.values()),
        }
        return _row([select])

    def _button(self, button: Button) -> Json:
        self._laid.add(id(button))
        shown: Json = {"type": 2, "label": _label(button.text, LABEL)}
        address = button.signed.reveal() if button.signed else button.page
        if address is not None:
            return shown | {"style": _LINK, "url": address}
        said = self._said(button, f"{next(self._numbers)}")
        return shown | {"style": _STYLES[button.style], "custom_id": said}

    def _said(self, button: Button, number: str) -> str:
        """Return what stands for a button's command, and keep that where it is too long."""
        asked = pressed.write(button.command) if button.command else ""
        short, long = (
            (ASK, ASK_KEY) if button.opens_form else (REPORT, REPORT_KEY) if button.report else (SAY, KEY)
        )
        verb = f"{button.command.verb}:" if button.command and button.opens_form else ""
        direct = f"{short}:{number}:{verb}{asked}"
        if len(direct) <= CUSTOM_ID:
            return direct
        token = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:32]
        self.kept[token] = asked
        return f"{long}:{number}:{verb}{token}"


def fill_report(rows: list[Json], url: str) -> None:
    """Put a fresh signed link behind the report buttons; one that Discord would refuse is left to the click."""
    if not markup.safe_url(url) or len(url) > URL:
        return
    for row in rows:
        for element in row.get("components", []):
            if str(element.get("custom_id", "")).partition(":")[0] in {REPORT, REPORT_KEY}:
                del element["custom_id"]
                element |= {"style": _LINK, "url": url}


def too_long(button: Button) -> str | None:
    """Return the signed address of a button that Discord does not take as one."""
    address = button.signed.reveal() if button.signed else ""
    return address if markup.safe_url(address) and len(address) > URL else None


def _label(text: str, limit: int) -> str:
    """Return what stands on a button or option; Discord takes none without any."""
    return markup.cut(cleaning.one_line(text).strip(), limit) or "…"


def _fits(button: Button) -> bool:
    address = button.signed.reveal() if button.signed else button.page
    if address is not None:
        return markup.safe_url(address) and len(address) <= URL
    return button.command is not None


def _is_meant(button: Button) -> bool:
    """Whether it does anything that is no secret; a signed link that is too long is shown as a link."""
    if button.signed:
        return False
    return button.command is not None if button.page is None else markup.safe_url(button.page[:URL])


def _row(components: list[Json]) -> Json:
    return {"type": 1, "components": components}
