"""`clew outbox`: messages that are not delivered, and the channels that get nothing for now.

It changes rows of the database and sends nothing: the Clew that runs on it does, within seconds. Every change is
made in one transaction that looks first, so neither gets in the other's way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol

from adapters.chat.terminal.events import PERSON
from adapters.cli.ask import ANSWERED, USER_ERROR
from adapters.cli.opened import Opened, opened
from adapters.store.outbox_admin import MOVABLE, SENDING, UNKNOWN, Entry
from adapters.store.store import SqlStore
from bot.replies.wording import ago, clock_time, count, stopped
from bot.state import DeliveryState

MOST_DIGITS = 18  # of a row's number; more is in no database
SHOWN_TEXT = 300  # characters of a message

FATES = {
    DeliveryState.DEAD: "cannot be posted",
    DeliveryState.UNKNOWN: "may or may not have arrived",
    DeliveryState.SENDING: "is on its way, or its outcome is looked for",
    DeliveryState.PENDING: "waits",
    DeliveryState.HELD: "is held while its channel is quiet",
    DeliveryState.SENT: "was delivered",
    DeliveryState.FOLDED: "is told in a summary",
    DeliveryState.DROPPED: "was given up",
}


class Change(Protocol):
    """What is done to one message of a store; returns the state it was in."""

    async def __call__(
        self, store: SqlStore, row_id: int, now: datetime, /, *, by: str
    ) -> DeliveryState | None:
        """Do it in the name of `by`."""


async def show_all(limit: int) -> int:
    """List what is open; the messages that need a person come first. Raises `StoreError`, `SettingsError`."""
    async with opened() as services:
        entries, total = await services.store.entries(limit)
        for entry in entries:
            services.say(_line(entry, services.now))
        if total > len(entries):
            services.say(f"… and {total - len(entries):,} more; --limit {total} shows them all.")
        channels = await _channels(services.store, services.now)
        for line in channels:
            services.say(line)
        if not entries and not channels:
            services.say("Everything is delivered.")
    return ANSWERED


async def show(numbers: Iterable[str]) -> int:
    """Show each message in full; return 1 where one is not there. Raises `StoreError`, `SettingsError`."""
    async with opened() as services:
        entries = [(number, await _found(services, number)) for number in numbers]
        for number, entry in entries:
            if entry is None:
                services.say(_unknown(number), err=True)
                continue
            for line in _all_of(entry, services.now):
                services.say(line)
    return ANSWERED if all(entry for _, entry in entries) else USER_ERROR


async def retry(numbers: Iterable[str]) -> int:
    """Let messages be sent again; return 1 where one could not be. Raises `StoreError`, `SettingsError`."""
    return await _change_all(numbers, "retry", SqlStore.retry)


async def drop(numbers: Iterable[str]) -> int:
    """Give messages up; return 1 where one could not be. Raises `StoreError`, `SettingsError`."""
    return await _change_all(numbers, "drop", SqlStore.drop)


async def _change_all(numbers: Iterable[str], what: str, change: Change) -> int:
    async with opened() as services:
        done = [await _change(services, number, what, change) for number in dict.fromkeys(numbers)]
    return ANSWERED if all(done) else USER_ERROR


async def _found(services: Opened, number: str) -> Entry | None:
    row_id = _row_id(number)
    return None if row_id is None else await services.store.entry(row_id)


async def _change(services: Opened, number: str, what: str, change: Change) -> bool:
    """Do it to one message and say what came of it; True where it was done."""
    row_id = _row_id(number)
    before = None if row_id is None else await change(services.store, row_id, services.now, by=PERSON)
    if row_id is None or before is None:
        services.say(_unknown(number), err=True)
        return False
    if before not in MOVABLE:
        hint = " Wait until that is known." if before is SENDING else ""
        services.say(f"Message {row_id} {FATES[before]}, so there is nothing to {what}.{hint}", err=True)
        return False
    services.say(await _done(services, row_id, what, before))
    return True


async def _done(services: Opened, row_id: int, what: str, before: DeliveryState) -> str:
    if what == "drop":
        return f"Message {row_id} is dropped. Nothing of it will be posted."
    entry = await services.store.entry(row_id)
    held = entry.held_until if entry else None
    when = (
        f"after {clock_time(held)}, when its channel may be posted to" if held and held > services.now else ""
    )
    mark = " It is marked as a possible repeat." if before is UNKNOWN else ""
    return f"Message {row_id} goes out {when or 'as soon as Clew runs, within seconds'}.{mark}"


def _row_id(number: str) -> int | None:
    return int(number) if number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS else None


def _unknown(number: str) -> str:
    if _row_id(number) is None:
        return f"“{number[:80]}” is no number of a message. `clew outbox list` shows them."
    return f"There is no message {number}. `clew outbox list` shows those that are not delivered."


async def _channels(store: SqlStore, now: datetime) -> list[str]:
    """Say which channels get nothing for now, and why."""
    lost = {watch.channel: watch.problem for watch in await store.subscriptions() if watch.problem}
    holds = await store.holds(now)
    lines = [f"channel  {channel} cannot be reached: {stopped(why)}" for channel, why in lost.items()]
    lines += [
        f"channel  {channel} gets nothing before {clock_time(until)}."
        for channel, until in holds.items()
        if channel not in lost
    ]
    return lines


def _line(entry: Entry, now: datetime) -> str:
    delivery = entry.delivery
    reason = f": {delivery.error}" if delivery.error else ""
    if delivery.state is DeliveryState.HELD:
        reason = f", until {clock_time(entry.next_at)}"
    return (
        f"{delivery.id:>7}  {delivery.state:<8} {delivery.channel}  recorded {ago(entry.recorded_at, now)}, "
        f"{count(delivery.attempts, 'attempt')}{reason}"
    )


def _all_of(entry: Entry, now: datetime) -> Iterator[str]:
    d = entry.delivery
    yield f"message   {d.id} {FATES[d.state]}"
    yield f"channel   {d.channel}"
    if d.thread:
        yield f"thread    {d.thread}"
    yield f"recorded  {clock_time(entry.recorded_at)}, {ago(entry.recorded_at, now)}"
    tried = f", last {clock_time(d.attempt_at)}" if d.attempt_at else ""
    yield f"attempts  {d.attempts}{tried}"
    if d.state in {DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.SENDING}:
        yield f"next      {clock_time(max(entry.next_at, entry.held_until or entry.next_at))}"
    if d.error:
        yield f"reason    {d.error}"
    yield f"key       {d.key}"
    said = _text(d.payload)
    if said:
        yield f"says      {said}"


def _text(payload: str) -> str:
    """Return what a message says, as far as its chat's payload tells; a report's link is never in it."""
    try:
        content = json.loads(payload)
    except ValueError:
        return ""
    text = " ".join(_words(content)).split()
    return " ".join(text)[:SHOWN_TEXT]


def _words(content: Any) -> Iterator[str]:
    """Yield the whole sentence that stands for the message, wherever its chat keeps it."""
    if not isinstance(content, dict):
        return
    for name in ("text", "content", "summary"):
        if isinstance(content.get(name), str) and content[name]:
            yield content[name]
            return
    for embed in content.get("embeds") or ():
        if isinstance(embed, dict):
            yield from (str(embed[name]) for name in ("title", "description") if embed.get(name))
