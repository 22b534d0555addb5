"""Card -> Block Kit: golden files for the cards that people see, limits and literal text for all others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.slack import charts, render
from adapters.chat.slack.markup import Json
from bot.cards import (
    Button,
    Card,
    Chart,
    Command,
    Excerpt,
    Fact,
    Field,
    FieldKind,
    Form,
    Item,
    Line,
    Link,
    Mention,
    Progress,
    Style,
    Tone,
    Untrusted,
)
from bot.errors import ServiceFailed, UserError
from bot.model import RunRef, Secret, VerdictKind
from bot.replies import problems
from tests.fakes import slack_judge

GOLDEN = Path(__file__).parent / "golden"
RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"


def verdict() -> Card:
    """Show what a channel reads when a run ends."""
    return Card(
        title=("FAILED: ", Untrusted("Payments Nightly"), " ", Untrusted("9043254f", code=True)),
        text=(
            "Run ",
            Untrusted("Payments Nightly"),
            " 9043254f FAILED: 1 of 40 properties fails; 1 newly failing.",
        ),
        tone=Tone.BAD,
        verdict=VerdictKind.FAILED,
        body=((Untrusted("nightly on main & <release>"),),),
        facts=(
            Fact("Run", (Untrusted(RUN, code=True),)),
            Fact("Properties", ("1 failing, 39 passing",)),
            Fact("Source", (Untrusted("feature_*x*"),)),
            Fact("Runs", (Link("behind the login", "https://demo.antithesis.com/runs"),)),
        ),
        items=(
            Item(mark="newly failing", title=(Untrusted("Ledger balances"),), lines=(("at 398.489 s",),)),
            Item(mark="still failing", title=(Untrusted("No deadlock"), " (3 runs in a row)")),
        ),
        items_left_out=2,
        buttons=(
            Button(label="Failing", command=Command("failing", {"run": f"demo/{RUN}"})),
            Button(
                label="Open report",
                command=Command("report", {"run": f"demo/{RUN}"}),
                report=RunRef("demo", RUN),
            ),
            Button(label="All runs", page="https://demo.antithesis.com/runs"),
        ),
        footer=("“watch” changes this channel's subscriptions.",),
    )


def failing() -> Card:
    """Failing properties, each with its buttons."""
    return Card(
        title=("2 failing properties",),
        text=("2 properties fail: “Ledger balances”, “No deadlock”.",),
        tone=Tone.BAD,
        items=tuple(
            Item(
                mark="newly failing",
                title=(f"{n}. ", Untrusted(name)),
                lines=((Untrusted("ledger.go:42", code=True),),),
                buttons=(
                    Button(label="Logs", entry=n, command=Command("logs", {"run": f"{n}"})),
                    Button(label="Debug", entry=n, command=Command("debug", {"run": f"{n}"})),
                ),
            )
            for n, name in enumerate(("Ledger balances", "No deadlock"), 1)
        ),
    )


def history() -> Card:
    """Show one run with how its series went; the launcher has a name that would be markup elsewhere."""
    return Card(
        title=("FAILED: ", Untrusted("Payments <Nightly>")),
        text=("Run ", Untrusted("Payments <Nightly>"), " 9043254f FAILED: 2 of 40 properties fail."),
        tone=Tone.BAD,
        verdict=VerdictKind.FAILED,
        facts=(Fact("Properties", ("2 failing, 38 passing",)),),
        items=(Item(mark="newly failing", title=(Untrusted("Ledger balances"),)),),
        chart=Chart(
            title="Failing properties, last 6 runs",
            values=(0, 0, 1, 1, 0, 2),
            labels=("a", "b", "c", "d", "e", "f"),
            text="Failing properties in the last 6 runs of Payments (Nightly)\n on main, "
            "oldest first: 0, 0, 1, 1, 0, 2.",
        ),
        buttons=(Button(label="Failing", command=Command("failing", {"run": f"demo/{RUN}"})),),
    )


def logs() -> Card:
    """Show a window of output, newest last."""
    return Card(
        title=("Logs before 398.489 s",),
        text=("Logs before 398.489 s: the last 3 of 120 lines.",),
        facts=(Fact("Window", ("10 virtual seconds, 120 lines",)),),
        excerpt=Excerpt(
            lines=(
                "398.1 [etcd0] <!channel> up",
                "398.2 [etcd0] ```fence```",
                "\x1b[31m398.4 [etcd1] panic\x1b[0m",
            ),
            title="Newest last",
            left_out=117,
        ),
        buttons=(Button(label="Wider window", command=Command("logs", {"window": "40"})),),
    )


def question() -> Card:
    """Ask to confirm a launch with more parameters than fit in columns."""
    return Card(
        title=("Launch ", Untrusted("basic_test"), "?"),
        text=("Launch basic_test for 30 min? Nothing has been started yet.",),
        tone=Tone.WARNING,
        facts=tuple(Fact(f"antithesis.parameter_{n}", (Untrusted(f"value {n}"),)) for n in range(12)),
        buttons=(
            Button(label="Launch", command=Command("confirm", {"request": "t0"}), style=Style.PRIMARY),
            Button(label="Cancel", command=Command("decline", {"request": "t0"}), style=Style.DANGER),
        ),
    )


def live() -> Card:
    """Follow a run that is under way."""
    return Card(
        title=("running: ", Untrusted("basic_test")),
        text=("Run basic_test is running, 12 of 30 min.",),
        tone=Tone.RUNNING,
        progress=Progress(fraction=0.4, text="12 min of 30 min"),
    )


def form() -> Card:
    """Say what is missing, with the form behind a button."""
    fields = (Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER, required=True),)
    return Card(
        title=("Launch what?",),
        text=("A launcher and a duration are missing.",),
        body=(("Say ", Untrusted("launch LAUNCHER duration=30", code=True), "."),),
        form=Form(verb="launch", title="Launch a test run", submit="Continue", fields=fields),
    )


def many_buttons() -> Card:
    """More ways on than fit beside each other: the rest become a menu."""
    return Card(
        title=("Help",),
        text=("What can be said.",),
        buttons=tuple(Button(label=f"Help {n}", command=Command("help", {"verb": f"{n}"})) for n in range(9)),
    )


CARDS: dict[str, Callable[[], Card]] = {
    "verdict": verdict,
    "failing": failing,
    "logs": logs,
    "question": question,
    "live": live,
    "form": form,
    "many_buttons": many_buttons,
    "mistake": lambda: problems.mistake(UserError("There is no run “<!here>”.", "Say “status”.")).card,
    "history": history,
    "failure": lambda: problems.failure(ServiceFailed("The platform failed.", detail="*500* <@U1>")).card,
}


@pytest.mark.parametrize("name", CARDS)
def test_message__is_as_in_its_golden_file(name: str) -> None:
    """Look at the difference, then run with UPDATE_GOLDEN=1 where it is meant."""
    path = GOLDEN / f"{name}.json"
    made = json.dumps(render.message(CARDS[name]()), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("name", CARDS)
def test_message__slack_takes_it(name: str) -> None:
    """Within every limit, nothing live."""
    assert slack_judge.message(render.message(CARDS[name]()), update=True) == []


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["<!channel>", "<@U1>", "```", "`", "*b*", "_i_", "~s~", ">", "&amp;", "<https://e.example|x>", ":tada:",
         "@here", "\u202e", "\x1b[31m", "x" * 5000, "\n", ""]
    ),
)  # fmt: skip
OUTSIDE = st.builds(Untrusted, HOSTILE, st.booleans())
LINES: st.SearchStrategy[Line] = st.lists(
    st.one_of(OUTSIDE, st.just("own words "), st.just(Link("page", "https://demo.antithesis.com/x"))),
    max_size=4,
).map(tuple)
COMMANDS = st.one_of(
    st.none(),
    st.builds(Command, st.sampled_from(["launch", "x"]), st.dictionaries(HOSTILE, HOSTILE, max_size=3)),
)
BUTTONS = st.lists(
    st.builds(
        Button,
        label=HOSTILE,
        command=COMMANDS,
        entry=st.sampled_from([None, 7]),
        page=st.sampled_from(
            [None, None, "https://demo.antithesis.com/", "javascript:alert(1)", "https://" + "x" * 4000]
        ),
        report=st.sampled_from([None, RunRef("demo", RUN)]),
        signed=st.sampled_from([None, Secret("https://demo.antithesis.com/report/x?auth=v2.public.CANARY")]),
        style=st.sampled_from(list(Style)),
        opens_form=st.booleans(),
    ),
    max_size=12,
).map(tuple)
ANY_CARD = st.builds(
    Card,
    title=LINES,
    text=LINES.map(lambda line: ("Said: ", *line)),
    tone=st.sampled_from(list(Tone)),
    body=st.lists(LINES, max_size=6).map(tuple),
    facts=st.lists(st.builds(Fact, HOSTILE, LINES), max_size=30).map(tuple),
    items=st.lists(st.builds(Item, title=LINES, mark=st.sampled_from(["", "new"]),
                             lines=st.lists(LINES, max_size=3).map(tuple), buttons=BUTTONS), max_size=20).map(tuple),
    items_left_out=st.integers(0, 5),
    excerpt=st.none() | st.builds(Excerpt, lines=st.lists(HOSTILE, max_size=200).map(tuple), title=st.just("Newest last")),
    progress=st.none() | st.builds(Progress, fraction=st.none() | st.floats(-1, 2), text=st.just("going on")),
    chart=st.none() | st.builds(Chart, title=HOSTILE, values=st.lists(st.integers(0, 10**9), max_size=14).map(tuple),
                                labels=st.just(()), text=HOSTILE),
    buttons=BUTTONS,
    footer=LINES,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ANY_CARD)
def test_without_table__slack_takes_it_too(card: Card) -> None:
    """The other way to show the same is as valid."""
    message = render.message(card)
    message["blocks"] = render.without_table(message["blocks"])

    assert slack_judge.message(message, update=True) == []
    assert all(block["type"] != "table" for block in message["blocks"])


def test_message__what_has_no_room_is_counted_and_goes_along() -> None:
    """Newest lines stay; the rest is counted, and the file has all of it."""
    lines = tuple(f"line {n} {'x' * 60}" for n in range(400))
    card = Card(title=("Logs",), text=("Many lines.",), excerpt=Excerpt(lines=lines, left_out=100))

    message = render.message(card)
    shown = _texts(message["blocks"])

    assert "line 399" in shown
    assert "line 0 " not in shown
    assert f"{500 - shown.count('line ')} earlier lines left out" in shown
    assert message["overflow"].count("line ") == 400


def test_message__items_without_room_are_counted() -> None:
    """As many as fit, then how many more there are."""
    items = tuple(Item(title=(Untrusted(f"property {n} {'y' * 700}"),)) for n in range(60))

    message = render.message(Card(title=("t",), text=("Many.",), items=items, items_left_out=5))
    shown = _texts(message["blocks"])

    assert f"{65 - shown.count('property ')} more are not shown here." in shown
    assert message["overflow"].count("property ") == 60


def test_message__signed_link_only_where_asked_for() -> None:
    """A button with a signed link is shown to one person, and is never in what may be stored."""
    card = Card(
        title=("t",),
        text=("Ready.",),
        buttons=(Button(label="Open report", signed=Secret("https://a.example/r")),),
    )

    assert "a.example" not in render.render(card)
    assert "a.example" in render.render(card, signed=True)


def _texts(blocks: list[Json]) -> str:
    return json.dumps(blocks, ensure_ascii=False)


@settings(max_examples=50, deadline=None)
@given(ANY_CARD.filter(lambda card: card.chart is not None))
def test_picture__slack_takes_it_in_any_message(card: Card) -> None:
    """The picture takes the place of the bars, and the message stays within every limit."""
    message = render.message(card)
    shown = charts.with_picture(message["blocks"], message["picture"], "F0123456789")
    before = [block["type"] for block in message["blocks"] if block.get("block_id") == charts.BLOCK]

    assert before == ["section"]
    assert [block["type"] for block in shown].count("image") == 1
    assert (
        slack_judge.message({**message, "blocks": shown}, update=True, pictures=frozenset({"F0123456789"}))
        == []
    )


def test_picture__is_said_in_words() -> None:
    """Title and numbers stand above the picture, a whole sentence stands for it, on one line and cut to its limit."""
    drawn = Chart(title="Failing", values=(0, 2), labels=("a", "b"), text="One\nsentence " + "x" * 3000)

    block = charts.picture(drawn)["block"]

    assert block["title"]["text"] == "Failing, oldest first: 0, 2"
    assert block["alt_text"].startswith("One sentence xxx")
    assert len(block["alt_text"]) == 2000


FENCED = ("a ```code", "``````", "```" + "x" * 590 + "```", "`` `", "odd ```", "line")


@pytest.mark.parametrize("lines", [FENCED, FENCED * 40, ("```",), ("`" * 700,), ("x" * 597 + "```y",)])
@pytest.mark.parametrize("name", ["a ```property```", "```", "x" * 3_998 + "```", "``", "`````"])
def test_message__holds_no_fence_from_outside(lines: tuple[str, ...], name: str) -> None:
    """No text from outside opens or closes a code block, wherever it stands and wherever it is cut."""
    odd = (Untrusted(name), " and ", Untrusted("`"), Untrusted("``"))
    card = Card(
        title=odd,
        text=odd,
        body=(odd,),
        facts=(Fact("Name", odd), *(Fact(f"f{n}", (Untrusted(name),)) for n in range(len(lines)))),
        items=(Item(title=odd, mark="new", lines=(odd,)),),
        excerpt=Excerpt(lines=lines),
        footer=odd,
        buttons=(Button(label=name, command=Command("help")),),
    )
    message = render.message(card)
    message.pop("overflow", None)

    assert "```" not in json.dumps(message)


def test_message__an_excerpt_keeps_its_room_as_it_is_written() -> None:
    """Signs that are written longer than they are do not cost the lines their place beside many items."""
    items = tuple(Item(title=(Untrusted("y" * 300),)) for _ in range(60))
    card = Card(title=("t",), text=("t",), items=items, excerpt=Excerpt(lines=("&<>" * 15,) * 20))
    text = json.dumps(render.message(card)["blocks"])

    assert 20 == text.count("&<>" * 15)
    assert "more are not shown here." in text


def test_message__a_longer_excerpt_shows_more_lines() -> None:
    """Lines are shortened before they are left out: whoever asks for more gets more."""

    def shown(number: int) -> int:
        lines = tuple(f"{n:04} " + "x" * 700 for n in range(number))
        card = Card(title=("t",), text=("t",), excerpt=Excerpt(lines=lines))
        return json.dumps(render.message(card)["blocks"]).count(" xxx")

    assert 20 == shown(20) < shown(60) < shown(80)


def launched_by(who: str) -> Card:
    return Card(title=("t",), text=("said",), mentions=(Mention(who, "Launched by"),))


def test_message__notifies_a_person_of_slack() -> None:
    """Who launched a run is mentioned; an id that is not Slack's never becomes markup."""
    card = launched_by("slack:user:T01:U01ALICE")
    said = json.dumps(render.message(card)["blocks"])
    others = ("slack:user:T01:<!channel>", "discord:user:123", "slack:channel:T01:C01", "U01ALICE", "",
              "slack:usergroup:T01:U01", "slack:team:T01", "slack:usergroup:T01:S01><!here")  # fmt: skip

    assert "Launched by <@U01ALICE>" in said
    for other in others:
        assert "Launched by" not in json.dumps(render.message(launched_by(other))["blocks"])


def test_message__mentions_people_and_groups_for_each_reason() -> None:
    """A line for each reason, everybody once; the judge lets only such lines through."""
    mentions = (
        Mention("slack:user:T01:U01ALICE", "Launched by"),
        Mention("slack:usergroup:T01:S01", "For"),
        Mention("slack:user:T01:U01ALICE", "For"),
    )
    message = render.message(Card(title=("t",), text=("said",), mentions=mentions))
    lines = [b["elements"][0]["text"] for b in message["blocks"] if b["type"] == "context"]

    assert lines == ["Launched by <@U01ALICE>", "For <!subteam^S01>"]
    assert slack_judge.message(message | {"unfurl_links": False, "unfurl_media": False}) == []
    assert slack_judge.message(message, update=True) == ["somebody is mentioned again"]


def test_message__masks_report_links_of_a_log() -> None:
    """What a system under test writes of a report's link opens nothing: not in the message, and not in its file."""
    link = "https://acme.antithesis.com/report/a/b.html?auth=v2.public.eyJuYmYi_-Xx.Zm9v"
    card = Card(
        title=("t ", Untrusted(link)),
        text=("t ", Untrusted(link)),
        body=((Untrusted(link),),),
        facts=(Fact("Link", (Untrusted(link, code=True),)),),
        items=(Item(title=(Untrusted(link),), lines=((Untrusted(link),),)),),
        excerpt=Excerpt(lines=(f"398.1 [app] {link}",) * 400),
        footer=(Untrusted(link),),
    )
    message = render.render(card)

    assert "overflow" in message
    assert "eyJ" not in message
    assert "auth" in message
