"""Launches: exact names, checked values, what is asked for, and what makes two of them one test."""

from __future__ import annotations

import pytest

from adapters.platforms.antithesis import launching
from adapters.platforms.antithesis.launching import KEY, parameters
from bot.cards import FieldKind
from bot.errors import Rejected, UserError
from bot.model import LaunchRequest


def _launch(launcher: str = "basic_test", key: str = "k-1", **values: str) -> LaunchRequest:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return LaunchRequest(launcher=launcher, key=key, values=named)


def test_parameters__all_names_in_order() -> None:
    """Every field has its documented name; our key comes last."""
    request = _launch(
        custom__seed="7",
        duration="0.5",
        config_image="registry.example/config:latest",
        images="a:1; b@sha256:" + "0f" * 32,
        description="two\nlines",
        source="main",
        test_name="t",
        ephemeral="no",
        recipients="a@b.example,c@d.example",
    )

    assert parameters(request) == (
        ("antithesis.duration", "0.5"),
        ("antithesis.config_image", "registry.example/config:latest"),
        ("antithesis.images", "a:1;b@sha256:" + "0f" * 32),
        ("antithesis.description", "two lines"),
        ("antithesis.source", "main"),
        ("antithesis.test_name", "t"),
        ("antithesis.is_ephemeral", "false"),
        ("antithesis.report.recipients", "a@b.example;c@d.example"),
        ("custom.seed", "7"),
        (KEY, "k-1"),
    )


def test_parameters__nothing_but_the_key() -> None:
    """What is not given is not sent; true is a text."""
    assert parameters(_launch()) == ((KEY, "k-1"),)
    assert ("antithesis.is_ephemeral", "true") in parameters(_launch(ephemeral="yes"))


@pytest.mark.parametrize(
    "values",
    [
        *({"duration": text} for text in ("-1", "0", "0.0", "1e9", "NaN", "٣٠", "30;x", "3" * 10_000, "")),
        *({"images": text} for text in ("a", "a b:1", "", "-a:1", "x" * 600 + ":1", ";")),
        *({"config_image": text} for text in ("a b", "a:1;b:2", "a")),
        *({"recipients": text} for text in ("a", "a@b", "<a@b.c>", "", ";")),
        {"description": "x" * 4_001},
        {"description": "nul\x00"},
        {"source": "\ud800"},
        {"source": "x" * 1_001},
        {"ephemeral": "maybe"},
        {"antithesis.filter_logs_matching": "x"},
        {"antithesis.integrations.slack.token": "x"},
        {"antithesis.integrations.slack.callback_url": "x"},
        {"custom.password": "x"},
        {"custom.a": "xoxb-1234567890"},
        {"custom.a": "\x1b[31m"},
        {KEY: "other"},
        *({name: "1"} for name in ("", "a b", "a=b", "a\n", ".a", "x" * 200, "vcs.pr_id")),
        {f"custom.k{number}": "1" for number in range(41)},
    ],
)
def test_parameters__refused_before_anything_is_sent(values: dict[str, str]) -> None:
    """The launcher checks nothing, so a bad value would be a paid run."""
    with pytest.raises(UserError, match=r"\.$"):
        parameters(LaunchRequest(launcher="basic_test", key="k-1", values=values))


@pytest.mark.parametrize(
    "launcher", ["", "..", "a..b", "a/b", "a\\b", "a?b", "a#b", "100 % coverage", "a\nb", " a"]
)
def test_parameters__refuse_a_launcher_that_bends_an_address(launcher: str) -> None:
    """The name becomes a part of the path: what other platforms allow in it is no launcher here."""
    with pytest.raises(UserError, match=r"^launcher= is "):
        parameters(_launch(launcher))


def test_parameters__refuse_a_debugging_session() -> None:
    """It has an address of the same kind, and other parameters."""
    with pytest.raises(Rejected, match="debug command"):
        parameters(_launch("debugging"))


def test_form__is_filled_in_by_any_name() -> None:
    """The platform's names and Clew's are one; further parameters get a field of their own."""
    fields = launching.form(
        "basic_test", {"antithesis.duration": "30", "image": "a:1", "custom.seed": "7", "source": " "}
    )
    filled = {field.name: field.value for field in fields if field.value}

    assert filled == {"duration": "30", "images": "a:1", "custom.seed": "7"}
    assert [field.name for field in fields if field.required] == ["duration"]
    assert [field.name for field in fields if field.kind is FieldKind.ADDRESSES] == ["recipients"]


def test_form__asks_for_no_duration_where_the_launcher_has_its_own() -> None:
    """Many launchers take their length of time as a parameter of their own."""
    own = {"custom.duration": "1"}

    assert not any(field.required for field in launching.form("x", own))
    assert len(launching.notes(_launch(custom__duration="1"))) == 1
    assert launching.notes(_launch(custom__duration="1", duration="30")) == ()


@pytest.mark.parametrize(
    "given",
    [{"duration": "1", "antithesis.duration": "2"}, {"durations": "1"}, {"vcs.pr_id": "1"}, {"token": "x"}],
)
def test_form__refuses_names(given: dict[str, str]) -> None:
    """One given twice, one that is not known, and one that is called like a secret."""
    with pytest.raises(UserError):
        launching.form("x", given)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (_launch(key="k-2", duration="1h", images="b:2;a:1"), True),
        (_launch(duration="60", images="a:1;b:2", description="again", recipients="a@b.example"), True),
        (_launch(duration="60", images="a:1;b:2", ephemeral="no"), True),
        (_launch(duration="60", images="a:1;b:2", ephemeral="yes"), False),
        (_launch(duration="61", images="a:1;b:2"), False),
        (_launch(duration="60", images="a:1"), False),
        (_launch(duration="60", images="a:1;b:2", custom__seed="7"), False),
        (_launch("other", duration="60", images="a:1;b:2"), False),
    ],
)
def test_tested__is_the_same_however_it_was_put(other: LaunchRequest, same: bool) -> None:
    """What it is called, who is mailed and the order of images make no other test."""
    assert same is (launching.tested(_launch(duration="60", images="a:1;b:2")) == launching.tested(other))


def test_tested__keeps_the_order_of_a_value_that_is_no_list_of_images() -> None:
    """What a semicolon means to a launcher is its own."""
    assert launching.tested(_launch(custom__a="x;y")) != launching.tested(_launch(custom__a="y;x"))


@pytest.mark.parametrize(
    ("duration", "minutes"),
    [("1h30m", 90), ("30", 30), ("0.5", 1), ("10s", 1), ("90.000001", 91), (None, None)],
)
def test_minutes__begun_ones_count(duration: str | None, minutes: int | None) -> None:
    """What is begun counts whole; where the launcher decides nobody knows."""
    assert launching.minutes(_launch(**({"duration": duration} if duration else {}))) == minutes


def test_cost__is_test_time() -> None:
    """In minutes and seconds, or whatever the launcher decides."""
    assert launching.cost(_launch(duration="1h30m")) == "90 minutes of test time"
    assert launching.cost(_launch()) == "the launcher's own duration"
