"""Card -> Discord message: golden files for the cards that people see, limits and literal text for all others."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat import pressed
from adapters.chat.discord import buttons, markup, render
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
    Mention,
    Progress,
    Style,
    Tone,
    Untrusted,
)
from bot.model import RunRef, Secret
from tests.fakes import discord_judge as judge
from tests.unit.slack.test_render import CARDS as ALL
from tests.unit.slack.test_render import RUN

NAMES = (
    "verdict",
    "failing",
    "logs",
    "question",
    "live",
    "form",
    "many_buttons",
    "mistake",
    "failure",
    "history",
)
CARDS = {name: ALL[name] for name in NAMES}
GOLDEN = Path(__file__).parent / "golden"
MESSAGES = "/channels/1/messages/2"

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["@everyone", "@here", "<@1104000000000000001>", "<@&1104000000000000001>", "<#1104000000000000001>",
         "<t:0:R>", "</launch:1104000000000000001>", "[a](https://evil.example)", "https://evil.example",
         "discord.gg/abcdef", "```", "`", "**b**", "__u__", "||s||", "~~x~~", "# head", "-# small", "- item",
         "1. item", "> quote", ">>> all", "\\", "\\`", "<:a:1>", "\u202e", "\x1b[31m", "\U0001f600" * 300,
         "x" * 1500, "\n", ""]
    ),
)  # fmt: skip
LINES: st.SearchStrategy[Line] = st.lists(
    st.one_of(
        st.builds(Untrusted, HOSTILE, st.booleans()),
        st.just("own words "),
        st.just(Link("page", "https://demo.antithesis.com/x")),
    ),
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
        page=st.sampled_from([None, None, "https://demo.antithesis.com/", "javascript:alert(1)", "https://" + "x" * 600]),
        report=st.sampled_from([None, RunRef("demo", RUN)]),
        signed=st.sampled_from([None, Secret("https://demo.antithesis.com/report/x?auth=v2.public.CANARY")]),
        style=st.sampled_from(list(Style)),
        opens_form=st.booleans(),
    ),
    max_size=12,
).map(tuple)  # fmt: skip
ANY_CARD = st.builds(
    Card,
    title=LINES.map(lambda line: ("t", *line)),
    text=LINES.map(lambda line: ("Said: ", *line)),
    tone=st.sampled_from(list(Tone)),
    body=st.lists(LINES, max_size=6).map(tuple),
    facts=st.lists(st.builds(Fact, HOSTILE.map(lambda text: f"f{text}"), LINES), max_size=12).map(tuple),
    items=st.lists(st.builds(Item, title=LINES, mark=st.sampled_from(["", "new"]),
                             lines=st.lists(LINES, max_size=3).map(tuple), buttons=BUTTONS), max_size=8).map(tuple),
    items_left_out=st.integers(0, 5),
    excerpt=st.none() | st.builds(Excerpt, lines=st.lists(HOSTILE, max_size=60).map(tuple), title=st.just("Newest last")),
    progress=st.none() | st.builds(Progress, fraction=st.none() | st.floats(-1, 2), text=st.just("going on")),
    chart=st.none() | st.builds(Chart, title=HOSTILE, values=st.lists(st.integers(0, 10**9), max_size=14).map(tuple),
                                labels=st.just(()), text=HOSTILE),
    buttons=BUTTONS,
    footer=LINES,
    context=st.just(Context(run=RunRef("demo", RUN))),
)  # fmt: skip


def sent(message: Any) -> Any:
    """Return what goes to Discord of a message."""
    return {name: value for name, value in message.items() if name != render.OURS}


@pytest.mark.parametrize("name", CARDS)
def test_message__is_as_in_its_golden_file(name: str) -> None:
    """Look at the difference, then run with UPDATE_GOLDEN=1 where it is meant."""
    path = GOLDEN / f"{name}.json"
    made = json.dumps(render.message(CARDS[name]()), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("name", CARDS)
def test_message__discord_takes_it(name: str) -> None:
    """As Discord describes it, within every limit, nothing live."""
    assert judge.request("PATCH", MESSAGES, sent(render.message(CARDS[name]()))) == []


@pytest.mark.parametrize("line", ["`" * 40, "```" * 13, "a`b``c```" * 8])
def test_message__lines_of_back_ticks_keep_their_place(line: str) -> None:
    """The room for an excerpt is counted as it is written, so that lines are shown beside any number of items."""
    items = tuple(Item(title=(Untrusted("y" * 150),)) for _ in range(20))
    card = Card(title=("t",), text=("t",), items=items, excerpt=Excerpt(lines=(line,) * 20))
    message = render.message(card)
    description = message["embeds"][0]["description"]

    assert 20 == description.partition("```\n")[2].partition("\n```")[0].count("\n") + 1
    assert 2 == description.count("```")
    assert judge.request("PATCH", MESSAGES, sent(message)) == []


def test_message__a_longer_excerpt_shows_more_lines() -> None:
    """Lines are shortened before they are left out: whoever asks for more gets more."""

    def shown(number: int) -> int:
        lines = tuple(f"{n:04} " + "x" * 700 for n in range(number))
        card = Card(title=("t",), text=("t",), excerpt=Excerpt(lines=lines))
        return str(render.message(card)["embeds"][0]["description"]).count(" xxx")

    assert 20 == shown(20) < shown(60)


def test_message__a_chart_keeps_its_place_beside_many_items() -> None:
    """However much there is to list, the bars and their numbers are there."""
    items = tuple(Item(title=(Untrusted("y" * 300),)) for _ in range(60))
    drawn = Chart(title="Failing", values=(0, 1, 2), labels=("a", "b", "c"), text="Failing: 0, 1, 2.")

    message = render.message(Card(title=("t",), text=("Many.",), items=items, chart=drawn))

    assert "Failing, oldest first\n▁▅█  0, 1, 2" in message["embeds"][0]["description"]
    assert "more are not shown here." in message["embeds"][0]["description"]
    assert "Failing: 0, 1, 2." in message[render.OURS]["overflow"]


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_escape__nothing_is_live_and_all_is_readable(text: str) -> None:
    """What came from outside is shown as it is, and can be read back."""
    escaped = markup.escape(text.replace("\n", " "))

    assert not judge.live(escaped)
    assert markup._ESCAPED.sub(r"\1", escaped) == text.replace("\n", " ")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="`\\ab", max_size=20), max_size=8))
def test_fence__cannot_be_broken_out_of(lines: list[str]) -> None:
    """However many back-ticks are in it, the fence is closed by us."""
    fenced = markup.fence(lines)

    assert fenced.count("```") == 2
    assert fenced.startswith("```\n")
    assert fenced.endswith("\n```")


@settings(max_examples=100, deadline=None)
@given(LINES, st.integers(20, 400))
def test_fitted__keeps_within_units(line: Line, limit: int) -> None:
    """Counted as Discord counts: an emoji of two units is two."""
    assert markup.units(markup.fitted(line, limit)) <= limit


def test_message__what_has_no_room_is_counted_and_goes_along() -> None:
    """Newest lines stay; the rest is counted, and the file has all of it."""
    lines = tuple(f"line {n} {'x' * 60}" for n in range(400))
    card = Card(title=("Logs",), text=("Many lines.",), excerpt=Excerpt(lines=lines, left_out=100))

    message = render.message(card)
    shown = message["embeds"][0]["description"]

    assert "line 399" in shown
    assert "line 0 " not in shown
    assert f"{500 - shown.count('line ')} earlier lines left out" in shown
    assert message[render.OURS]["overflow"].count("line ") == 400


def test_message__items_without_room_are_counted() -> None:
    """As many as fit, then how many more there are."""
    items = tuple(Item(title=(Untrusted(f"property {n} {'y' * 700}"),)) for n in range(60))

    message = render.message(Card(title=("t",), text=("Many.",), items=items, items_left_out=5))
    shown = message["embeds"][0]["description"]

    assert f"{65 - shown.count('property ')} more are not shown here." in shown
    assert message[render.OURS]["overflow"].count("property ") == 60


def test_message__buttons_without_room_are_named() -> None:
    """Too long an address, more own buttons than rows, more choices than a menu: nothing goes without a word."""
    far = Button(label="Docs", page=f"https://demo.antithesis.com/{'x' * 3000}")
    many = tuple(Button(label=f"b{n}", command=Command("status", {"run": f"{n}"})) for n in range(27))
    choices = tuple(
        Item(
            title=(f"{n}",), buttons=(Button(label="Logs", entry=n, command=Command("logs", {"n": f"{n}"})),)
        )
        for n in range(30)
    )
    long = Card(title=("t",), text=("t",), body=(("x" * 1400,),) * 3, buttons=(far, *many))

    for card, named in (
        (long, "“Docs”, “b25”, “b26”"),
        (Card(title=("t",), text=("t",), items=choices), "“Logs 25”, “Logs 26”, “Logs 27” and 2 more"),
    ):
        message = render.message(card)
        said = f"There is no room here for the buttons {named}. Type their commands instead."
        assert message["embeds"][0]["description"].endswith(said)
        assert judge.request("PATCH", MESSAGES, sent(message)) == []


def test_message__many_item_buttons_become_menus() -> None:
    """A menu per kind, its options named like the items; what is chosen says the button's words."""
    items = tuple(
        Item(
            title=(f"{n}. ", Untrusted(f"property {n}")),
            buttons=(
                Button(label="Logs", entry=n, command=Command("logs", {"run": f"{n}"})),
                Button(label="Debug", entry=n, command=Command("debug", {"run": f"{n}"})),
            ),
        )
        for n in range(1, 9)
    )

    rows = render.message(Card(title=("t",), text=("Many.",), items=items))["components"]
    menus = [row["components"][0] for row in rows]

    assert [menu["placeholder"] for menu in menus] == ["Logs…", "Debug…"]
    assert menus[0]["options"][2] == {"label": "3. property 3", "value": 'say:3:["logs",{"run":"3"}]'}


def test_message__what_is_rare_gives_way_to_the_buttons_beside_it() -> None:
    """With few other buttons beside items these stay buttons, and the rare ones share one menu; none is left out."""
    items = tuple(
        Item(
            title=(f"{n}. property {n}",),
            buttons=tuple(
                Button(label=label, entry=n, command=Command(label, {"run": f"{n}"}), rare=label == "History")
                for label in ("Logs", "Debug", "History")
            ),
        )
        for n in (1, 2)
    )

    rows = render.message(Card(title=("t",), text=("t",), items=items))["components"]

    assert [button["label"] for button in rows[0]["components"]] == ["Logs 1", "Debug 1", "Logs 2", "Debug 2"]
    (menu,) = rows[1]["components"]
    assert menu["placeholder"] == "···"
    assert [option["label"] for option in menu["options"]] == [
        "History: 1. property 1",
        "History: 2. property 2",
    ]


def test_message__signed_link_only_where_asked_for() -> None:
    """A button with a signed link is shown to one person, and is never in what may be stored."""
    short, long = Secret("https://a.example/r"), Secret("https://a.example/" + "r" * 600)
    cards = [
        Card(title=("t",), text=("Ready.",), buttons=(Button(label="Open report", signed=link),))
        for link in (short, long)
    ]

    assert all("a.example" not in render.render(card) for card in cards)
    assert render.message(cards[0], signed=True)["components"][0]["components"][0]["url"] == short.reveal()
    assert long.reveal() in render.message(cards[1], signed=True)["embeds"][0]["description"]


def test_message__says_nothing_twice() -> None:
    """Where the embed says just what the sentence says, the sentence is left out."""
    card = Card(
        title=("t",), text=("It did not work. Try again.",), body=(("It did not work.",), ("Try again.",))
    )

    assert render.message(card)["content"] == ""


def launched_by(who: str) -> Card:
    return Card(title=("t",), text=("said",), mentions=(Mention(who, "Launched by"),))


def test_message__notifies_a_person_of_discord() -> None:
    """Who launched a run is mentioned, and nobody else can be; an id that is not Discord's never becomes markup."""
    card = launched_by("discord:user:80351110224678912")
    message = render.message(card)

    assert message["content"].startswith("Launched by <@80351110224678912>\n")
    assert message["allowed_mentions"] == {"parse": [], "users": ["80351110224678912"]}
    others = ("discord:user:@everyone", "slack:user:T01:U01", "discord:role:1:1", "discord:role:1:2>@here",
              "discord:guild:1", "discord:channel:1:2", "80351110224678912", "")  # fmt: skip
    for other in others:
        strange = render.message(launched_by(other))
        assert strange["content"] == "said"
        assert strange["allowed_mentions"] == {"parse": []}


def test_message__notifies_exactly_those_who_are_mentioned() -> None:
    """People and roles, each once, in a line for each reason; the sentence makes room for them."""
    user, role = "80351110224678912", "1104000000000000009"
    mentions = (
        Mention(f"discord:user:{user}", "Launched by"),
        Mention(f"discord:role:1:{role}", "For"),
        Mention(f"discord:user:{user}", "For"),
        *(Mention(f"discord:user:110400000000000{n:04}", "For") for n in range(50)),
    )
    message = render.message(Card(title=("t",), text=("said " * 900,), mentions=mentions))

    assert message["content"].startswith(f"Launched by <@{user}>\nFor <@&{role}>, <@1104")
    assert message["content"].count(f"<@{user}>") == 1
    assert message["allowed_mentions"]["roles"] == [role]
    assert len(message["allowed_mentions"]["users"]) == 39
    assert "\n12 more would be mentioned; a message has no room for so many.\n" in message["content"]
    sent = {k: v for k, v in message.items() if k != render.OURS} | {"nonce": "n", "enforce_nonce": True}
    assert judge.request("POST", "/channels/1/messages", sent) == []
    allowed = sent | {"allowed_mentions": {"parse": [], "users": [user]}}
    assert "and notifies" in judge.request("POST", "/channels/1/messages", allowed)[0]


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


@pytest.mark.parametrize("opens_form", [False, True])
@pytest.mark.parametrize("number", [1, 8])
def test_message__what_a_long_button_asks_for_is_kept_under_a_token(number: int, *, opens_form: bool) -> None:
    """No id or option is longer than Discord takes, and each leads to the whole command."""
    for length in range(20, 130):
        command = Command("logs", {"property": "p" * length})
        button = Button(label="Logs", command=command, opens_form=opens_form)
        items = tuple(Item(title=(f"{n}",), buttons=(replace(button, entry=n),)) for n in range(number))
        message = render.message(Card(title=("t",), text=("t",), items=items))
        kept = message.get(render.OURS, {}).get("words", {})
        shown = [element for row in message["components"] for element in row["components"]]
        ids = [o["value"] for e in shown for o in e.get("options", ())] or [e["custom_id"] for e in shown]
        read = [buttons.read(each, None) for each in ids]

        assert len(ids) == number
        assert max(map(len, ids)) <= 100
        assert {pressed.read(kept[p.token]) if p.token else p.command for p in read if p} == {command}


def test_items__whose_buttons_read_the_same_get_a_menu() -> None:
    """A row of equal labels does not say which run is meant; a menu names each."""
    asks = [Command("status", {"run": f"{number}"}) for number in (1, 2)]
    items = tuple(
        Item(title=(f"run {n}",), buttons=(Button(label="Status", command=ask),))
        for n, ask in enumerate(asks, 1)
    )
    (row,) = render.message(Card(title=("t",), text=("t",), items=items))["components"]

    assert [option["label"] for option in row["components"][0]["options"]] == ["run 1", "run 2"]
