"""`clew ask`: one command through the same handler, for scripts and CI."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import uuid4

from rich.console import Console

from adapters.chat.layout import following
from adapters.chat.terminal.attached import open_file
from adapters.chat.terminal.content import RowKind
from adapters.chat.terminal.events import CHANNEL, invocation
from adapters.chat.terminal.files import with_files_saved
from adapters.chat.terminal.render import MOST_ITEMS, render
from adapters.chat.terminal.typeset import Display, typeset
from adapters.cli.card_json import card_json
from adapters.cli.parts import Parts
from bot.actions.confirm import CONFIRM
from bot.cards import Button, Card
from bot.commands.registry import text_of
from bot.state import MessageRef

ANSWERED, USER_ERROR, FAILURE = 0, 1, 2
LINK_KEPT = (
    "the link opens it for everyone, so it is not printed here. Run it again with --show-link to get it."
)
# What people type after any program's name; `--help` is answered before.
OPTIONS_THAT_ARE_COMMANDS: Mapping[str, str] = MappingProxyType({"--version": "version", "-v": "version"})
PIPED_WIDTH = 120  # cells, where the output is not a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to answer. `thread`: the name under which what is spoken of is kept; `yes`: costly things are confirmed.

    `show_link`: a report's signed link is printed, wherever the output goes.
    """

    as_json: bool = False
    thread: str | None = None
    yes: bool = False
    show_link: bool = False


async def ask(parts: Parts, command: Sequence[str], manner: Manner) -> int:
    """Answer one command on standard output and return the exit code. Raises `StoreError`, `OSError`.

    One word alone is a whole command, read as in a chat. Of several the shell has told where each begins and ends:
    the first is the verb, and each of the others is one value.
    """
    thread = manner.thread or uuid4().hex[:8]
    first, *arguments = command
    text = OPTIONS_THAT_ARE_COMMANDS.get(first, first)
    asked = invocation(
        text, thread=f"ask-{thread}", key=uuid4().hex, at=parts.clock.now(), confirmed=manner.yes
    )
    asked = replace(asked, arguments=tuple(arguments))
    verb = parts.handler.verb_of(asked)
    if not (manner.thread or (verb and verb.changes)):  # a thread that begins here has nothing to look up
        asked = replace(asked, place=replace(asked.place, thread=None))
    reply = await parts.handler.handle(asked, _report, open_file=open_file)
    reply = replace(reply, card=with_files_saved(reply.card), live=None)
    # The thread remembers; the message itself is nowhere but on standard output.
    if reply.card.context is not None:
        message = MessageRef(channel=CHANNEL, message_id=asked.key, thread=f"ask-{thread}")
        await parts.handler.answered(asked, reply, message)
    console = _Output(highlight=False, markup=False, emoji=False)
    if manner.as_json:
        hints = [] if manner.show_link else [_kept(button) for button in _signed(reply.card)]
        found = {**card_json(reply.card, show_link=manner.show_link), "hints": hints, "thread": thread}
        console.out(json.dumps(found, ensure_ascii=not _is_unicode(console), indent=2), highlight=False)
    else:
        _show(reply.card, console)
        _show_links(reply.card, console, plainly=manner.show_link)
        _show_rest(reply.card)
        print(f"(--thread {thread} goes on from here)", file=sys.stderr)  # noqa: T201 - the answer
    # The question before a costly action: a script has nobody to press its button.
    if any(b.command is not None and b.command.verb == CONFIRM.name for b in reply.card.buttons):
        print("Nothing was started. Run it again with --yes to confirm it.", file=sys.stderr)  # noqa: T201 - the answer
        return USER_ERROR
    if not reply.failed:
        return ANSWERED
    return FAILURE if reply.fault else USER_ERROR


async def _report(text: str) -> None:
    print(f"… {text}", file=sys.stderr)  # noqa: T201 - progress for the person


class _Output(Console):
    """Standard output whose reader may leave early, as `head` does: nothing failed then."""

    def on_broken_pipe(self) -> None:
        """Write nothing more; the library would leave with 1, which says that the answer is at fault."""
        with contextlib.suppress(SystemExit):
            super().on_broken_pipe()


def _is_unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def _show(card: Card, console: Console) -> None:
    """Draw the card without its buttons."""
    content = render(card)
    content = replace(content, rows=tuple(row for row in content.rows if row.kind is not RowKind.CONTROLS))
    width = console.width if console.is_terminal else PIPED_WIDTH
    display = Display(width=width, ascii=not _is_unicode(console))
    console.print(typeset(content, "", (), display), soft_wrap=True)


def _show_links(card: Card, console: Console, *, plainly: bool) -> None:
    """Show signed links: behind their labels on a terminal, else only where they were asked for."""
    for button in _signed(card):
        link = button.signed.reveal() if button.signed else ""
        if plainly:
            console.print(link, soft_wrap=True)
        elif console.is_terminal and not console.is_dumb_terminal:
            console.print(button.label, style=f"underline link {link}")
        else:
            print(_kept(button), file=sys.stderr)  # noqa: T201 - the answer


def _show_rest(card: Card) -> None:
    """Say how to ask for what a card has no room for: no button stands here."""
    rest = following(card, min(len(card.items), MOST_ITEMS))
    if rest is not None and rest.command is not None:
        print(f"(the rest: {text_of(rest.command)})", file=sys.stderr)  # noqa: T201 - the answer


def _signed(card: Card) -> list[Button]:
    """Return the buttons with a link that opens something to whoever holds it."""
    return [button for button in card.buttons if button.signed]


def _kept(button: Button) -> str:
    """Say why a link is not printed, and how to get it."""
    return f"{button.label}: {LINK_KEPT}"
