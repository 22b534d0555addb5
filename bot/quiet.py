"""Until when a channel is not to be posted to: the one rule, by which messages are held and let out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.calendar import Window
from bot.model import Run, RunRef
from bot.ports import Channels, WatchStore
from bot.state import ChannelSettings, Held, Mute, concerns


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What a channel asked for; `mutes` may hold some that are over and whose end is not announced yet."""

    settings: ChannelSettings | None = None
    mutes: tuple[Mute, ...] = ()

    def until(self, run: Run | None, now: datetime, *, wakes: bool = False) -> datetime | None:
        """Return until when a message is held, None where it is posted now.

        `run`: what it is about; what is about no known run is held back by mutes of everything alone. `wakes`: it is
        for somebody who is to be woken in quiet hours.
        """
        ends = [mute.until for mute in self.muted(now) if _means(mute, run)]
        hours = None if wakes else self.hours(now)
        return max((*ends, *((hours,) if hours else ())), default=None)

    def hours(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that it is in, None outside of them."""
        hours = window(self.settings) if self.settings is not None else None
        return hours.ends(now) if hours is not None else None

    def muted(self, now: datetime) -> tuple[Mute, ...]:
        """Return the mutes that go on."""
        return tuple(mute for mute in self.mutes if mute.until > now)

    def over(self, now: datetime) -> tuple[Mute, ...]:
        """Return the mutes whose end is to be announced."""
        return tuple(mute for mute in self.mutes if mute.until <= now)


async def quiet_of(store: Channels, channel: str) -> Quiet:
    """Read what a channel asked for. Raises `StoreError`."""
    settings = await store.channel_settings(channel)
    return Quiet(settings=next(iter(settings), None), mutes=await store.mutes(channel))


async def runs_held(store: WatchStore, held: Iterable[Held]) -> Mapping[RunRef, Run]:
    """Read the runs that held messages are about, as they are on record. Raises `StoreError`."""
    refs = {each.delivery.context.run for each in held if each.delivery.context and each.delivery.context.run}
    found: dict[RunRef, Run] = {}
    for connection in {ref.connection for ref in refs}:
        ids = tuple(ref.run_id for ref in refs if ref.connection == connection)
        found |= {run.ref: run for run in (await store.recorded(connection, ids)).values()}
    return found


def window(settings: ChannelSettings) -> Window | None:
    """Return the quiet hours of a channel, None where it has none."""
    if settings.quiet_from is None or settings.quiet_to is None:
        return None
    return Window(settings.quiet_from, settings.quiet_to, settings.zone)


def _means(mute: Mute, run: Run | None) -> bool:
    if run is None:
        return mute.runs == (None, None, None)
    return concerns(mute, run)
