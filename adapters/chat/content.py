"""A message as chats on this machine keep it: rows of segments and numbered controls, free of width and colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec

from bot.cards import Command, Tone
from bot.ports import Post, Undeliverable
from bot.replies.prompt import MAY_REPEAT


class Emphasis(StrEnum):
    """How a piece of text weighs; the words must carry the meaning alone."""

    PLAIN = "plain"
    STRONG = "strong"
    CODE = "code"
    DIM = "dim"


class RowKind(StrEnum):
    """What a row is."""

    PARAGRAPH = "paragraph"
    FACT = "fact"  # two cells
    ITEM = "item"
    DETAIL = "detail"  # belongs to the item above
    CODE = "code"
    PROGRESS = "progress"
    CHART = "chart"
    FILE = "file"  # what it is called, and where it was saved
    CONTROLS = "controls"
    FOOTER = "footer"


class Segment(msgspec.Struct, frozen=True):
    """A piece of a row. `page`: a page behind a login that it leads to."""

    text: str
    emphasis: Emphasis = msgspec.field(default=Emphasis.PLAIN, name="look")  # as messages that wait have it
    page: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, wrapped when it is shown. `label`: a fact's label, a chart's title, whose `segments` say the same in words.

    `fraction`: of 0 to 1, progress only. `values`: the numbers of a chart, newest last;
    `stands_for`: what they stand for where they are only 1, 0 and None.
    """

    kind: RowKind
    segments: tuple[Segment, ...] = ()
    label: str = ""
    fraction: float | None = None
    values: tuple[int | None, ...] = ()
    stands_for: tuple[str, str, str] | None = None
    controls: tuple[int, ...] = ()  # indices into the content's controls
    nested: bool = False  # belongs to the item above


REPEAT = Row(kind=RowKind.FOOTER, segments=(Segment(MAY_REPEAT, Emphasis.DIM),))


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A button. `report`: it opens the triage report, and the link never stands in here."""

    label: str
    command: Command | str | None = None  # a text where a version before 0.2 wrote the message
    page: str | None = None
    opens_form: bool = False
    report: bool = False
    weighty: bool = False  # it costs money or cannot be undone
    first: bool = False  # what most people press here
    rare: bool = False  # seldom needed: it stands behind the others

    @property
    def name(self) -> str:
        """A short name, another one where it says or does something else."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A whole message."""

    title: tuple[Segment, ...]
    summary: str  # the story in a sentence, for one-line updates and searching
    tone: Tone = Tone.NEUTRAL
    rows: tuple[Row, ...] = ()
    controls: tuple[Control, ...] = ()

    @property
    def heading(self) -> str:
        """The title, unstyled."""
        return "".join(segment.text for segment in self.title)

    @property
    def whole(self) -> str:
        """All that it says, unstyled."""
        rows = ("".join(segment.text for segment in row.segments) for row in self.rows)
        return "\n".join((self.heading, self.summary, *rows))

    @property
    def progress(self) -> Row | None:
        """The progress row of a message that lives on."""
        return next((row for row in self.rows if row.kind is RowKind.PROGRESS), None)


def encode(content: Content) -> str:
    """Write a message as canonical JSON: the same one gives the same text."""
    return msgspec.json.encode(content, order="deterministic").decode()


def decode(payload: str) -> Content:
    """Read what `encode` wrote. Raises `msgspec.DecodeError` for anything else."""
    found = msgspec.json.decode(payload, type=dict[str, Any])
    for control in _earlier(found.get("controls")):
        control |= {"command": control["words"] or None, "opens_form": control.get("asks") is not None}
    return msgspec.convert(found, Content)


def _earlier(controls: object) -> list[dict[str, Any]]:
    """Return the buttons as versions before 0.2 wrote them: `words` was the command, `asks` the verb whose form opens."""
    listed = controls if isinstance(controls, list) else []
    return [control for control in listed if isinstance(control, dict) and "words" in control]


def posted(post: Post) -> Content | Undeliverable:
    """Return what an announcement shows, and that it may be there twice where nobody knows; why it cannot be shown."""
    try:
        content = decode(post.payload)
    except msgspec.DecodeError:
        return Undeliverable("This message cannot be read.", channel_lost=False)
    return replace(content, rows=(*content.rows, REPEAT)) if post.repeat else content
