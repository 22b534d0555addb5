"""An answer of `clew ask` for people: drawn on standard output as in a chat's terminal, without its buttons."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from adapters.chat.content import RowKind
from adapters.chat.layout import following
from adapters.chat.rows import MOST_ITEMS
from adapters.chat.terminal.render import render
from adapters.chat.terminal.typeset import Display, typeset
from bot.cards import Button, Card
from bot.commands.registry import text_of

PIPED_WIDTH = 120  # cells, where the output is not a terminal


def draw(card: Card, links: Sequence[Button], kept: Sequence[str], *, plainly: bool) -> None:
    """Draw a card, its signed links, and what to type for more of it.

    `links`: behind their labels on a terminal, as text where `plainly` asks for them; else `kept` says why not.
    """
    console = _Output(highlight=False, markup=False, emoji=False)
    _show(card, console)
    for button in links:
        link = button.signed.reveal() if button.signed else ""
        if plainly:
            console.print(link, soft_wrap=True)
        elif console.is_terminal and not console.is_dumb_terminal:
            console.print(button.label, style=f"underline link {link}")
    if not plainly and not (console.is_terminal and not console.is_dumb_terminal):
        for why in kept:
            print(why, file=sys.stderr)  # noqa: T201 - the answer
    rest = following(card, min(len(card.items), MOST_ITEMS))
    if rest is not None and rest.command is not None:
        print(f"(the rest: {text_of(rest.command)})", file=sys.stderr)  # noqa: T201 - the answer


class _Output(Console):
    """Standard output whose reader may leave early, as `head` does: nothing failed then."""

    def on_broken_pipe(self) -> None:
        """Write nothing more; the library would leave with 1, which says that the answer is at fault."""
        with contextlib.suppress(SystemExit):
            super().on_broken_pipe()


def _show(card: Card, console: Console) -> None:
    content = render(card)
    content = replace(content, rows=tuple(row for row in content.rows if row.kind is not RowKind.CONTROLS))
    width = console.width if console.is_terminal else PIPED_WIDTH
    display = Display(width=width, ascii=not console.encoding.lower().startswith("utf"))
    console.print(typeset(content, "", (), display), soft_wrap=True)
