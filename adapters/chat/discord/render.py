"""Card -> Discord message: one embed inside Discord's limits; what has no room is counted and goes along as a file.

Pure: the same card gives the same text, so that a delivery can be repeated byte for byte. The sentence for
notifications and search, which show nothing of an embed, stands above it, and never holds a link, so nothing unfurls: the
flag that forbids unfurling would hide the embed too. Where that sentence says the title, the embed has none. Limits: https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

from adapters.chat import chart, layout
from adapters.chat.discord import buttons, ids, markup
from adapters.chat.discord.markup import Json, units
from adapters.chat.layout import Packing, flat
from bot import cleaning
from bot.cards import Card, Chart, Excerpt, Fact, Item, Line, Link, Mention, Tone, Untrusted
from bot.model import RunRef
from bot.replies.layout import no_room
from bot.replies.runs import WORDS
from bot.replies.wording import short_id

CONTENT = 2000
TITLE = 256
DESCRIPTION = 4096
PARAGRAPH = 1500
FIELD_NAME = 256
FIELD = 1024
FIELDS = 24
FOOTER = 2000  # of 2,048: the short id has to fit too
EMBED = 5800  # of 6,000 over all embeds together
INLINE = 40  # a fact up to this length stands beside others
THREAD_NAME = 100
NOTE = 80  # kept for saying how much was left out
NO_ROOM = 400  # kept for naming buttons without room
EXCERPTS = Packing(
    cost=lambda line: units(cleaning.unfenced(line)) + 1,
    frame=lambda title: NOTE + 2 * units(title) + len("```\n\n```"),  # its heading and the fence
    longest=400,
    reserve=2000,
)

COLOURS = {
    Tone.GOOD: 0x2E7D32,
    Tone.BAD: 0xC62828,
    Tone.WARNING: 0xEF6C00,
    Tone.RUNNING: 0x1565C0,
    Tone.NEUTRAL: 0x607D8B,
}
TAGS = {Tone.GOOD: "passed", Tone.BAD: "failed", Tone.WARNING: "unclear", Tone.RUNNING: "running"}
OURS = "clew"  # what a payload says to our own sender; taken out before it is sent


def render(card: Card, *, signed: bool = False) -> str:
    """Return the message as JSON, with what the sender has to know under `OURS`."""
    return layout.as_json(message(card, signed=signed))


def message(card: Card, *, signed: bool = False) -> Json:
    """Lay out a card: what must be there first, then items and excerpt in the room that is left.

    `signed`: buttons with signed links are shown; only for what one person sees and nobody stores.
    """
    page, rows, components = _laid_out(card, signed=signed)
    embed = page.embed
    if signed:
        _link_too_long(embed, card)
    result: Json = {"content": _content(card), "embeds": [embed], "components": components}
    return result | {"allowed_mentions": _allowed(card.mentions), OURS: _ours(card, page, rows)}


def _allowed(mentions: tuple[Mention, ...]) -> Json:
    """Let exactly these people and roles be notified, whatever else the message says.

    https://docs.discord.com/developers/resources/message#allowed-mentions-object
    """
    allowed: Json = {"parse": []}
    for mention in layout.notified(mentions, ids.mention):
        kind, own = ids.mentionable(mention.who) or ("", "")
        allowed.setdefault(kind, []).append(own)
    return allowed


def _laid_out(card: Card, *, signed: bool, keep: int = 0) -> tuple[_Page, buttons.Rows, list[Json]]:
    """Fill the embed and the rows below it; buttons without room are named where `keep` units stayed free for that."""
    page, rows = _Page(card, keep=keep), buttons.Rows(signed=signed)
    components = rows.lay(card.items[: page.shown], layout.own_buttons(card, page.shown))
    if not rows.without:
        return page, rows, components
    if not keep:
        return _laid_out(card, signed=signed, keep=NO_ROOM)
    page.close(markup.fitted((no_room([markup.cut(label, buttons.LABEL) for label in rows.without]),), keep))
    return page, rows, components


def size(embed: Json) -> int:
    """Count an embed as Discord does, in UTF-16 units."""
    fields = embed.get("fields", ())
    texts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    return sum(map(units, texts)) + sum(units(f["name"]) + units(f["value"]) for f in fields)


class _Page:
    """The embed of a card, filled in the order of what must be there."""

    def __init__(self, card: Card, *, keep: int) -> None:
        self.cut = False
        self.shown = 0
        title = layout.MARKS[card.tone] + markup.fitted(card.title, TITLE - 4, links=False)
        self.embed: Json = ({} if card.lead else {"title": title}) | {"color": COLOURS[card.tone]}
        below = _small(card.footer) if any(isinstance(span, Link) for span in card.footer) else ""
        if footer := "" if below else markup.cut(flat(card.footer), FOOTER):
            self.embed["footer"] = {"text": footer}
        self._facts(card.facts)
        self._parts: list[str] = []
        self._room = min(DESCRIPTION, EMBED - size(self.embed)) - units(below) - 1 - keep
        self._add(_small(card.subtitle))
        for line in card.body:
            shown = markup.fitted(line, max(1, min(PARAGRAPH, self._room - 1)))
            self.cut = self.cut or units(markup.marked(line)) > units(shown)
            self._add(shown)
        if card.progress is not None:
            self._add(markup.escape(layout.progress_bar(card.progress)))
        bars = _bars(card.chart) if card.chart else ""
        if card.lead:
            self._excerpt(card.excerpt)
        self._items(card, keep=units(bars) + 1)
        self._add(bars)
        if not card.lead:
            self._excerpt(card.excerpt)
        self._parts += [below] if below else []
        if self._parts:
            self.embed["description"] = "\n".join(self._parts)

    def close(self, text: str) -> None:
        """Say something at the end, for which room was kept."""
        self.embed["description"] = f"{self.embed.get('description', '')}\n{text}".strip()

    def _add(self, text: str, *, keep: int = 0) -> bool:
        """Add a paragraph, leaving `keep` units; False where it has no room."""
        if not text:
            return True
        if units(text) + 1 > self._room - keep:
            self.cut = True
            return False
        self._parts.append(text)
        self._room -= units(text) + 1
        return True

    def _facts(self, facts: tuple[Fact, ...]) -> None:
        fields: list[Json] = []
        room = EMBED // 2
        for fact in facts:
            value = markup.fitted(fact.value, FIELD) or "-"
            name = markup.escape(markup.cut(cleaning.one_line(fact.label), FIELD_NAME // 2))
            room -= units(value) + units(name)
            if room < 0 or len(fields) == FIELDS:
                self.cut = True
                break
            self.cut = self.cut or units(markup.marked(fact.value)) > FIELD
            fields.append({"name": name, "value": value, "inline": len(flat(fact.value)) <= INLINE})
        if fields:
            self.embed["fields"] = fields

    def _items(self, card: Card, *, keep: int) -> None:
        keep += NOTE + EXCERPTS.reserved(None if card.lead else card.excerpt)
        for number, item in enumerate(card.items, 1):
            if not self._add(_item(item), keep=keep):
                break
            self.shown = number
        self._add(layout.left_out(card, self.shown))

    def _excerpt(self, excerpt: Excerpt | None) -> None:
        """Show the newest lines that fit; older ones are counted."""
        if excerpt is None:
            return
        packed = EXCERPTS.pack(excerpt, self._room)
        self.cut = self.cut or packed.cut
        self._add(markup.escape(packed.heading))
        if packed.lines:
            self._add(markup.fence(packed.lines))


def _content(card: Card) -> str:
    """Return whom the message notifies, and the sentence above the embed, unless the embed says just that."""
    mentions = "\n".join(layout.mentioned(card.mentions, ids.mention))
    return f"{mentions}\n{_sentence(card, CONTENT - 140 - units(mentions))}".strip()


def _sentence(card: Card, room: int) -> str:
    said = flat((layout.MARKS[card.tone], *card.lead) if card.lead else card.text)
    if said.split() == " ".join(map(flat, card.body)).split():
        return ""
    return markup.fitted((said,), room)  # no fixed width either: an invitation in it may unfurl


def _small(line: Line) -> str:
    """Show a line small and grey."""
    return f"-# {markup.fitted(line, FOOTER)}" if line else ""


def _item(item: Item) -> str:
    mark = f"**{markup.escape(item.mark)}** " if item.mark else ""
    lines = [f"- {mark}{markup.marked(item.title)}", *(f"  {markup.marked(line)}" for line in item.lines)]
    return "\n".join(line for line in lines if line.strip())


def _bars(drawn: Chart) -> str:
    title = markup.escape(markup.cut(cleaning.one_line(drawn.title), TITLE))
    return chart.as_text(title, drawn.values, drawn.stands_for)


def _ours(card: Card, page: _Page, rows: buttons.Rows) -> Json:
    """Return what the sender has to know: words to keep, the whole text, a thread's name, a verdict's tag."""
    verdict = WORDS[card.verdict].casefold() if card.verdict else ""
    ours: Json = {"name": thread_name(card), "tone": TAGS.get(card.tone, ""), "verdict": verdict}
    if rows.kept:
        ours["words"] = rows.kept
    if page.cut:
        ours["overflow"] = layout.in_full(card)
    return ours


def thread_name(card: Card) -> str:
    """Name the thread of a card: what it speaks of, never how it stands, which changes."""
    names = [s.text for s in card.title if isinstance(s, Untrusted)]
    run = card.context.run if card.context is not None else None
    if run is not None and not names:
        return run_thread(run)
    if run is not None and card.lead:
        names.append(short_id(run.run_id))  # every run of a launcher has the same title otherwise
    return markup.cut(cleaning.one_line(" ".join(names)), THREAD_NAME)


def run_thread(run: RunRef) -> str:
    """Name a thread by nothing but its run."""
    return markup.cut(f"Run {cleaning.one_line(run.run_id)}", THREAD_NAME)


def _link_too_long(embed: Json, card: Card) -> None:
    """Show a signed link that no button takes as a link of the private answer itself."""
    for button in card.buttons:
        address = buttons.too_long(button)
        if address is not None:
            line = f"[{markup.escape(button.text)}](<{address}>)"
            text = f"{embed.get('description', '')}\n{line}".strip()
            if units(text) <= DESCRIPTION and size(embed) + units(line) < EMBED:
                embed["description"] = text
