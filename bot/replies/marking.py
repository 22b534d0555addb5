"""What the bot says when somebody says what a failing check is, and lists all that was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.cards import Button, Card, Command, Context, Item, Line, Pages, Reply, Untrusted, joined
from bot.cleaning import shorten
from bot.errors import Correction, Part, UserError, WrongValue
from bot.marks import PASSES, Mark
from bot.model import Run
from bot.replies import marks
from bot.replies.history import OFFERED
from bot.replies.wording import check_name, count, day, from_on, listed, number_of, titled
from bot.state import PropertyState, Word
from bot.terms import Terms

_SHOWN = 60  # characters of a name that a sentence quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is said of one check; `run`: the newest of its launcher on record, None where there is none."""

    mark: Mark
    run: Run | None
    terms: Terms


def marked(run: Run, name: str, mark: Mark, terms: Terms, *, as_before: bool, mine: bool, zone: str) -> Reply:
    """Say what is said of a check now; `as_before`: it was so already. `mine`: whoever asked owns it. `zone`: of the channel."""
    state, title = mark.state, titled(name)[0]
    stands = marks.said(mark, terms, zone=zone)
    how: Line = ("“", check_name(name), "” of ", Untrusted(run.launcher or state.launcher_key))
    now = " is already " if as_before else " is now "
    said: Line = (
        (*how, now, *stands, ".") if stands else (*how, " has no mark", "." if as_before else " any more.")
    )
    rule = _rule(state, terms)
    about = Context(run=run.ref, property_name=name)
    card = Card(
        title=(title, ": ", *(stands or ("no mark",))),
        text=(*said, f" {rule}" if rule else ""),
        body=(said, (rule,)) if rule else (said,),
        buttons=_ways(about, state, mine=mine),
        context=about,
    )
    return Reply(card=card)


def _rule(state: PropertyState, terms: Terms) -> str:
    """Say what comes of a word, as far as it can be told when that is over."""
    if not state.silent:
        return ""
    runs = terms.run
    reopens = [
        *(["fails at another place"] if state.places else []),
        *(["fails in another share of what is checked"] if state.ratio else []),
        f"fails again after {PASSES} {runs.many} in a row in which it did not",
        *(["fails after its snooze"] if state.word is Word.SNOOZED else []),
    ]
    return f"Its failures are still counted, and are no news until it {listed(reopens).replace(' and ', ' or ')}."


def _ways(
    about: Context, state: PropertyState, *, mine: bool = False, number: int | None = None
) -> tuple[Button, ...]:
    """Offer what can be said of a check beside what is said."""
    if about.run is None or about.property_name is None:
        return ()
    run, name = about.run, about.property_name

    def way(label: str, what: str, *, form: bool = False) -> Button:
        command = Command.of_run("mark", run, **{"property": name, "as": what})
        return Button(label=label, entry=number, command=command, opens_form=form)

    return (
        *(() if mine else (way("Own", "own"),)),
        way("Snooze", "snooze", form=True),
        way("Known issue", "known", form=True),
        *(() if state.silent and state.word is Word.NOT_A_BUG else (way("Not a bug", "not-a-bug"),)),
        *(() if state.empty else (way("Clear", "clear"),)),
        Button(
            label="History", entry=number, command=Command.of_run("history", run, property=name), rare=True
        ),
    )


def listing(entries: Sequence[Entry], pages: Pages, terms: Terms, now: datetime, *, several: bool) -> Reply:
    """List what is said of checks; `several`: there are several connections, so each entry names its own."""
    if not entries:
        said: Line = (f"No {terms.check.one} is marked. ", "“mark 2 own” marks the second of “failing”.")
        return Reply(card=Card(title=(f"No marked {terms.check.many}",), text=said, body=(said,)))
    total = count(pages.total, f"marked {terms.check.one}", f"marked {terms.check.many}")
    first = entries[0]
    text: Line = (f"{total}{from_on(pages.first)}. The first is “", check_name(first.mark.state.name), "”: ",
                  *marks.said(first.mark, first.terms), ".")  # fmt: skip
    card = Card(
        title=(f"{total}{from_on(pages.first)}",),
        text=text,
        items=tuple(
            _item(number, entry, now, several=several)
            for number, entry in zip(pages.numbers, entries, strict=True)
        ),
        items_left_out=pages.left_out,
        pages=pages,
    )
    return Reply(card=card)


def _item(number: int, entry: Entry, now: datetime, *, several: bool) -> Item:
    state, run = entry.mark.state, entry.run
    over = "that is over, so its next failure is news" if state.is_over(now) else ""
    at = state.said_at if state.word else state.owned_at
    where = joined((
        (Untrusted(run.launcher if run and run.launcher else state.launcher_key),),
        ("connection ", Untrusted(state.connection)) if several else (),
        (f"since {day(at)}",) if at else (),
    ))  # fmt: skip
    about = Context(run=run.ref if run else None, property_name=state.name)
    buttons: tuple[Button, ...] = ()
    if about.run is not None:
        of_it = {"property": state.name}
        buttons = (
            Button(label="Clear", entry=number, command=Command.of_run("mark", about.run, **of_it, **{"as": "clear"})),
            Button(label="Mark", entry=number, command=Command.of_run("mark", about.run, **of_it), opens_form=True, rare=True),
            Button(label="History", entry=number, command=Command.of_run("history", about.run, **of_it), rare=True),
        )  # fmt: skip
    return Item(
        title=(f"{number}. ", titled(state.name)[0]),
        lines=(joined((marks.said(entry.mark, entry.terms), (over,))), where),
        buttons=buttons,
        context=about if about.run else None,
    )


# What is wrong


def taken(name: str, owner: str, state: PropertyState) -> UserError:
    """Tell whoever comes second who owns a check."""
    since = f" since {day(state.owned_at)}" if state.owned_at else ""
    who = shorten(owner, _SHOWN) if owner else "Somebody else"
    return UserError(
        f"{who} has owned “{shorten(name, _SHOWN)}”{since}.",
        "If that is over, clear the mark first, then own it.",
    )


def busy(name: str) -> UserError:
    """Say that others change the same mark all the time."""
    return UserError(
        f"“{shorten(name, _SHOWN)}” is being marked by others just now.", "Try again in a moment."
    )


def which_word(words: Sequence[str]) -> UserError:
    """Ask what is to be said."""
    return UserError("What to mark it as is missing.", f"Add as={'|'.join(words)}.")


def which_of(names: Sequence[str], terms: Terms) -> UserError:
    """Ask which of several failing checks is meant."""
    offered = tuple(Correction(Part.VALUE, name, "property") for name in names[:OFFERED])
    problem = f"{number_of(len(names), terms.check)} fail in this {terms.run.one}, and it is not clear which is meant."
    return UserError(problem, "Add property=, with a number of “failing” or a name.", corrections=offered)


def how_long(terms: Terms) -> UserError:
    """Ask how long a check is to be snoozed."""
    return UserError(
        "How long to snooze is missing.",
        f"Add until=, with a day (2026-12-03), a time (Friday 09:00), a length (3 d), or a number of {terms.run.many} (3 {terms.run.many}).",
    )


def which_ticket() -> UserError:
    """Ask for the ticket of a known issue."""
    return UserError("The ticket of the known issue is missing.", "Add link=, with its address or its id.")


def goes_with(name: str, what: str, words: Sequence[str]) -> UserError:
    """Refuse a value that does not go with what is said."""
    return UserError(
        f"{name}= does not go with “{what}”.", f"It goes with {listed([f'“{word}”' for word in words])}."
    )


def of_one(name: str) -> UserError:
    """Refuse what belongs to one check beside the list of all."""
    return UserError(
        f"“mark list” takes no {name}=.", f"Leave {name}= out, or say what to mark instead of “list”."
    )


def no_launcher(terms: Terms) -> UserError:
    """Say that nothing can be kept of a run of which nobody knows the launcher."""
    return UserError(
        f"It is not known which {terms.launcher.one} this {terms.run.one} is of, so nothing can be kept of its {terms.check.many}.",
        f"Mark it in another {terms.run.one} of the same {terms.launcher.one}.",
    )


def too_long(name: str, most: int) -> WrongValue:
    """Refuse an overlong link."""
    return WrongValue(
        name, f"is too long: a link may have {most} characters.", "https://jira.example.com/browse/JIRA-12"
    )


def not_a_link(text: str, name: str) -> WrongValue:
    """Refuse an address with another scheme, or one that cannot be shown as a link."""
    return WrongValue(
        name, f"is “{text[:_SHOWN]}”; a link must begin with https:// and hold no user name or blanks.",
        "https://jira.example.com/browse/JIRA-12", "JIRA-12",
    )  # fmt: skip


def not_a_ticket(text: str, name: str) -> WrongValue:
    """Refuse what is neither a link nor the id of a ticket."""
    return WrongValue(
        name, f"is “{text[:_SHOWN]}”; that is neither a link nor the id of a ticket.",
        "https://jira.example.com/browse/JIRA-12", "JIRA-12",
    )  # fmt: skip
