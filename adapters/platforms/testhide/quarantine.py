"""What is quarantined at a job: failures that do not count. An entry may be a class, a file or a folder."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct, time_of
from adapters.platforms.http.text import shown
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import array_of, full_name
from bot.triage import Quarantined

KEPT = 10.0  # seconds: builds of a job that end in one tick share one reading


class _Entry(msgspec.Struct):
    node_id: str
    reason: str | None = None
    quarantined_at: str | None = None


class Quarantine:
    """Reads the list of a job, once for all that ask within a few seconds."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._kept: dict[str, tuple[float, tuple[Quarantined, ...]]] = {}
        self._lock = asyncio.Lock()

    async def of(self, job: str) -> tuple[Quarantined, ...]:
        """Return what is quarantined at a job. Raises `ServiceError`."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < KEPT}
            if job not in self._kept:
                answer = await self._caller.read(protocol.quarantine_request(job), what="job")
                entries = (read_struct(item, _Entry) for item in array_of(answer.body))
                self._kept[job] = (now, tuple(_quarantined(entry) for entry in entries if entry))
            return self._kept[job][1]

    def forget(self, job: str) -> None:
        """Read anew the next time: it was just changed."""
        self._kept.pop(job, None)


def covers(entry: Quarantined, name: str) -> bool:
    """Whether an entry means a test: its name, or the beginning of it down to the end of a part."""
    if not name.startswith(entry.check) or not entry.check:
        return False
    rest = name[len(entry.check) :]
    return not rest or entry.check[-1] in ":/" or rest[0] in ":/["


def excuse(name: str, entries: tuple[Quarantined, ...], ended: datetime | None) -> str | None:
    """Return why a failure of a test does not count: quarantined before the build ended; None where it does.

    `ended` is None where nobody knows when that was: then the list as it is now decides.
    """
    for entry in entries:
        if covers(entry, name) and (ended is None or entry.since is None or entry.since <= ended):
            return f"quarantined: {entry.reason}" if entry.reason else "quarantined"
    return None


def _quarantined(entry: _Entry) -> Quarantined:
    return Quarantined(
        check=full_name(entry.node_id),
        reason=shown(entry.reason, 60) if entry.reason else "",
        since=time_of(entry.quarantined_at),
    )
