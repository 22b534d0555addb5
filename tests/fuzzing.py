"""What comes from outside, made hostile, and what must hold of everything that reads or shows it.

`make test` tries the same some each time, the soak others for as long as it is given. What a text is made of is known beforehand: pieces
that one of the readers or chats acts on, between signs of any kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from random import Random
from types import MappingProxyType, ModuleType
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from adapters.chat.browser import blocks
from adapters.chat.browser import pages as browser
from adapters.chat.browser import render as browser_render
from adapters.chat.browser.room import Message
from adapters.chat.discord import buttons as discord_buttons
from adapters.chat.discord import events as discord_events
from adapters.chat.discord import markup as discord_markup
from adapters.chat.discord import render as discord_render
from adapters.chat.slack import events as slack_events
from adapters.chat.slack import markup as slack_markup
from adapters.chat.slack import render as slack_render
from adapters.chat.terminal import render as terminal_render
from adapters.chat.terminal.screen import NARROWEST
from adapters.chat.terminal.typeset import Display, typeset
from adapters.hooks import body as hooks
from adapters.html.pages import STYLE, Pages
from adapters.platforms.ai_test_harness import decode as harness
from adapters.platforms.antithesis import decode as antithesis
from adapters.platforms.antithesis import events as log_events
from adapters.platforms.antithesis import intake, ndjson, properties, window
from adapters.platforms.antithesis.faultbook import FaultBook
from adapters.platforms.automated_future import decode as automated_future
from adapters.platforms.http import answers, lenient, sse
from adapters.platforms.http.wire import Answer
from adapters.platforms.testhide import decode as testhide
from adapters.platforms.testhide import report_file
from bot import cron, grammar, moments, reading
from bot.cards import (
    Button,
    Card,
    Chart,
    Command,
    Context,
    Excerpt,
    Fact,
    Item,
    Line,
    Link,
    Progress,
    Style,
    Tone,
    Untrusted,
)
from bot.commands.registry import VERBS
from bot.errors import ClewError, UserError
from bot.model import RunRef, Secret
from tests.fakes import discord_judge, slack_judge
from tests.unit.discord import test_events as discord_payloads
from tests.unit.discord.test_render import sent as sent_to_discord
from tests.unit.slack import test_events as slack_payloads

MESSAGE = "/channels/1/messages/2"
NOW = datetime(2026, 5, 1, tzinfo=UTC)
RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
PIECES = (
    *VERBS, "latest ", f"prod/{RUN}", RUN, "-9067336385060865277 45.334635781589895", "moment=5,10.5", "--window 20", "grep=", "a.b=c",
    "Failure Hash 5\nFailure VTime 4.5", '{"input_hash":"5","vtime":4.5}', "Moment(", "Environment", "https://acme.antithesis.com/runs/",
    "https://acme.antithesis.com/report/a/b.html?auth=v2.public.eyJCANARY", "https://acme.antithesis.com/search?search=v5v", '"', "'", "\\",
    "\u201c", "\u201d", "`", "```", "\n", "\r", "\t", " ", "=", ",", ";", ":", "-", "\u2014", "\u200b", "\u2028", "\x00", "\x1b[31m", "\x9d",
    "\x1b]8;;https://evil.example\x07", "\u202e", "\u0301", "\ud800", "\U0001f600", "\U0001f1e9", "e\u0301" * 20, "<!channel>", "<@U1>",
    "<#C1|x>", "<https://evil.example|x>", "&lt;", "&", "@everyone", "<@&1104000000000000001>", "<t:0:R>", "[a](https://evil.example)", "**",
    "||", "# ", "-# ", "> ", "1. ", "<script>", "javascript:alert(1)", '" onclick="x', "]]>", "<!--", "{{ 7 }}", "every weekday at 9:00",
    "* * * * *", "*/0", "1-", "5m", "1e999", "9" * 400, "-0", "\u0663", "2026-04-28T13:49:49Z", "v2.local.", "token=s3cret", "x" * 600,
)  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=8).map("".join)


def told(work: Callable[[], object]) -> None:
    """Do it: whatever comes, there is a result or an error of ours that has words."""
    try:
        work()
    except ClewError as refused:
        assert str(refused)  # noqa: PT017 - the error is one of two good answers


def command(text: str) -> None:
    """Read what is typed as its verb means it, or refuse it in words; what a button writes of its words is read as the same."""
    try:
        parsed = grammar.split(text)
        verb = VERBS.get(parsed.verb or "")
        typed = reading.typed(verb, parsed) if verb else None
    except UserError as refused:
        assert refused.problem  # noqa: PT017 - as above
        return
    if verb and typed and not verb.prose:
        again = reading.typed(verb, grammar.split(reading.written(verb, typed.values)))
        assert again == typed


def paste(text: str) -> None:
    """Read what a pasted text names, or refuse it in words."""
    told(lambda: moments.find(text))
    told(lambda: moments.run_ids(text))


def value(text: str) -> None:
    """Read every kind of value, or refuse it in words."""
    readers: Iterable[Callable[[str], object]] = (
        grammar.length,
        grammar.image,
        grammar.launcher,
        grammar.minutes,
        grammar.virtual_seconds,
        lambda given: grammar.since(given, "since", NOW),
        lambda given: grammar.schedule(given, "every"),
        grammar.zone,
        lambda given: grammar.time_of_day(given, "at"),
        lambda given: grammar.weekdays(given, "days"),
    )
    for read in readers:
        told(lambda read=read: read(text))  # type: ignore[misc]  # mypy infers no type of a lambda's default
    with suppress(cron.NotCron):
        cron.read(text)


def _names(module: ModuleType) -> set[str]:
    """Return every field that a platform's decoder knows."""
    kinds = [k for k in vars(module).values() if isinstance(k, type) and issubclass(k, msgspec.Struct)]
    return {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}


SCALARS = (None, True, False, 0, 1, -1, 5, 2**53, 2**63, -(2**70), 10**400, 0.5, -1e308, 1e16)
SEED = st.binary(min_size=8, max_size=8)  # drawing each value of a body by itself takes ten times as long


def _json(dice: Random, names: Sequence[str], deep: int) -> Any:
    """Return an object, a list, or a value of any type."""
    kind = dice.random()
    if deep and kind < 0.25:
        return {dice.choice(names): _json(dice, names, deep - 1) for _ in range(dice.randrange(6))}
    if deep and kind < 0.4:
        return [_json(dice, names, deep - 1) for _ in range(dice.randrange(4))]
    if kind < 0.7:
        return "".join(dice.choices(PIECES, k=dice.randrange(4)))
    return dice.choice(SCALARS)


def _body(*modules: ModuleType, more: Iterable[str] = ()) -> st.SearchStrategy[bytes]:
    """Return JSON of the fields that are decoded, at any depth and of any type, now and then damaged."""
    names = sorted({*more, *(name for module in modules for name in _names(module))})

    def made(source: bytes) -> bytes:
        dice = Random(source)
        whole: Any = {dice.choice(names): _json(dice, names, 3) for _ in range(dice.randrange(12))}
        whole = whole if dice.random() < 0.8 else [whole, _json(dice, names, 3)]
        body = json.dumps(whole, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
        if dice.random() < 0.7:
            return body
        cut = dice.randrange(len(body))
        return body[:cut] + dice.randbytes(dice.randrange(3)) + body[cut + dice.randrange(3) :]

    return SEED.map(made)


def _object(names: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return an object of such fields, at any depth."""

    def made(source: bytes) -> dict[str, Any]:
        dice = Random(source)
        return {dice.choice(names): _json(dice, names, 4) for _ in range(dice.randrange(12))}

    return SEED.map(made)


class _CardDice:
    """Makes cards of hostile text, most of them small, now and then one far over every chat's limits."""

    LONG = (
        "x" * 1_500,
        "x" * 5_000,
        "\U0001f600" * 300,
        ":tada:",
        "> quote",
        ">>> all",
        "__u__",
        "~~x~~",
        "discord.gg/abcdef",
        "<:a:1>",
    )
    # Tokens are taken out of a text before it comes into a card, and no text that was decoded has half a character.
    PIECES = (
        *(p for p in PIECES if "CANARY" not in p and p not in {"v2.local.", "\ud800"}),
        *LONG,
        "own words ",
    )

    def __init__(self, source: bytes) -> None:
        self.dice = Random(source)

    def few(self, most: int) -> range:
        """Return so many places: seldom many."""
        return range(self.dice.randrange(most + 1) if self.dice.random() < 0.1 else self.dice.randrange(3))

    def text(self) -> str:
        """Return pieces and signs of any kind."""
        dice = self.dice
        if dice.random() < 0.3:
            return "".join(
                chr(dice.choice((dice.randrange(0x300), dice.randrange(0xD800))))
                for _ in range(dice.randrange(40))
            )
        return "".join(dice.choices(self.PIECES, k=dice.randrange(4)))

    def line(self) -> Line:
        """Return text from outside, our own and links."""
        made = (
            lambda: Untrusted(self.text(), self.dice.random() < 0.5),
            lambda: "own words ",
            lambda: Link("page", "https://demo.antithesis.com/x"),
        )
        return tuple(self.dice.choices(made, (4, 1, 1))[0]() for _ in self.few(4))

    def lines(self, most: int) -> tuple[Line, ...]:
        """Return some such lines."""
        return tuple(self.line() for _ in self.few(most))

    def buttons(self, most: int) -> tuple[Button, ...]:
        """Return buttons, also such as no verb makes."""
        return tuple(self._button() for _ in self.few(most))

    def _button(self) -> Button:
        pick = self.dice.choice
        values = {self.text(): self.text() for _ in range(self.dice.randrange(4))}
        return Button(
            label=self.text(), command=pick((None, Command(pick(("launch", "x")), values))), entry=pick((None, 7)),
            page=pick((None, None, "https://demo.antithesis.com/", "javascript:alert(1)", "https://" + "x" * pick((600, 4_000)))),
            report=pick((None, RunRef("demo", RUN))), style=pick([*Style]), opens_form=pick((True, False)),
            signed=pick((None, Secret("https://demo.antithesis.com/report/x?auth=v2.public.CANARY"))),
        )  # fmt: skip

    def card(self, first: str, facts: int, items: int) -> Card:
        """Return a card; `first`: what no title and no label is without, `facts` and `items`: the most of each."""
        dice, pick = self.dice, self.dice.choice
        chart = Chart(
            title=self.text(),
            values=tuple(dice.randrange(10**9) for _ in self.few(14)),
            labels=(),
            text=self.text(),
        )
        progress = Progress(fraction=pick((None, dice.uniform(-1, 2))), text="going on")
        excerpt = Excerpt(lines=tuple(self.text() for _ in self.few(200)), title="Newest last")
        return Card(
            title=(first, *self.line()), text=("Said: ", *self.line()), tone=pick([*Tone]), body=self.lines(6),
            facts=tuple(Fact(f"{first}{self.text()}", self.line()) for _ in self.few(facts)),
            items=tuple(Item(title=self.line(), mark=pick(("", "new")), lines=self.lines(3), buttons=self.buttons(12)) for _ in self.few(items)),
            items_left_out=dice.randrange(6), excerpt=pick((None, excerpt)), progress=pick((None, progress)), chart=pick((None, chart)),
            buttons=self.buttons(12), footer=self.line(), context=Context(run=RunRef("demo", RUN)),
        )  # fmt: skip


_CARD = SEED.map(lambda source: _CardDice(source).card("", 30, 20))
_DISCORD_CARD = SEED.map(lambda source: _CardDice(source).card("t", 12, 8))


def antithesis_wire(body: bytes) -> None:
    """Decode runs, properties, moments and lines of logs: any field may be of any type."""
    if run := lenient.read_struct(body, antithesis.RunBody):
        told(lambda: antithesis.run_of(run, connection="prod", origin="https://acme.antithesis.com"))
    if found := lenient.read_struct(body, properties.PropertyBody):
        told(lambda: properties.property_of(found))
    antithesis.moment_of(body)
    line = window.log_line(body)
    assert "\n" not in line.text
    assert "\n" not in window.build_line(body).text
    fields = log_events.read_event(body)
    log_events.describe(fields)
    log_events.rule_of(fields)
    intake.error_in(body)
    FaultBook().feed(fields, intake.vtime_of(body))


def testhide_wire(body: bytes) -> None:
    """Decode builds, results and their history."""
    if build := lenient.read_struct(body, testhide.BuildBody):
        for timed in (True, False):
            told(lambda timed=timed: testhide.run_of(build, "th", ("j", "Job"), brief=timed, timed=timed))  # type: ignore[misc]  # as above
    if result := lenient.read_struct(body, testhide.ResultBody):
        told(lambda: testhide.check_of(result))
    for read in (
        testhide.rows_of,
        testhide.array_of,
        testhide.history_of,
        testhide.build_in,
        testhide.lines_of,
    ):
        told(lambda read=read: read(body))  # type: ignore[misc]  # as above


def harness_wire(body: bytes) -> None:
    """Decode executions, plans, agents and ratings."""
    if execution := lenient.read_struct(body, harness.ExecutionBody):
        told(lambda: harness.run_of(execution, RunRef("qa", "1")))
        told(lambda: harness.counts_of(execution))
    if plan := lenient.read_struct(body, harness.PlanBody):
        told(lambda: (harness.row_of(plan), harness.tests_of(plan)))
    for read in (harness.agents_of, harness.agent_result_of, harness.clusters_of):
        told(lambda read=read: read(body))  # type: ignore[misc]  # as above
    told(lambda: harness.readiness_of(body, "1.0"))


def automated_future_wire(body: bytes) -> None:
    """Decode projects, results and artifacts."""
    for read in (
        automated_future.version_of, automated_future.projects_of, automated_future.result_of, automated_future.artifacts_of,
        automated_future.opened_id, automated_future.written_id, automated_future.announced, automated_future.address_of,
    ):  # fmt: skip
        told(lambda read=read: read(body))  # type: ignore[misc]  # as above


def answer(body: bytes, status: int, pause: str) -> None:
    """Make one line of what a server says of a failure, and seconds or none of its pause."""
    came = Answer(status=status, body=body, headers={"retry-after": pause, "content-type": pause})
    assert "\n" not in answers.detail_of(came)
    assert str(answers.error_of(came))
    seconds = answers.retry_after(came)
    assert seconds is None or seconds >= 0


def delivery(body: bytes) -> None:
    """Find few, short runs in a signed delivery."""
    content = hooks.read_body(body)
    hooks.made_at(content)
    ids = hooks.ids_in(content, ("id", "run_id"))
    assert len(ids) <= hooks.MOST_IDS
    assert all(len(one) <= hooks.LONGEST_ID for one in ids)


def stream(parts: list[bytes], size: int) -> None:
    """Read the same lines and the same events of a stream, however it is cut; none is longer than it may be."""
    whole = b"".join(parts)
    bytewise, pieces = ([whole[at : at + n] for at in range(0, len(whole), n)] for n in (1, size))
    lines = _lines(pieces)
    assert lines == _lines(bytewise)
    assert _events(pieces) == _events(bytewise)
    assert all(len(line) <= CAP for line in lines)
    for line in lines:
        window.log_line(line)


CAP = 64  # bytes of a line here, so that lines over it are met


def _lines(pieces: Iterable[bytes]) -> list[bytes]:
    reader = ndjson.Lines(CAP)
    found = b"".join(block for piece in pieces for block in reader.feed(piece)) + reader.close()
    return found.split(b"\n")


def _events(pieces: Iterable[bytes]) -> list[str]:
    reader = sse._Events(CAP)
    return [data for piece in (*pieces, b"\n\n") for data in reader.feed(piece)]


def report(parts: list[str]) -> None:
    """Read a report file, or refuse it in words."""
    told(lambda: report_file.cases("".join(parts).encode("utf-8", "replace")))


TAGS = (
    "<?xml version='1.0'?>", "<testsuites>", "<testsuite name='s' tests='2'>", "<testcase classname='a.b' name='c' time='1e999'>",
    "<testcase name='d' time='nan'/>", "<failure message='m'>", "</failure>", "<error/>", "<skipped/>", "</testcase>", "</testsuite>",
    "</testsuites>", "<properties>", "<property name='nodeid' value='a::b'/>", "</properties>", "<!DOCTYPE x [<!ENTITY e 'e'>]>", "&e;",
    "<![CDATA[", "]]>", "<system-out>", "</system-out>", "&#0;", "&lt;",
)  # fmt: skip


def slack_event(body: dict[str, Any], kind: str, team: dict[str, Any]) -> None:
    """Find a meaning in whatever a payload of Slack holds."""
    given_body = {**body, "type": kind, **team}
    assert (
        slack_events.read(given_body, slack_payloads.ME, slack_payloads.NOW, slack_payloads.JUDGE) is not None
    )


def discord_event(body: dict[str, Any], kind: int, whole: bool) -> None:
    """Find a meaning in whatever a payload or a message of Discord holds."""
    me, now = discord_payloads.ME, discord_payloads.NOW
    known = discord_payloads.payload(kind, {}) if whole else {"id": "1", "token": "t", "type": kind}
    given_body = known | {name: value for name, value in body.items() if name not in {"id", "token", "type"}}
    assert discord_events.read(given_body, me, now) is not None
    discord_events.mentions(given_body, me)
    discord_events.replies(given_body, me)
    assert discord_events.read_message(given_body, me, now, parent=None) is not None
    discord_events.message_text(given_body)


def pressed(text: str) -> None:
    """Read anybody's custom id, or see that it is none of ours."""
    found = discord_buttons.read(text, [text])
    assert found is None or found.command or found.token


def markup(text: str) -> None:
    """Escape text so that it is live nowhere, and take the markup out of what people type."""
    line = text.replace("\n", " ").replace("\r", " ")
    assert not discord_judge.live(discord_markup.escape(line))
    assert not discord_judge.live(discord_markup.code(line))
    assert not slack_judge._text(slack_markup.escape(text), "text")
    discord_markup.shown_text(text)
    discord_markup.said_text(text)


def slack_card(card: Card) -> None:
    """Stay within every limit of Slack, nothing live, no signed link in what may be stored."""
    message = slack_render.message(card)
    assert slack_judge.message(message, update=True) == []
    assert "CANARY" not in json.dumps(message)
    assert len(message["blocks"]) <= slack_render.BLOCKS
    assert sum(map(slack_render.cost, message["blocks"])) <= slack_render.CHARACTERS + 500


def discord_card(card: Card) -> None:
    """Write what Discord describes as a message, within every limit, nothing live, no signed link in what may be stored."""
    message = discord_render.message(card)
    assert discord_judge.request("PATCH", MESSAGE, sent_to_discord(message)) == []
    assert "CANARY" not in json.dumps(message)


_ACTED_ON = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def terminal_card(card: Card, width: int) -> None:
    """Show nothing that a terminal acts on, however wide it is, and no line that is wider."""
    shown = typeset(terminal_render.render(card), "#1", range(1, 400), Display(width=width)).plain
    assert [line for line in shown.split("\n") if cell_len(line) > width] == []
    assert "CANARY" not in shown
    assert not _ACTED_ON.search(shown)


class _Page(HTMLParser):
    """Notes what a page would do by itself, or lead to, that is not ours."""

    OURS = (
        "./",
        "report/",
        "file/",
        "data:image/svg+xml;base64,",
        "https://demo.antithesis.com/",
        "https://xxx",
    )

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge an element and its attributes."""
        if tag in {"script", "iframe", "object", "embed", "style", "base", "meta", "link"}:
            self.wrong.append(tag)
        for name, given_value in attrs:
            leads = name in {"href", "src", "action", "formaction"} and tag != "form"
            if (
                name.startswith("on")
                or name == "style"
                or (leads and not (given_value or "").startswith(self.OURS))
            ):
                self.wrong.append(f"{tag} {name}={given_value!r}")


_PAGES = Pages(
    browser.HERE / "templates", style=STYLE, page=blocks.page, blocks=blocks.blocks, split=blocks.split, moment=str,
    picture=blocks.picture, caption=blocks.caption, file_name=blocks.file_name, sign=blocks.SIGNS.get,
)  # fmt: skip


def browser_card(card: Card, typed: str) -> None:
    """Write a page that runs nothing and leads nowhere that text from outside says."""
    for content, words in ((browser_render.render(card), ""), (None, typed)):
        message = Message(
            id="1", channel="c", thread=None, key="k", at=NOW, made=1, changed=1, typed=words, content=content
        )
        page = _Page()
        text = _PAGES.write("article.html", message=message, name="general")
        page.feed(text)
        assert page.wrong == []
        assert words or "CANARY" not in text


SLACK_KINDS = (
    "event_callback", "block_actions", "view_submission", "message_action", "shortcut", "block_suggestion", "view_closed", "x",
)  # fmt: skip
SLACK_NAMES = (
    "event", "actions", "view", "user", "channel", "message", "container", "callback_id", "trigger_id", "value", "command", "response_url",
    "text", "id", "type", "action_id", "ts", "state", "values", "private_metadata", "blocks", "selected_option", "block_id", "links",
)  # fmt: skip
DISCORD_NAMES = (
    "id", "token", "type", "data", "message", "channel", "member", "user", "guild_id", "channel_id", "name", "options", "value", "custom_id",
    "values", "components", "component", "focused", "resolved", "messages", "target_id", "content", "embeds", "roles", "flags", "parent_id",
    "author", "attachments", "referenced_message",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """One reader or renderer. `examples` of it are tried in the suite."""

    check: Callable[..., None]
    made_of: tuple[st.SearchStrategy[Any], ...]
    examples: int = 2_000


def _all() -> Iterable[Target]:
    words = _body(
        more=("error", "message", "detail", "errors", "title", "type", "id", "run_id", "timestamp", "payload")
    )
    yield Target(command, (TEXT | st.builds("{} {}".format, st.sampled_from([*VERBS]), TEXT),))
    yield Target(paste, (TEXT,))
    yield Target(value, (TEXT,))
    yield Target(antithesis_wire, (_body(antithesis, properties, window, intake, more=("source", "stream", "name", "output_text",
        "fault", "info", "details", "antithesis_assert", "hit", "condition", "location", "moment", "input_hash", "vtime", "max_duration")),))  # fmt: skip
    yield Target(testhide_wire, (_body(testhide),))
    yield Target(harness_wire, (_body(harness),))
    yield Target(automated_future_wire, (_body(automated_future),))
    yield Target(answer, (words, st.sampled_from([200, 302, 401, 404, 429, 500]), TEXT.map(lambda t: t[:80])))
    yield Target(delivery, (words,))
    yield Target(stream, (st.lists(st.binary(max_size=9) | st.sampled_from([
        b"\n", b"\r\n", b"\r", b"data: ", b"data", b":", b"\xef\xbb\xbf", b'{"error":', b'{"clew.left_out":5}', b" ", b"x" * 70]), max_size=14),
        st.integers(1, 9)))  # fmt: skip
    yield Target(report, (st.lists(st.sampled_from(TAGS) | TEXT.map(lambda t: t[:40]), max_size=14),))
    teams = st.sampled_from([{"team_id": "T01"}, {"team": {"id": "T01"}}])
    yield Target(slack_event, (_object(SLACK_NAMES), st.sampled_from(SLACK_KINDS), teams))
    yield Target(discord_event, (_object(DISCORD_NAMES), st.integers(-1, 6), st.booleans()))
    yield Target(pressed, (TEXT.map(lambda t: t[:160]) | TEXT.map(lambda t: f"say:{t[:90]}"),))
    yield Target(markup, (TEXT,))
    yield Target(slack_card, (_CARD,))
    yield Target(discord_card, (_DISCORD_CARD,))
    yield Target(terminal_card, (_CARD, st.integers(NARROWEST, 120)))
    yield Target(browser_card, (_CARD, TEXT))


TARGETS: Mapping[str, Target] = MappingProxyType({target.check.__name__: target for target in _all()})


def attack(name: str, examples: int, *, round_: int = 0) -> None:
    """Try a target with so many examples: the same ones in the same round."""
    target = TARGETS[name]
    test = given(*target.made_of)(target.check)
    test = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(_SLOW))(
        test
    )
    seed(round_)(test)()


_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
