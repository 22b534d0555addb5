"""`python -m tests.soak [NAME ...] [--short]`: the long proofs, one after the other; without a name all of them."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path

HERE = Path(__file__).parent


def proofs() -> list[str]:
    """Return the modules of this folder that have a `main`."""
    names = (module.name for module in pkgutil.iter_modules([str(HERE)]) if module.name != "__main__")
    return [name for name in names if "async def main(" in (HERE / f"{name}.py").read_text(encoding="utf-8")]


def run(arguments: list[str]) -> int:
    """Run those that are named; return the highest of their exit codes."""
    names = [name for name in arguments if not name.startswith("-")]
    if unknown := sorted(set(names) - set(proofs())):
        sys.stderr.write(f"There is no {', '.join(unknown)}; there are: {', '.join(proofs())}.\n")
        return 2
    codes: list[int] = []
    for name in names or proofs():
        module = importlib.import_module(f"tests.soak.{name}")
        codes.append(int(asyncio.run(module.main(short="--short" in arguments))))
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
