"""What a message says that a verb can use: the moment, report link or run ids in it, and no word beside them.

Whoever uses a shortcut on somebody's message did not type its words: a `retries=3` or an apostrophe in it is no
part of a command. So what is found goes on as a value, which nobody reads as a command again.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot import moments
from bot.command import MESSAGE
from bot.commands.registry import VERBS
from bot.errors import UserError
from bot.lengths import LONGEST
from bot.replies.pasting import copyable

FIND = "find"


def about(verb: str, text: str) -> tuple[str, Mapping[str, str]]:
    """Return what a verb is to be asked about a message: its words, and its values by parameter."""
    own, found = VERBS[verb].positional, target_text(text)
    if own is not None and found:
        return verb, {own.name: found}
    return verb, {MESSAGE: text[:LONGEST]} if verb == FIND else {}  # it says what is missing in that text


def target_text(text: str) -> str:
    """Return what a message names, as it could be given as a value; "" where it names nothing."""
    try:
        return _named(text[:LONGEST])
    except UserError:
        return text[:LONGEST]  # the core says the same to the person


def named(text: str) -> str:
    """Return what words around a command name, like `target_text`; "" too where that is ambiguous."""
    try:
        return _named(text[:LONGEST])
    except UserError:
        return ""


def _named(text: str) -> str:
    """Return what `target_text` does. Raises `UserError` where it is ambiguous what a text names."""
    pasted, _ = moments.read(text)
    if pasted is None:
        return " ".join(moments.run_ids(text))
    if pasted.moment is not None:
        # with the run or session that it names, else with a run id that stands beside it
        beside = () if pasted.run_id or pasted.session_id else moments.run_ids(pasted.rest)
        shown = copyable(pasted.moment, run_id=pasted.run_id, session_id=pasted.session_id)
        return " ".join((*beside, shown))
    if pasted.report_url is not None:
        return pasted.report_url.reveal()
    found = pasted.run_id or pasted.session_id or " ".join(moments.run_ids(text))
    if not found and pasted.refusal is not None:
        raise pasted.refusal
    return found
