"""A walk through the pages of a list that knows whether it came to the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from adapters.platforms.http.wire import Oversized
from bot.errors import ListCut

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page. `after`: where the next one begins, None where none can be asked for.

    `more`: the platform says that there is a next page. `lost`: items that were nothing that can be read.
    """

    items: tuple[T, ...]
    after: str | None
    more: bool
    lost: int


def shrinking(
    read: Callable[[str | None, int], Awaitable[Listed[T]]],
    skip: Callable[[Oversized], Listed[T]],
    largest: int,
) -> Callable[[str | None], Awaitable[Listed[T]]]:
    """Return what reads the page after a cursor; a page that is too large is asked for again by halves.

    `read` takes a cursor and how many items to ask for; `skip` makes the page of one item that is too large by itself.
    """
    size = largest

    async def page(after: str | None) -> Listed[T]:
        nonlocal size
        while True:
            try:
                listed = await read(after, size)
            except Oversized as error:
                if size > 1:
                    size //= 2
                    continue
                listed = skip(error)
            size = min(largest, 2 * size)  # one large item must not make the rest of the list slow
            return listed

    return page


async def walk(
    page: Callable[[str | None], Awaitable[Listed[T]]], key: Callable[[T], Hashable], *, most: int
) -> AsyncGenerator[tuple[T, ...], None]:
    """Yield of each page what was not there before, each item once; `page` reads the one after a cursor.

    Raises `ListCut` where there are further pages that cannot be asked for, where a cursor or a whole page
    comes again, and after `most` pages: a looping cursor must neither be followed for ever nor pass for an end.
    """
    seen: set[Hashable] = set()
    cursors: set[str | None] = {None}
    after: str | None = None
    for _ in range(most):
        listed = await page(after)
        # From behind, so that of two items with one key the first one, and its place, stay.
        new = {key(item): item for item in reversed(listed.items) if key(item) not in seen}
        seen.update(new)
        yield tuple(reversed(new.values()))
        if not listed.more:
            return
        after = listed.after
        if after in cursors or (listed.items and not new):
            raise ListCut("The platform's list repeats itself, so it cannot be read to its end.")
        cursors.add(after)
    raise ListCut(f"The platform's list goes on for more than {most:,} pages.")
