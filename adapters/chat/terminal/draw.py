"""Drawing -> what stands on the screen: wrapped to its width, and readable without colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from adapters.chat import chart
from adapters.chat.terminal.drawing import Drawing, Kind, Look, Row, Segment
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
STYLES: Mapping[Look, str] = MappingProxyType({
    Look.PLAIN: "",
    Look.STRONG: "bold",
    Look.CODE: "cyan",
    Look.DIM: "dim",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is drawn on: `width` in cells, `ascii` where the terminal knows no other signs."""

    width: int = 80
    ascii: bool = False


def draw(drawing: Drawing, name: str, numbers: Sequence[int], paper: Paper) -> Text:
    """Lay a message out under its name ("#2"); `numbers` are those of its controls, in order."""
    head = Text(f"{name} " if name else "", style="dim")
    tone = SIGNS[drawing.tone][2]
    title = Text.assemble((f"{sign(drawing.tone, paper)} ", tone), _text(drawing.title))
    title.stylize(tone)
    lines = [*_hang(head, title, paper.width)]
    for row in _rows(drawing, numbers, paper):
        lines += row
    return Text("\n").join(lines)


def sign(tone: Tone, paper: Paper) -> str:
    """Return the sign that says a tone without colour."""
    return SIGNS[tone][paper.ascii]


def update(drawing: Drawing, name: str, paper: Paper) -> Text:
    """Draw the one line that says how far a message that lives on is."""
    line = Text(f"{name} {sign(drawing.tone, paper)} ", style="dim")
    if drawing.progress is not None:
        line.append_text(_bar(drawing.progress, paper)).append("  ")
    line.append(drawing.heading)
    line.truncate(paper.width, overflow="ellipsis")
    return line


def _rows(drawing: Drawing, numbers: Sequence[int], paper: Paper) -> Iterator[list[Text]]:
    """Yield each row's lines."""
    labels = [cell_len(row.label) for row in drawing.rows if row.kind is Kind.FACT]
    wide = min(max(labels, default=0), paper.width // 3)
    for row in drawing.rows:
        if row.kind is Kind.CONTROLS:
            yield _buttons(row, drawing, numbers, paper)
        else:
            prefix, text = _row(row, wide, paper)
            below = prefix if row.kind is Kind.CODE else None
            yield _hang(_indented(prefix), text, paper.width, below=below and _indented(below))


def _row(row: Row, wide: int, paper: Paper) -> tuple[Text, Text]:
    """Return what stands before a row's first line, and its text."""
    text = _drawn(row, paper)
    match row.kind:
        case Kind.FACT:
            return Text(f"{row.label:<{wide}}  ", style="dim"), text
        case Kind.ITEM:
            mark = Text(f"{row.label}  " if row.label else "", style="bold")
            return Text("- " if paper.ascii else "• ", style="dim"), mark.append_text(text)
        case Kind.DETAIL:
            return Text("  "), text
        case Kind.CODE:
            return Text("| " if paper.ascii else "│ ", style="dim"), text
        case _:
            return Text(), text


def _drawn(row: Row, paper: Paper) -> Text:
    if row.kind is Kind.PROGRESS:
        return _bar(row, paper)
    return _chart(row, paper) if row.kind is Kind.CHART else _text(row.segments)


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


def _bar(row: Row, paper: Paper) -> Text:
    text = Text()
    if row.fraction is not None:
        done = int(row.fraction * BAR_CELLS)
        full, empty = ("#", "-") if paper.ascii else ("█", "░")
        text.append(full * done, style="cyan").append(empty * (BAR_CELLS - done), style="dim")
        text.append(f" {int(row.fraction * 100)} %  ")
    return text.append_text(_text(row.segments))


def _chart(row: Row, paper: Paper) -> Text:
    """Draw bars and their numbers below the title; without the signs for bars, numbers must do."""
    bars = "" if paper.ascii else f"{chart.sparkline(row.values)}  "
    return Text.assemble((f"{chart_title(row.label)}\n", "dim"), (bars, "cyan"), chart.numbers(row.values))


def _buttons(row: Row, drawing: Drawing, numbers: Sequence[int], paper: Paper) -> list[Text]:
    """Pack buttons into lines, none of them broken."""
    lines = [Text()]
    indent = " " * (INDENT + 2 * row.nested)
    for index in row.controls:
        control = drawing.controls[index]
        label = Text(f" {control.label}", style="bold red" if control.weighty else "")
        button = Text.assemble((f"[{numbers[index]}]", "bold"), label)
        if lines[-1] and len(indent + lines[-1].plain + GAP) + cell_len(button.plain) > paper.width:
            lines.append(Text())
        lines[-1].append(GAP if lines[-1] else "").append_text(button)
    return [Text(indent).append_text(line) for line in lines]


def _text(segments: Sequence[Segment]) -> Text:
    text = Text(overflow="fold")
    for segment in segments:
        style = STYLES[segment.look]
        text.append(segment.text, style=f"{style} underline link {segment.page}" if segment.page else style)
    return text
