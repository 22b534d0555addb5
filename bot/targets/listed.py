"""Read as many runs of a connection as a page of a list needs, of those that the list is narrowed to.

The platform's list goes by creation. What was read at once is put in the order of its last activity, page after page
of it, so that a list that is read on later never changes before the place where it was left.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.errors import ListCut
from bot.model import Run
from bot.platform import Platform, listed
from bot.ports import Store
from bot.recent import RECORDED, Narrowed, in_order, newest_here

LOOKED = 20  # pages of the platform's list that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Runs that fit, as they are shown, and all that were looked at for them; `cut`: it was not looked any further.

    `untold`: how many were left out because it is not known whether they fit.
    """

    runs: tuple[Run, ...] = ()
    looked: tuple[Run, ...] = ()
    untold: int = 0
    cut: bool = False


async def read_listed(platform: Platform, store: Store, narrowed: Narrowed, need: int) -> Listed:
    """Return at least as many runs that fit, or all there are. Raises `ServiceError`, `StoreError`."""
    runs: list[Run] = []
    looked: list[Run] = []
    number, untold, cut = 0, 0, False
    try:
        async with aclosing(_pages(platform, store, narrowed)) as pages:
            async for page in pages:
                fitting = [(run, await _fits(run, narrowed, store)) for run in page]
                looked += page
                runs += in_order([run for run, fits in fitting if fits])
                untold += sum(fits is None for _, fits in fitting)
                number += 1
                cut = len(runs) < need and (number == LOOKED or narrowed.hopeless(page))
                if len(runs) >= need or cut:
                    break
    except ListCut:
        cut = True
    return Listed(runs=tuple(runs), looked=tuple(looked), untold=untold, cut=cut)


async def _pages(platform: Platform, store: Store, narrowed: Narrowed) -> AsyncGenerator[list[Run], None]:
    if platform.lists is None:
        recorded = await newest_here(platform, store, narrowed.query, LOOKED)
        for start in range(0, len(recorded), RECORDED):
            yield recorded[start : start + RECORDED]
        return
    async for page in listed(platform, narrowed.query):
        yield list(page)


async def _fits(run: Run, narrowed: Narrowed, store: Store) -> bool | None:
    """Whether a run is of the list, None where that is not known; who launched it here counts beside whom the platform names."""
    if narrowed.untold(run):
        return None
    if not narrowed.fits(run):
        return False
    if not narrowed.creator or narrowed.by(run.creator or ""):
        return True
    intent = await store.intent_of_run(run.ref)
    if intent is None:
        return None if run.creator is None else False
    return narrowed.by(await store.name(intent.actor))
