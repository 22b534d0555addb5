"""`POST /hooks/{connection}`: a signed delivery makes the next poll of its connection come now, and nothing else.

It is on record when it is answered: whichever program polls the connection takes it from there, also after this one died.
What a delivery says is never taken for true: the runs that it names are read from the platform.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex

from aiohttp import web

from adapters.hooks.body import ids_in, made_at, read_body
from adapters.hooks.signature import is_signed
from bot.errors import StoreError
from bot.model import Secret
from bot.ports import Clock, HintStore
from bot.state import Hint

log = logging.getLogger(__name__)

PATH = "/hooks"
MOST_BYTES = 64 * 1024  # of a body
WINDOW = timedelta(
    minutes=10
)  # a body that comes again in it is one hint, and one that was made before it is none
AT_ONCE = 4  # deliveries that are written down; the others wait, and not everybody else for the database
TRIES = 3  # deliveries in a row that are refused before the log says which headers they had
MOST_NAMES, LONGEST_NAME = 40, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A connection whose platform sends webhooks. `keys`: those of a body whose values are ids of runs."""

    secret: Secret
    keys: tuple[str, ...] = ()


class Webhooks:
    """Takes deliveries, whichever program polls their connection. `told` is called when there is a new one on record."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        store: HintStore,
        clock: Clock,
        *,
        told: Callable[[], None],
    ) -> None:
        self._sources = sources
        self._nobody = Source(
            secret=Secret(token_hex())
        )  # an unknown connection takes as long as a known one
        self._store = store
        self._clock = clock
        self._told = told
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._refused: defaultdict[str, list[set[str]]] = defaultdict(
            list
        )  # since the last one that was signed

    def application(self) -> web.Application:
        """Return the one page."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.add_routes([web.post(f"{PATH}/{{connection}}", self._answer)])
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        name, body = request.match_info["connection"], await request.read()
        signed = is_signed(self._sources.get(name, self._nobody).secret, body, request.headers.values())
        if not signed:
            self._note_refused(name, {header.lower() for header in request.headers})
            return web.Response(status=401)
        self._refused.pop(name, None)
        return web.Response(status=202 if await self._take(name, body) else 503)

    async def _take(self, name: str, body: bytes) -> bool:
        """Put on record what a delivery says, once; False where that cannot be done now, so that it is delivered again."""
        content, now = read_body(body), self._clock.now()
        made = made_at(content)
        if made is not None and now - made > WINDOW:
            log.warning("%s: a delivery was made more than ten minutes ago, by its timestamp", name)
            return True
        ids = ids_in(content, self._sources[name].keys)
        hint = Hint(connection=name, digest=sha256(body).hexdigest(), at=now, run_ids=ids)
        try:
            async with self._turns:
                new = await self._store.keep_hint(hint, repeats=now - WINDOW)
        except StoreError as error:
            log.warning("%s: a delivery is refused, and may come again: %s", name, error)
            return False
        if new:
            self._told()
        return True

    def _note_refused(self, name: str, headers: set[str]) -> None:
        """Log once which headers some deliveries had of which none was signed: a signature of another form shows."""
        if name not in self._sources or len(self._refused[name]) == TRIES:
            return
        refused = self._refused[name]
        refused.append(headers)
        if len(refused) == TRIES:
            names = [header[:LONGEST_NAME] for header in sorted(set().union(*refused))]
            shown = ", ".join(names[:MOST_NAMES])
            log.warning(
                "%s: %d deliveries in a row are not signed with its webhook_secret; their headers: %s",
                name, TRIES, shown,
            )  # fmt: skip
