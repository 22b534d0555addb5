"""What is wrong with a command as it was typed or filled in, and how to give it right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.errors import Correction, Part, UserError
from bot.replies.meant import mistaken
from bot.replies.wording import listed

LISTED = "“help” lists all commands."
_SHOWN = 60  # characters of what was typed that a sentence quotes


def unknown_verb(word: str, verbs: Iterable[str], uses: Sequence[tuple[str, str]] = ()) -> UserError:
    """Answer a word that is no verb; `uses`: verbs that take it, each with how it is typed behind them."""
    problem = f"Unknown command “{word[:_SHOWN]}”."
    return mistaken(problem, word, verbs, _belongs(uses) or LISTED, part=Part.VERB)


def no_help(word: str, verbs: Iterable[str], uses: Sequence[tuple[str, str]] = ()) -> UserError:
    """Answer a request to explain a word that is no verb; `uses` as there."""
    problem = f"Unknown command “{word[:_SHOWN]}”."
    return mistaken(problem, word, verbs, _belongs(uses) or LISTED, name="verb")


def _belongs(uses: Sequence[tuple[str, str]]) -> str:
    """Say to which verbs a word belongs: somebody who read it on a card looks for a command of that name."""
    return " ".join(
        f"It belongs to {verb}: “{verb} {typed}”; “help {verb}” says more." for verb, typed in uses
    )


def given_twice(name: str, other: str = "") -> UserError:
    """Refuse a parameter that is there twice; `other`: the name that it has the second time, where that differs."""
    once_as = f", once as “{other[:_SHOWN]}=”" if other else ""
    return UserError(f"“{name[:_SHOWN]}=” is given twice{once_as}.", "Give it once.")


def quote_not_closed(text: str) -> UserError:
    """Refuse a quote that never ends; `text` begins with it."""
    return UserError(
        f"This quote is never closed: {text[:_SHOWN]}",
        'Close it, as in description="two words", or remove it.',
    )


def unknown_name(verb: str, name: str, known: Collection[str], others: Collection[str]) -> UserError:
    """Answer a named value that a verb does not know, naming those it does; `others`: second names of some of them."""
    takes = f"{verb} takes {', '.join(known)}." if known else f"{verb} takes no named parameters."
    return mistaken(
        f"{verb} has no parameter “{name[:_SHOWN]}=”.",
        name,
        [*known, *others],
        takes,
        part=Part.NAME,
        name=name,
    )


def not_taken(name: str, connections: Sequence[str]) -> UserError:
    """Refuse a value that another connection has a use for, and the one that is meant has none."""
    return UserError(f"“{name}=” means nothing on {listed([*connections])}.", f"Leave “{name}=” out.")


def beside(name: str, other: str) -> UserError:
    """Refuse a value that would be ignored beside another one."""
    return UserError(f"“{name}=” means nothing beside “{other}=”.", "Leave one of them out.")


def no_further_words(verb: str, words: str) -> UserError:
    """Refuse bare words behind a verb that takes none."""
    return UserError(f"{verb} takes no arguments, but “{words[:_SHOWN]}” was given.")


def given_both_ways(verb: str, words: str, name: str, value: str) -> UserError:
    """Refuse bare words beside the named value that they stand for."""
    return UserError(
        f"{verb} got both “{words[:_SHOWN]}” and {name}=“{value[:_SHOWN]}”.",
        "Give only one of them. Put text with spaces in quotes.",
    )


def words_behind(name: str, typed: str, value: str, behind: str) -> UserError:
    """Ask whether bare words behind a named value belong to it, showing how it was understood."""
    whole = f"{value} {behind}"
    return UserError(
        f"It is unclear what “{behind[:_SHOWN]}” after {typed}={value[:_SHOWN]} belongs to.",
        f'If it belongs to {typed}, use quotes: {typed}="{whole[:_SHOWN]}". Otherwise put it before {typed}=.',
        corrections=(Correction(Part.VALUE, whole, name),),
    )


def no_value(name: str) -> UserError:
    """Refuse a name behind which nothing stands."""
    return UserError(f"{name}= has no value.", f"Give one, or leave {name}= out.")


def secret_taken_out(name: str, mask: str) -> UserError:
    """Refuse to change something by a value that a secret was taken out of."""
    return UserError(
        f"“{name[:_SHOWN]}=” has “{mask}” in the place of what looks like a secret. Messages stay in the "
        "chat, so Clew does not accept it.",
        "Remove it. Secrets that a run needs belong in the launcher's own settings.",
    )


def no_connection(name: str, known: Iterable[str]) -> UserError:
    """Answer a connection that the settings do not have."""
    return UserError(f"There is no connection “{name[:_SHOWN]}”.", f"Known connections: {', '.join(known)}.")


def no_option(name: str) -> str:
    """Say that there is no such option."""
    return f"No such option: {name}"


def wrong_options(command: str, problem: str) -> UserError:
    """Say what is wrong with the options of a command of the console script."""
    return UserError(f"{problem.rstrip('.')}.", f"`clew {command} --help` shows what it takes.")
