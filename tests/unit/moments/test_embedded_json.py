"""Objects are read out of running text, each token once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moments.embedded_json import MAX_DEPTH, objects

KEYS = st.text("ab1-.:,{}[]'", min_size=1, max_size=6)
SCALARS = KEYS | st.integers() | st.booleans()
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(KEYS, SCALARS, max_size=3)


@pytest.mark.parametrize(
    ("text", "scalars"),
    [
        ("{}", [{}]),
        ("{a: 1}", [{"a": "1"}]),
        ("x {'a': \"b\", c: -1.5e3,} y", [{"a": "b", "c": "-1.5e3"}]),
        ('{"a": {"b": 1}, "c": 2}', [{"b": "1"}, {"c": "2"}]),
        ('{"a": [1, {"b": 2}], "c": null, "d": 3}', [{"b": "2"}, {"d": "3"}]),
        ('{"a": 1} and {"b": 2}', [{"a": "1"}, {"b": "2"}]),
        ('{"a": 1, "a": 2}', [{"a": "2"}]),
        ('{"a": "x \\" y"}', [{"a": 'x \\" y'}]),
        ('{"a": 1, "b": {"c": 2}, "d": "cut', [{"c": "2"}]),
        ('{"a": [{"b": 2}, [3', [{"b": "2"}]),
        ("{a: 1] {b: 2}", [{"b": "2"}]),
        ("no object", []),
        ("{", []),
    ],
)
def test_objects__reads_json_and_json5(text: str, scalars: list[dict[str, str]]) -> None:
    """Quoted and bare keys, both quotes, lists, nesting, breaks and cuts: closed objects, inner ones first."""
    result = [node.scalars for node in objects(text)]

    assert scalars == result


def test_objects__know_what_is_around_them() -> None:
    """An inner object leads to those around it; a broken one around it is not counted, a cut one is."""
    (inner, _, whole), (broken,), (cut,) = (
        objects("{a: [{b: {c: 1}}]}"), objects("{a: {b: 1} ]"), objects("{a: {b: 1}, c: 2"),
    )  # fmt: skip

    assert list(inner.around())[-1] is whole
    assert inner.outermost() is whole
    assert whole.outermost() is whole
    assert broken.outermost() is broken
    assert cut.outermost().span == (0, 16)


def test_objects__stops_at_a_depth() -> None:
    """Nesting beyond the cap is left out, and what comes later is read."""
    nested = "{a:" * (MAX_DEPTH + 1) + "{b: 1}"

    result = [node.scalars for node in objects(f"{nested} {{c: 2}}")]

    assert {"c": "2"} in result
    assert len(result) <= MAX_DEPTH


@settings(max_examples=50)
@given(st.dictionaries(KEYS, VALUES))
def test_objects__agree_with_json(value: dict[str, object]) -> None:
    """For any JSON object the scalars at the top are those that were written, as text."""
    result = objects(f"before {json.dumps(value)} after")[-1]

    expected = {
        k: v if isinstance(v, str) else json.dumps(v)
        for k, v in value.items()
        if not isinstance(v, list | dict)
    }
    assert expected == result.scalars


@settings(max_examples=50)
@given(st.lists(st.sampled_from(list("{}[],:\"'\\ ab1")), max_size=60).map("".join))
def test_objects__never_fail(text: str) -> None:
    """Any rubble gives objects that lie inside the text."""
    result = objects(text)

    assert all(0 <= node.start < node.end <= len(text) for node in result)
