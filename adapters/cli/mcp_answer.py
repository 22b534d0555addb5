"""A reply as a tool answers it: the data of `clew ask --json`, without secrets and hidden characters, and never too long.

What is left out is said in `hints`. A report's signed link is in no answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.cli.answer_json import answer_json
from adapters.cli.mcp_tools import KEPT, OF_CARD, Json, Tool
from bot.cards import Reply
from bot.cleaning import cut, many_lines
from bot.model import Secret
from bot.redact import scrub, scrub_given
from bot.replies import tools as replies

LARGEST: Final = 60_000
"""Characters of an answer as JSON: some 20,000 tokens, fewer than what common clients take of one answer."""
STEPS: Final = (
    (500, 4_000), (200, 4_000), (100, 2_000), (50, 2_000), (25, 1_000), (10, 1_000), (5, 500), (2, 300), (1, 200),
)  # fmt: skip
"""How many entries of each list, and how many characters of each text, are tried one after the other."""
READ: Final = 3 * STEPS[0][1]
"""Characters of a text that are looked at; of more the last third may begin in the middle of a secret, and goes too."""
_PARAMETERS: Final = ".run.parameters"  # whose keys are not ours
_NEWEST_LAST: Final = frozenset({"data.lines"})
_HOW: Final[Mapping[tuple[str, str], str]] = {
    (
        "list_runs",
        "data.runs",
    ): "Ask for the next ones with “from”, or for fewer with “since”, “launcher” or “source”.",
    ("list_runs", "data.runs[].failing"): "list_checks shows those of one run.",
    (
        "get_run",
        "data.checks",
    ): "list_checks shows the next ones with “from”, and all of one with “property”.",
    ("list_checks", "data.checks"): "Ask for the next ones with “from”, or for one with “property”.",
    ("read_log", "data.lines"): "Ask for fewer with a shorter “window”, with “grep”, “source” or “errors”.",
    ("list_files", "data.files"): "Ask for the next ones with “from”.",
}  # by the tool and the place of a list


@dataclass(slots=True)
class _Cuts:
    """What was left out so far: by the place of a list how many entries it had, and whether texts were cut."""

    totals: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    texts: bool = False


def answered(reply: Reply, tool: Tool | None, first: int, secrets: Iterable[Secret]) -> Json:
    """Return a reply as a tool's answer; `first`: the entry that was asked for with `from`, counted from 1."""
    whole = answer_json(reply, verb="", exit_code=0, thread=None, hints=(), show_link=False)
    answer = {name: whole[name] for name in KEPT}
    answer["card"] = {name: whole["card"][name] for name in OF_CARD}
    begin = _begun(answer["data"], tool.first if tool else "", first)
    cuts = _Cuts()
    clean = _clean(_shrunk(answer, "", STEPS[0][0], None, cuts), "", tuple(secrets), cuts)
    for most, longest in STEPS:
        cuts = _Cuts(totals=cuts.totals, texts=cuts.texts)
        fitting = _shrunk(clean, "", most, longest, cuts)
        fitting["hints"] = [*begin, *_said(cuts, longest, tool.name if tool else "")]
        if len(text_of(fitting)) <= LARGEST:
            break
    _more(fitting["data"], cuts)
    return dict(fitting)


def text_of(answer: Json) -> str:
    """Write an answer as it is sent."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _begun(data: Any, name: str, first: int) -> list[str]:
    """Let a list begin with the entry that was asked for, and say so."""
    if first <= 1 or not isinstance(data, dict) or not isinstance(data.get(name), list):
        return []
    entries = data[name]
    data[name] = entries[first - 1 :]
    return [replies.begins_with(name, first, len(entries))]


def _shrunk(value: Any, place: str, most: int, longest: int | None, cuts: _Cuts) -> Any:
    """Return a value with at most so many entries in each list, and so many characters in each text; None: all."""
    if isinstance(value, dict):
        items = list(value.items())
        if place.endswith(_PARAMETERS):
            items = [
                (cut(name, longest or len(name)), each) for name, each in _kept(items, place, most, cuts)
            ]
        return {
            name: _shrunk(each, f"{place}.{name}".lstrip("."), most, longest, cuts) for name, each in items
        }
    if isinstance(value, list):
        return [_shrunk(each, f"{place}[]", most, longest, cuts) for each in _kept(value, place, most, cuts)]
    if isinstance(value, str) and longest is not None and len(value) > longest:
        cuts.texts = True
        return cut(value, longest)
    return value


def _kept(entries: list[Any], place: str, most: int, cuts: _Cuts) -> list[Any]:
    if len(entries) > most:
        cuts.totals[place] = max(len(entries), cuts.totals.get(place, 0))
    kept = entries[-most:] if place in _NEWEST_LAST else entries[:most]
    cuts.kept[place] = max(len(kept), cuts.kept.get(place, 0))
    return kept


def _clean(value: Any, place: str, secrets: tuple[Secret, ...], cuts: _Cuts) -> Any:
    """Return a value whose texts can neither hide nor give away anything."""
    if isinstance(value, dict):
        if place.endswith(_PARAMETERS):
            texts = {_text(name, secrets, cuts): _text(each, secrets, cuts) for name, each in value.items()}
            return {name: scrub_given(name, text).text for name, text in texts.items()}
        return {
            name: _clean(each, f"{place}.{name}".lstrip("."), secrets, cuts) for name, each in value.items()
        }
    if isinstance(value, list):
        return [_clean(each, f"{place}[]", secrets, cuts) for each in value]
    return _text(value, secrets, cuts) if isinstance(value, str) else value


def _text(text: str, secrets: tuple[Secret, ...], cuts: _Cuts) -> str:
    if len(text) <= READ:
        return scrub(many_lines(text), secrets).text
    cuts.texts = True
    return f"{scrub(many_lines(text[:READ]), secrets).text[: -READ // 3]}…"


def _said(cuts: _Cuts, longest: int, tool: str) -> list[str]:
    """Say what was left out, and how to get it."""
    said = [
        replies.entries_left_out(
            place.removeprefix("data."),
            cuts.kept[place],
            total,
            _HOW.get((tool, place), ""),
            newest=place in _NEWEST_LAST,
        )
        for place, total in cuts.totals.items()
        if place in cuts.kept
    ]
    return [*said, replies.texts_cut(longest)] if cuts.texts else said


def _more(data: Any, cuts: _Cuts) -> None:
    """Let data say that others follow where its own list is cut."""
    if (
        isinstance(data, dict)
        and data.get("more") is False
        and {"data.runs", "data.events"} & cuts.totals.keys()
    ):
        data["more"] = True
