"""Answers of tools: bounded whatever they hold, clean, and open about what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from adapters.cli.mcp_answer import LARGEST, answered, text_of
from adapters.cli.mcp_tools import TOOLS
from bot.analysis import RunAnalysis
from bot.cards import Card, Fact, Reply
from bot.model import Instance, LogExcerpt, Run, Secret
from bot.recent import Recent
from bot.replies.data import EventsFound, LogFound, RunsFound
from bot.terms import PLAIN
from bot.verdict import judge
from tests.fakes.runs import MOMENT, a_line, a_run
from tests.fakes.service import FakeRunService

VALID = {name: Draft202012Validator(tool.answers_json()) for name, tool in TOOLS.items()}
KEY = "canary-api-key-1234"


def answer(tool: str, data: object, *, first: int = 1, text: str = "said") -> dict[str, Any]:
    """Return an answer that is short enough and fits its schema."""
    facts = (Fact("Run", (text,)),)
    reply = Reply(card=Card(title=("title",), text=(text,), facts=facts), data=data)
    found = answered(reply, TOOLS[tool], first, (Secret(KEY),))
    VALID[tool].validate(found)
    assert len(text_of(found)) <= LARGEST
    return found


def one(run: Run) -> RunAnalysis:
    return RunAnalysis(platform=FakeRunService().platform, run=run, verdict=judge(run, None))


def listed(*runs: Run) -> RunsFound:
    return RunsFound(
        runs=tuple(Recent(run=run, terms=PLAIN) for run in runs), first=1, more=False, whole=True
    )


def test_small__is_whole() -> None:
    """What fits is left as it is, and nothing is said of it."""
    found = answer("list_runs", listed(a_run(1), a_run(2)))

    assert [each["run"]["id"] for each in found["data"]["runs"]] == [a_run(1).ref.run_id, a_run(2).ref.run_id]
    assert found["hints"] == []
    assert not found["data"]["more"]


def test_runs__that_are_left_out_are_more() -> None:
    """A list that is cut says that others follow, and how to ask for them."""
    found = answer("list_runs", listed(*(a_run(n, description="d" * 3_900) for n in range(1, 31))))

    shown = len(found["data"]["runs"])
    assert found["data"]["more"]
    assert f"first {shown} entries of 30" in found["hints"][0]
    assert "“from”" in found["hints"][0]


def test_lines__of_a_log_are_the_newest() -> None:
    """The moment itself is in the last line."""
    lines = tuple(a_line("x" * 400, f"{n}.5") for n in range(500))
    excerpt = LogExcerpt(lines=lines, matched=500, total=500)
    found = answer("read_log", LogFound(ref=a_run(1).ref, excerpt=excerpt, moment=MOMENT, window=10.0))

    shown = found["data"]["lines"]
    assert shown[-1]["vtime"] == "499.5"
    assert f"last {len(shown)} entries of 500" in found["hints"][0]
    assert "“window”" in found["hints"][0]


def test_events__that_are_left_out_are_more() -> None:
    """Also where the sample itself was whole."""
    events = tuple(Instance(line=a_line("y" * 3_000, "1.5"), moment=MOMENT, holds=None) for _ in range(100))
    found = answer(
        "list_events", EventsFound(ref=a_run(1).ref, check="c", events=events, more=False, cut=None)
    )

    assert len(found["data"]["events"]) < 100
    assert found["data"]["more"]


@settings(max_examples=10, deadline=None)
@given(
    runs=st.sampled_from([1, 30]), size=st.sampled_from([0, 300, 50_000]), parameters=st.sampled_from([0, 3, 3_000]),
    text=st.sampled_from(["", "z" * 100_000, "\u0000\u202e" * 40_000, "\u0301" * 50_000, '"\\' * 50_000]),
)  # fmt: skip
def test_any__is_short_enough(runs: int, size: int, parameters: int, text: str) -> None:
    """Whatever is long, or many, or written longer in JSON than it is."""
    given_ = {
        f"{n}{'k' * size}": "v" * size for n in range(parameters if size < 5_000 else min(3, parameters))
    }
    run = a_run(1, description="d" * size, parameters=given_)

    answer("list_runs", listed(*[run] * runs), text=text)
    answer("get_run", one(run), text=text)


@pytest.mark.parametrize(
    "hidden",
    [
        KEY,
        "xoxb-123456789012-canarycanary",
        "https://demo.antithesis.com/report/r?auth=v2.public.canary-signature",
        "postgresql://clew:canary-password@db/clew",
        "Authorization: Bearer canary-token-99",
    ],
)
def test_secrets__are_in_no_part(hidden: str) -> None:
    """In texts, in names and in values of parameters; what a name says is a secret is none of anybody's business."""
    run = a_run(
        1, description=f"see {hidden}", parameters={"custom.token": "canary-plain", f"x {hidden}": hidden}
    )
    found = answer("get_run", one(run), text=hidden)

    assert "canary" not in text_of(found)
    assert found["data"]["run"]["parameters"]["custom.token"] == "***"
    assert found["data"]["run"]["description"].startswith("see ")


@pytest.mark.parametrize("before", range(11_980, 12_001, 4))
def test_secrets__at_the_end_of_what_is_looked_at(before: int) -> None:
    """A long text is not looked at to its end, and no part of a secret is left at the place where that stops."""
    text = "password=hunter2-canary " * 400
    found = answer(
        "get_run", one(a_run(1, description=text + "x" * (before - len(text)) + KEY + "y" * 9_000))
    )

    assert "canary" not in text_of(found)
    assert found["data"]["run"]["description"].endswith("…")
    assert found["hints"] == ["Texts of more than 4,000 characters are cut; each of them ends in “…”."]
