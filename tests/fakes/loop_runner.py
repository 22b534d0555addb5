"""Runs coroutines of a test that is none itself, one after another on one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopRunner:
    """Like `asyncio.Runner`, but takes no signals.

    For those the runner writes out what each coroutine returned, twice: an enum of `signal` refuses its handler by its
    repr, which for a large card takes longer than making it.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self._runner.get_loop().run_until_complete(coroutine)

    def close(self) -> None:
        """Cancel what is left, and close the loop."""
        self._runner.close()
