"""Card -> Discord message: one embed inside Discord's limits; what has no room is counted and goes along as a file.

Pure: the same card gives the same text, so that a delivery can be repeated byte for byte. The sentence for
notifications and search stands above the embed, and never holds a link, so nothing unfurls: the flag that
forbids unfurling would hide the embed too. Limits: https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

import json

from adapters.chat import chart
from adapters.chat.discord import buttons, ids, markup
from adapters.chat.discord.markup import Json, units
from adapters.chat.excerpt import newest
from bot import cleaning
from bot.cards import Button, Card, Chart, Excerpt, Fact, Item, Line, Progress, Tone, Untrusted
from bot.model import RunRef
from bot.replies.wording import count

CONTENT = 2000
TITLE = 256
DESCRIPTION = 4096
PARAGRAPH = 1500
FIELD_NAME = 256
FIELD = 1024
FIELDS = 24
FOOTER = 2000  # of 2,048: the short id has to fit too
EMBED = 5800  # of 6,000 over all embeds together
EXCERPT = 2000  # kept free for one while items are laid out; it may take all that is left then
LINE = 400  # of an excerpt
INLINE = 40  # a fact up to this length stands beside others
BAR = 10
OVERFLOW = 200_000  # characters of the file with all that was cut
THREAD_NAME = 100
NOTE = 80  # kept for saying how much was left out

MARKS = {Tone.GOOD: "✅ ", Tone.BAD: "❌ ", Tone.WARNING: "⚠️ ", Tone.RUNNING: "⏳ ", Tone.NEUTRAL: ""}
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
    return json.dumps(message(card, signed=signed), ensure_ascii=False, separators=(",", ":"))


def message(card: Card, *, signed: bool = False) -> Json:
    """Lay out a card: what must be there first, then items and excerpt in the room that is left.

    `signed`: buttons with signed links are shown; only for what one person sees and nobody stores.
    """
    page = _Page(card)
    rows = buttons.Rows(signed=signed)
    components = rows.lay(card.items[: page.shown], _own(card))
    embed = page.embed
    if signed:
        _link_too_long(embed, card)
    result: Json = {"content": _content(card), "embeds": [embed], "components": components}
    mentions: Json = {"parse": []}
    if user := ids.user_of(card.notifies) if card.notifies else None:
        result["content"] = f"Launched by <@{user}>\n{result['content']}".strip()
        mentions["users"] = [user]
    return result | {"allowed_mentions": mentions, OURS: _ours(card, page, rows)}


def size(embed: Json) -> int:
    """Count an embed as Discord does, in UTF-16 units."""
    fields = embed.get("fields", ())
    texts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    return sum(map(units, texts)) + sum(units(f["name"]) + units(f["value"]) for f in fields)


class _Page:
    """The embed of a card, filled in the order of what must be there."""

    def __init__(self, card: Card) -> None:
        self.cut = False
        self.shown = 0
        title = MARKS[card.tone] + markup.fitted(card.title, TITLE - 4, links=False)
        self.embed: Json = {"title": title, "color": COLOURS[card.tone]}
        if footer := markup.cut(markup.flat(card.footer), FOOTER):
            self.embed["footer"] = {"text": footer}
        self._facts(card.facts)
        self._parts: list[str] = []
        self._room = min(DESCRIPTION, EMBED - size(self.embed))
        for line in card.body:
            self._paragraph(line)
        if card.progress is not None:
            self._add(markup.escape(_bar(card.progress)))
        bars = _bars(card.chart) if card.chart else ""
        self._items(card, keep=units(bars) + 1)
        self._add(bars)
        if card.excerpt is not None:
            self._excerpt(card.excerpt)
        if self._parts:
            self.embed["description"] = "\n".join(self._parts)

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

    def _paragraph(self, line: Line) -> None:
        shown = markup.fitted(line, max(1, min(PARAGRAPH, self._room - 1)))
        self.cut = self.cut or units(markup.marked(line)) > units(shown)
        self._add(shown)

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
            fields.append({"name": name, "value": value, "inline": len(markup.flat(fact.value)) <= INLINE})
        if fields:
            self.embed["fields"] = fields

    def _items(self, card: Card, *, keep: int) -> None:
        keep += NOTE + _excerpt_cost(card.excerpt)
        for number, item in enumerate(card.items, 1):
            if not self._add(_item(item), keep=keep):
                break
            self.shown = number
        left_out = card.items_left_out + len(card.items) - self.shown
        if left_out:
            self._add(f"{left_out:,} more {'is' if left_out == 1 else 'are'} not shown here.")

    def _excerpt(self, excerpt: Excerpt) -> None:
        """Show the newest lines that fit; older ones are counted."""
        room = self._room - _frame(excerpt)
        shown, missing = newest(excerpt.lines, room, _line_cost, LINE)
        left_out = excerpt.left_out + len(excerpt.lines) - len(shown)
        self.cut = self.cut or missing
        earlier = f"{count(left_out, 'earlier line')} left out" if left_out else ""
        self._add(" · ".join(part for part in (markup.escape(excerpt.title), earlier) if part))
        if shown:
            self._add(markup.fence(shown))


def _line_cost(line: str) -> int:
    return units(cleaning.unfenced(line)) + 1


def _excerpt_cost(excerpt: Excerpt | None) -> int:
    """Count what an excerpt would like to have, at most: its lines as they will stand in the fence, and its frame."""
    if excerpt is None:
        return 0
    lines = (cleaning.cut(cleaning.one_line(line), LINE) for line in excerpt.lines)
    return min(EXCERPT, sum(map(_line_cost, lines))) + _frame(excerpt)


def _frame(excerpt: Excerpt) -> int:
    """Count what stands around an excerpt's lines: its heading and the fence."""
    return NOTE + 2 * units(excerpt.title) + len("```\n\n```")


def _content(card: Card) -> str:
    """Return the sentence above the embed, or nothing where the embed says just that."""
    said = markup.flat(card.text)
    if said.split() == " ".join(map(markup.flat, card.body)).split():
        return ""
    return markup.fitted((said,), CONTENT - 140)  # no fixed width either: an invitation in it may unfurl


def _own(card: Card) -> tuple[Button, ...]:
    form = card.form
    if form is None or any(b.opens_form == form.verb for b in card.buttons):
        return card.buttons
    return (Button(label="Fill in the form", words=form.verb, opens_form=form.verb), *card.buttons)


def _item(item: Item) -> str:
    mark = f"**{markup.escape(item.mark)}** " if item.mark else ""
    lines = [f"- {mark}{markup.marked(item.title)}", *(f"  {markup.marked(line)}" for line in item.lines)]
    return "\n".join(line for line in lines if line.strip())


def _bar(progress: Progress) -> str:
    if progress.fraction is None:
        return progress.text
    done = round(min(1.0, max(0.0, progress.fraction)) * BAR)
    return f"{'▓' * done}{'░' * (BAR - done)} {progress.text}"


def _bars(drawn: Chart) -> str:
    title = markup.escape(markup.cut(cleaning.one_line(drawn.title), TITLE))
    return f"{title}, oldest first\n{chart.sparkline(drawn.values)}  {chart.numbers(drawn.values)}"


def _ours(card: Card, page: _Page, rows: buttons.Rows) -> Json:
    """Return what the sender has to know: words to keep, the whole text, a thread's name, a verdict's tag."""
    verdict = markup.flat(card.title).partition(":")[0].strip().casefold()
    ours: Json = {"name": thread_name(card), "tone": TAGS.get(card.tone, ""), "verdict": verdict}
    if rows.kept:
        ours["words"] = rows.kept
    if page.cut or rows.left_out:
        ours["overflow"] = in_full(card)[:OVERFLOW]
    return ours


def thread_name(card: Card) -> str:
    """Name the thread of a card: what it speaks of, never how it stands, which changes."""
    names = [s.text for s in card.title if isinstance(s, Untrusted)]
    if not names and card.context is not None and card.context.run is not None:
        return run_thread(card.context.run)
    return markup.cut(cleaning.one_line(" ".join(names)), THREAD_NAME)


def run_thread(run: RunRef) -> str:
    """Name a thread by nothing but its run."""
    return markup.cut(f"Run {cleaning.one_line(run.run_id)}", THREAD_NAME)


def in_full(card: Card) -> str:
    """Write the whole card as plain text, for the file."""
    flat = markup.flat
    lines = [flat(card.title), "", flat(card.text), "", *map(flat, card.body)]
    lines += [f"{f.label}: {flat(f.value)}" for f in card.facts]
    for item in card.items:
        lines += ["", f"{item.mark} {flat(item.title)}".strip(), *map(flat, item.lines)]
    if card.chart is not None:
        lines += ["", cleaning.one_line(card.chart.text)]
    if card.excerpt is not None:
        lines += ["", card.excerpt.title, *map(cleaning.one_line, card.excerpt.lines)]
    return "\n".join(lines)


def _link_too_long(embed: Json, card: Card) -> None:
    """Show a signed link that no button takes as a link of the private answer itself."""
    for button in card.buttons:
        address = buttons.too_long(button)
        if address is not None:
            line = f"[{markup.escape(button.label)}](<{address}>)"
            text = f"{embed.get('description', '')}\n{line}".strip()
            if units(text) <= DESCRIPTION and size(embed) + units(line) < EMBED:
                embed["description"] = text
