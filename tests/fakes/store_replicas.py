"""The programs that run and their leases, in memory; several programs share one."""

from __future__ import annotations

from dataclasses import replace

from adapters.store.replicas import Lease, Replica
from tests.fakes.store_base import Shared, cleaned


class MemoryReplicas(Shared):
    """Keeps both as the database does: what is taken or freed has a new epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._replicas: dict[str, Replica] = {}
        self._leases: dict[str, Lease] = {}
        self.shared = True

    async def join(self, replica: Replica) -> None:
        await self._turn()
        self._replicas.setdefault(replica.id, cleaned(replica))

    async def beat(self, replica: str, report: str) -> bool:
        await self._turn()
        found = self._replicas.get(replica)
        if found is not None:
            self._replicas[replica] = cleaned(found, beats=found.beats + 1, report=report)
        return found is not None

    async def replicas(self) -> tuple[Replica, ...]:
        await self._turn()
        return tuple(sorted(self._replicas.values(), key=lambda found: (found.since, found.id)))

    async def bury(self, seen: Replica) -> bool:
        await self._turn()
        found = self._replicas.get(seen.id)
        return found is not None and found.beats == seen.beats and self._remove(seen.id)

    async def leave(self, replica: str) -> bool:
        await self._turn()
        return replica in self._replicas and self._remove(replica)

    async def leases(self) -> tuple[Lease, ...]:
        await self._turn()
        return tuple(self._leases[name] for name in sorted(self._leases))

    async def take_lease(self, name: str, me: str, seen_epoch: int) -> int | None:
        await self._turn()
        found = self._leases.get(name, Lease(name, None, 0))
        if me not in self._replicas or found.holder is not None or found.epoch != seen_epoch:
            return None
        self._leases[name] = Lease(name, me, seen_epoch + 1)
        return seen_epoch + 1

    async def drop_lease(self, name: str, me: str, epoch: int) -> bool:
        await self._turn()
        held = self._leases.get(name) == Lease(name, me, epoch)
        if held:
            self._leases[name] = Lease(name, None, epoch + 1)
        return held

    def _remove(self, replica: str) -> bool:
        del self._replicas[replica]
        for name, lease in self._leases.items():
            if lease.holder == replica:
                self._leases[name] = replace(lease, holder=None, epoch=lease.epoch + 1)
        return True
