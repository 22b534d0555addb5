"""When Python looks for garbage that holds itself, as suits a short command and a program that runs for months.

Python looks each time that 700 objects more were made than freed, and goes through all that there is every so often: with what
Clew has loaded, that stops everything for a tenth of a second in the middle of a hundred commands.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

ONE_ANSWER = 200_000  # objects that are made until garbage is looked for: loading makes many, and leaves none
SERVING = (
    20_000  # the same while many are answered: a few megabytes, and more than a hundred commands make at once
)


@contextmanager
def little() -> Iterator[None]:
    """Look for garbage seldom while one command is answered, or a start is made: looking takes a tenth of that time, and finds nothing."""
    with _every(ONE_ANSWER):
        yield


@contextmanager
def in_the_long_run() -> Iterator[None]:
    """Look for garbage among what is made from now on: what is there by now stays, and is not gone through again."""
    gc.collect(0)
    gc.freeze()
    try:
        with _every(SERVING):
            yield
    finally:
        gc.unfreeze()


@contextmanager
def _every(objects: int) -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(objects, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
