"""Duties: what one program at a time does, for as long as it holds the lease of that name.

A program shows life with one beat for all that it holds. Each beat is followed by a look: the dead are buried, which
frees what they held; what is free is taken; who has more than its share gives up. Everything that a duty does is fenced
by its lease (`adapters/store/fence.py`), so one that was frozen and wakes long after another took over changes nothing,
and hears at its next beat that it was buried: it ends what it did and joins anew, as another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from math import inf
from uuid import uuid4

from adapters.replicas import timing
from adapters.replicas.member import ReplicaTable, Watch, named
from adapters.replicas.report import Report, read, write
from adapters.replicas.spread import Load, to_give, to_take
from adapters.store.fence import fenced
from adapters.store.replicas import Lease, Replica
from bot.errors import StoreError
from bot.ports import Clock
from bot.waiting import first_of
from bot.watch.auditor import Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """What is done inside the block that `work` gives; each time in a new one, so nothing is left of the last time.

    `stays`: it moves only when its holder ends, since every move costs people a moment.
    """

    name: str
    work: Callable[[], AbstractAsyncContextManager[None]]
    stays: bool = False


def together(name: str, duties: Iterable[Duty]) -> Duty:
    """Make one duty of several."""
    parts = tuple(duties)

    @asynccontextmanager
    async def work() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for duty in parts:
                await stack.enter_async_context(duty.work())
            yield

    return Duty(name, work, stays=True)


@dataclass(slots=True)
class _Stint:
    """One time that this program has a duty."""

    epoch: int
    task: asyncio.Task[None]
    over: asyncio.Event


class Duties:
    """This program among those on its database.

    `able`: the duties that it would take now; `sees`: what it tells the others. `me` has another id after each burial, which
    `joined` is told; `others` and `leases` are as of the last look.
    """

    def __init__(
        self,
        table: ReplicaTable,
        clock: Clock,
        *,
        able: Callable[[], Iterable[Duty]],
        sees: Callable[[], Snapshot] = Snapshot,
        joined: Callable[[str], None] = lambda _: None,
        me: Replica,
    ) -> None:
        self.me = me
        self.others: tuple[Replica, ...] = ()
        self.leases: tuple[Lease, ...] = ()
        self._table, self._clock = table, clock
        self._able, self._sees, self._tell_joined = able, sees, joined
        self._watch = Watch(clock, me.place)
        self._joined = False
        self._shown = -inf  # when it began to show life the last time that it did, in monotonic seconds
        self._stints: dict[str, _Stint] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._free: dict[tuple[str, int], float] = {}  # since when nobody has a lease, by its name and epoch
        self._woken = asyncio.Event()

    @property
    def held(self) -> frozenset[str]:
        """The names of the duties that this program does now."""
        return frozenset(self._stints)

    @property
    def free(self) -> frozenset[str]:
        """The names of the duties that this program could do, and that nobody did when it last looked."""
        return frozenset(name for name, _ in self._free) - self.held

    @property
    def sure(self) -> bool:
        """Whether nobody can have found this program dead: it showed life too short a time ago for that."""
        return self._clock.monotonic() - self._shown < timing.DEAD_AFTER / 2

    def silence(self, other: Replica) -> float:
        """Return for how many seconds another program has shown no life."""
        return self._watch.silence(other.id)

    def wake(self) -> None:
        """Look at once rather than with the next beat: something became free."""
        self._woken.set()

    async def run(self) -> None:
        """Step until cancelled."""
        while True:
            await first_of(self._clock.sleep(timing.BEAT), self._woken.wait())
            self._woken.clear()
            try:
                await self.step()
            except StoreError as error:
                log.warning("the other programs on this database could not be looked at: %s", error)
            except Exception:
                log.exception("sharing the work with other programs failed unexpectedly")

    async def step(self) -> None:
        """Show life, look, and take or give up. Raises `StoreError`; then everything stays as it is."""
        duties = {duty.name: duty for duty in self._able()}
        await self._show_life(write(Report(can=frozenset(duties), sees=self._sees())))
        await self._look()
        await self._settle(duties)
        others = [self._load(other) for other in self.others]
        await self._take(duties, others)
        stays = {duty.name for duty in duties.values() if duty.stays}
        if not self._ending and (name := to_give(self._my_load(duties), others, stays)) is not None:
            log.info("gives up %s: another program does less", name)
            self._end(name)

    async def leave(self) -> None:
        """End everything in good order, and let others take it."""
        for name in list(self._stints):
            self._end(name, drop=False)
        await asyncio.gather(*self._ending.values())
        try:
            await self._table.leave(self.me.id)
        except StoreError as error:
            log.warning("another program must wait a moment before it takes over: %s", error)

    # The steps ----------------------------------------------------------------------------------

    async def _show_life(self, report: str) -> None:
        start = self._clock.monotonic()
        if self._joined and not await self._table.beat(self.me.id, report):
            log.error(
                "other programs found this one dead and do its work by now; it ends that, and joins anew"
            )
            for name in list(self._stints):
                self._end(name, drop=False)
            self.me, self._joined = replace(self.me, id=uuid4().hex), False
        if not self._joined:
            await self._table.join(replace(self.me, report=report))
            self._joined = True
            self._tell_joined(self.me.id)
        self._shown = start

    async def _look(self) -> None:
        """Read who is there and who has what, behind the burial of those that are dead."""
        others = [each for each in await self._table.replicas() if each.id != self.me.id]
        dead = self._watch.look(others)
        for each in dead:
            if await self._table.bury(each):
                log.warning("%s has ended without a word; what it did is free", named(each))
        self.others = tuple(each for each in others if each not in dead)
        self.leases = await self._table.leases()

    async def _settle(self, duties: Mapping[str, Duty]) -> None:
        """End what is not ours any more or fell over, and let go of leases under which nothing is done."""
        held = {lease.name: lease.epoch for lease in self.leases if lease.holder == self.me.id}
        for name, stint in list(self._stints.items()):
            if held.get(name) != stint.epoch or name not in duties or stint.task.done():
                self._end(name)
        for name, epoch in held.items():
            if name not in self._stints and name not in self._ending:
                await self._table.drop_lease(name, self.me.id, epoch)

    async def _take(self, duties: Mapping[str, Duty], others: Sequence[Load]) -> None:
        now, known = self._clock.monotonic(), {lease.name: lease for lease in self.leases}
        free = {name: known[name].epoch if name in known else 0 for name in duties}
        free = {name: epoch for name, epoch in free.items() if not (epoch and known[name].holder)}
        self._free = {key: self._free.get(key, now) for key in free.items()}
        left = {name for (name, _), since in self._free.items() if now - since >= timing.DEAD_AFTER / 2}
        for name in to_take(
            self._my_load(duties), others, [name for name in free if name not in self._ending], left
        ):
            epoch = await self._table.take_lease(name, self.me.id, free[name])
            if epoch is not None:
                log.info("takes over %s", name)
                self._begin(duties[name], epoch)
        await asyncio.sleep(0)  # what was taken has begun

    def _load(self, other: Replica) -> Load:
        holds = frozenset(lease.name for lease in self.leases if lease.holder == other.id)
        return Load(can=read(other.report).can, holds=holds, fresh=self._watch.is_fresh(other.id))

    def _my_load(self, duties: Mapping[str, Duty]) -> Load:
        return Load(can=frozenset(duties), holds=self.held)

    # Stints -------------------------------------------------------------------------------------

    def _begin(self, duty: Duty, epoch: int) -> None:
        over = asyncio.Event()
        task = asyncio.create_task(_work(duty, epoch, over), name=duty.name)
        self._stints[duty.name] = _Stint(epoch, task, over)

    def _end(self, name: str, *, drop: bool = True) -> None:
        """Let a stint end, and its lease go after it; until then this program does not take that one again."""
        stint, me = self._stints.pop(name), self.me.id
        stint.over.set()

        async def end() -> None:
            await asyncio.wait({stint.task})
            try:
                if drop:
                    await self._table.drop_lease(name, me, stint.epoch)
            except StoreError as error:
                log.warning("%s is let go of with the next look: %s", name, error)
            finally:
                del self._ending[name]

        self._ending[name] = asyncio.create_task(end(), name=f"end {name}")


async def _work(duty: Duty, epoch: int, over: asyncio.Event) -> None:
    try:
        with fenced(duty.name, epoch):
            async with duty.work():
                await over.wait()
    except Exception:
        log.exception("%s failed unexpectedly; it begins again", duty.name)
