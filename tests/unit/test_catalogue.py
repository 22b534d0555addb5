"""The catalogue of cases names tests that are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.catalogue import CASES

ROOT = Path(__file__).parents[2]


@cache
def collected(file: str) -> frozenset[str]:
    """Return the tests that pytest collects from a file, without those that are passed by on purpose."""
    found = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    functions = [node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    marks = {f.name: " ".join(ast.unparse(mark) for mark in f.decorator_list) for f in functions}
    return frozenset(n for n, mark in marks.items() if n.startswith("test_") and "skip" not in mark)


@pytest.mark.parametrize("case", CASES)
def test_catalogue__names_tests_that_are_there(case: str) -> None:
    """A test that was renamed or taken out is missed here; a case without any is none."""
    named = [test.partition("::") for test in CASES[case].tests]

    assert named
    assert [f"{file}::{test}" for file, _, test in named if test not in collected(file)] == []


def test_catalogue__says_each_case_once() -> None:
    """Two cases in the same words are one."""
    assert len({case.words for case in CASES.values()}) == len(CASES)
    assert all(len(set(case.tests)) == len(case.tests) for case in CASES.values())
