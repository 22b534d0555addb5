"""`clew ask`: one command through the same handler, for scripts and CI."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from adapters.chat.local_file import open_file
from adapters.chat.saved_files import with_files_saved
from adapters.chat.terminal.events import CHANNEL, invocation
from adapters.cli.answer_json import answer_json, failure_json
from adapters.cli.failing import explain
from adapters.cli.finishing import FAILED, reader_may_leave
from adapters.cli.parts import Parts
from adapters.cli.verdicts import code_of
from bot.actions.confirm import CONFIRM
from bot.cards import Button, Card, Reply
from bot.state import MessageRef

ANSWERED, USER_ERROR, FAILURE = 0, 1, FAILED
LINK_KEPT = (
    "the link opens it for everyone, so it is not printed here. Run it again with --show-link to get it."
)
UNCONFIRMED = "Nothing was started. Run it again with --yes to confirm it."
NO_ONE_RUN = "--exit-status goes by the verdict of one run, and this answer is about none. Name a run."
# What people type after any program's name; `--help` is answered before.
OPTIONS_THAT_ARE_COMMANDS: Mapping[str, str] = MappingProxyType({"--version": "version", "-v": "version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to answer. `thread`: the name under which what is spoken of is kept; `yes`: costly things are confirmed.

    `show_link`: a report's signed link is printed, wherever the output goes. `exit_status`: leave with the verdict of the run.
    """

    as_json: bool = False
    thread: str | None = None
    yes: bool = False
    show_link: bool = False
    exit_status: bool = False


async def ask(parts: Parts, command: Sequence[str], manner: Manner) -> int:
    """Answer one command on standard output and return the exit code. Raises `StoreError`, `OSError`, `UserError`.

    One word alone is a whole command, read as in a chat. Of several the shell has told where each begins and ends:
    the first is the verb, and each of the others is one value.
    """
    thread = manner.thread or uuid4().hex[:8]
    first, *arguments = command
    if (
        first.startswith("--") and first not in OPTIONS_THAT_ARE_COMMANDS
    ):  # it would take the verb as its value
        from bot.replies.commands import no_option, wrong_options

        raise wrong_options("ask", no_option(first.split()[0]))
    text = OPTIONS_THAT_ARE_COMMANDS.get(first, first)
    asked = invocation(
        text, thread=f"ask-{thread}", key=uuid4().hex, at=parts.clock.now(), arguments=tuple(arguments),
        confirmed=manner.yes,
    )  # fmt: skip
    verb = parts.handler.verb_of(asked)
    if not (manner.thread or (verb and verb.changes)):  # a thread that begins here has nothing to look up
        asked = replace(asked, place=replace(asked.place, thread=None))
    reply = await parts.handler.handle(asked, _report, open_file=open_file)
    reply = replace(reply, card=with_files_saved(reply.card), live=None)
    # The thread remembers; the message itself is nowhere but on standard output.
    if reply.card.context is not None:
        message = MessageRef(channel=CHANNEL, message_id=asked.key, thread=f"ask-{thread}")
        await parts.handler.answered(asked, reply, message)
    code, why = _code(reply, manner)
    links = [button for button in reply.card.buttons if button.signed]
    kept = [] if manner.show_link else [f"{button.label}: {LINK_KEPT}" for button in links]
    if manner.as_json:
        hints = [*kept, *([why] if why else [])]
        print_json(
            answer_json(reply, verb=verb.name if verb else "", exit_code=code, thread=thread, hints=hints,
                        show_link=manner.show_link)
        )  # fmt: skip
    with reader_may_leave():
        if not manner.as_json:
            _draw(reply.card, links, kept, plainly=manner.show_link)
            print(f"(--thread {thread} goes on from here)", file=sys.stderr)  # noqa: T201 - the answer
        if why:
            print(why, file=sys.stderr)  # noqa: T201 - the answer
    return code


def not_answered(error: Exception) -> int:
    """Say as data what kept a command from being answered at all, and return the exit code."""
    print_json(failure_json(error, explain(error), FAILURE))
    return FAILURE


def print_json(found: Mapping[str, Any]) -> None:
    """Write an answer as data."""
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    with reader_may_leave():
        print(json.dumps(found, ensure_ascii=ascii_only, indent=2))  # noqa: T201 - the answer


async def _report(text: str) -> None:
    with reader_may_leave():
        print(f"… {text}", file=sys.stderr)  # noqa: T201 - progress for the person


def _code(reply: Reply, manner: Manner) -> tuple[int, str]:
    """Return what to leave with, and what has to be said of it, "" for nothing."""
    # The question before a costly action: a script has nobody to press its button.
    if any(b.command is not None and b.command.verb == CONFIRM.name for b in reply.card.buttons):
        return USER_ERROR, UNCONFIRMED
    if manner.exit_status:
        code = code_of(reply)
        return (FAILURE, "" if reply.failed else NO_ONE_RUN) if code is None else (code, "")
    if not reply.failed:
        return ANSWERED, ""
    return (FAILURE if reply.fault else USER_ERROR), ""


def _draw(card: Card, links: Sequence[Button], kept: Sequence[str], *, plainly: bool) -> None:
    """Draw the answer; what draws is loaded for people alone."""
    from adapters.cli.drawing import draw

    draw(card, links, kept, plainly=plainly)
