"""Whom messages mention, and why: the words before a name, and what the bot says of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.cards import Button, Card, Command, Item, Line, Reply, Span, Tone, Untrusted, joined
from bot.cleaning import shorten
from bot.errors import Correction, Part, UserError
from bot.replies.wording import count, listed, sentence
from bot.state import Addressee, MentionRule, Outcome
from bot.terms import Noun

LAUNCHED_BY = "Launched by"
FOR = "For"  # whom a rule of the channel mentions
REOPENED = "Reopened, owned by"
YOU = "you"  # whoever sits at the terminal
OFF = "off"
_SHOWN = 60  # characters of what was typed that a sentence quotes
_HOW = 'Examples: mention=me, mention="@oncall on incomplete", mention="@backend for ledger*", mention="@backend off"'
_NEW, _ANY = frozenset({Outcome.NEW_FAILURES}), frozenset({Outcome.ALL})
_ENDS = {
    Outcome.FAILURES: "failures",
    Outcome.NEW_FAILURES: "new failures",
    Outcome.INCOMPLETE: "incomplete runs (environment problems too)",
    Outcome.RECOVERY: "the first run that passes again",
}


# What cannot be done ------------------------------------------------------------------------------------


def nobody_named(text: str) -> UserError:
    """Answer a text that names nobody."""
    return UserError(f"mention= is “{shorten(text, _SHOWN)}”, which names nobody to mention.", _HOW)


def nobody_there(typed: str) -> UserError:
    """Answer a name that is nobody's id in this chat: names can be taken by anybody, so none is looked for."""
    return UserError(
        f"“{shorten(typed, _SHOWN)}” is nobody whom this chat can mention.",
        "Type @ and pick a name from the list that opens, so that the chat says who is meant. Or give me, or an id.",
    )


def not_everybody() -> UserError:
    """Refuse to mention all who read a channel."""
    return UserError(
        "Clew never mentions a whole channel or server.", "Mention a person, a user group or a role."
    )


def elsewhere(who: str) -> UserError:
    """Answer an id of another chat, workspace or server."""
    return UserError(f"“{shorten(who, _SHOWN)}” is not of this channel's chat.", "Mention somebody who is.")


def gone(there: Addressee) -> UserError:
    """Refuse to mention somebody who is not there any more."""
    return UserError(f"{shorten(there.name or there.id, _SHOWN)} cannot be mentioned. {there.problem}")


def not_an_end(word: str, known: Sequence[str]) -> UserError:
    """Answer a word that is no end of a run."""
    return UserError(
        f"mention= does not know “{shorten(word, _SHOWN)}”.", f"After “on” it takes {', '.join(known)}."
    )


def contradiction(check: Noun) -> UserError:
    """Refuse a pattern beside an end that no check stands for."""
    return UserError(
        f"“for” names {check.many} that fail, so “on” takes only failures or new-failures beside it.",
        "Give two mentions, with ; between them.",
    )


def fits_all(pattern: str, known: int, check: Noun) -> UserError:
    """Ask about a pattern that says nothing. `known`: how many names are known, all of which it fits."""
    what = f"all {known:,} known {check.many}" if pattern.strip("* ") else "every name"
    return UserError(
        f"“{shorten(pattern, _SHOWN)}” fits {what}. Nobody is mentioned yet.",
        "Leave out “for …” to mention somebody for any new failure. To mention them by this pattern, add keep=yes.",
        corrections=(Correction(Part.FLAG, "Mention anyway", "keep"),),
    )


def too_long(most: int) -> UserError:
    """Refuse a pattern that no list could show."""
    return UserError(f"A pattern has at most {most} characters.", "Put * for the rest of the name.")


def too_many(most: int) -> UserError:
    """Refuse one more rule."""
    return UserError(
        f"A channel has at most {most} mentions.",
        "End one with “off” behind its name; “watching” lists them.",
    )


def not_there(name: str) -> UserError:
    """Answer an “off” that ends nothing; `name`: whom it is about, "" for everybody."""
    whom = f" of {shorten(name, _SHOWN)}" if name else ""
    return UserError(
        f"No mention{whom} made here is about these runs.",
        "“watching” lists them; those of the settings file end there.",
    )


# What is so ---------------------------------------------------------------------------------------------


def described(rule: MentionRule, check: Noun) -> Line:
    """Say whom a rule mentions for what."""
    parts: list[Span] = [_name(rule), " for ", *_for(rule, check)]
    for word, value in ((" of ", rule.launcher), (" from source ", rule.source), (" on ", rule.connection)):
        if value is not None:
            parts += [word, Untrusted(value)]
    return tuple(parts)


def _for(rule: MentionRule, check: Noun) -> Line:
    if rule.pattern is not None:
        new = "new " if rule.outcomes <= _NEW else ""
        return (f"{new}failures of {check.many} named like ", Untrusted(rule.pattern, code=True))
    if Outcome.ALL in rule.outcomes:
        return ("every finished run",)
    return (listed([_ENDS[outcome] for outcome in _ENDS if outcome in rule.outcomes]),)


def changed(
    made: Sequence[MentionRule], ended: Sequence[MentionRule], notes: Iterable[Line], check: Noun
) -> tuple[Line, ...]:
    """Say which rules were made and which ended. `notes`: whole sentences about them."""
    return (
        *(sentence("Posts here mention ", *described(rule, check)) for rule in made),
        *(sentence("Posts here no longer mention ", *described(rule, check)) for rule in ended),
        *notes,
    )


def with_changes(reply: Reply, lines: tuple[Line, ...], *, alone: bool) -> Reply:
    """Add what became of the rules to what is said of the subscription; `alone`: of that nothing changed."""
    card = reply.card
    said = (*joined(lines, " "), " ")
    title: Line = ("Mentions changed",) if alone else card.title
    return replace(
        reply, card=replace(card, title=title, text=(*said, *card.text), body=(*lines, *card.body))
    )


def only(lines: tuple[Line, ...]) -> Reply:
    """Say what became of the rules where nothing else was asked for."""
    return Reply(card=Card(title=("Mentions changed",), text=joined(lines, " "), tone=Tone.GOOD, body=lines))


def unknown_so_far(pattern: str, check: Noun) -> Line:
    """Say of a pattern that nothing known is of it."""
    return (f"None of the known {check.many} is named like ", Untrusted(pattern, code=True), ".")


def trouble(there: Addressee) -> Line:
    """Say why somebody may not be notified."""
    return (Untrusted(there.name or there.id), ": ", there.problem)


def item(rule: MentionRule, there: Addressee, check: Noun) -> Item:
    """Show a rule in the list of what a channel watches. `there`: what the chat tells of who is mentioned."""
    lines: list[Line] = [("From the settings file",)] if rule.from_settings else []
    lines += [(there.problem,)] if there.problem else []
    named = replace(rule, name=there.name or rule.name)
    end = Button(label="Stop mentioning", command=Command("watch", {"mention": _off(rule), **scope(rule)}))
    buttons = () if rule.from_settings else (end,)
    return Item(title=("Mentions ", *described(named, check)), lines=tuple(lines), buttons=buttons)


def scope(rule: MentionRule) -> dict[str, str]:
    """Return the values that name the same launcher, source and connection."""
    named = {"launcher": rule.launcher, "source": rule.source, "connection": rule.connection}
    return {name: value for name, value in named.items() if value is not None}


def _off(rule: MentionRule) -> str:
    pattern = f" for {rule.pattern}" if rule.pattern is not None else ""
    return f"{rule.who}{pattern} {OFF}"


def _name(rule: MentionRule) -> Untrusted:
    return Untrusted(rule.name or rule.who)


def unused(rule: MentionRule, days: int) -> tuple[str, str]:
    """Say to an operator that a rule has fitted nothing for long, and what helps."""
    what = f" for “{shorten(rule.pattern, _SHOWN)}”" if rule.pattern is not None else ""
    found = f"{rule.who} in {rule.channel}: no run in {count(days, 'day')} was one to mention them{what} for"
    return found, f"Check the rule, or end it{_where(rule)}."


def looked_up(rule: MentionRule, there: Addressee) -> tuple[str, str]:
    """Say to an operator what a chat tells of somebody whom posts mention, and what helps, "" where nothing has to be done."""
    who = f"{shorten(there.name, _SHOWN)} ({rule.who})" if there.name else rule.who
    if not there.problem:
        return f"{who} can be mentioned in {rule.channel}", ""
    found = f"{who} is mentioned in {rule.channel}: {there.problem}"
    if there.problem == SILENT:
        return found, "Turn that on, or mention somebody else."
    return found, f"Mention somebody else, and end this{_where(rule)}." if there.gone else ""


def _where(rule: MentionRule) -> str:
    return " under [[mention]] in clew.toml" if rule.from_settings else " there with “watching”"


# What chats find out ------------------------------------------------------------------------------------

LEFT = "They have left, or the account is no person's."
DISABLED = "The group is disabled."
NO_SUCH_ROLE = "There is no such role in this server."
NOT_A_MEMBER = "They are not in this server."


def not_told(chat: str) -> str:
    """Say that a chat did not say whether somebody is there."""
    return f"{chat} did not say whether they are still there."


SILENT = (
    "Nobody is notified unless “Allow anyone to @mention this role” is on in the server's settings, "
    "or the bot may mention all roles."
)
