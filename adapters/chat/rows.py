"""Card -> content, for chats on this machine: outside text is cleaned here and nowhere else; what is too long is cut at line ends."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.chat import layout
from adapters.chat.content import Content, Control, Emphasis, Row, RowKind, Segment
from bot.cards import (
    Attachment,
    Button,
    Card,
    Excerpt,
    Fact,
    Item,
    Line,
    Link,
    Span,
    Style,
    When,
    plain,
)
from bot.cleaning import cut, many_lines, one_line
from bot.replies.mentioning import YOU
from bot.replies.wording import count

MOST_ITEMS = 30  # a screen is about forty lines
MOST_CODE_LINES = 60
LONGEST_CODE_LINE = 2_000  # characters; the file has the rest
LONGEST_TEXT = 4_000


def content_of(card: Card, reader: str, *, asks_forms: bool) -> Content:
    """Turn a card into a content; pure, the same card gives the same content.

    `reader`: the id of the one person who reads it. `asks_forms`: the chat asks for a form by itself; else a button opens it.
    """
    controls: list[Control] = []
    beside = _segments((" · ", *card.subtitle), Emphasis.DIM) if layout.is_one_liner(card) else ()
    return Content(
        title=(*_segments(card.title, Emphasis.STRONG), *beside),
        summary=one_line("".join(segment.text for segment in _segments(card.text))),
        tone=card.tone,
        rows=tuple(_rows(card, controls, reader, asks_forms=asks_forms)),
        controls=tuple(controls),
    )


def _rows(card: Card, controls: list[Control], reader: str, *, asks_forms: bool) -> Iterator[Row]:
    yield from _subtitle(card)
    yield from map(_note, layout.mentioned(card.mentions, lambda who: YOU if who == reader else None))
    yield from (Row(kind=RowKind.PARAGRAPH, segments=_segments(line)) for line in card.body)
    if card.progress:
        done = layout.fraction(card.progress)
        yield Row(kind=RowKind.PROGRESS, segments=(Segment(one_line(card.progress.text)),), fraction=done)
    yield from map(_fact, card.facts)
    yield from _excerpt(card.excerpt if card.lead else None)
    yield from _items(card, controls)
    if card.chart:
        drawn = card.chart
        said = (Segment(one_line(drawn.text)),)
        title, values = one_line(drawn.title), drawn.values
        yield Row(kind=RowKind.CHART, label=title, segments=said, values=values, stands_for=drawn.stands_for)
    yield from _excerpt(None if card.lead else card.excerpt)
    yield from map(_file, card.files)
    buttons = layout.paged_buttons if asks_forms else layout.own_buttons
    if own := buttons(card, min(len(card.items), MOST_ITEMS)):
        yield _controls(own, controls)
    if card.footer:
        yield Row(kind=RowKind.FOOTER, segments=_segments(card.footer, Emphasis.DIM))


def _items(card: Card, controls: list[Control]) -> Iterator[Row]:
    for item in card.items[:MOST_ITEMS]:
        yield from _item(item, controls)
    left_out = card.items_left_out + max(0, len(card.items) - MOST_ITEMS)
    if left_out:
        yield _note(f"… {left_out:,} more")


def _subtitle(card: Card) -> Iterator[Row]:
    if card.subtitle and not layout.is_one_liner(card):
        yield Row(kind=RowKind.PARAGRAPH, segments=_segments(card.subtitle, Emphasis.DIM))


def _fact(fact: Fact) -> Row:
    return Row(kind=RowKind.FACT, label=one_line(fact.label), segments=_segments(fact.value))


def _item(item: Item, controls: list[Control]) -> Iterator[Row]:
    yield Row(kind=RowKind.ITEM, label=one_line(item.mark), segments=_segments(item.title))
    yield from (Row(kind=RowKind.DETAIL, segments=_segments(line)) for line in item.lines)
    if item.buttons:
        yield _controls(item.buttons, controls, nested=True)


def _excerpt(excerpt: Excerpt | None) -> Iterator[Row]:
    if excerpt is None:
        return
    shown = excerpt.lines[-MOST_CODE_LINES:]
    left_out = excerpt.left_out + len(excerpt.lines) - len(shown)
    if excerpt.title:
        yield _note(one_line(excerpt.title))
    if left_out:
        yield _note(f"… {count(left_out, 'line')} left out")
    for text in shown:
        line = cut(one_line(text), LONGEST_CODE_LINE)
        yield Row(kind=RowKind.CODE, segments=(Segment(line, Emphasis.CODE),))


def _file(file: Attachment) -> Row:
    """Name a file; by now the sender has saved it, and `path` is where."""
    name = Segment(one_line(file.path), Emphasis.CODE)
    return Row(kind=RowKind.FILE, segments=(Segment(f"{one_line(file.title)}: "), name))


def _note(text: str) -> Row:
    return Row(kind=RowKind.PARAGRAPH, segments=(Segment(text, Emphasis.DIM),))


def _controls(buttons: tuple[Button, ...], controls: list[Control], *, nested: bool = False) -> Row:
    first = len(controls)
    controls += map(_control, buttons)
    return Row(kind=RowKind.CONTROLS, controls=tuple(range(first, len(controls))), nested=nested)


def _control(button: Button) -> Control:
    return Control(
        label=one_line(button.text),
        command=button.command,
        page=button.page,
        opens_form=button.opens_form,
        report=button.report is not None or button.signed is not None,
        weighty=button.style is Style.DANGER,
        first=button.style is Style.PRIMARY,
        rare=button.rare,
    )


def _segments(line: Line, emphasis: Emphasis = Emphasis.PLAIN) -> tuple[Segment, ...]:
    return tuple(_segment(span, emphasis) for span in line)


def _segment(span: Span, emphasis: Emphasis) -> Segment:
    if isinstance(span, str | When):
        return Segment(plain((span,)), emphasis)
    if isinstance(span, Link):
        return Segment(one_line(span.label), emphasis, page=one_line(span.url))
    cleaned = one_line(span.text) if span.code else many_lines(span.text)  # prose keeps its line breaks
    return Segment(cut(cleaned, LONGEST_TEXT), Emphasis.CODE if span.code else emphasis)
