"""How a command of the console script ends: with its exit code, and with a sentence where it failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended
FAILED = 2


def finish(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command to its end and leave with its exit code; an error is a sentence, never a stack trace.

    A reader that leaves early, as `head` does, is no error; nothing more is done then, so what has a verdict to leave
    with writes under `reader_may_leave`.
    """
    import asyncio

    try:
        code = asyncio.run(work)
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


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Write something and go on, whether or not anybody reads it: the exit code is the same."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        write_nothing_more()


def write_nothing_more() -> None:
    """Let what nobody reads go nowhere: the interpreter writes it out at its end, and would fail once more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
