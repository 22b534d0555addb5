"""Forms with more fields than Discord's five, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.chat.discord import forms
from bot.cards import Field, FieldKind, Form

FIELDS = tuple(
    Field(
        name=f"field_{n}",
        label=f"Field {n}",
        kind=FieldKind.TEXT,
        required=n in {6, 7},
        value="x" if n == 5 else "",
    )
    for n in range(8)
)


def a_form(*fields: Field) -> Form:
    return Form(
        verb="launch",
        title="A very long title of a form that nobody will read to its end",
        submit="Go",
        fields=fields,
    )


def names(modal: Any) -> list[str]:
    return [part["component"]["custom_id"] for part in modal["components"]]


def test_modal__shows_what_must_be_filled_in_and_what_is() -> None:
    """In the form's own order; the rest has one input, with what is filled in already."""
    modal = forms.modal(a_form(*FIELDS, Field(name="source", label="Source", kind=FieldKind.TEXT)))

    assert names(modal) == ["field_0", "field_5", "field_6", "field_7", "rest"]
    assert modal["components"][-1]["description"] == "field_1, field_2, field_3, field_4, source"
    assert len(modal["title"]) <= 45


def test_modal__chooses_from_what_there_is() -> None:
    """A choice and a yes or no are selects, with what is chosen already."""
    choice = Field(
        name="outcomes", label="Of", kind=FieldKind.CHOICE, choices=("all", "failures"), value="failures"
    )
    flag = Field(name="ephemeral", label="Leave it out", kind=FieldKind.FLAG)

    first, second = (part["component"] for part in forms.modal(a_form(choice, flag))["components"])

    assert [(o["value"], o["default"]) for o in first["options"]] == [("all", False), ("failures", True)]
    assert [o["value"] for o in second["options"]] == ["yes", "no"]


def submitted(*parts: Any, custom_id: str = "form:launch") -> Any:
    return {"custom_id": custom_id, "components": [{"type": 18, "component": part} for part in parts]}


def test_sent__reads_every_kind_of_input() -> None:
    """Texts, selects, and lines of names and values."""
    sent = forms.sent(
        submitted(
            {"custom_id": "launcher", "value": " Payments Nightly "},
            {"custom_id": "ephemeral", "values": ["yes"]},
            {"custom_id": "description", "value": ""},
            {"custom_id": "rest", "value": 'source=main\ncustom.seed = 7\nimages="a:1;\nb:2"\n\nnoise'},
        )
    )

    assert sent is not None
    assert sent.verb == "launch"
    assert dict(sent.values) == {
        "launcher": "Payments Nightly",
        "ephemeral": "yes",
        "source": "main",
        "custom.seed": "7",
        "images": "a:1; b:2",
    }


@pytest.mark.parametrize("data", [{}, {"custom_id": "other"}, {"custom_id": "form:"}, {"custom_id": 5}])
def test_sent__of_something_else_is_nothing(data: Any) -> None:
    """Other applications' modals are not ours."""
    assert forms.sent(data) is None


def test_sent__of_odd_components_is_empty() -> None:
    """Whatever stands there, nothing falls over."""
    sent = forms.sent({"custom_id": "form:logs", "components": [None, {"component": 5}, {"components": "x"}]})

    assert sent is not None
    assert dict(sent.values) == {}
