"""Card -> Slack message: Block Kit inside Slack's limits; what has no room is counted and goes along as a file.

Pure: the same card gives the same text, so that a delivery can be repeated byte for byte. Limits:
https://docs.slack.dev/reference/block-kit/blocks; a whole message is kept well below the 13,200 characters
at which Slack was seen to refuse one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from adapters.chat import layout
from adapters.chat.layout import Packing, flat
from adapters.chat.slack import buttons, charts, ids, markup
from adapters.chat.slack.markup import Json, plain, section
from bot import cleaning
from bot.cards import Card, Excerpt, Fact, Line, Mention
from bot.replies.layout import not_taken

HEADER = 150
FIELD = 2000
FIELDS = 10  # in one section; more facts become a table
PARAGRAPH = 3000
FOOTER = 1000
TABLE_ROWS = 100
TABLE_CHARACTERS = 8000
CELL = 1000
TEXT = 4000  # chat.update refuses more
BLOCKS = 40
CHARACTERS = 12_000
OVERHEAD = 60  # what one block costs beside its text
NOT_SHOWN = frozenset({"type", "style", "action_id"})  # of a block's parts
EXCERPTS = Packing(
    cost=lambda line: len(markup.escape(line)) + 1,
    frame=lambda title: 4 * OVERHEAD + len(title),  # its heading, its block and what was left out
    longest=600,
    reserve=5000,
)

REFUSED = not_taken("Slack")


def render(card: Card, *, signed: bool = False) -> str:
    """Return the message as JSON: `text`, `blocks`, `overflow` where something had no room, `picture` of a chart."""
    return layout.as_json(message(card, signed=signed))


def message(card: Card, *, signed: bool = False) -> Json:
    """Lay out a card: what must be there first, then items and excerpt in the room that is left.

    `signed`: buttons with signed links are shown; only for what one person sees and nobody stores.
    """
    numbers = itertools.count(1)
    picture = charts.picture(card.chart) if card.chart else None
    bars = [charts.bars(card.chart)] if card.chart else []
    # Room is kept for the way to the next page; whether there is one is known once the items are laid out.
    own = buttons.row(layout.own_buttons(card, 0), numbers, signed=signed)
    footer = _grey(card.footer)
    page = _Page(tail=[*bars, *footer, *own])
    page.room -= cost(picture["block"]) if picture else 0
    for block in (*_head(card), *_mentioned(card.mentions)):
        page.add(block)
    if card.lead and card.excerpt is not None:
        _add_excerpt(page, card.excerpt)
    shown = _add_items(page, card, numbers)
    own = buttons.row(layout.own_buttons(card, shown), itertools.count(1), signed=signed)
    page.tail = [*bars, *footer, *own]
    if not card.lead and card.excerpt is not None:
        _add_excerpt(page, card.excerpt)
    result: Json = {"text": markup.fallback(card.text, TEXT), "blocks": page.blocks()}
    if page.cut or _too_long(card):
        result["overflow"] = layout.in_full(card)
    if picture:
        result["picture"] = picture
    return result


def _mentioned(mentions: tuple[Mention, ...]) -> list[Json]:
    """Mention people and groups of this chat, which notifies them."""
    lines = layout.mentioned(mentions, ids.mention)
    return [
        {"type": "context", "elements": [{"type": "mrkdwn", "text": line, "verbatim": True}]}
        for line in lines
    ]


def without_table(blocks: list[Json]) -> list[Json]:
    """Return the same message with lines instead of a table, for workspaces that do not take one."""
    return [_as_lines(b) if b["type"] == "table" else b for b in blocks]


def sentence_alone(text: str) -> list[Json]:
    """Return what stands for a message whose blocks Slack refused: its `text`, which is escaped already."""
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:PARAGRAPH], "verbatim": True}},
        {"type": "context", "elements": [plain(REFUSED, FOOTER)]},
    ]


def cost(block: Json) -> int:
    """Count what a block adds to a message: its texts as escaped, and something for its frame."""
    texts = _texts(block, [])
    return OVERHEAD + len(markup.escape("\n".join(texts))) - max(0, len(texts) - 1)


class _Page:
    """Blocks in order, within the room of one message; the tail is always there."""

    def __init__(self, *, tail: list[Json]) -> None:
        self._blocks: list[Json] = []
        self.tail = tail
        self.room = CHARACTERS - sum(cost(b) for b in tail)
        self.slots = BLOCKS - len(tail) - 1  # one stays for what was left out
        self.cut = False

    def add(self, *blocks: Json, keep: int = 0) -> bool:
        """Add blocks together, leaving `keep` characters; False where they have no room."""
        price = sum(cost(b) for b in blocks)
        if price > self.room - keep or len(blocks) > self.slots:
            self.cut = True
            return False
        self._blocks += blocks
        self.room -= price
        self.slots -= len(blocks)
        return True

    def note(self, text: str) -> None:
        """Say what was left out; there is always a block for it."""
        self._blocks.append({"type": "context", "elements": [plain(text, FIELD)]})

    def blocks(self) -> list[Json]:
        """Return all, the tail last."""
        return self._blocks + self.tail


def _head(card: Card) -> Iterator[Json]:
    title = layout.MARKS[card.tone] + flat(card.title)
    if layout.is_one_liner(card):
        line = section(("· ", *card.subtitle), bold=cleaning.cut(title, HEADER), limit=PARAGRAPH)
        yield from filter(None, [markup.rich(line)])
        return
    yield {"type": "header", "text": plain(title, HEADER)}
    yield from _grey(card.subtitle)
    if paragraphs := markup.rich(*(section(line, limit=PARAGRAPH) for line in card.body)):
        yield paragraphs
    if len(card.facts) > FIELDS:
        yield _table(card.facts)
    elif card.facts:
        fields = [markup.marked(fact.value, FIELD, label=fact.label) for fact in card.facts]
        yield {"type": "section", "fields": fields}
    if card.progress is not None:
        yield {"type": "section", "text": plain(layout.progress_bar(card.progress), PARAGRAPH)}


def _grey(line: Line) -> list[Json]:
    """Show a line small and grey; nothing where it says nothing."""
    return [{"type": "context", "elements": [markup.marked(markup.literal(line), FOOTER)]}] if line else []


def _table(facts: tuple[Fact, ...]) -> Json:
    rows: list[list[Json]] = []
    room = TABLE_CHARACTERS
    for fact in facts[:TABLE_ROWS]:
        cells = [
            cleaning.cut(cleaning.unfenced(text), CELL) or markup.EMPTY
            for text in (fact.label, flat(fact.value))
        ]
        room -= sum(map(len, cells))
        if room < 0:
            break
        rows.append([{"type": "raw_text", "text": text} for text in cells])
    return {"type": "table", "rows": rows}


def _as_lines(table: Json) -> Json:
    lines = [section((f": {row[1]['text']}",), bold=row[0]["text"], limit=CELL * 2) for row in table["rows"]]
    return markup.rich(*lines) or plain("", CELL)


def _add_items(page: _Page, card: Card, numbers: Iterator[int]) -> int:
    """Add the items that fit and say how many do not; return how many do."""
    keep = EXCERPTS.reserved(None if card.lead else card.excerpt)
    shown = 0
    for item in card.items:
        title = section(item.title, bold=item.mark, limit=FIELD)
        block = markup.rich(title, *(section(line, limit=FIELD) for line in item.lines))
        if block is not None and not page.add(block, *buttons.row(item.buttons, numbers), keep=keep):
            break
        shown += 1
    if note := layout.left_out(card, shown):
        page.note(note)
    return shown


def _add_excerpt(page: _Page, excerpt: Excerpt) -> None:
    """Show the newest lines that fit; older ones are counted."""
    packed = EXCERPTS.pack(excerpt, page.room)
    page.cut = page.cut or packed.cut
    if packed.heading:
        page.add({"type": "context", "elements": [plain(packed.heading, FIELD)]})
    if packed.lines:
        page.add(markup.preformatted(packed.lines))


def _too_long(card: Card) -> bool:
    """Whether a piece alone was longer than what a message shows of it."""
    facts = sum(len(f.label) + len(flat(f.value)) for f in card.facts)
    return (
        any(len(flat(line)) > PARAGRAPH for line in card.body)
        or any(len(flat(f.value)) > CELL for f in card.facts)
        or len(card.facts) > TABLE_ROWS
        or facts > TABLE_CHARACTERS
    )


def _texts(value: object, found: list[str]) -> list[str]:
    """Add the texts of a block, or of a part of one, to those found."""
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_SHOWN:
                _texts(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _texts(inner, found)
    return found
