"""How channels want to be notified, and what they are not notified of for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, whole
from adapters.store.tables import channels, mutes, outbox
from adapters.store.text import clean
from bot.state import ChannelSettings, DeliveryState, Mute


class SqlChannels(Part):
    """Fills `bot.ports.Channels`."""

    async def channel_settings(self, *names: str) -> tuple[ChannelSettings, ...]:
        """Return what was set of all channels, or of some."""
        statement = select(channels).order_by(channels.c.channel)
        return tuple(map(read_settings, await self._of_channels(statement, channels, names)))

    @whole
    async def set_channel(self, settings: ChannelSettings, now: datetime) -> None:
        """Keep a channel's settings, in place of those before."""
        async with self._db.writing() as connection:
            await connection.execute(self._db.put(channels), _channel_row(settings))
            await _look_again(connection, settings.channel, now)

    @whole
    async def configure_channels(self, configured: Sequence[ChannelSettings], now: datetime) -> None:
        """Make the channels of the settings file exactly these; those set in chat stay."""
        wanted = [_channel_row(settings) for settings in configured]
        names = [clean(settings.channel) for settings in configured]
        gone = delete(channels).where(channels.c.from_settings, channels.c.channel.not_in(names))
        async with self._db.writing() as connection:
            left = await connection.scalars(gone.returning(channels.c.channel))
            for channel in [*left, *names]:
                await _look_again(connection, channel, now)
            for row in wanted:
                await connection.execute(self._db.put(channels), row)

    async def mutes(self, *names: str) -> tuple[Mute, ...]:
        """Return what all channels, or some, are not notified of for now, also what is just over, oldest first."""
        statement = select(mutes).order_by(mutes.c.id)
        return tuple(map(read_mute, await self._of_channels(statement, mutes, names)))

    @whole
    async def mute(self, mute: Mute, now: datetime) -> bool:
        """Keep a mute, in place of the one with the same channel and scope; True if new."""
        values = to_row(mutes, mute, scope=scope_of(mute))
        async with self._db.writing() as connection:
            new = (await connection.execute(self._db.add(mutes), values)).first() is not None
            if not new:
                await connection.execute(update(mutes).where(mutes.c.scope == values["scope"]).values(values))
            await _look_again(connection, mute.channel, now)
        return new

    async def unmute(self, mute: Mute) -> bool:
        """Forget a mute without announcing its end; False where it was not there just so."""
        here = (mutes.c.scope == scope_of(mute)) & (mutes.c.until == mute.until)
        return await self._write(delete(mutes).where(here)) > 0


def scope_of(mute: Mute) -> str:
    """Join what makes a mute unique; None stays apart from every text."""
    return json.dumps([None if part is None else clean(part) for part in (mute.channel, *mute.runs)])


async def _look_again(connection: AsyncConnection, channel: str, now: datetime) -> None:
    """Make what is held of a channel due."""
    held = (outbox.c.channel == channel) & (outbox.c.state == DeliveryState.HELD)
    await connection.execute(update(outbox).where(held).values(next_at=now))


def _channel_row(settings: ChannelSettings) -> dict[str, Any]:
    times = {
        name: None if (at := getattr(settings, name)) is None else at.isoformat("seconds")
        for name in ("quiet_from", "quiet_to", "digest")
    }
    days = ",".join(map(str, sorted(settings.digest_days)))
    return to_row(channels, settings, digest_days=days, **times)


def read_settings(row: Row[Any]) -> ChannelSettings:
    """Read a row."""
    return from_row(row, ChannelSettings, digest_days=[int(day) for day in row.digest_days.split(",")])


def read_mute(row: Row[Any]) -> Mute:
    """Read a row."""
    return from_row(row, Mute)
