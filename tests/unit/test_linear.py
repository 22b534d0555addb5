"""Text from outside is gone through in steps in proportion to its length, whatever it is made of.

Steps are counted, never time: of patterns by an engine that tries as `re` does, of Python code by the lines it runs.
And the functions themselves go through a million characters, which anything quadratic would take hours for.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from adapters import redact
from adapters.chat.discord import markup as discord
from adapters.chat.slack import markup as slack
from adapters.platforms.http import text
from bot import cleaning, grammar, moments
from bot import redact as typed
from bot.cards import Untrusted
from bot.errors import UserError
from bot.moments.remaining_text import RemainingText
from tests.unit import regex_steps

MODULES = (
    "bot.cleaning", "bot.redact", "bot.severity", "bot.patterns", "bot.moments.find", "bot.moments.forms", "bot.moments.normalise",
    "bot.moments.links", "bot.causes", "bot.moments.numbers", "bot.moments.embedded_json", "bot.moments.remaining_text", "adapters.redact", "adapters.chat.slack.markup",
    "adapters.chat.discord.markup", "adapters.chat.terminal.typeset", "adapters.chat.content",
    "adapters.platforms.http.text", "adapters.platforms.antithesis.intake", "adapters.platforms.antithesis.window",
    "adapters.platforms.antithesis.ndjson", "adapters.platforms.antithesis.shorten",
)  # fmt: skip


WHOLE = {
    "bot.moments.forms._NAMED",
    "bot.moments.embedded_json._TOKEN",
}  # tried at one place, where the last one ended


def _patterns() -> list[Any]:
    """Return every pattern that is looked for in a text, by its name."""
    found: dict[tuple[str | bytes, int], Any] = {}
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            listed = (
                [value]
                if isinstance(value, re.Pattern)
                else [p for p, _ in value]
                if name == "_PATTERNS"
                else []
            )
            for number, pattern in enumerate(listed if f"{module}.{name}" not in WHOLE else ()):
                key = (pattern.pattern, pattern.flags)
                found.setdefault(key, pytest.param(pattern, id=f"{module}.{name}{number or ''}"))
    return list(found.values())


SHORT, LONG, LONGER = (
    50,
    200,
    1_200,
)  # characters; what is quadratic grows by 16 to the second, by 36 to the third
MOST = 150_000  # steps; nothing that is linear comes near
ENDS = ("", "\x1b ")


def _steps(pattern: re.Pattern[Any], unit: str, end: str, length: int, limit: int) -> int:
    text = unit * max(2 * length // SHORT, length // len(unit)) + end
    return regex_steps.Engine(pattern, text).search_all(limit)


def _grows(pattern: re.Pattern[Any], unit: str, end: str) -> bool:
    """Whether steps grow faster than the text: a repeat with a bound may look so until the text is beyond it."""
    first = _steps(pattern, unit, end, SHORT, MOST)
    second = _steps(pattern, unit, end, LONG, MOST)
    if second <= min(6 * first + 500, MOST):
        return False
    limit = min(16 * second, MOST)
    return _steps(pattern, unit, end, LONGER, limit) > limit


@pytest.mark.parametrize("pattern", _patterns())
def test_patterns__take_steps_in_proportion(pattern: re.Pattern[Any]) -> None:
    """Eight times the text is about eight times the steps, for every text made of what the pattern looks for."""
    units = regex_steps.units(pattern)

    assert [(unit, end) for unit in units for end in ENDS if _grows(pattern, unit, end)] == []


@pytest.mark.parametrize(
    "source", [r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)", r"(?:a+)+b", r"\s+$", r"a*a*b"]
)
def test_patterns__a_slow_one_is_found(source: str) -> None:
    """The count can fail: patterns that go back over the same text are seen to."""
    pattern = re.compile(source)

    assert any(_grows(pattern, unit, end) for unit in regex_steps.units(pattern) for end in ENDS)


@pytest.mark.parametrize(
    "source", [r"a+b?", r"(?:x|yz)*+q", r"(?<!k)v[1-4]\.(?:public|local)\.[\w-]+", r"(?i)\b[^a-f]{2,5}$"]
)
@pytest.mark.parametrize("sample", ["aab", "xyzxq", "kv2.public.x v3.local.y-z", "AGHI", "", "ghi"])
def test_engine__matches_as_re_does(source: str, sample: str) -> None:
    """An engine that matched something else would count something else."""
    pattern = re.compile(source)
    engine = regex_steps.Engine(pattern, sample)
    ends = [engine.first_end(at) for at in range(len(sample) + 1)]

    assert [m.end() if (m := pattern.match(sample, at)) else None for at in range(len(sample) + 1)] == ends


Function = Callable[[str], object]
FUNCTIONS: dict[str, Function] = {
    "cleaning.one_line": cleaning.one_line,
    "cleaning.many_lines": cleaning.many_lines,
    "cleaning.cut": lambda t: cleaning.cut(t, len(t) - 1),
    "cleaning.shorten": lambda t: cleaning.shorten(t, len(t) - 1),
    "cleaning.without_commands": cleaning.without_commands,
    "cleaning.unsigned": cleaning.unsigned,
    "cleaning.unfenced": cleaning.unfenced,
    "text.clean": text.clean,
    "text.one_line": text.one_line,
    "text.patch": lambda t: text.patch(t.encode("utf-8", "replace")),
    "text.hint": lambda t: text.hint(t.encode("utf-8", "replace")),
    "text.unsigned_bytes": lambda t: text.unsigned_bytes(t.encode("utf-8", "replace")),
    "redact.scrub": typed.scrub,
    "moments.tidy": moments.tidy,
    "moments.read": moments.read,
    "grammar.split": grammar.split,
    "redact.redact": redact.redact,
    "slack.escape": slack.escape,
    "slack.fallback": lambda t: slack.fallback((Untrusted(t),), 4_000),
    "slack.plain": lambda t: slack.plain(t, 3_000),
    "slack.marked": lambda t: slack.marked((Untrusted(t, code=True),), 2_000),
    "slack.section": lambda t: slack.section((Untrusted(t),)),
    "slack.preformatted": lambda t: slack.preformatted((t, t)),
    "discord.escape": discord.escape,
    "discord.code": discord.code,
    "discord.fence": lambda t: discord.fence([t]),
    "discord.fitted": lambda t: discord.fitted((Untrusted(t),), 1_500),
    "discord.cut": lambda t: discord.cut(t, 100),
    "discord.shown_text": discord.shown_text,
}  # fmt: skip
CAPPED = {"moments.tidy", "moments.read", "grammar.split"}  # refuse what is longer than `moments.MAX_LENGTH`
UNITS = (
    "\x9d",
    "\x1b]8;;",
    "`",
    "&",
    "\u0301",
    "x\n",
    "?auth=v2.public.",
    "https://a:",
    '"\\',
    "\u202e\U0001f1e9",
)


def _lines(function: Function, argument: str) -> int:
    """Return how many lines of Python a call runs."""
    count = 0

    def note(_frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        function(argument)
    except Exception:  # noqa: BLE001 - a refusal is an answer too; only its length counts
        return count
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions__run_lines_in_proportion(name: str) -> None:
    """Eight times the text runs at most some eight times the lines."""
    _lines(
        FUNCTIONS[name], UNITS[0]
    )  # what only the first call does, as to compile a pattern, is not counted
    slow = [
        unit
        for unit in UNITS
        if _lines(FUNCTIONS[name], unit * (3_200 // len(unit)))
        > 12 * _lines(FUNCTIONS[name], unit * (400 // len(unit))) + 500
    ]

    assert slow == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions__go_through_a_million(name: str) -> None:
    """A million characters made to be scanned again and again are gone through once; nothing else would come back."""
    for unit in ("\x9d", "?auth=v2.public."):
        try:
            FUNCTIONS[name](unit * (1_000_000 // len(unit)) + "\x1b ")
        except UserError:  # too long to be read at all
            assert name in CAPPED


class _Copied(str):
    """A text that notes how many characters are copied of it, and of what is put together of its parts."""

    __slots__ = ("copied",)
    copied: list[int]

    def __getitem__(self, place: Any) -> str:
        """Return a part of it."""
        return _noting(super().__getitem__(place), self.copied)

    def __add__(self, more: str) -> str:
        """Return both as one."""
        return _noting(super().__add__(more), self.copied)


def _noting(text: str, copied: list[int]) -> _Copied:
    made = _Copied(text)
    made.copied = copied
    copied.append(len(text))
    return made


@pytest.mark.parametrize(
    "unit", ['a="b" ', "x=1 // y\n", "-9067336385060865277 45.5\n", "moment=5,4.5 ", "curl -b x=1 "]
)
def test_read__copies_in_proportion(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many parts are taken out, the text is copied a few times: a count of lines shows no copies."""
    copied: list[int] = []
    find = importlib.import_module("bot.moments.find")
    monkeypatch.setattr(find, "RemainingText", lambda text: RemainingText(_noting(text, copied)))
    text = unit * (30_000 // len(unit))

    moments.read(text)

    assert len(text) <= sum(copied) < 8 * len(text)


_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]")
_GROUP_THAT_KEEPS = re.compile(r"\)(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\+")


def test_patterns__repeat_no_group_possessively() -> None:
    """Python before 3.11.5 loses matches there, of secrets too (python/cpython#106052): (?>(?:…)*) does the same."""
    code = [path for folder in ("bot", "adapters") for path in Path(folder).rglob("*.py")]
    found = [str(path) for path in code if _GROUP_THAT_KEEPS.search(_CLASS.sub("x", path.read_text("utf-8")))]

    assert len(code) > 300
    assert found == []
    assert _GROUP_THAT_KEEPS.search(_CLASS.sub("x", "(?:[^-]|-(?!---))*+"))
