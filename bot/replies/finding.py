"""What the bot says when a text does not name the one run or moment that is needed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from bot.cards import Line, Untrusted
from bot.cleaning import shorten
from bot.errors import Correction, Part, UserError
from bot.model import Moment, Run
from bot.replies.meant import did_you_mean, mistaken
from bot.replies.wording import count, listed, number_of, short_id, stopped, virtual
from bot.terms import Noun, Terms, worded
from bot.wordlike import nearest

GIVE_RUN = "Give a run id, “latest” or a launcher's exact name. In a run's thread you can leave it out."
FAILING_LISTS = "“failing” lists them."
_SHOWN = 60  # characters of what was typed that a sentence quotes
_OFFERED = 5  # launchers that are offered for a part of a name
_SHORTEST_PART = 2  # characters that may be meant as one


def several_runs(number: int) -> UserError:
    """Ask which of several runs is meant."""
    return UserError(f"That text names {number} runs.", "Use “status” with the one you mean.")


def of_another(run: Run, launcher: str, name: str) -> UserError:
    """Say that the run that is named is not one of the launcher that is named with it, by the parameter `name`."""
    return UserError(
        f"Run {short_id(run.ref.run_id)} belongs to the launcher “{shorten(run.launcher, _SHOWN)}”, not “{shorten(launcher, _SHOWN)}”.",
        f"Leave “{name}=” out, or use “latest” for the newest run of {shorten(launcher, _SHOWN)}.",
    )


def of_a_list(name: str) -> UserError:
    """Say that a parameter does not go with one run."""
    return UserError(f"“{name}=” is for the list of recent runs.", f"Leave out either “{name}=” or the run.")


changes_of_one = partial(
    UserError, "“changes=” is for one run.", "Name the run, or use “changes=yes” in its thread."
)


def nothing_named(text: str, most: int, terms: Terms, *, moments: bool) -> UserError:
    """Say that a text, or no text at all, names no run; of a longer text than `most` characters only so much is read.

    `moments`: some platform has those.
    """
    how = worded(GIVE_RUN, terms)
    if not text.strip():
        return UserError("What are you looking for?", how)
    where = f"the first {most:,} characters of that text" if len(text) >= most else "that text"
    return UserError(f"No {terms.run.one}{' or moment' if moments else ''} was found in {where}.", how)


def no_such_id(run_id: str, terms: Terms, *, sessions: bool) -> str:
    """Say that an id belongs to no run, neither as its own nor, where it can be one, as its session's."""
    also = ", and no recent run has a session with that id" if sessions else ""
    return f"There is no {terms.run.one} {run_id[:_SHOWN]}{also}."


def foreign_address(terms: Terms) -> UserError:
    """Answer a web address that leads to no run of any connection."""
    like = f", for example {terms.run_id}" if terms.run_id else ""
    run = terms.run.one
    return UserError(
        f"That address is not known to lead to a {run} of a connection.", f"Give the {run}'s id{like}."
    )


_NUMBERS = {2: "Two", 3: "Three", 4: "Four"}


def several_have(what: str, runs: Sequence[str]) -> UserError:
    """Ask in which connection a run is meant that several have; each with its connection, to be chosen from."""
    corrections = tuple(Correction(Part.VALUE, run, "run") for run in runs)
    number = _NUMBERS.get(len(runs), str(len(runs)))
    return UserError(
        f"{number} connections have {shorten(what, _SHOWN)}: {', '.join(runs)}.",
        "Use one of these.",
        corrections=corrections,
    )


def not_asked(connection: str, problem: str) -> Line:
    """Say beside what was found elsewhere that a connection did not answer."""
    return ("The connection ", Untrusted(connection), " could not be asked: ", Untrusted(stopped(problem)))


def lists_none(connection: str, terms: Terms) -> Line:
    """Say that of one of several connections only the runs are listed that are known here."""
    return (
        Untrusted(connection),
        f" lists no {terms.run.many}, so only those that Clew knows of are shown.",
    )


def looked_through(connection: str, number: int, terms: Terms) -> Line:
    """Say how far a list was looked through where it goes on."""
    newest = number_of(number, terms.run)
    return ("Of ", Untrusted(connection), f", only the newest {newest} were looked through.")


def not_told(connection: str, number: int, terms: Terms) -> Line:
    """Say of how many runs it is not known whether they belong to a list."""
    are = "1 {} is" if number == 1 else f"{number:,} {{}} are"
    left_out = are.format(terms.run.one if number == 1 else terms.run.many)
    return (
        "Of ",
        Untrusted(connection),
        f", {left_out} left out, as it is not known whether they belong here.",
    )


def sources(wanted: str, there: Collection[str]) -> tuple[Line, ...]:
    """Say which sources there are where none is the one that is asked for."""
    if not there:
        return ()
    some = sorted(there)[:_OFFERED]
    close = did_you_mean(nearest(wanted, there))
    names: Line = tuple(span for n, name in enumerate(some) for span in (", " if n else "", Untrusted(name)))
    more = f" and {len(there) - len(some):,} more" if len(there) > len(some) else ""
    return ((*((Untrusted(close), " ") if close else ()), "There are ", *names, f"{more}."),)


def followed(terms: Terms) -> Line:
    """Say that a run is followed since somebody asked for it."""
    return (f"Clew now follows this {terms.run.one} and notifies channels that watch it when it ends.",)


def not_everywhere(problem: str, asked: Sequence[str], down: Sequence[str]) -> str:
    """Say how far it is known that there is no such thing: not where a connection did not answer."""
    where = f"This is known of {listed([*asked])} only" if asked else "This is not known"
    return f"{problem} {where}: {listed([*down])} did not answer."


def begins_no_recent(start: str) -> UserError:
    """Say that a shortened id fits none of the runs that it was looked for in: an older one may have it."""
    return UserError(
        f"No recent run or session has an id that starts with “{start[:_SHOWN]}”.",
        "For an older run, give the full id; “status” shows recent runs.",
    )


about_no_run = partial(
    UserError, "That message is not about one run.", "Use the shortcut on a message about a single run."
)


def which_run(terms: Terms) -> UserError:
    """Ask for a run."""
    return UserError(worded("Which run?", terms), worded(GIVE_RUN, terms))


run_of_moment = partial(UserError, "That moment does not say which run it is in.", GIVE_RUN)


def no_run_of(what: str) -> UserError:
    """Say that no recent run belongs to a pasted link; `what`: "report" or "session"."""
    return UserError(
        f"No recent run belongs to that {what}.",
        "It may be older or belong to another tenant. Give the run id, which is at the bottom of the report.",
    )


no_run_of_session_moment = partial(
    UserError,
    "That moment names a debugging session id, and no recent run belongs to it.",
    "Also give the run id, which is at the bottom of the report.",
)


def too_short(start: str, least: int) -> UserError:
    """Refuse the beginning of an id that is too short."""
    return UserError(
        f"“{start}” is too short to identify a run.", f"Give at least {least} characters of the run id."
    )


def several_begin(start: str, ids: Sequence[str]) -> UserError:
    """Ask which of the runs is meant whose ids begin alike."""
    corrections = tuple(Correction(Part.VALUE, run_id, "run") for run_id in ids)
    return UserError(
        f"{len(ids)} runs begin with “{start}”.", "Give more of the run id.", corrections=corrections
    )


def neither_run_nor_launcher(text: str, launchers: Sequence[str], terms: Terms) -> UserError:
    """Answer a text that names no run; offer the launchers whose names hold it, else the nearest."""
    problem = f"“{text[:_SHOWN]}” is {worded('neither a run nor a launcher', terms)}."
    holding = list(dict.fromkeys(name for name in launchers if text.casefold() in name.casefold()))
    if len(text) < _SHORTEST_PART or not holding:
        return mistaken(problem, text, ["latest", *launchers], worded(GIVE_RUN, terms), name="run")
    shown = holding[:_OFFERED]
    more = f" and {len(holding) - _OFFERED} more" if len(holding) > _OFFERED else ""
    corrections = tuple(Correction(Part.VALUE, name, "run") for name in shown)
    return UserError(problem, f"It could mean {', '.join(shown)}{more}.", corrections=corrections)


def no_runs(terms: Terms) -> UserError:
    """Say that there is nothing yet."""
    return UserError(worded("There are no runs yet.", terms), "Start one with “launch”.")


def no_runs_of(launcher: str, known: Sequence[str], terms: Terms, *, whole: bool = True) -> UserError:
    """Say that a launcher has no newest run; not `whole`: where its runs are not listed, none that is known here."""
    shown = f"the {terms.launcher.one} “{shorten(launcher, _SHOWN)}”"
    none = f"T{shown[1:]} has no {terms.run.many}."
    problem = none if whole else f"Clew knows of no {terms.run.many} of {shown}."
    return mistaken(problem, launcher, known, worded(GIVE_RUN, terms), name="run")


def no_moment(why: str) -> UserError:
    """Answer a command that needs a moment, of a run that has none; `why` is a sentence."""
    return UserError(why, "“failing” shows what is known; “logs” shows the build log.")


def moment_again(stale: Moment) -> str:
    """Say that a moment went stale, and that another one of the same property is shown."""
    return f"The moment at {virtual(stale)} is no longer known there. This is the earliest one of the same property now."


no_pinned_moment = partial(
    UserError,
    "The moment 0/0 stands for “no moment”: this run has no pinned failure moment.",
    "Use `logs RUN build=yes` to see its build log.",
)


def several_checks(number: int, wanted: str, check: Noun) -> UserError:
    """Ask which of several failing properties is meant."""
    return UserError(
        f"{number} failing {check.many} match “{wanted[:_SHOWN]}”.",
        "Give more of the name or its number in “failing”.",
    )


def no_check(wanted: str, failing: Sequence[str], check: Noun) -> UserError:
    """Say that nothing that fails is called like this."""
    problem = f"No failing {check.one} matches “{wanted[:_SHOWN]}”."
    return mistaken(problem, wanted, failing, FAILING_LISTS, name="property")


def no_entry(number: int, failing: int, terms: Terms) -> UserError:
    """Say that the list of failing properties is shorter."""
    check = terms.check
    there = count(failing, f"{check.one} fails", f"{check.many} fail")
    return UserError(f"There is no entry {number}: {there} in this {terms.run.one}.", FAILING_LISTS)


def check_without_moment(name: str, terms: Terms) -> UserError:
    """Say that a property is judged on the whole run."""
    return UserError(
        f"“{shorten(name, _SHOWN)}” has no moment: it is judged on the whole {terms.run.one}.",
        f"Choose another {terms.check.one} from “failing”.",
    )


def which_check(terms: Terms) -> UserError:
    """Ask which check is meant."""
    return UserError(
        f"It is not clear which {terms.check.one} is meant.",
        f"Add {terms.named('property')}=NUMBER from “failing”, or its name.",
    )
