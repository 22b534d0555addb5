"""Read a command as its verb means it; what would be dropped or guessed is refused with a question."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from bot import grammar, moments
from bot.cards import LINES, Command, FieldKind
from bot.command import ENTRY, PASTED_INTO, PROPERTY, Verb
from bot.errors import UserError
from bot.parsed import ParsedCommand, Pasted
from bot.redact import MASK, is_secret
from bot.replies import commands as replies
from bot.replies.pasting import written_paste

TEST = "test"  # what many platforms call a check
_NUMBER = re.compile(r"(?:[\w-]{1,64}/)?[0-9]{1,20}", re.ASCII)  # a short id, maybe with its connection
_PROSE = frozenset({"description", "antithesis.description"})  # for people: a mask says enough to them
_SPACED = {FieldKind.TEXT, FieldKind.BRANCH, *LINES, FieldKind.IMAGE, FieldKind.LAUNCHER, FieldKind.PROPERTY}


def as_meant(verb: Verb, parsed: ParsedCommand) -> ParsedCommand:
    """Read what bare words stand for beside the parameter that takes them."""
    parsed = _without_emptied(verb, _with_flags(verb, by_names(verb, parsed)))
    return _with_entry(verb, verb.reread(parsed) if verb.reread else parsed)


def typed(verb: Verb, parsed: ParsedCommand) -> Command | None:
    """Return what was typed as values by name.

    None where something would be left out, as no parameter takes it, where words around a paste would be read as others
    beside it, and where it holds what no message may keep: a report link, or a value whose name says that it is a secret.
    """
    parsed = as_meant(verb, parsed)
    own, pasted, bare = verb.positional, parsed.pasted, parsed.bare
    if any(is_secret(name) for name in parsed.named) or (pasted and pasted.report_url):
        return None
    if not pasted and not bare:
        return Command(verb.name, parsed.named)
    if own is None or (pasted and own.kind not in PASTED_INTO):
        return None
    if own.name in parsed.named:
        if bare or not pasted:
            return None
        bare = parsed.named[own.name]
    if pasted:
        bare = _with_paste(pasted, bare)
        if _read_alone(bare) != bare:
            return None
    return Command(verb.name, {own.name: bare, **{n: v for n, v in parsed.named.items() if n != own.name}})


def _with_paste(pasted: Pasted, words: str) -> str:
    """Write a paste before the words that stood around it, as `moments.read` leaves those."""
    return " ".join(filter(None, (written_paste(pasted), words.strip(" \n,;"))))


def _read_alone(text: str) -> str | None:
    """Return how a text with a paste in it is read by itself, None where there is none in it."""
    try:
        pasted, words = moments.read(text)
    except UserError:
        return None
    return _with_paste(pasted, words) if pasted else None


def written(verb: Verb, values: Mapping[str, str]) -> str:
    """Write a verb and its values as a person can type them: they are read as the same values again."""
    own = verb.positional
    bare = values.get(own.name, "") if own else ""
    if verb.prose:
        return f"{verb.name} {bare}".strip()
    if own is None or not bare:
        return grammar.written(verb.name, "", values)
    short = grammar.written(verb.name, bare, {name: v for name, v in values.items() if name != own.name})
    if grammar.is_plain(bare):
        alone = ParsedCommand(verb=verb.name, positional=(bare,))
        same = typed(verb, alone) == Command(verb.name, {own.name: bare})
    else:  # a paste has quotes of its own, and is easier to read without others around them
        same = _read_alone(bare) == bare and _read_typed(verb, short) == Command(verb.name, values)
    return short if same else grammar.written(verb.name, "", values)


def _read_typed(verb: Verb, text: str) -> Command | None:
    try:
        return typed(verb, grammar.split(text))
    except UserError:
        return None


def _without_emptied(verb: Verb, parsed: ParsedCommand) -> ParsedCommand:
    """Read `run="..."` of which a paste was all as the paste alone: a name without a value says something else."""
    own = verb.positional
    if own is None or parsed.pasted is None or parsed.named.get(own.name, "?").strip():
        return parsed
    return replace(parsed, named={name: value for name, value in parsed.named.items() if name != own.name})


def _with_flags(verb: Verb, parsed: ParsedCommand) -> ParsedCommand:
    """Read a bare word that names a flag of this verb as a yes, not as the run or launcher that is meant."""
    flags = {p.name for p in verb.parameters if p.kind is FieldKind.FLAG} - parsed.named.keys()
    said = [word for word in parsed.positional if word in flags]
    if not said:
        return parsed
    return replace(without(parsed, said), named={**parsed.named, **dict.fromkeys(said, "yes")})


def _with_entry(verb: Verb, parsed: ParsedCommand) -> ParsedCommand:
    """Read a bare number as the failing property with it in the list: ids and launchers are no such number."""
    *before, last = parsed.positional or ("",)
    takes = _takes_check(verb) and PROPERTY not in parsed.named
    of_run = not before or (len(before) == 1 and (names_run(before[0]) or _NUMBER.fullmatch(before[0])))
    if not (takes and of_run and ENTRY.fullmatch(last)):
        return parsed
    return replace(without(parsed, [last]), named={**parsed.named, PROPERTY: last})


def by_names(verb: Verb, parsed: ParsedCommand) -> ParsedCommand:
    """Read parameters by their own names: `test=` is another one of `property=`, and so is what a platform calls a thing."""
    others = _others(verb)
    given = [name for name in parsed.named if name in others]
    if not given:
        return parsed
    twice = next((name for name in given if others[name] in parsed.named), None)
    if twice is not None or len({others[name] for name in given}) < len(given):
        raise replies.given_twice(others[twice or given[-1]], twice or given[-1])
    return replace(
        parsed,
        named={others.get(name, name): value for name, value in parsed.named.items()},
        strays=tuple((others.get(name, name), word) for name, word in parsed.strays),
        typed={others[name]: name for name in given},
    )


def _others(verb: Verb) -> Mapping[str, str]:
    """Return the parameters' own names, by the other ones that they may be given by."""
    return {**verb.nouns, **({TEST: PROPERTY} if _takes_check(verb) else {})}


def _takes_check(verb: Verb) -> bool:
    return any(p.name == PROPERTY for p in verb.parameters)


def check_names(verb: Verb, parsed: ParsedCommand) -> None:
    """Refuse a named value that the verb does not know, naming those it does."""
    if verb.open_names:
        return
    known = [p.name for p in verb.parameters]
    unknown = [name for name in parsed.named if name not in known and name not in verb.untaken]
    if unknown:
        raise replies.unknown_name(verb.name, unknown[0], known, _others(verb))


def check_given(verb: Verb, parsed: ParsedCommand) -> None:
    """Refuse to change something by a name without a value: what is left is wider than what was meant.

    A shell makes one of a variable that is not set. A platform's own parameters may be empty.
    """
    empty = [name for name, value in parsed.named.items() if not value.strip()]
    if empty and verb.changes and not verb.open_names:
        raise replies.no_value(parsed.as_typed(empty[0]))


def check_words(verb: Verb, parsed: ParsedCommand, values: Mapping[str, str]) -> None:
    """Refuse bare words that would be dropped, or of which nobody can tell what they belong to."""
    own = verb.positional
    if not parsed.positional or (own and own.kind is FieldKind.LONG_TEXT):
        return
    if own is None:
        raise replies.no_further_words(verb.name, parsed.bare)
    leading = len(parsed.positional) > len(parsed.strays)
    for name, word in parsed.strays:
        if leading or (_spaced(verb, name, parsed.named[name]) and not names_run(word)):
            raise _stray(parsed, name)
    if own.name in parsed.named or own.name in values:
        given = values.get(own.name) or parsed.named[own.name]
        raise replies.given_both_ways(verb.name, parsed.bare, parsed.as_typed(own.name), given)


def check_secrets(verb: Verb, parsed: ParsedCommand, values: Mapping[str, str]) -> None:
    """Refuse to change something by a value that a secret was taken out of: the rest is not what was meant."""
    if not verb.changes:
        return
    bare = {verb.positional.name: parsed.bare} if verb.positional else {}
    given = {**bare, **parsed.named, **values}
    held = next((name for name, value in given.items() if MASK in value and name not in _PROSE), None)
    if held is not None:
        raise replies.secret_taken_out(parsed.as_typed(held), MASK)


def _spaced(verb: Verb, name: str, value: str) -> bool:
    """Whether a value may have been meant to go on behind a space."""
    kind = next((p.kind for p in verb.parameters if p.name == name), FieldKind.TEXT)
    return kind in _SPACED or value.endswith((",", ";"))


def without(parsed: ParsedCommand, taken: Collection[str]) -> ParsedCommand:
    """Return the command without some of its bare words."""
    return replace(
        parsed,
        positional=tuple(word for word in parsed.positional if word not in taken),
        strays=tuple(stray for stray in parsed.strays if stray[1] not in taken),
    )


def names_run(word: str) -> bool:
    """Whether a word by itself can only be meant as a run."""
    return word.casefold() == "latest" or moments.is_platform_id(word)


def _stray(parsed: ParsedCommand, name: str) -> UserError:
    """Ask whether bare words behind a named value belong to it, showing how it was understood."""
    behind = " ".join(word for before, word in parsed.strays if before == name)
    return replies.words_behind(name, parsed.as_typed(name), parsed.named[name], behind)
