"""Content -> what stands on the screen: wrapped to its width, and readable without colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from adapters.chat import chart
from adapters.chat.content import Content, Emphasis, Row, RowKind, Segment
from bot.cards import Tone
from bot.replies.layout import chart_title

INDENT = 3
BAR_CELLS = 20
GAP = "   "
LEAST = 20  # cells that a text gets, however narrow the screen is
_MEASURE = Console(width=80)  # wrapping wants one; nothing is printed on it

SIGNS: Mapping[Tone, tuple[str, str, str]] = MappingProxyType({  # sign, the same in ASCII, colour
    Tone.GOOD: ("✓", "+", "green"),
    Tone.BAD: ("✗", "x", "red"),
    Tone.WARNING: ("!", "!", "yellow"),
    Tone.RUNNING: ("▸", ">", "cyan"),
    Tone.NEUTRAL: ("•", "*", ""),
})  # fmt: skip
STYLES: Mapping[Emphasis, str] = MappingProxyType({
    Emphasis.PLAIN: "",
    Emphasis.STRONG: "bold",
    Emphasis.CODE: "cyan",
    Emphasis.DIM: "dim",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """What is shown on: `width` in cells, `ascii` where the terminal knows no other signs."""

    width: int = 80
    ascii: bool = False


def typeset(content: Content, name: str, numbers: Sequence[int], display: Display) -> Text:
    """Lay a message out under its name ("#2"); `numbers` are those of its controls, in order."""
    head = Text(f"{name} " if name else "", style="dim")
    tone = SIGNS[content.tone][2]
    title = Text.assemble((f"{sign(content.tone, display)} ", tone), _text(content.title))
    title.stylize(tone)
    lines = [*_hang(head, title, display.width)]
    for row in _rows(content, numbers, display):
        lines += row
    return Text("\n").join(lines)


def sign(tone: Tone, display: Display) -> str:
    """Return the sign that says a tone without colour."""
    return SIGNS[tone][display.ascii]


def status_line(content: Content, name: str, display: Display) -> Text:
    """Write the one line that says how far a message that lives on is."""
    line = Text(f"{name} {sign(content.tone, display)} ", style="dim")
    if content.progress is not None:
        line.append_text(_bar(content.progress, display)).append("  ")
    line.append(content.heading)
    line.truncate(display.width, overflow="ellipsis")
    return line


def _rows(content: Content, numbers: Sequence[int], display: Display) -> Iterator[list[Text]]:
    """Yield each row's lines."""
    labels = [cell_len(row.label) for row in content.rows if row.kind is RowKind.FACT]
    wide = min(max(labels, default=0), display.width // 3)
    for row in content.rows:
        if row.kind is RowKind.CONTROLS:
            yield _buttons(row, content, numbers, display)
        else:
            prefix, text = _row(row, wide, display)
            below = prefix if row.kind is RowKind.CODE else None
            yield _hang(_indented(prefix), text, display.width, below=below and _indented(below))


def _row(row: Row, wide: int, display: Display) -> tuple[Text, Text]:
    """Return what stands before a row's first line, and its text."""
    text = _of_kind(row, display)
    match row.kind:
        case RowKind.FACT:
            over = cell_len(row.label) > wide
            label = Text(row.label if over else set_cell_size(row.label, wide), style="dim").append("  ")
            return (Text(), label.append_text(text)) if over else (label, text)
        case RowKind.ITEM:
            mark = Text(f"{row.label}  " if row.label else "", style="bold")
            return Text("- " if display.ascii else "• ", style="dim"), mark.append_text(text)
        case RowKind.DETAIL:
            return Text("  "), text
        case RowKind.CODE:
            return Text("| " if display.ascii else "│ ", style="dim"), text
        case _:
            return Text(), text


def _of_kind(row: Row, display: Display) -> Text:
    if row.kind is RowKind.PROGRESS:
        return _bar(row, display)
    return _chart(row, display) if row.kind is RowKind.CHART else _text(row.segments)


def _indented(prefix: Text) -> Text:
    return Text(" " * INDENT).append_text(prefix)


def _hang(prefix: Text, text: Text, width: int, below: Text | None = None) -> list[Text]:
    """Wrap a text to the width: its first line after the prefix, the others below it or after `below`."""
    room = max(LEAST, width - cell_len(prefix.plain))
    wrapped = [line for part in text.split("\n", allow_blank=True) for line in part.wrap(_MEASURE, room)]
    below = below or Text(" " * cell_len(prefix.plain))
    starts = [prefix, *[below] * (len(wrapped) - 1)]
    lines = [start.copy().append_text(line) for start, line in zip(starts, wrapped or [Text()], strict=False)]
    for line in lines:
        line.rstrip()
    return lines


def _bar(row: Row, display: Display) -> Text:
    text = Text()
    if row.fraction is not None:
        done = int(row.fraction * BAR_CELLS)
        full, empty = ("#", "-") if display.ascii else ("█", "░")
        text.append(full * done, style="cyan").append(empty * (BAR_CELLS - done), style="dim")
        text.append(f" {int(row.fraction * 100)} %  ")
    return text.append_text(_text(row.segments))


def _chart(row: Row, display: Display) -> Text:
    """Draw bars and what stands beside them below the title; without the signs for bars, numbers must do."""
    beside = chart.beside(row.values, row.stands_for)
    bars = chart.sparkline(row.values) + ("  " if row.stands_for is None else "\n")
    if display.ascii:
        bars = "" if row.stands_for is None else bars.translate(chart.ASCII)
        beside = beside.translate(chart.ASCII)
    return Text.assemble((f"{chart_title(row.label)}\n", "dim"), (bars, "cyan"), beside)


def _buttons(row: Row, content: Content, numbers: Sequence[int], display: Display) -> list[Text]:
    """Pack buttons into lines; only one that is wider than the screen is broken."""
    lines, previous = [Text()], None
    indent = " " * (INDENT + 2 * row.nested)
    for index in row.controls:
        control = content.controls[index]
        label = Text(f" {control.label}", style="bold red" if control.weighty else "")
        button = Text.assemble((f"[{numbers[index]}]", "bold"), label)
        if control.rare and not (previous and previous.rare):
            button = Text("··· " if not display.ascii else "... ", style="dim").append_text(button)
        previous = control
        if lines[-1] and cell_len(indent + lines[-1].plain + GAP + button.plain) > display.width:
            lines.append(Text())
        lines[-1].append(GAP if lines[-1] else "").append_text(button)
    room = display.width - len(indent)
    parts = [
        part for line in lines for part in (line.wrap(_MEASURE, room) if line.cell_len > room else [line])
    ]
    return [Text(indent).append_text(part) for part in parts]


def _text(segments: Sequence[Segment]) -> Text:
    text = Text(overflow="fold")
    for segment in segments:
        style = STYLES[segment.emphasis]
        text.append(segment.text, style=f"{style} underline link {segment.page}" if segment.page else style)
    return text
