"""What a reply is made of, for any chat: no platform's field names, no platform's limits.

Text in a card is a `Line`: a tuple of spans. A plain `str` is our own words; `Untrusted` marks text that came
from elsewhere (names, log lines, messages of people) and is cleaned and escaped by the renderer alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from bot.errors import ClewError
from bot.model import Moment, RunRef, Secret, VerdictKind


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Text from outside: shown literally, never as markup, mention or link. `code`: in fixed width."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A link of ours to a page behind a login. Signed links never stand here."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class When:
    """A time as it is told now ("22 s ago"); chats that can keep it current show `at` their own way."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody whom their own chat notifies of a message: the id of a person, a group or a role, and our words for why.

    Never made of text from outside. Only the first sending notifies: an edit of the message shows none.
    """

    who: str
    why: str


FROM = "from"  # the parameter that holds the number of the entry with which a page of a list begins

Span = str | Untrusted | Link | When
Line = tuple[Span, ...]


class Tone(StrEnum):
    """How a card feels; renderers may colour by it, but the words must say it too."""

    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    RUNNING = "running"
    NEUTRAL = "neutral"


class Style(StrEnum):
    """How a button weighs."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


class ReportLinks(StrEnum):
    """Where a signed report link may go."""

    POST = "post"  # behind the button of the post
    PRIVATE = "private"  # a fresh one, to the person who clicks


@dataclass(frozen=True, slots=True)
class Command:
    """A verb and its values by parameter name: what a button asks for, and nothing that is read as text again."""

    verb: str
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_run(cls, verb: str, run: RunRef, **more: str) -> Command:
        """Ask for something about exactly this run, of exactly this connection."""
        return cls(verb, {"run": run.text, **more})

    def __hash__(self) -> int:
        """Return the same for the same values, in whichever order they stand."""
        return hash((self.verb, frozenset(self.values.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Asks for `command` in the name of the person who presses it, in this place.

    A button with `page` opens a page behind a login instead. A button with `report` opens the triage report:
    in a completion post under `ReportLinks.POST` the deliverer fills in a fresh signed link at sending;
    everywhere else it asks for `command` (the report of the run) and the answer is private. Only such a private
    answer has a button with `signed`: a fresh link that opens the report to whoever holds it.
    """

    label: str
    entry: int | None = None  # of a list, beside which it stands: all of them do the same to theirs
    command: Command | None = None
    page: str | None = None
    report: RunRef | None = None
    signed: Secret | None = None
    style: Style = Style.PLAIN
    opens_form: bool = False  # the form of the command's verb opens instead, prefilled from its values
    rare: bool = False  # seldom needed: chats put it behind the others, into a menu where they have one

    @property
    def text(self) -> str:
        """What stands on it."""
        return self.label if self.entry is None else f"{self.label} {self.entry}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A short labelled value."""

    label: str
    value: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a list: a failing property, a run, a subscription."""

    title: Line
    mark: str = ""  # a word that stands before the title: "new", "still failing"
    lines: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = ()
    context: Context | None = None  # what this entry speaks of, for chats that give it a message of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Which entries of a list the first items of a card are, counted from 1, and what asks for the others.

    A chat that has no room for all items of a page begins the next one where it stopped, so that none is skipped.
    """

    command: Command
    first: int
    last: int
    total: int

    @classmethod
    def of(cls, command: Command, total: int, first: int, size: int) -> Pages:
        """Return the page of at most `size` entries that begins with the entry `first`."""
        return cls(command=command, first=first, last=min(total, first + size - 1), total=total)

    @property
    def numbers(self) -> range:
        """The numbers of the entries that are on the page."""
        return range(self.first, self.last + 1)

    @property
    def left_out(self) -> int:
        """How many entries follow the page."""
        return self.total - self.last

    def after(self, shown: int) -> Command | None:
        """Ask for what follows the `shown` first items; None where all entries are shown.

        It goes on by at least one entry, so that one that is too long for any message hides none behind it.
        """
        begin = min(self.last + 1, self.first + max(1, shown))
        if begin > self.total:
            return None
        return Command(self.command.verb, {**self.command.values, FROM: str(begin)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of output in fixed width, all from outside, newest last."""

    lines: tuple[str, ...]
    title: str = ""
    left_out: int = 0  # lines not shown; renderers add what they cut themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far something is: a fraction of 0 to 1, or None where only the words say it."""

    fraction: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Whole numbers to be drawn as bars, newest last, each with a label; None: nothing is known there, and no bar stands.

    `text` says the same in a full sentence, for whoever cannot see bars; names from outside may stand in it,
    so renderers clean it. `stands_for`: what a bar is, a place with none, and one of which nothing is known, where the
    numbers are only 1 and 0: ("failed", "passed", "no result"); it takes the place of the numbers.
    """

    title: str
    values: tuple[int | None, ...]
    labels: tuple[str, ...]
    text: str
    stands_for: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to send along: `content`, or what stands at `path`, which the chat adapter deletes after sending."""

    name: str
    title: str
    path: str = ""
    content: bytes = field(default=b"", repr=False)
    size: int = 0  # bytes

    @classmethod
    def of_text(cls, text: str, *, name: str, title: str) -> Attachment:
        """Return a text as a file that lies on no disk."""
        content = text.encode("utf-8", "replace")
        return cls(name=name, title=title, content=content, size=len(content))


class FieldKind(StrEnum):
    """What a form field or a verb's parameter takes; adapters choose their widget and completion by it."""

    RUN = "run"
    LAUNCHER = "launcher"
    MOMENT = "moment"
    PROPERTY = "property"
    MINUTES = "minutes"
    SECONDS = "seconds"
    COUNT = "count"
    CHOICE = "choice"
    FLAG = "flag"
    ADDRESSES = "addresses"  # of mail, separated by ;
    IMAGE = "image"  # of a container
    IMAGES = "images"  # of containers, separated by ;
    TEXT = "text"
    LONG_TEXT = "long text"
    FILE = "file"
    BRANCH = "branch"


LINES = frozenset({FieldKind.LONG_TEXT, FieldKind.IMAGES})  # of which somebody may fill in several


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form, named like the parameter it fills. `summary`, `example`: what help says of that.

    `usual`: left empty, it is filled in where it is shown with what most of the launcher's last runs had; then the
    value is `offered`, and nobody gave it. `shapes`: what else is asked for, and filled in with, hangs on it.
    """

    name: str
    label: str
    kind: FieldKind
    hint: str = ""
    value: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    summary: str = ""
    example: str = ""
    usual: bool = False
    offered: bool = False
    shapes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that says `verb` with its fields as named values when sent."""

    verb: str
    title: str
    submit: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a message speaks of; inside its thread every verb works with no arguments."""

    run: RunRef | None = None
    property_name: str | None = None
    moment: Moment | None = None
    conversation: str | None = (
        None  # a talk with a platform's model that the thread goes on with: "CONNECTION/ID"
    )

    def talk_with(self, connection: str) -> str | None:
        """Return the id of the talk with the model of a connection, None where there is none."""
        of, _, talk = (self.conversation or "").partition("/")
        return talk if talk and of == connection else None

    def after(self, before: Context | None) -> Context:
        """Return it as a thread keeps it: what else is shown of the same run leaves the talk about it as it is."""
        same = before is not None and before.run == self.run and self.conversation is None
        return dataclasses.replace(self, conversation=before.conversation) if before and same else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message.

    `text` is the whole story in a sentence or two: screen readers, notifications and search see only that, so
    it must name the verdict and what is new. `lead`: with what `text` begins, where that says all that the title does and
    the rest of it stands in the card too: a chat that shows both shows this alone, and the excerpt of such a card is evidence
    that stands before its items. `subtitle`: one grey line under the title.
    """

    title: Line
    text: Line
    tone: Tone = Tone.NEUTRAL
    lead: Line = ()
    subtitle: Line = ()
    verdict: VerdictKind | None = None  # of the one run that it tells of
    body: tuple[Line, ...] = ()  # plain paragraphs
    facts: tuple[Fact, ...] = ()
    items: tuple[Item, ...] = ()
    items_left_out: int = 0
    pages: Pages | None = None  # where the items are a part of a list
    rest: tuple[
        Button | None, ...
    ] = ()  # or by how many of the first ones are shown, the way to all that is not
    excerpt: Excerpt | None = None
    progress: Progress | None = None
    chart: Chart | None = None
    files: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    footer: Line = ()
    context: Context | None = None
    mentions: tuple[Mention, ...] = ()  # whom the chat notifies by name; ids of other chats are left out
    form: Form | None = None  # chats with forms open it; others show the body, which says the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a verb answers: a card, who sees it, and whether the message lives on.

    `data`: the value that the card was made of, for who wants it as data; None where only the card tells. `error`: what the
    card tells, where it tells of one.
    """

    card: Card
    private: bool = False  # only the person who asked
    failed: bool = False  # the person's or our failure; `clew ask` exits 1 or 2
    fault: bool = False  # ours or the platform's, not the person's
    live: str | None = None  # key of the live card that edits this message until its run ends
    replace: bool = False  # edit the message whose button was pressed, instead of posting a new one
    as_live: Card | None = None  # what the live card says just now, where this answer says more
    data: object | None = None
    error: ClewError | None = None


def joined(parts: Iterable[Line], mark: str = " · ") -> Line:
    """Join those of some lines that say anything to one."""
    there = [part for part in parts if any(part)]
    return tuple(span for n, part in enumerate(there) for span in ((mark, *part) if n else part))


def fingerprint(card: Card) -> str:
    """Return a short text that differs where cards say something else, whatever their threads speak of."""
    return sha256(repr(dataclasses.replace(card, context=None)).encode("utf-8", "replace")).hexdigest()


def plain(line: Line) -> str:
    """Flatten a line to text; outside text is not cleaned here."""
    return "".join(s if isinstance(s, str) else s.label if isinstance(s, Link) else s.text for s in line)
