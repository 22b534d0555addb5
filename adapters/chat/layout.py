"""What chats lay out alike: marks, bars, texts cut to a limit, excerpts within their room, and a card as a file; pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot import cleaning
from bot.cards import Button, Card, Command, Excerpt, Line, Mention, Progress, Tone, plain
from bot.replies import layout

MARKS: Mapping[Tone, str] = MappingProxyType({
    Tone.GOOD: "✅ ",
    Tone.BAD: "❌ ",
    Tone.WARNING: "⚠️ ",
    Tone.RUNNING: "⏳ ",
    Tone.NEUTRAL: "",
})  # fmt: skip
MOST_MENTIONED = 40  # in one message: chats refuse one that notifies more than a hundred, or is too long
BAR = 10  # characters of a progress bar
WHOLE = 200_000  # characters of the file with all that a message had no room for
SHORTEST = 100  # characters to which an excerpt's lines are shortened, to make room for more of them


def flat(line: Line) -> str:
    """Return a line as clean text on one line, without any markup."""
    return "".join(cleaning.one_line(plain((span,))) for span in line)


def mentioned(mentions: Collection[Mention], markup: Callable[[str], str | None]) -> tuple[str, ...]:
    """Say whom a message notifies, a line for each reason, and of how many there is no room for.

    `markup`: writes an id so that the chat notifies it; None for who is not the chat's.
    """
    lines: dict[str, list[str]] = {}
    for mention in notified(mentions, markup):
        lines.setdefault(mention.why, []).append(markup(mention.who) or "")
    left_out = len({mention.who for mention in mentions if markup(mention.who)}) - sum(
        map(len, lines.values())
    )
    written = [f"{why} {', '.join(shown)}" for why, shown in lines.items()]
    return (*written, layout.more_mentioned(left_out)) if left_out else tuple(written)


def notified(mentions: Iterable[Mention], markup: Callable[[str], str | None]) -> tuple[Mention, ...]:
    """Return whom a message notifies: those whom the chat knows, each once, for the first reason, and not too many."""
    first: dict[str, Mention] = {}
    for mention in mentions:
        if markup(mention.who) is not None:
            first.setdefault(mention.who, mention)
    return tuple(first.values())[:MOST_MENTIONED]


def is_one_liner(card: Card) -> bool:
    """Whether a card says all that it has to say in its title and the grey line under it."""
    more = (
        card.body,
        card.facts,
        card.items,
        card.excerpt,
        card.progress,
        card.chart,
        card.files,
        card.footer,
    )
    return bool(card.subtitle) and not any(more)


def fitted(
    text: str,
    limit: int,
    write: Callable[[str], str],
    size: Callable[[str], int] = len,
    *,
    whole: str | None = None,
) -> str:
    """Return a text as `write` writes it, cut where that is larger than `limit`, as `size` counts it.

    `whole`: how it is written where nothing has to be cut, if not by `write`.
    """
    written = write(text) if whole is None else whole
    while size(written) > limit:
        text = cleaning.cut(text, max(1, len(text) * limit // size(written) - 1))
        written = write(text)
        if len(text) <= 1:
            break
    return written


def fraction(progress: Progress) -> float | None:
    """Return how far something is, of 0 to 1; None where only the words say it."""
    return None if progress.fraction is None else min(1.0, max(0.0, progress.fraction))


def progress_bar(progress: Progress) -> str:
    """Write how far something is, with a bar of text where that is a number."""
    done = fraction(progress)
    if done is None:
        return progress.text
    full = round(done * BAR)
    return f"{'▓' * full}{'░' * (BAR - full)} {progress.text}"


def own_buttons(card: Card, shown: int) -> tuple[Button, ...]:
    """Return a card's own buttons; one opens its form with what was given, which a chat can open on a press alone.

    `shown`: how many of its items have room, so that the next page of a list begins with the one after them.
    """
    form, buttons = card.form, paged_buttons(card, shown)
    if form is None or any(b.opens_form and b.command and b.command.verb == form.verb for b in card.buttons):
        return buttons
    given = {field.name: field.value for field in form.fields if field.value and not field.offered}
    return (Button(label=layout.FILL_IN, command=Command(form.verb, given), opens_form=True), *buttons)


def paged_buttons(card: Card, shown: int) -> tuple[Button, ...]:
    """Return what stands on a card, and before it the way to what follows its `shown` first items."""
    after = following(card, shown)
    return (after, *card.buttons) if after else card.buttons


def following(card: Card, shown: int) -> Button | None:
    """Return the way to what follows a card's `shown` first items, None where nothing does."""
    if card.rest:
        return card.rest[min(shown, len(card.rest) - 1)]
    command = card.pages.after(shown) if card.pages else None
    return Button(label=layout.NEXT_PAGE, command=command) if command else None


def left_out(card: Card, shown: int) -> str:
    """Say which items have no room, where only the `shown` first ones do; "" for none, and where a button counts them."""
    without = len(card.items) - shown
    if card.rest and without:
        return layout.REST_NOT_SHOWN if len(card.items) >= len(card.rest) else ""
    missing = card.items_left_out + without
    return layout.not_shown(missing) if missing else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What a message shows of an excerpt: `heading` above its `lines`; `cut` where anything is missing in them."""

    heading: str
    lines: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How a chat makes room for an excerpt.

    `cost`: what a line takes as it will be written, with its line end. `frame`: what stands around the lines of
    an excerpt with this title. `longest`: characters of one line. `reserve`: what is kept free at most while the
    rest of the message is laid out; the excerpt may take all that is left then.
    """

    cost: Callable[[str], int]
    frame: Callable[[str], int]
    longest: int
    reserve: int

    def reserved(self, excerpt: Excerpt | None) -> int:
        """Count what is kept free for an excerpt: its lines as they will be written, and its frame."""
        if excerpt is None:
            return 0
        lines = (cleaning.cut(cleaning.one_line(line), self.longest) for line in excerpt.lines)
        return min(self.reserve, sum(map(self.cost, lines))) + self.frame(excerpt.title)

    def pack(self, excerpt: Excerpt, room: int) -> Packed:
        """Choose the newest lines that fit into the room, shortened before any is left out; count older ones."""
        whole = [cleaning.one_line(line) for line in excerpt.lines]
        room -= self.frame(excerpt.title)
        fair = max(SHORTEST, room // max(1, len(whole)) - 1)
        shown: list[str] = []
        for limit in (self.longest, min(self.longest, fair)):
            shown = self._newest([cleaning.cut(line, limit) for line in whole], room)
            if len(shown) == len(whole):
                break
        left_out = excerpt.left_out + len(whole) - len(shown)
        heading = (excerpt.title, layout.earlier_lines(left_out) if left_out else "")
        return Packed(heading=" · ".join(filter(None, heading)), lines=tuple(shown), cut=shown != whole)

    def _newest(self, lines: list[str], room: int) -> list[str]:
        shown: list[str] = []
        for line in reversed(lines):
            room -= self.cost(line)
            if room < 0:
                break
            shown.append(line)
        return shown[::-1]


def in_full(card: Card) -> str:
    """Write the whole card as plain text, for the file."""
    lines = [flat(card.title), flat(card.subtitle), "", flat(card.text), "", *map(flat, card.body)]
    lines += [f"{fact.label}: {flat(fact.value)}" for fact in card.facts]
    for item in card.items:
        lines += ["", f"{item.mark} {flat(item.title)}".strip(), *map(flat, item.lines)]
    if card.chart is not None:
        lines += ["", cleaning.one_line(card.chart.text)]
    if card.excerpt is not None:
        lines += ["", card.excerpt.title, *map(cleaning.one_line, card.excerpt.lines)]
    if card.subtitle:
        lines += ["", flat(card.footer)]
    return "\n".join(lines)[:WHOLE]


def as_json(message: Mapping[str, Any]) -> str:
    """Write a message so that the same one always gives the same text."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
