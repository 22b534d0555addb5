"""Buttons of a card as Discord's components: what is pressed travels in `custom_id`, or waits in the store.

`say:N:WORDS` says its words, `key:N:TOKEN` those that the store has under the token. `ask:N:VERB:WORDS` and
`ask:N:VERB::TOKEN` open a form, `rep:` and `rpk:` are the same for the report button that is filled at
sending. A select's options carry such a text each. Tokens are made of the words, so that a card always
gives the same message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from adapters.chat.discord import markup
from adapters.chat.discord.markup import Json
from adapters.chat.layout import flat
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
FEW = 5  # item buttons that are shown as buttons; more become menus

SAY, KEY, ASK, ASK_KEY, REPORT, REPORT_KEY, PICK = "say", "key", "ask", "ask_key", "rep", "rpk", "pick"

_STYLES = {Style.PLAIN: 2, Style.PRIMARY: 1, Style.DANGER: 4}
_LINK = 5
_WITH_WORDS = {SAY, REPORT}
_WITH_TOKEN = {KEY, REPORT_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a button or an option says, or the token that its words are kept under, or the form it opens."""

    words: str = ""
    token: str | None = None
    opens_form: str | None = None


def read(custom_id: str, values: object) -> Pressed | None:
    """Read what was pressed or chosen; None where it is not one of ours."""
    kind, _, rest = custom_id.partition(":")
    if kind == PICK:
        chosen = values[0] if isinstance(values, list) and values else None
        return read(chosen, None) if isinstance(chosen, str) and not chosen.startswith(PICK) else None
    _, _, said = rest.partition(":")
    if kind in _WITH_WORDS and said:
        return Pressed(words=said)
    if kind in _WITH_TOKEN and said:
        return Pressed(token=said)
    verb, _, prefilled = said.partition(":")
    if kind == ASK and verb:
        return Pressed(opens_form=verb, words=prefilled or verb)
    if kind == ASK_KEY and verb and prefilled:
        return Pressed(opens_form=verb, token=prefilled)
    return None


@dataclass(slots=True)
class Rows:
    """Lays out rows within Discord's limits, and collects the words that have to be kept.

    `signed`: links that open a report to whoever holds them are shown; only for one person's eyes.
    """

    signed: bool = False
    kept: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def lay(self, items: tuple[Item, ...], own: tuple[Button, ...]) -> list[Json]:
        """Return the rows: menus or buttons of the items, then the card's own buttons."""
        fit = [self._button(b) for b in own if self._may(b)]
        wanted = -(-len(fit) // ROW)
        rows = self._of_items(items, ROWS - min(ROWS, wanted))
        room = (ROWS - len(rows)) * ROW
        self.left_out += max(0, len(fit) - room)
        return rows + [_row(fit[at : at + ROW]) for at in range(0, min(len(fit), room), ROW)]

    def _may(self, button: Button) -> bool:
        return _fits(button) and (self.signed or not button.signed)

    def _of_items(self, items: tuple[Item, ...], room: int) -> list[Json]:
        pressable = [(item, button) for item in items for button in item.buttons if self._may(button)]
        if not pressable or room <= 0:
            return []
        if len(pressable) <= FEW:
            return [_row([self._button(button) for _, button in pressable])]
        stems = list(dict.fromkeys(_stem(b) for _, b in pressable if not b.page))[: min(SELECTS, room)]
        return [self._select(stem, [(i, b) for i, b in pressable if _stem(b) == stem]) for stem in stems]

    def _select(self, stem: str, entries: list[tuple[Item, Button]]) -> Json:
        options: dict[str, Json] = {}
        for number, (item, button) in enumerate(entries[:OPTIONS], 1):
            value = self._said(button, f"{number}")
            options.setdefault(value, {"label": _label(flat(item.title), OPTION), "value": value})
        self.left_out += max(0, len(entries) - OPTIONS)
        select: Json = {
            "type": 3,
            "custom_id": f"{PICK}:{next(self._numbers)}",
            "placeholder": _label(f"{stem}…", OPTION),
            "options": list(options.values()),
        }
        return _row([select])

    def _button(self, button: Button) -> Json:
        shown: Json = {"type": 2, "label": _label(button.label, LABEL)}
        address = button.signed.reveal() if button.signed else button.page
        if address is not None:
            return shown | {"style": _LINK, "url": address}
        said = self._said(button, f"{next(self._numbers)}")
        return shown | {"style": _STYLES[button.style], "custom_id": said}

    def _said(self, button: Button, number: str) -> str:
        """Return what stands for a button's words, and keep them where they are too long."""
        words = button.words or button.opens_form or ""
        verb = f"{button.opens_form}:" if button.opens_form else ""
        short = ASK if button.opens_form else REPORT if button.report else SAY
        direct = f"{short}:{number}:{verb}{words}"
        if len(direct) <= CUSTOM_ID and words == words.strip():
            return direct
        long = ASK_KEY if button.opens_form else REPORT_KEY if button.report else KEY
        token = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]
        self.kept[token] = words
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


def _stem(button: Button) -> str:
    """Return what a numbered label has in common with its neighbours: "Logs" of "Logs 2"."""
    return button.label.rstrip("0123456789").rstrip() or button.label


def _fits(button: Button) -> bool:
    address = button.signed.reveal() if button.signed else button.page
    if address is not None:
        return markup.safe_url(address) and len(address) <= URL
    return bool(button.words or button.opens_form)


def _row(components: list[Json]) -> Json:
    return {"type": 1, "components": components}
