"""Where messages are shown: a terminal with a prompt below them, or a plain stream of text."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from adapters.chat.content import Content
from adapters.chat.terminal.transcript import Message, Transcript
from adapters.chat.terminal.typeset import Display, status_line, typeset
from bot.cleaning import one_line
from bot.model import Secret
from bot.replies import prompt

NARROWEST = 40  # cells; below that, wrapping would only hurt


class Screen:
    """Shows messages. `prompted`: a prompt stands below them, whose status lines show what goes on."""

    def __init__(self, console: Console | None = None, *, prompted: bool = False) -> None:
        self.console = console or Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
        self.prompted = prompted
        self.refresh: Callable[[], None] = lambda: None

    @property
    def display(self) -> Display:
        """What is shown on at this moment."""
        return Display(
            width=max(NARROWEST, self.console.width),
            ascii=not self.console.encoding.lower().startswith("utf"),
        )

    def message(self, message: Message, transcript: Transcript) -> None:
        """Show a message whole."""
        display = self.display
        laid_out = typeset(message.content, message.name, transcript.numbers(message), display)
        self.console.print(laid_out, "", sep="\n", soft_wrap=True)
        self.refresh()

    def changed(self, message: Message, before: Content, transcript: Transcript) -> None:
        """Show that a message says something else: in the status lines, in one line, or whole.

        What is on the screen already cannot be changed there. A step of progress is a line at most; where the
        title or the buttons changed, the message is shown again.
        """
        now = message.content
        if now == before:
            return
        if now.progress is None or now.heading != before.heading or now.controls != before.controls:
            self.message(message, transcript)
        elif self.prompted:
            self.refresh()
        else:
            self._print(status_line(now, message.name, self.display))

    def line(self, text: str) -> None:
        """Say something that is no message: how work goes on, what a key does."""
        self._print(one_line(text), style="dim")

    def typed(self, text: str) -> None:
        """Show what was typed, where nobody did at a prompt."""
        self._print(Text(one_line(text), style="bold"))

    def page(self, label: str, url: str) -> None:
        """Show where a page behind a login is."""
        self._print(Text.assemble((f"{label}: ", "dim"), (one_line(url), f"underline link {url}")))

    def signed(self, label: str, link: Secret) -> None:
        """Open a signed link in the browser of this desktop; the link itself is never written out."""
        if _desktop() and webbrowser.open(link.reveal()):
            self.line(prompt.opened(label))
        elif self.console.is_terminal and not self.console.is_dumb_terminal:
            self._print(Text(f"{label} (click here)", style=f"underline link {link.reveal()}"))
        else:
            self.line(prompt.no_browser(label))

    def status(self, messages: tuple[Message, ...]) -> list[str]:
        """Write one line for each message that lives on, newest last."""
        going = [m for m in messages if m.live and m.content.progress is not None]
        return [status_line(m.content, m.name, self.display).plain for m in going[-3:]]

    def _print(self, what: str | Text, style: str | None = None) -> None:
        """Print; messages come wrapped, anything else is wrapped here."""
        self.console.print(what, style=style, width=self.display.width)


def _desktop() -> bool:
    """Whether a browser can come up beside this terminal; one inside it would take the screen away."""
    return sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
