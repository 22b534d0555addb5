"""`POST /hooks/{connection}`: a signed delivery makes the next poll of its connection come now, and nothing else.

What a delivery says is never taken for true: the runs that it names are read from the platform.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex

from aiohttp import web

from adapters.hooks.body import ids_in, made_at, read_body
from adapters.hooks.replays import Replays
from adapters.hooks.signature import is_signed
from bot.model import Secret
from bot.ports import Clock

log = logging.getLogger(__name__)

PATH = "/hooks"
MOST_BYTES = 64 * 1024  # of a body
TRIES = 3  # deliveries in a row that are refused before the log says which headers they had
MOST_NAMES, LONGEST_NAME = 40, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A connection whose platform sends webhooks. `keys`: those of a body whose values are ids of runs."""

    secret: Secret
    keys: tuple[str, ...] = ()


class Webhooks:
    """Takes deliveries. `hint` is given a connection and the ids of runs that a delivery names.

    `polls`: whether this program polls a connection; a hint that nobody would follow is not accepted.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: Clock,
        *,
        hint: Callable[[str, tuple[str, ...]], None],
        polls: Callable[[str], bool],
    ) -> None:
        self._sources = sources
        self._nobody = Source(
            secret=Secret(token_hex())
        )  # an unknown connection takes as long as a known one
        self._hint = hint
        self._polls = polls
        self._replays = Replays(clock)
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
        if not self._polls(name):
            return web.Response(status=503)
        asyncio.get_running_loop().call_soon(self._take, name, body)  # the answer goes out first
        return web.Response(status=202)

    def _take(self, name: str, body: bytes) -> None:
        content = read_body(body)
        if self._replays.is_late(made_at(content)):
            log.warning("%s: a delivery was made more than ten minutes ago, by its timestamp", name)
        elif self._replays.is_new(name.encode() + b"\0" + body):
            self._hint(name, ids_in(content, self._sources[name].keys))

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
