"""Split what a person typed into a verb, positional words, named values and a pasted moment.

VERB [WORD ...] [name=value ...] [a pasted moment or link, anywhere]

`name="two words"` takes straight or curly quotes; `--name value` and `--name=value` say the same. A quote
inside a word is a letter like any other, so is a leading `-`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot import moments
from bot.errors import UserError
from bot.model import NOTHING
from bot.moments import Pasted

_VERB = re.compile(r"([A-Za-z][A-Za-z-]{0,40})[?!.,:]?(?=\s|$)", re.ASCII)
_NAME = re.compile(r"(?:--)?([A-Za-z][A-Za-z0-9_.-]*)=")
_OPTION = re.compile(r"--([A-Za-z][A-Za-z0-9_.-]*)(?=\s|$)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"|' + r"'((?:[^'\\]|\\.)*+)'", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["'\\])""")
_WORD = re.compile(r"\S*+")
_SPACE = re.compile(r"\s*+")
_SHOWN = 40  # characters of what is wrong that an error quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A command, read. Names without a dot are lower case with `_`; those with one are kept as typed."""

    verb: str = ""  # lower case; "" where the text does not begin with a word
    positional: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    pasted: Pasted | None = None


def split(text: str) -> Words:
    """Read a command as typed. Raises `UserError` for an open quote, a doubled name, a bad or doubled moment."""
    text = _unwrapped(text.strip("\u200b\ufeff \t\r\n"))
    verb, after = _verb(text)
    pasted, rest = moments.read(after)
    if not verb and pasted is not None:
        verb, rest = _verb(rest)
    if not verb and pasted is None and moments.is_platform_id(rest):
        pasted, rest = Pasted(run_id=rest), ""
    positional, named = _read(rest)
    return Words(verb=verb, positional=positional, named=named, pasted=pasted)


def quoted(value: str) -> str:
    """Write a value so that `split` reads exactly it again behind `name=`."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unwrapped(text: str) -> str:
    """Drop the backticks around a whole command that was sent as code."""
    return text.strip("`").strip() if text.startswith("`") and text.endswith("`") else text


def _verb(text: str) -> tuple[str, str]:
    word = _VERB.match(text)
    if word is None or word.group(1).lower() in moments.OPENERS:
        return "", text
    return word.group(1).lower(), text[word.end() :]


def _read(text: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
    positional: list[str] = []
    named: dict[str, str] = {}
    for name, value in _parts(text):
        if name is None:
            positional.append(value)
        elif name in named:
            raise UserError(f"“{name}=” is given twice.", "Give it once.")
        else:
            named[name] = value
    return tuple(positional), named


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
            raise UserError(
                f"A quote is opened and never closed: {text[at : at + _SHOWN]}",
                'Close it, like description="two words", or leave it out.',
            )
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
