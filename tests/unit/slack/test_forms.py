"""Form -> modal -> values: each kind of field there and back, and what is wrong at which."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.slack import forms
from bot.cards import Field, FieldKind, Form
from bot.state import Actor, Invocation, Place
from bot.suggest import Typing
from tests.fakes import slack_judge
from tests.fakes.slack import _filled
from tests.fakes.stage import ANN, Stage

JUDGE = Stage().handler.field_problem
ME = Actor(id="slack:user:T01:U1", principals=frozenset({"slack:user:T01:U1"}))
SAID = Invocation(
    actor=ME,
    place=Place(channel="slack:channel:T01:C1", thread="1.1"),
    text="launch",
    key="k",
    at=datetime(2026, 5, 14, tzinfo=UTC),
)


def a_field(kind: FieldKind, value: str = "", **changes: Any) -> Field:
    return Field(name="it", label="It", kind=kind, value=value, **changes)


def modal(*fields: Field, channel: str = "C1") -> dict[str, Any]:
    return forms.modal(Form(verb="launch", title="Launch", submit="Go", fields=fields), SAID, channel=channel)


def sent(view: dict[str, Any], **values: str) -> forms.Sent:
    """Return what comes back when these values were typed over what was prefilled."""
    state = {
        b["block_id"]: {b["element"]["action_id"]: _filled(b["element"], values.get(b["block_id"]))}
        for b in view["blocks"]
    }
    return forms.sent({**view, "state": {"values": state}}, JUDGE)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.TEXT, "a text"),
        (FieldKind.LONG_TEXT, "line one\nline two"),
        (FieldKind.LAUNCHER, "Payments Nightly"),
        (FieldKind.MINUTES, "1h30m"),
        (FieldKind.SECONDS, "10"),
        (FieldKind.COUNT, "20"),
        (FieldKind.RUN, "latest"),
        (FieldKind.MOMENT, "-3625518438076122494,398.4898056755774"),
        (FieldKind.FLAG, "yes"),
    ],
)
def test_field__keeps_its_value(kind: FieldKind, value: str) -> None:
    """What was prefilled comes back as it was, and Slack takes the view."""
    view = modal(a_field(kind, value))

    assert slack_judge.view(view) == []
    assert {"it": value} == sent(view).values


def test_field__choice_keeps_its_value() -> None:
    """A choice offers its options; a value that is none of them is not prefilled."""
    known = modal(a_field(FieldKind.CHOICE, "all", choices=("all", "changes")))
    unknown = modal(a_field(FieldKind.CHOICE, "sometimes", choices=("all", "changes")))

    assert sent(known).values == {"it": "all"}
    assert sent(unknown).values == {}


def test_field__choice_without_options_is_a_text() -> None:
    """There is nothing to choose from, so it can be typed."""
    assert sent(modal(a_field(FieldKind.CHOICE)), it="x").values == {"it": "x"}


def test_field__flag_left_alone_says_nothing() -> None:
    """An empty box is no value."""
    assert sent(modal(a_field(FieldKind.FLAG))).values == {}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.MINUTES, "-1"),
        (FieldKind.MINUTES, "0"),
        (FieldKind.MINUTES, "NaN"),
        (FieldKind.SECONDS, "ten"),
        (FieldKind.COUNT, "0"),
        (FieldKind.COUNT, "2.5"),
        (FieldKind.MOMENT, "yesterday"),
        (FieldKind.MOMENT, "Moment.from({ input_hash: '1', vtime: 'NaN' })"),
    ],
)
def test_field__says_what_is_wrong(kind: FieldKind, value: str) -> None:
    """A sentence at the field, and nothing is done."""
    result = sent(modal(a_field(kind)), it=value)

    assert result.errors["it"]
    assert result.values == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (Field(name="duration", label="Duration in minutes", kind=FieldKind.MINUTES), "never",
         ("Duration in minutes is “never”; it must be a length of time in seconds, minutes or hours. "
         "Examples: 30, 0.5, 1h30m, 10s")),
        (Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER), "../../v1/launch/x",
         ("Launcher is “../../v1/launch/x”; that is not the name of a launcher. "
         "Names contain no / \\ .. ? # % and no invisible characters. Example: basic_test")),
        (Field(name="images", label="Images", kind=FieldKind.LONG_TEXT), "app",
         ("Images has “app”; that is not an image with a tag or a digest. "
         "Examples: app:1.4, registry.example.com/team/app@sha256:… (64 digits)")),
        (Field(name="recipients", label="Mail the report to", kind=FieldKind.TEXT), "ann",
         "Mail the report to has “ann”; that is not a mail address. Example: ann@example.com;bo@example.com"),
        (Field(name="description", label="Description", kind=FieldKind.TEXT), "a\u200bb",
         "Description contains invisible characters. Type it again instead of pasting it."),
    ],
)  # fmt: skip
def test_field__speaks_as_the_form_does(field: Field, value: str, said: str) -> None:
    """The sentence has the field's own label and examples that can be typed there, with no `name=`."""
    result = sent(modal(field), **{field.name: value})

    assert {field.name: said} == result.errors


def test_field__that_is_required_is_asked_for() -> None:
    """Slack checks it too; an old client may not."""
    assert sent(modal(a_field(FieldKind.TEXT, required=True))).errors == {"it": "This field is required."}


def test_origin__is_kept_in_the_view() -> None:
    """The view knows where it was opened and what it says."""
    view = modal(a_field(FieldKind.TEXT))

    assert forms.Origin(verb="launch", channel="C1", thread="1.1") == forms.origin(view)


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"callback_id": "another"},
        {"callback_id": forms.CALLBACK},
        {"callback_id": forms.CALLBACK, "private_metadata": "{"},
        {"callback_id": forms.CALLBACK, "private_metadata": "[]"},
        {"callback_id": forms.CALLBACK, "private_metadata": "{}"},
        {"callback_id": forms.CALLBACK, "private_metadata": 5},
    ],
)
def test_origin__of_other_views_is_none(view: dict[str, Any]) -> None:
    """What is not one of our forms is nobody's."""
    assert forms.origin(view) is None


OFFERED = (
    Field(name="launcher", label="L", kind=FieldKind.LAUNCHER, value="a", shapes=True),
    Field(name="duration", label="D", kind=FieldKind.MINUTES, value="30", offered=True),
    Field(name="source", label="S", kind=FieldKind.TEXT, value="main", offered=True),
    Field(name="images", label="I", kind=FieldKind.TEXT, value="app:1", offered=True),
    Field(name="note", label="N", kind=FieldKind.TEXT, value="said"),
    Field(name="more", label="M", kind=FieldKind.TEXT),
)


def as_filled(view: dict[str, Any], **values: str) -> dict[str, Any]:
    """Return a view as Slack sends it once somebody has typed these values into it."""
    state = {
        b["block_id"]: {b["element"]["action_id"]: _filled(b["element"], values.get(b["block_id"]))}
        for b in view["blocks"]
    }
    return {**view, "state": {"values": state}}


def test_untouched__is_what_nobody_gave() -> None:
    """Neither by typing, emptying or choosing it, nor by what the form was opened with."""
    view = as_filled(
        modal(*OFFERED, channel=""), launcher="b", source="mine", images="", more="x", clew_where="C7"
    )

    assert forms.untouched(view) == {"duration"}
    assert forms.untouched(as_filled(modal(*OFFERED))) == {"duration", "source", "images", "more"}


def test_again__names_anew_what_is_to_hold_something_else() -> None:
    """Else Slack goes on showing what an element holds; what stays as it is keeps its name, and what is being typed."""
    view = as_filled(modal(*OFFERED, channel=""), launcher="b", source="mine", images="")
    values = {"launcher": "b", "duration": "60", "source": "mine", "images": "", "note": "said", "more": ""}
    form = Form(verb="launch", title="Launch", submit="Go",
                fields=tuple(replace(field, value=values[field.name]) for field in OFFERED))  # fmt: skip
    shown = forms.again(form, view, "m1")
    named = {b["block_id"]: b["element"]["action_id"] for b in shown["blocks"]}
    further = forms.again(form, as_filled(shown), "m2")

    assert named == {"clew_where": "where", "launcher": "launcher", "duration": "minutes:m1", "source": "text",
                     "images": "text", "note": "text", "more": "text"}  # fmt: skip
    assert slack_judge.view(shown) == []
    assert forms.sent(as_filled(shown, clew_where="C7"), JUDGE).values["duration"] == "60"
    assert {b["block_id"]: b["element"]["action_id"] for b in further["blocks"]}["duration"] == "minutes:m1"
    assert forms.origin(shown) == forms.origin(view)


def test_picked__is_a_choice_that_shapes_a_form_of_ours() -> None:
    """Other fields, other views and blocks that are not there tell of nothing."""
    view = modal(*OFFERED)

    assert forms.picked(view, "launcher")
    assert not forms.picked(view, "duration")
    assert not forms.picked(view, "nowhere")
    assert not forms.picked({**view, "callback_id": "another"}, "launcher")


def test_modal__without_a_channel_asks_for_one() -> None:
    """The answer goes where the person says."""
    view = modal(a_field(FieldKind.TEXT), channel="")

    assert slack_judge.view(view) == []
    assert sent(view, clew_where="C7").channel == "C7"


@pytest.mark.parametrize("kind", sorted(forms.ASKING))
def test_modal__a_value_that_no_option_can_hold_is_edited_as_text(kind: FieldKind) -> None:
    """An option would cut it, and the cut one would be sent: another branch, another launcher."""
    long = "x" * (forms.OPTION_VALUE + 1)
    view = modal(replace(a_field(kind), value=long))

    assert slack_judge.view(view) == []
    assert forms.given(view) == {a_field(kind).name: long}
    short = modal(replace(a_field(kind), value="main"))
    assert [b["element"]["type"] for b in short["blocks"]] == ["external_select"]
    assert forms.given(short) == {a_field(kind).name: "main"}


async def options(launchers: tuple[str, ...], typed: str) -> list[str]:
    """Return the values that a select of launchers offers."""
    launcher = a_field(FieldKind.LAUNCHER)
    typing = Typing(actor=ANN, place=Place(channel=ANN.id), typed=typed, parameter=launcher)
    found = forms.options(await Stage(known=launchers).handler.suggest(typing, forms.SUGGESTIONS))
    return [option["value"] for option in found["options"]]


async def test_options__hold_slacks_limits() -> None:
    """At most a hundred, each short enough, what was typed among them where there is room."""
    many = tuple(f"launcher {n}" for n in range(300))

    assert len(await options(many, "")) == forms.SUGGESTIONS.count == 100
    assert await options((), "x" * 151) == []
    assert await options(("a b",), " a  b ") == ["a b"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            Field,
            name=st.sampled_from(["a", "b", "c", "d"]),
            label=st.text(max_size=300),
            kind=st.sampled_from(list(FieldKind)),
            hint=st.text(max_size=300),
            value=st.text(max_size=4000),
            required=st.booleans(),
            choices=st.lists(st.text(min_size=1, max_size=200), max_size=150, unique=True).map(tuple),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda field: field.name,
    ),
    st.text(max_size=100),
)
def test_modal__slack_takes_any_form(fields: list[Field], title: str) -> None:
    """Whatever labels, hints, values and choices hold."""
    form = Form(verb="launch", title=title, submit=title, fields=tuple(fields))

    view = forms.modal(form, SAID, channel="C1")

    assert slack_judge.view(view) == []
    assert len(view["private_metadata"]) <= 3000


ANYTHING = st.recursive(st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3)
                        | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["state", "blocks"]), ANYTHING), ANYTHING)
def test_sent__never_stumbles(view: dict[str, Any], values: Any) -> None:
    """Whatever a view holds, it says something or nothing."""
    result = forms.sent({**view, "state": {"values": values}} if values else view, JUDGE)

    assert json.dumps(dict(result.errors)) is not None
