"""What people say of a property is shown on the posts of the last hours too, in every chat: which ones are edited for it.

The edit itself is that of `causes.py`: what waits for one is on record, so a kill loses none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.keys import key_of, results_key
from bot.model import Run, RunQuery, RunStatus
from bot.ports import Intents, Subscriptions, WatchStore
from bot.state import LateCause, PropertyState

RECENT = timedelta(hours=24)  # posts that are older are left as they are
MOST = 20  # runs of a launcher that are looked at


class PostedStore(WatchStore, Subscriptions, Intents, Protocol):
    """What knows which posts tell of a property."""


async def edit_posts(store: PostedStore, state: PropertyState, now: datetime) -> None:
    """Have the announcements of the last hours edited in which a property fails. Raises `StoreError`."""
    query = RunQuery(launcher_key=state.launcher_key)
    runs = [run for run in await store.newest(state.connection, query, MOST) if run.status.terminal]
    kept = await store.results_kept(state.connection, tuple(run.ref.run_id for run in runs))
    channels = {subscription.channel for subscription in await store.subscriptions()}
    for run in runs:
        results = kept.get(run.ref.run_id)
        if results is not None and state.name in results.failing | results.unhealthy:
            await _edit(store, run, channels, now)


async def _edit(store: PostedStore, run: Run, watching: set[str], now: datetime) -> None:
    intent = await store.intent_of_run(run.ref)
    channels = watching | ({intent.channel} if intent is not None else set())
    of_end = {key_of(run.ref, run.status, channel): channel for channel in sorted(channels)}
    results = {results_key(run.ref, run.status, channel) for channel in channels}
    there = await store.announcements((*of_end, *sorted(results)), now - RECENT)
    edits = [
        LateCause(
            key=key,
            run=run.ref,
            since=now,
            before=_before(run, channel, there[key]),
            channel=channel,
            marked=True,
        )
        for key, channel in of_end.items()
        if key in there and results_key(run.ref, run.status, channel) not in there
    ]
    await store.edit_announcements(tuple(edits))


def _before(run: Run, channel: str, corrected: str | None) -> RunStatus | None:
    """Return the end that an announcement corrects; None where it is the first."""
    return next((end for end in RunStatus if key_of(run.ref, end, channel) == corrected), None)
