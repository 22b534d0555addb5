"""What is wrong with a command as it was typed or filled in, and how to give it right."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bot.errors import Correction, Part, UserError
from bot.replies.meant import mistaken

LISTED = "“help” lists all commands."
_SHOWN = 60  # characters of what was typed that a sentence quotes


def unknown_verb(word: str, verbs: Iterable[str]) -> UserError:
    """Answer a word that is no verb."""
    return mistaken(f"Unknown command “{word[:_SHOWN]}”.", word, verbs, LISTED, part=Part.VERB)


def no_help(word: str, verbs: Iterable[str]) -> UserError:
    """Answer a request to explain a word that is no verb."""
    return mistaken(f"Unknown command “{word[:_SHOWN]}”.", word, verbs, LISTED, name="verb")


def given_twice(name: str, other: str = "") -> UserError:
    """Refuse a parameter that is there twice; `other`: the name that it has the second time, where that differs."""
    once_as = f", once as “{other[:_SHOWN]}=”" if other else ""
    return UserError(f"“{name[:_SHOWN]}=” is given twice{once_as}.", "Give it once.")


def quote_not_closed(text: str) -> UserError:
    """Refuse a quote that never ends; `text` begins with it."""
    return UserError(
        f"A quote is opened and never closed: {text[:_SHOWN]}",
        'Close it, like description="two words", or leave it out.',
    )


def unknown_name(verb: str, name: str, known: Collection[str]) -> UserError:
    """Answer a named value that a verb does not know, naming those it does."""
    takes = f"{verb} takes {', '.join(known)}." if known else f"{verb} takes no names."
    return mistaken(
        f"{verb} does not know “{name[:_SHOWN]}=”.", name, known, takes, part=Part.NAME, name=name
    )


def no_further_words(verb: str, words: str) -> UserError:
    """Refuse bare words behind a verb that takes none."""
    return UserError(f"{verb} takes no further words, but there is “{words[:_SHOWN]}”.")


def given_both_ways(verb: str, words: str, name: str, value: str) -> UserError:
    """Refuse bare words beside the named value that they stand for."""
    return UserError(
        f"{verb} has “{words[:_SHOWN]}” beside {name}=“{value[:_SHOWN]}”.",
        "Give one of them. A text of several words stands in quotes.",
    )


def words_behind(name: str, value: str, behind: str) -> UserError:
    """Ask whether bare words behind a named value belong to it, showing how it was understood."""
    whole = f"{value} {behind}"
    return UserError(
        f"“{behind[:_SHOWN]}” stands behind {name}={value[:_SHOWN]}, and it is not clear what it is.",
        f'If it belongs to {name}, use quotes: {name}="{whole[:_SHOWN]}". Else put it in front of {name}=.',
        corrections=(Correction(Part.VALUE, whole, name),),
    )


def secret_taken_out(name: str, mask: str) -> UserError:
    """Refuse to change something by a value that a secret was taken out of."""
    return UserError(
        f"“{name[:_SHOWN]}=” has “{mask}” in the place of what looks like a secret, and what is said in a "
        "chat stays there: Clew does not take it.",
        "Leave it out; what a run needs of that kind is set in the launcher itself.",
    )


def no_connection(name: str, known: Iterable[str]) -> UserError:
    """Answer a connection that the settings do not have."""
    return UserError(f"There is no connection “{name[:_SHOWN]}”.", f"Connections are: {', '.join(known)}.")
