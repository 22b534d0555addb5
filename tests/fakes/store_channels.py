"""How channels want to be notified, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.store.text import chat_of, clean
from bot.state import ChannelSettings, Delivery, DeliveryState, Digested, Mute, NewDelivery
from tests.fakes.store_base import cleaned, wanted
from tests.fakes.store_outbox import MemoryOutbox, muted_as


class MemoryChannels(MemoryOutbox):
    """Settings by channel, mutes by channel and scope."""

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[str, ChannelSettings] = {}
        self.digests: dict[str, Digested] = {}

    async def channel_settings(self, *channels: str) -> tuple[ChannelSettings, ...]:
        await self._turn()
        return tuple(sorted(wanted(self.channels.values(), channels), key=lambda s: s.channel))

    async def set_channel(self, settings: ChannelSettings, now: datetime) -> None:
        await self._turn()
        self._set(settings, now)

    async def configure_channels(self, configured: Sequence[ChannelSettings], now: datetime) -> None:
        await self._turn()
        wanted = {clean(s.channel) for s in configured}
        for gone in [
            s.channel for s in self.channels.values() if s.from_settings and s.channel not in wanted
        ]:
            del self.channels[gone]
            self._look_again(gone, now)
        for settings in configured:
            self._set(settings, now)

    def _set(self, settings: ChannelSettings, now: datetime) -> None:
        self.channels[clean(settings.channel)] = cleaned(settings)
        self._look_again(settings.channel, now)

    async def mutes(self, *channels: str) -> tuple[Mute, ...]:
        await self._turn()
        return wanted(self.muted.values(), channels)

    async def mute(self, mute: Mute, now: datetime) -> bool:
        await self._turn()
        kept = cleaned(mute)
        new = muted_as(kept) not in self.muted
        self.muted[muted_as(kept)] = kept
        self._look_again(mute.channel, now)
        return new

    async def unmute(self, mute: Mute) -> bool:
        await self._turn()
        kept = cleaned(mute)
        there = self.muted.get(muted_as(kept))
        if there is None or there.until != kept.until:
            return False
        del self.muted[muted_as(kept)]
        return True

    async def digested(self, chat: str) -> tuple[Digested, ...]:
        await self._turn()
        return tuple(d for name, d in sorted(self.digests.items()) if chat_of(name) == chat)

    async def begin_digests(self, channel: str, schedule: str, now: datetime) -> None:
        await self._turn()
        new = Digested(channel=clean(channel), schedule=schedule, after=now, since=now, upto=len(self.outbox))
        there = self.digests.setdefault(new.channel, new)
        if not there.schedule:
            self.digests[new.channel] = new
        elif there.schedule != schedule:
            self.digests[new.channel] = replace(there, schedule=schedule, after=now)

    async def announced(self, channel: str, beyond: int) -> tuple[Delivery, ...]:
        await self._turn()
        rows = (row.delivery for row in self.outbox.values())
        return tuple(
            d for d in rows if d.channel == clean(channel) and d.id > beyond and d.ending is not None
        )

    async def make_digest(
        self,
        message: NewDelivery | None,
        covered: Sequence[Delivery],
        *,
        seen: Digested,
        made: Digested,
        now: datetime,
    ) -> bool:
        await self._turn()
        there = self.digests.get(clean(seen.channel))
        if there is None or (there.schedule, there.after) != (seen.schedule, seen.after):
            return False
        if message is not None and not self._put_in_place(message, covered, now):
            return False
        self.digests[clean(made.channel)] = cleaned(made)
        return True

    def _look_again(self, channel: str, now: datetime) -> None:
        for row in self.outbox.values():
            if row.delivery.channel == clean(channel) and row.delivery.state is DeliveryState.HELD:
                row.next_at = now
