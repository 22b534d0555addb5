"""A lease that guards what is written: who lost it writes nothing any more, however long it slept.

Whoever works under a lease does so inside `fenced`; tasks that begin there inherit it. `Database.writing` then compares the epoch
in the transaction that writes: the epoch of a lease grows each time it is taken, dropped or freed, so an older holder
never passes again, and one that passed is committed before the lease can change hands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from bot.errors import StoreError


@dataclass(frozen=True, slots=True)
class Fence:
    """The lease under which something is written, as it was when it was taken."""

    lease: str
    epoch: int


class TakenOver(StoreError):
    """Another replica has the lease by now; nothing was written."""

    def __init__(self, fence: Fence) -> None:
        super().__init__(f"Another replica took over “{fence.lease}”, so this one wrote nothing.")


_fence: ContextVar[Fence | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(lease: str, epoch: int) -> Iterator[None]:
    """Let everything that is written inside count only while the lease is as it was taken."""
    before = _fence.set(Fence(lease, epoch))
    try:
        yield
    finally:
        _fence.reset(before)


def fence() -> Fence | None:
    """Return the lease that guards what is written now, None where none does."""
    return _fence.get()
