"""Tools as values: what they take is of their verbs, what they answer of the schema of all answers, and nothing of it changes anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from adapters.cli.answer_json import SCHEMA
from adapters.cli.mcp_tools import KEPT, OF_CARD, TOOLS, Tool
from bot.commands.registry import VERBS
from bot.replies.tools import INSTRUCTIONS

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
ALL = pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)


@ALL
def test_tools__only_read(tool: Tool) -> None:
    """A verb that changes something, or shows what is for one person, is no tool."""
    verb = VERBS[tool.verb]

    assert not verb.changes
    assert not verb.private
    assert not verb.hidden


@ALL
def test_tools__take_what_their_verb_takes(tool: Tool) -> None:
    """Each name is one of a parameter, none is dropped by a slip, and the README names each tool."""
    known = {each.name for each in VERBS[tool.verb].parameters}

    assert {*tool.takes, *tool.fixed} <= known
    assert set(tool.needs) <= set(tool.takes)
    assert not set(tool.takes) & set(tool.fixed)
    assert f"`{tool.name}`" in README


@ALL
def test_schemas__are_some_and_stand_alone(tool: Tool) -> None:
    """Whatever a schema refers to is in it, and no more; both are objects, as older versions of the protocol ask."""
    takes, answers = tool.takes_json(VERBS[tool.verb]), tool.answers_json()
    for schema in (takes, answers):
        Draft202012Validator.check_schema(schema)
    text = json.dumps(answers)
    named = {name for name in answers["$defs"] if f'"#/$defs/{name}"' in text}

    assert takes["type"] == answers["type"] == "object"
    assert named == set(answers["$defs"])
    assert all(f"data_{kind}" in named for kind in tool.kinds)
    assert answers["required"] == list(KEPT)
    assert answers["$defs"]["card"]["required"] == list(OF_CARD)


def test_schemas__are_parts_of_that_of_all_answers() -> None:
    """What a tool declares is what scripts are promised: the same definitions, word for word."""
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    declared = {
        name: found
        for tool in TOOLS.values()
        for name, found in tool.answers_json()["$defs"].items()
        if name != "card"
    }

    assert all(whole["$defs"][name] == found for name, found in declared.items())
    assert {f"data_{kind}" for tool in TOOLS.values() for kind in tool.kinds} == {
        name for name in whole["$defs"] if name.startswith("data_")
    } - {"data_action"}


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"run": "latest", "errors": True, "window": 30, "lines": 50},
         {"run": "latest", "errors": "yes", "window": "30", "lines": "50"}),
        ({"run": 1026, "errors": False, "window": 0.25, "grep": None}, {"run": "1026", "window": "0.25"}),
        ({"run": "demo/1", "errors": "yes", "window": "30", "grep": ""}, {"run": "demo/1", "errors": "yes", "window": "30"}),
    ],
)  # fmt: skip
def test_values__are_read_as_they_are_typed(given: dict[str, Any], values: dict[str, str]) -> None:
    """Numbers and flags as JSON has them, or as text; null and what is empty is not given."""
    assert TOOLS["read_log"].values(VERBS["logs"], given) == values


def test_instructions__name_tools_that_are_there() -> None:
    """What an agent is told to call can be called."""
    assert {"list_runs", "read_log"} <= {name for name in TOOLS if name in INSTRUCTIONS}
