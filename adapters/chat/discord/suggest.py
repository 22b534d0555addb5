"""What fits into an option while somebody types it: from the store and a cache, well within three seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from adapters.chat.discord.incoming import Suggesting
from adapters.chat.discord.markup import Json
from adapters.lanes import acting
from bot import access, cleaning
from bot.access import Role
from bot.analysis import analysis_of
from bot.cache import Cache
from bot.cards import Context, FieldKind
from bot.command import Services, Verb
from bot.errors import ClewError
from bot.model import Property, RunRef
from bot.ports import Clock

log = logging.getLogger(__name__)

CHOICES = 25
LENGTH = 100
RECENT = 50
PATIENCE = 1.5  # seconds; what comes later is there for the next letter
KEPT_SECONDS = 60.0

Choice = tuple[str, str]
"""What is shown, and what is filled in."""


class Suggestions:
    """Offers runs, launchers, and the properties and moments of the thread's run."""

    def __init__(self, services: Services, verbs: Iterable[Verb], clock: Clock) -> None:
        self._services = services
        self._verbs = tuple(verb.name for verb in verbs if not verb.hidden)
        self._failing: Cache[tuple[Property, ...]] = Cache(clock, KEPT_SECONDS)

    async def offer(self, suggesting: Suggesting) -> list[Json]:
        """Return what fits, best first; nothing to those who may not read, or where it takes too long."""
        policy = self._services.policy
        decision = access.decide(policy, suggesting.actor, suggesting.place, need=Role.READ, changes=False)
        if isinstance(decision, access.Denied):
            return []
        try:
            with acting(suggesting.actor.id):
                async with asyncio.timeout(PATIENCE):
                    known = await self._known(suggesting)
        except TimeoutError:
            return []
        except ClewError as error:
            log.info("nothing could be suggested: %s", type(error).__name__)
            return []
        return _fitting(known, suggesting.typed, keep=suggesting.parameter.kind is FieldKind.LAUNCHER)

    async def _known(self, suggesting: Suggesting) -> list[Choice]:
        match suggesting.parameter.kind:
            case FieldKind.RUN:
                return [("latest", "latest"), *await self._runs()]
            case FieldKind.LAUNCHER:
                return [(name, name) for name in await self._launchers()]
            case FieldKind.PROPERTY:
                return [
                    (p.name, str(number)) for number, p in enumerate(await self._of_thread(suggesting), 1)
                ]
            case FieldKind.MOMENT:
                return await self._moments(suggesting)
            case FieldKind.CHOICE:
                return _listed(suggesting)
            case _:
                return [(name, name) for name in self._named(suggesting.parameter.name)]

    async def _runs(self) -> list[Choice]:
        found: list[Choice] = []
        for connection in self._services.platforms:
            for run_id, launcher, status in await self._services.store.recent(connection, RECENT):
                name = f"{launcher} · {status} · {run_id}"
                found.append(
                    (name, RunRef(connection, run_id).text if len(self._services.platforms) > 1 else run_id)
                )
        return found

    async def _launchers(self) -> tuple[str, ...]:
        known: list[str] = []
        for connection in self._services.platforms:
            known += self._services.launchers.get(connection, ())
            known += await self._services.store.launchers(connection)
        return tuple(dict.fromkeys(known))

    async def _moments(self, suggesting: Suggesting) -> list[Choice]:
        context = await self._context(suggesting)
        found: list[Choice] = []
        if context.moment is not None:
            found.append((f"this thread's: {context.moment.text}", context.moment.text))
        failing = await self._of_thread(suggesting)
        found += [(f"{p.name} · {p.moment.text}", p.moment.text) for p in failing if p.moment is not None]
        return found

    async def _of_thread(self, suggesting: Suggesting) -> tuple[Property, ...]:
        """Return the failing properties of the thread's run; reading goes on where nobody waits any more."""
        run = (await self._context(suggesting)).run
        if run is None or run.connection not in self._services.platforms:
            return ()
        return await self._failing.get(run.text, lambda: self._read(run)) or ()

    async def _read(self, ref: RunRef) -> tuple[Property, ...] | None:
        service = self._services.platforms[ref.connection]
        try:
            run = await service.run(ref.run_id)
            found = await analysis_of(service, self._services.store, run, depth=1)
        except ClewError as error:  # maybe nobody waits any more, so nobody would hear of it
            log.info("a run's properties could not be suggested: %s", type(error).__name__)
            return None
        return found.failing

    async def _context(self, suggesting: Suggesting) -> Context:
        place = suggesting.place
        known = await self._services.store.context(place.channel, place.thread) if place.thread else None
        return known or Context()

    def _named(self, name: str) -> tuple[str, ...]:
        known = {
            "verb": self._verbs,
            "preset": tuple(self._services.presets),
            "connection": tuple(self._services.platforms),
        }
        return known.get(name, ())


def _listed(suggesting: Suggesting) -> list[Choice]:
    """Offer the choices behind those that are typed already: a list is written with commas."""
    before, comma, _ = suggesting.typed.rpartition(",")
    taken = [word.strip() for word in before.split(",")] if comma else []
    head = f"{','.join(taken)}," if comma else ""
    return [(head + c, head + c) for c in suggesting.parameter.choices if c not in taken]


def _fitting(known: list[Choice], typed: str, *, keep: bool) -> list[Json]:
    wanted = typed.casefold()
    fitting = [c for c in known if wanted in c[0].casefold() and 0 < len(c[1]) <= LENGTH]
    fitting.sort(key=lambda c: not c[0].casefold().startswith(wanted))
    if keep and typed and all(typed != value for _, value in fitting) and len(typed) <= LENGTH:
        fitting.append((typed, typed))
    named = [(cleaning.cut(cleaning.one_line(name), LENGTH), value) for name, value in fitting]
    return [{"name": name, "value": value} for name, value in named[:CHOICES] if name]
