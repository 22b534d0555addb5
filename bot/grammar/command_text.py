"""Split a command text, as a person typed it, into a verb, positional words, named values and a pasted moment.

VERB [WORD ...] [name=value ...] [a pasted moment or link, anywhere]

`name="two words"` takes straight or curly quotes; `--name value` and `--name=value` say the same. A quote
inside a word is a letter like any other, so is a leading `-`.

Words that came apart elsewhere (a shell's argv) are read by `of_arguments`: each is one value, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot import moments
from bot.parsed import ParsedCommand, Pasted
from bot.replies import commands as replies

_VERB = re.compile(r"([A-Za-z][A-Za-z-]{0,40})[?!.,:]?(?=\s|$)", re.ASCII)
_NAME = re.compile(r"(?:--)?([A-Za-z][A-Za-z0-9_.-]*)=")
_OPTION = re.compile(r"--([A-Za-z][A-Za-z0-9_.-]*)(?=\s|$)")
_QUOTED = re.compile(r'"((?>(?:[^"\\]|\\.)*))"|' + r"'((?>(?:[^'\\]|\\.)*))'", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["'\\])""")
_WORD = re.compile(r"\S*+")
_SPACE = re.compile(r"\s*+")
_PLAIN = re.compile(  # needs no quotes: a word, a number, a moment
    r"[A-Za-z0-9_][A-Za-z0-9_/-]{0,80}|[0-9]{1,9}\.[0-9]{1,9}|-?[0-9]{1,20},[0-9]{1,9}(?:\.[0-9]{1,40})?",
    re.ASCII,
)


def split(text: str, prose: Collection[str] = ()) -> ParsedCommand:
    """Read a command as typed. Raises `UserError` for an open quote, a doubled name, a bad or doubled moment.

    `prose`: verbs behind which everything is one text: nothing in it is a name, a flag, a quote or a moment.
    """
    text = _unwrapped(text)
    verb, after = _verb(text)
    if verb in prose:
        return _prose(verb, after)
    pasted, rest = moments.read(after)
    if not verb and pasted is not None:
        verb, rest = _verb(rest)
    if not verb and pasted is None and moments.is_platform_id(rest):
        pasted, rest = Pasted(run_id=rest), ""
    return _read(verb, _parts(rest), pasted)


def first_verb(text: str) -> str:
    """Return what `split` takes for the verb where a command begins with one, else ""."""
    return _verb(_unwrapped(text))[0]


def of_arguments(text: str, arguments: Sequence[str], prose: Collection[str] = ()) -> ParsedCommand:
    """Read a verb and words that came apart already: each is a bare word or one `name=value`, with no quotes to undo.

    Raises `UserError` like `split`; `prose` as there.
    """
    verb, rest = _verb(text)
    if verb in prose:
        return _prose(verb, " ".join((rest, *arguments)))
    parsed = _read(
        verb if not rest else "", _of_arguments([*([text] if rest or not verb else []), *arguments]), None
    )
    pasted, left = moments.read(parsed.bare)
    if pasted is None:
        return parsed
    return replace(parsed, positional=tuple(left.split()), pasted=pasted, strays=())


def _prose(verb: str, text: str) -> ParsedCommand:
    words = text.strip()
    return ParsedCommand(verb=verb, positional=(words,) if words else ())


def written(verb: str, bare: str, values: Mapping[str, str]) -> str:
    """Write a command so that `split` reads it again: `bare` needs no quotes."""
    return " ".join(word for word in (verb, bare, *map(named, values.items())) if word)


def named(pair: tuple[str, str]) -> str:
    """Write a name and its value as one word of a command."""
    name, value = pair
    return f"{name}={one_word(value)}"


def one_word(value: str) -> str:
    """Write a value as one word of a command, in quotes where it needs them."""
    return value if is_plain(value) else quoted(value)


def is_plain(value: str) -> bool:
    """Whether a value is read as one word without quotes."""
    return bool(_PLAIN.fullmatch(value))


def quoted(value: str) -> str:
    """Write a value so that `split` reads exactly it again behind `name=`."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unwrapped(text: str) -> str:
    """Drop blanks, and the backticks around a whole command that was sent as code."""
    text = text.strip("\u200b\ufeff \t\r\n")
    return text.strip("`").strip() if text.startswith("`") and text.endswith("`") else text


def _verb(text: str) -> tuple[str, str]:
    word = _VERB.match(text)
    if word is None or word.group(1).lower() in moments.OPENERS:
        return "", text
    return word.group(1).lower(), text[word.end() :]


def _read(verb: str, parts: Iterable[tuple[str | None, str]], pasted: Pasted | None) -> ParsedCommand:
    positional: list[str] = []
    values: dict[str, str] = {}
    strays: list[tuple[str, str]] = []
    for name, value in parts:
        if name is None:
            positional.append(value)
            strays += [(last, value)] if (last := next(reversed(values), None)) else []
        elif name in values:
            raise replies.given_twice(name)
        else:
            values[name] = value
    return ParsedCommand(
        verb=verb, positional=tuple(positional), named=values, pasted=pasted, strays=tuple(strays)
    )


def _of_arguments(arguments: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """Yield what `_parts` does of words that came apart already."""
    option: str | None = None
    for word in arguments:
        pair, flag = _NAME.match(word), _OPTION.fullmatch(word)
        waiting, option = option, None
        if waiting is not None:
            yield waiting, "true" if pair or flag else word
        if pair:
            yield _canonical(pair.group(1)), word[pair.end() :]
        elif flag:
            option = _canonical(flag.group(1))
        elif word and waiting is None:
            yield None, word
    if option is not None:
        yield option, "true"


def _parts(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield a name, None for a positional word, and its value."""
    at = _skip(text, 0)
    while at < len(text):
        name: str | None = None
        if named := _NAME.match(text, at):
            name, at = _canonical(named.group(1)), named.end()
            value, at = _value(text, at)
        elif option := _OPTION.match(text, at):
            name = _canonical(option.group(1))
            value, at = _option_value(text, _skip(text, option.end()))
        else:
            value, at = _value(text, at)
        yield name, value
        at = _skip(text, at)


def _option_value(text: str, at: int) -> tuple[str, int]:
    """Return the word behind an option; an option with no word of its own means yes."""
    if at == len(text) or text.startswith("--", at) or _NAME.match(text, at):
        return "true", at
    return _value(text, at)


def _value(text: str, at: int) -> tuple[str, int]:
    start = ""
    if text[at : at + 1] in {'"', "'"}:
        quote = _QUOTED.match(text, at)
        if quote is None:
            raise replies.quote_not_closed(text[at:])
        inner = quote.group(1) if quote.group(1) is not None else quote.group(2)
        start, at = _ESCAPED.sub(r"\1", inner), quote.end()
    end = _word_end(text, at)
    return start + text[at:end], end


def _canonical(name: str) -> str:
    return name if "." in name else name.lower().replace("-", "_")


def _skip(text: str, at: int) -> int:
    return at + len(_SPACE.match(text, at)[0])  # type: ignore[index]  # matches everywhere


def _word_end(text: str, at: int) -> int:
    return at + len(_WORD.match(text, at)[0])  # type: ignore[index]  # matches everywhere
