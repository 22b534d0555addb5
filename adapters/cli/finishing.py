"""How a command of the console script ends: with its exit code, and with a sentence where it failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

import typer

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended
FAILED = 2


def finish(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command to its end and leave with its exit code; an error is a sentence, never a stack trace.

    A reader that leaves early, as `head` does, is no error.
    """
    import asyncio

    try:
        code = asyncio.run(work)
        if sys.stdout:  # None where it was closed from the start
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = 0
        write_nothing_more()
    except Exception as error:  # noqa: BLE001 - the outermost place: nothing may be silent, nothing unexplained
        from adapters.cli.failing import explain

        code = FAILED
        typer.echo(explain(error), err=True)
    raise typer.Exit(code)


def write_nothing_more() -> None:
    """Let what is still to be written go nowhere: the interpreter writes it out at its end, and would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
