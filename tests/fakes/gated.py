"""A database whose inbox is slow to write, to note an answer, or to tell what is left over, until a gate opens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.state import Invocation, Owner
from tests.fakes.store import MemoryStore


class GatedStore(MemoryStore):
    """`refusing`: nothing is accepted. `breaking`: what is accepted next is kept, and nobody hears so. `deaf`: what is left over cannot be read. `reads` counts how often what is left over was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.writing, self.finishing, self.reading = asyncio.Event(), asyncio.Event(), asyncio.Event()
        for gate in (self.writing, self.finishing, self.reading):
            gate.set()
        self.asked_to_write, self.asked_to_finish = asyncio.Event(), asyncio.Event()
        self.asked_to_read = asyncio.Event()
        self.refusing = self.breaking = self.deaf = False
        self.reads = 0

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation, owner: Owner) -> bool:
        """Accept it when the gate is open."""
        self.asked_to_write.set()
        await self.writing.wait()
        if self.refusing:
            raise StoreError("The database is not there.")
        accepted = await super().accept(source, dedupe_id, invocation, owner)
        if self.breaking:
            self.breaking = False
            raise StoreError("The database is not there.")
        return accepted

    async def finish(self, source: str, dedupe_id: str) -> None:
        """Note that it is answered when the gate is open."""
        self.asked_to_finish.set()
        await self.finishing.wait()
        await super().finish(source, dedupe_id)

    async def adopt(
        self, source: str, since: datetime, owner: Owner, *, unowned_until: datetime
    ) -> tuple[tuple[str, Invocation], ...]:
        """Tell it when the gate is open."""
        self.reads += 1
        self.asked_to_read.set()
        await self.reading.wait()
        if self.deaf:
            raise StoreError("The database is not there.")
        return await super().adopt(source, since, owner, unowned_until=unowned_until)

    @property
    def unanswered(self) -> int:
        """How many commands were accepted and are not answered."""
        return sum(not finished for _, finished in self.commands.values())

    def age(self, by: timedelta) -> None:
        """Let everything in the inbox have been asked so much earlier."""
        for key, (invocation, finished) in self.commands.items():
            self.commands[key] = (replace(invocation, at=invocation.at - by), finished)
