"""Find the one run and moment that a text names, whatever form it was pasted in."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import TypeVar

from bot.errors import UserError
from bot.model import Moment
from bot.moments import forms, links
from bot.moments.found import Found
from bot.moments.normalise import NamesNothing, look_through, tidy
from bot.moments.numbers import is_platform_id, looks_shortened
from bot.moments.remaining_text import RemainingText
from bot.parsed import Pasted
from bot.replies import pasting

OPENERS = frozenset({"curl", "echo", "end", "failure", "last", "moment", "printf", "snouty"})
"""Words that open a pasted text and are no verb."""

_WORD = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)

T = TypeVar("T", bound=Hashable)


def find(text: str) -> Pasted | None:
    """Return what the text names and the words around it; None where nothing was pasted.

    Raises `UserError` for a moment that is not valid, for two different ones, and for lookalikes.
    """
    pasted = read(text)[0]
    if pasted is not None and pasted.refusal is not None:
        raise pasted.refusal
    return pasted


def read(text: str) -> tuple[Pasted | None, str]:
    """Return what the text names, and the tidied words that are left, in either case.

    Raises `UserError` for a moment that is not valid and for two different ones. What only looks like a moment
    is no reason to refuse a text that is not about one: `Pasted.refusal` says it to whoever wants a moment.
    """
    return _read(text, _names_nothing)


def _names_nothing(text: str) -> bool:
    """Whether a value in quotes is text alone; quotes in it are looked through, or there would be no end of them."""
    try:
        return _read(text, look_through)[0] is None
    except UserError:
        return False


def _read(text: str, names_nothing: NamesNothing) -> tuple[Pasted | None, str]:
    remaining = RemainingText(tidy(text, names_nothing))
    remaining.shield(names_nothing)
    found = [*forms.notebook_blocks(remaining), *(code := [*forms.notebook_sessions(remaining)])]
    found += forms.object_forms(remaining)
    comments = forms.comments(remaining)
    found += [*links.explorer_links(remaining), *links.run_pages(remaining)]
    command = forms.shell_commands(remaining)
    found += links.report_links(remaining)
    if found:
        remaining.take_all(comments)
    if not any(f.moment for f in found):
        forms.refuse_unread(remaining.open)
    for form in (forms.named_pairs, forms.command_flags, forms.labelled_pairs, forms.bare_pairs):
        found += form(remaining)
    moment = _one_moment(found)
    refusal = None
    if moment is None:
        refusal = forms.lookalike(remaining.open)
        if command and not found:
            refusal = pasting.command_without_moment()
    rest = remaining.rest()
    return (_pasted(_own(found, code), moment, rest, refusal) if found or refusal else None), rest


def run_ids(text: str) -> tuple[str, ...]:
    """Return the ids in the platform's own shape that stand among the words of a text, each once, in order."""
    return tuple(dict.fromkeys(word for word in _WORD.findall(text) if is_platform_id(word)))


def _own(found: list[Found], code: list[Found]) -> list[Found]:
    """Leave out what names another session than the moment's own, else than the code around it: a link is only beside it."""
    moments = [f for f in found if f.moment]
    sessions = {f.session_id for f in moments if f.session_id} or {f.session_id for f in code if f.session_id}
    return [f for f in found if not sessions or f.moment or f.session_id in {None, *sessions}]


def _pasted(found: list[Found], moment: Moment | None, rest: str, refusal: UserError | None) -> Pasted:
    """Put together what all forms say."""
    return Pasted(
        run_id=_one("runs", (f.run_id for f in found)),
        session_id=_one("sessions", (f.session_id for f in found)),
        report_url=_one("reports", (f.report_url for f in found)),
        moment=moment,
        rest=rest,
        warning=pasting.SHORTENED if moment and looks_shortened(moment) else "",
        refusal=refusal,
    )


def _one_moment(found: list[Found]) -> Moment | None:
    """Return the moment all forms agree on; two spellings of one number are one moment."""
    moments = {(m.input_hash, m.exact): m for f in reversed(found) if (m := f.moment)}
    if len(moments) > 1:
        raise pasting.several_moments(list(reversed(moments.values())))
    return next(iter(moments.values()), None)


def _one(what: str, values: Iterable[T | None]) -> T | None:
    distinct = list(dict.fromkeys(v for v in values if v is not None))
    if len(distinct) > 1:
        raise pasting.several(what, len(distinct))
    return next(iter(distinct), None)
