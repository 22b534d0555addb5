"""The catalogue of what may go wrong: every case has tests that are there, or says why it has none."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

ROOT = Path(__file__).parents[2]
KINDS = {"C": 22, "N": 13, "L": 10, "P": 13, "I": 7, "S": 12, "O": 6}


class Case(TypedDict, total=False):
    """One case of `catalogue.toml`; tests as pytest names them, without their parameters."""

    case: str
    expected: str
    tests: list[str]
    beside: str
    why_not: str


CASES: dict[str, Case] = tomllib.loads((ROOT / "tests/faults/catalogue.toml").read_text(encoding="utf-8"))


@cache
def collected(file: str) -> frozenset[str]:
    """Return the tests that pytest collects from a file, without those that are skipped everywhere."""
    if not (ROOT / file).is_file():
        return frozenset()
    found = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    functions = [node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    marks = {f.name: {ast.unparse(mark).partition("(")[0] for mark in f.decorator_list} for f in functions}
    return frozenset(n for n, own in marks.items() if n.startswith("test_") and "pytest.mark.skip" not in own)


def test_catalogue__has_every_case() -> None:
    """A case that is taken out, or one that is numbered twice over, is missed here."""
    assert [*CASES] == [f"{kind}{number}" for kind, count in KINDS.items() for number in range(1, count + 1)]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_catalogue__names_tests_that_are_there(case: Case) -> None:
    """A test that was renamed or taken out is missed here; a case without any says why."""
    named = case.get("tests", [])
    missing = [test for test in named if test.partition("::")[2] not in collected(test.partition("::")[0])]

    assert missing == []
    assert len(set(named)) == len(named)
    assert bool(named) != bool(case.get("why_not")), "tests, or why there are none"


def test_catalogue__says_each_case_once() -> None:
    """What happens and what comes of it stand beside each other; two cases in the same words are one."""
    assert len({case["case"] for case in CASES.values()}) == len(CASES)
    assert [name for name, case in CASES.items() if not case["expected"].strip()] == []
    assert {key for case in CASES.values() for key in case} <= Case.__annotations__.keys()
