"""`make bench`, or `python -m tests.bench [MODULE ...]`: measure, print the table, fail where a bound is not met."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from inspect import iscoroutine
from pathlib import Path

from rich.console import Console

from tests.bench.report import Row, table


def main(names: list[str]) -> int:
    """Measure the modules named, or all that have `rows`; return 1 where a bound is not met, and not for noise."""
    console = Console(highlight=False, markup=False)
    console.width = max(console.width, 120)
    found: list[Row] = []
    for name in names or measuring():
        console.print(f"measuring {name} ...")
        found += _rows(name)
    console.print(table(found))
    return int(not all(row.ok or row.noise for row in found))


def measuring() -> list[str]:
    """Return the modules of this folder that measure something."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if "\nasync def rows(" in file.read_text(encoding="utf-8")]


def _rows(name: str) -> list[Row]:
    rows = import_module(f"tests.bench.{name}").rows()
    return asyncio.run(rows) if iscoroutine(rows) else list(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
