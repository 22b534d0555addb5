"""What the bot says of classifications: what people say a failure is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.analysis import RunAnalysis
from bot.cards import Card, Context, Fact, Line, Reply, Tone, Untrusted
from bot.cleaning import shorten
from bot.errors import UserError
from bot.model import Check
from bot.replies.wording import listed, run_name, sentence, titled
from bot.terms import Terms
from bot.triage import Classification, Classified

_SHOWN = 60  # characters of a name that a sentence quotes
_PARTS = {"kind": "its kind", "defect": "the defect", "note": "the note"}


def classified(
    wanted: Classification, taken: Classified, found: RunAnalysis, check: Check, who: str
) -> Reply:
    """Say what the platform keeps now, and what it did not take."""
    kind, whose = wanted.kind.replace("_", " "), (", by ", Untrusted(who), " through Clew") if who else ()
    name, terms = titled(check.name)[0], found.terms
    facts = (
        ("kind", "Classified", (Untrusted(kind), *whose)),
        ("defect", "Defect", (Untrusted(wanted.defect_key), " ", Untrusted(wanted.defect_url))),
        ("note", "Note", (Untrusted(wanted.note),)),
    )
    given = {"kind": wanted.kind, "defect": wanted.defect_key, "note": wanted.note}
    missing = [_PARTS[part] for part, value in given.items() if value and part not in taken.taken]
    not_all: Line = (
        sentence(
            f"{terms.platform} did not take {listed(missing)}: ",
            Untrusted(taken.refused or "no reason given"),
        )
        if missing
        else ()
    )
    title: Line = (
        ("“", name, "” is classified as ", Untrusted(kind))
        if "kind" in taken.taken
        else ("“", name, "” is annotated")
    )
    card = Card(
        title=title,
        text=(*sentence(*title, " in ", *run_name(found.run)), *((" ", *not_all) if not_all else ())),
        tone=Tone.WARNING if missing else Tone.NEUTRAL,
        body=(not_all,) if not_all else (),
        facts=tuple(Fact(label, value) for part, label, value in facts if part in taken.taken),
        footer=(f"{terms.platform} shows Clew's account as the author.",),
        context=Context(run=found.run.ref, property_name=check.name),
    )
    return Reply(card=card, failed=bool(missing))


def nothing_said(kinds: Sequence[str]) -> UserError:
    """Ask what it is to be called."""
    return UserError(
        "It is not said what the failure is.", f"Add one of {listed([*kinds])}, or defect=, or note=."
    )


def no_result_id(name: str, terms: Terms) -> UserError:
    """Say that a result cannot be named to the platform."""
    return UserError(
        f"{terms.platform} gives no id for the result of “{shorten(name, _SHOWN)}”, so it cannot be classified."
    )


def note_too_long(most: int) -> UserError:
    """Refuse a long note."""
    return UserError(f"The note is too long; {most:,} characters is the most.")


whole_defect = partial(
    UserError,
    "A defect needs its key and its address.",
    "Use defect=KEY URL, for example: defect=AUTH-421 https://jira.example.com/browse/AUTH-421",
)
