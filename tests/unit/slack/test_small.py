"""Addresses, markup, buttons, replays: the small pure pieces."""

from __future__ import annotations

import itertools

import pytest

from adapters.chat import pressed
from adapters.chat.slack import buttons, ids, markup
from adapters.chat.slack.addresses import Addresses, way
from adapters.chat.slack.requests import WINDOW, Replays
from bot.cards import Button, Command, Link, Untrusted
from tests.fakes.clock import ManualClock


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/commands/T/1/x",
        "https://files.slack.com/upload/v1/x",
        "https://hooks.slack-gov.com/x",
        "http://127.0.0.1:9/response/1",
    ],
)
def test_addresses__of_slack_may_be_called(url: str) -> None:
    """Slack's own hosts, and the address that was set instead."""
    assert url == Addresses("http://127.0.0.1:9/api").checked(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/x",
        "https://evil.example/x",
        "https://slack.com.evil.example/x",
        "https://evilslack.com/x",
        "https://user:pw@hooks.slack.com/x",
        "http://127.0.0.1:10/x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
    ],
)
def test_addresses__of_others_are_refused(url: str) -> None:
    """And the sentence does not repeat them."""
    with pytest.raises(ValueError, match=r"Slack named an address that is not Slack's\."):
        Addresses("http://127.0.0.1:9/api/").checked(url)


def test_escape__leaves_nothing_live() -> None:
    """The three control characters, in the order that escapes nothing twice."""
    assert markup.escape("<!here> &amp; <@U1>") == "&lt;!here&gt; &amp;amp; &lt;@U1&gt;"


def test_plain__hides_and_turns_nothing() -> None:
    """Labels and options are cleaned like all text from outside; line breaks stay."""
    shown = markup.plain("a\u202eb\x1b[31mc\nd\u200b", 75)["text"]

    assert shown == "abc\nd"


def test_marked__falls_back_to_plain_where_text_would_be_formatted() -> None:
    """Mrkdwn has no way to write a star, so such a value is shown as plain text."""
    kinds = [
        markup.marked((Untrusted(text),), 100, label="L")["type"]
        for text in ("plain", "*bold*", "a_b", ":tada:")
    ]

    assert kinds == ["mrkdwn", "plain_text", "plain_text", "plain_text"]


def test_marked__of_an_odd_link_shows_its_label() -> None:
    """Only web addresses are linked."""
    good = markup.marked((Link("page", "https://demo.antithesis.com/x"),), 100)["text"]
    odd = markup.marked((Link("page", "javascript:alert(1)"),), 100)["text"]

    assert (good, odd) == ("<https://demo.antithesis.com/x|page>", "page")


def test_fallback__is_cut_after_escaping() -> None:
    """Escaping makes longer; the limit holds for what is sent, and no entity is cut in two."""
    text = markup.fallback((Untrusted("&" * 5000),), 4000)

    assert len(text) <= 4000
    assert text.replace("&amp;", "") == "…"


def test_row__leaves_out_what_cannot_be_said() -> None:
    """Odd addresses, and buttons that say nothing."""
    odd = (
        Button(label="odd", page="javascript:x"),
        Button(label="empty"),
    )

    assert buttons.row(odd, itertools.count(1)) == []


def test_row__names_what_has_no_room() -> None:
    """Commands and addresses over Slack's limit, and more buttons than a row has; nothing goes without a word."""
    long = Button(label="Details", entry=3, command=Command("x" * 2001))
    far = Button(label="Docs", page=f"https://demo.antithesis.com/{'x' * 3000}")
    many = tuple(
        Button(label=f"b{n}", opens_form=True, command=Command("launch", {"n": f"{n}"})) for n in range(30)
    )

    (alone,) = buttons.row((long,), itertools.count(1))
    row, note = buttons.row((far, *many, long), itertools.count(1))

    assert alone["elements"][0]["text"] == (
        "There is no room here for the button “Details 3”. Type its command instead."
    )
    assert note["elements"][0]["text"] == (
        "There is no room here for the buttons “Docs”, “b24”, “b25” and 5 more. Type their commands instead."
    )
    assert len(row["elements"]) == 24


def test_row__keeps_a_long_row_short() -> None:
    """Five beside each other, the next five in a menu, special ones always as buttons."""
    many = tuple(Button(label=f"b{n}", command=Command(f"w{n}")) for n in range(9))
    page = Button(label="page", page="https://demo.antithesis.com/")

    (row,) = buttons.row((*many, page), itertools.count(1))

    assert [e["type"] for e in row["elements"]] == ["button"] * 6 + ["overflow"]
    chosen = [pressed.read(o["value"]) for o in row["elements"][-1]["options"]]
    assert chosen == [Command("w5"), Command("w6"), Command("w7"), Command("w8")]


def test_row__keeps_out_of_the_menu_what_is_too_long_for_it() -> None:
    """An option takes far less than a button, and one that is too long would cost the whole message."""
    commands = [Command("logs", {"property": "x" * length}) for length in range(100, 200)]
    row_of = [
        buttons.row(tuple(Button(label=f"b{n}", command=c) for n in range(8)), itertools.count(1))
        for c in commands
    ]
    options = [e["options"] for (row,) in row_of for e in row["elements"] if e["type"] == "overflow"]

    assert 0 < len(options) < len(commands)
    assert max(len(option["value"]) for of_one in options for option in of_one) <= 150


def test_fill_report__leaves_an_odd_link_to_the_click() -> None:
    """What is no web address never becomes a button's address."""
    (row,) = buttons.row(
        (Button(label="Open report", command=Command("report", {"run": "x"})),), itertools.count(1)
    )
    row["elements"][0]["action_id"] = "report:1"

    buttons.fill_report(row, "javascript:alert(1)")

    assert pressed.read(row["elements"][0]["value"]) == Command("report", {"run": "x"})


async def test_replays__are_forgotten_after_the_window() -> None:
    """A signature is remembered longer than it is good for, then no more."""
    clock = ManualClock()
    replays = Replays(clock)
    replays.remember("v0=a")
    clock.pass_time(2 * WINDOW - 1)
    still = replays.seen("v0=a")
    clock.pass_time(2)

    assert (still, replays.seen("v0=a"), replays.seen("v0=b")) == (True, False, False)


@pytest.mark.parametrize(("exempt", "proxy"), [("127.0.0.1", None), ("example.com", "http://proxy:1")])
def test_way__knows_no_proxy(monkeypatch: pytest.MonkeyPatch, exempt: str, proxy: str | None) -> None:
    """The environment's proxy is used, but not for hosts that it exempts."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", exempt)

    assert proxy == way("http://127.0.0.1:9/api/")


def test_ids__there_and_back() -> None:
    """Slack's own id is the last part of a name."""
    names = [ids.channel("T1", "C1"), ids.user("T1", "U1"), ids.team("T1")]

    assert [ids.last(name) for name in names] == ["C1", "U1", "T1"]
