"""Find the one run and moment that a text names, whatever form it was pasted in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import UserError
from bot.model import Moment, Secret
from bot.moments import forms
from bot.moments.forms import Found
from bot.moments.normalise import tidy
from bot.moments.numbers import COPY_MOMENT, looks_shortened
from bot.moments.sheet import Sheet

OPENERS = frozenset({"curl", "end", "failure", "last", "moment", "snouty"})
"""Words that open a pasted text and are no verb."""

_SHORTENED = (
    "The virtual time looks shortened. If there is no such moment, copy it from the triage report again."
)
_QUOTED_MOMENTS = 3

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What a pasted text names. `rest`: the words left when the pasted part is taken out.

    `session_id` is valid for a debugging session only; for logs it has to be mapped to a run.
    """

    run_id: str | None = None
    session_id: str | None = None
    report_url: Secret | None = None
    moment: Moment | None = None
    rest: str = ""
    warning: str = ""  # a sentence for the person, "" where nothing is odd


def find(text: str) -> Pasted | None:
    """Return what the text names and the words around it; None where nothing was pasted.

    Raises `UserError` for a moment that is not valid, for two different ones, and for lookalikes.
    """
    return read(text)[0]


def read(text: str) -> tuple[Pasted | None, str]:
    """Return what `find` returns, and the tidied words that are left, in either case."""
    sheet = Sheet(tidy(text))
    sheet.shield()
    found = [*forms.notebook_blocks(sheet), *forms.object_forms(sheet)]
    command = forms.shell_commands(sheet)
    found += forms.report_links(sheet)
    found += [*forms.command_flags(sheet), *forms.detail_lines(sheet), *forms.bare_pairs(sheet)]
    moment = _one_moment(found)
    if moment is None:
        forms.refuse_lookalikes(sheet.open)
        if command:
            raise UserError("That command names no moment.", COPY_MOMENT)
    rest = sheet.rest()
    return (_pasted(found, moment, rest) if found else None), rest


def _pasted(found: list[Found], moment: Moment | None, rest: str) -> Pasted:
    return Pasted(
        run_id=_one("runs", (f.run_id for f in found)),
        session_id=_one("sessions", (f.session_id for f in found)),
        report_url=_one("reports", (f.report_url for f in found)),
        moment=moment,
        rest=rest,
        warning=_SHORTENED if moment and looks_shortened(moment) else "",
    )


def _one_moment(found: list[Found]) -> Moment | None:
    """Return the moment all forms agree on; two spellings of one number are one moment."""
    moments = {(m.input_hash, m.exact): m for f in reversed(found) if (m := f.moment)}
    if len(moments) > 1:
        shown = " or ".join([m.words for m in reversed(moments.values())][:_QUOTED_MOMENTS])
        raise UserError(
            f"There are {len(moments)} different moments in that text; which one do you mean?",
            f"Send one of them alone: {shown}",
        )
    return next(iter(moments.values()), None)


def _one(what: str, values: Iterable[T | None]) -> T | None:
    distinct = list(dict.fromkeys(v for v in values if v is not None))
    if len(distinct) > 1:
        raise UserError(
            f"That text names {len(distinct)} different {what}; which one do you mean?", "Send one alone."
        )
    return next(iter(distinct), None)
