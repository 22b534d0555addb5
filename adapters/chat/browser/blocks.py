"""Content -> the blocks that templates write: rows that belong together stand together."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from types import MappingProxyType

from adapters.chat import chart
from adapters.chat.content import Content, Control, Row, RowKind
from bot.cards import Tone
from bot.replies.layout import chart_title

# Beside each title a sign that says its tone without colour.
SIGNS: Mapping[Tone, str] = MappingProxyType({
    Tone.GOOD: "✓",
    Tone.BAD: "✗",
    Tone.WARNING: "!",
    Tone.RUNNING: "▸",
    Tone.NEUTRAL: "",
})  # fmt: skip
PAGE = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,255}(?:[/?#][^\s\"'<>\\]{0,2000})?", re.ASCII)
TOGETHER: Mapping[RowKind, str] = MappingProxyType({
    RowKind.FACT: "facts",
    RowKind.CODE: "code",
    RowKind.ITEM: "items",
    RowKind.DETAIL: "items",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a message. `kind`: "facts", "code", "items", or that of its one row; `items`: what each entry is made of."""

    kind: str
    rows: tuple[Row, ...]

    @property
    def items(self) -> tuple[tuple[Row, ...], ...]:
        """Its entries, each with what belongs to it."""
        entries: list[list[Row]] = []
        for row in self.rows:
            if row.kind is RowKind.ITEM or not entries:
                entries.append([])
            entries[-1].append(row)
        return tuple(map(tuple, entries))


def blocks(content: Content) -> Iterator[Block]:
    """Yield the parts of a message, in their order."""
    for _, found in groupby(enumerate(content.rows), key=_family):
        rows = tuple(row for _, row in found)
        kind = "items" if rows[0].nested else TOGETHER.get(rows[0].kind, rows[0].kind.value)
        yield Block(kind=kind, rows=rows)


def split(row: Row, content: Content) -> tuple[list[Control], list[Control]]:
    """Return the buttons of a row: those that are often needed, and those for the menu."""
    controls = [content.controls[index] for index in row.controls]
    rare = [control for control in controls if control.rare]
    return [control for control in controls if not control.rare], rare


def page(url: str | None) -> str | None:
    """Return an address that may be opened, None for any other."""
    return url if url is not None and PAGE.fullmatch(url) else None


def file_name(row: Row) -> str:
    """Return the name under which the file of a row was saved."""
    return PurePath(row.segments[-1].text).name


def picture(row: Row) -> str:
    """Draw the bars of a chart, as an address that holds the picture itself."""
    drawn = chart.svg(row.values, full=row.stands_for is not None)
    return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"


def caption(row: Row) -> str:
    """Write what stands beside the bars: the title, and their numbers or what they stand for."""
    beside = chart.beside(row.values, row.stands_for, ("bar:", "line:", "gap:"))
    return f"{chart_title(row.label)}: {beside}"


def _family(numbered: tuple[int, Row]) -> object:
    """Return what neighbouring rows of one block share."""
    number, row = numbered
    return "items" if row.nested else TOGETHER.get(row.kind, number)
