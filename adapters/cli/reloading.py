"""Roles, places, quotas and the read-only switch as the settings have them now: read again on SIGHUP and when a file changes.

A mistake in a file changes nothing: what was in force stays, and the mistake is said. Every change is noted: of what
is read at the start alone twice, when the file says it and when it is in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from adapters import settings
from adapters.cli.access import policy_of
from adapters.cli.inventory import Inventory, changes, inventory
from adapters.configuration.problems import SettingsError
from adapters.configuration.sources import DEFAULT_FILE
from adapters.redact import redact
from adapters.settings import Settings
from bot.access import Policy, difference
from bot.errors import StoreError
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.replies import operating as replies
from bot.state import AuditEntry, AuditQuery
from bot.waiting import first_of

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks at the files
ACTION = "settings"
KEPT = "settings: in force"  # the name under which the database has what was in force at the last start
BY_FILE = "clew"  # who changed a file, nobody tells
AT_ONCE = frozenset({"roles", "places", "quota", "read_only", "locked", "page_token", "warnings", "origins"})
LONGEST = 500  # characters of a mistake that are noted

Stamp = tuple[tuple[int, int, int] | None, ...]


@contextlib.contextmanager
def hangups() -> Iterator[asyncio.Event]:
    """Give an event that SIGHUP sets."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, event.set)
    try:
        yield event
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


class Reloading:
    """Keeps a handler at what the settings say of who may do what. `tell`: says what an operator has to know.

    `notes`: whether changes go into the audit trail; a program beside the one that does so leaves it to that.
    """

    def __init__(
        self,
        loaded: Settings,
        handler: Handler,
        store: Store,
        clock: Clock,
        *,
        tell: Callable[[str], None],
        notes: bool = True,
    ) -> None:
        self._at_start = self._loaded = loaded
        self._handler = handler
        self._store, self._clock, self._tell, self._notes = store, clock, tell, notes
        self._files = (loaded.config or Path(DEFAULT_FILE), Path(".env"))
        self._stamp = self._look()
        self._from_file = self._files[0].exists()

    @property
    def in_force(self) -> Settings:
        """The settings as they are in force: what is read at the start alone as it was then."""
        return self._at_start.model_copy(update={name: getattr(self._loaded, name) for name in AT_ONCE})

    async def run(self, hangup: asyncio.Event) -> None:
        """Note what is in force now, then look until cancelled."""
        if self._notes:
            await self.note_what_is_in_force()
        while True:
            await first_of(hangup.wait(), self._clock.sleep(LOOK))
            asked, stamp = hangup.is_set(), self._look()
            hangup.clear()
            if asked or stamp != self._stamp:
                self._stamp = stamp
                await self.reload(asked=asked)

    async def reload(self, *, asked: bool) -> None:
        """Read the settings again; what is wrong with them is said, and nothing changes. `asked`: say it if nothing did."""
        try:
            found = await asyncio.to_thread(settings.load, again=self._from_file)
        except SettingsError as error:
            said = redact(f"{error}", self._loaded.secrets)
            self._tell(replies.settings_refused(said))
            await self._note("refused", " ".join(said.split())[:LONGEST])
            return
        except OSError as error:
            self._tell(replies.settings_refused(error.strerror or type(error).__name__))
            return
        before, now = self._handler.services.policy, policy_of(found)
        token = "" if found.page_token == self._loaded.page_token else "the page's token"
        changed = "; ".join(filter(None, (difference(before, now), token)))
        later = self._for_a_restart(found)
        waiting = changes(inventory(self._loaded), inventory(found))
        self._loaded = found
        self._from_file = self._from_file or self._files[0].exists()
        self._handler.govern(now)
        if changed:
            self._tell(replies.settings_changed(changed))
            await self._note("changed", f"{changed}. {_in_force(now)}")
        await self._note_tables("waits for a restart", waiting)
        if later:
            self._tell(replies.needs_restart(later))
        if asked and not changed and not later:
            log.info("%s", replies.NOTHING_CHANGED)

    def _for_a_restart(self, found: Settings) -> list[str]:
        """Return the settings that changed and are read at the start alone; a new key is used without one."""
        names = sorted(Settings.model_fields.keys() - AT_ONCE)
        pairs = ((name, getattr(self._loaded, name), getattr(found, name)) for name in names)
        return [name for name, old, new in pairs if old != new and repr(old) != repr(new)]  # keys are masked

    async def note_what_is_in_force(self) -> None:
        """Note what is in force where that is not what was noted last: it changed while nothing ran."""
        await self._note_policy()
        now = inventory(self._loaded)
        try:
            before = _read(await self._store.kept_text(KEPT))
            decision = "in force" if before is None else "changed"
            if await self._note_tables(decision, changes(before or {}, now)):
                # Behind what is noted: after a crash in between it is noted once more, and never lost.
                await self._store.keep_text(KEPT, json.dumps(now))
        except StoreError as error:
            log.warning("%s", error)

    async def _note_policy(self) -> None:
        policy = self._handler.services.policy
        try:
            lines, _ = await self._store.audit_lines(
                AuditQuery(actions=frozenset({ACTION})), skip=0, limit=50
            )
        except StoreError as error:
            log.warning("%s", error)
            return
        last = next((line.entry.detail for line in lines if line.entry.decision != "refused"), "")
        if not last.endswith(_in_force(policy)):
            await self._note("in force", _in_force(policy))

    async def _note_tables(self, decision: str, changed: Mapping[str, str]) -> bool:
        """Note what changed of each table on a line of its own; False where one could not be noted."""
        noted = [await self._note(decision, detail, f"{ACTION} {name}") for name, detail in changed.items()]
        return all(noted)

    async def _note(self, decision: str, detail: str, action: str = ACTION) -> bool:
        if not self._notes:
            return True
        entry = AuditEntry(
            at=self._clock.now(), actor=BY_FILE, channel="", action=action, decision=decision, detail=detail
        )
        try:
            await self._store.audit(entry)
        except StoreError as error:
            log.warning("a change of the settings could not be noted: %s", error)
            return False
        return True

    def _look(self) -> Stamp:
        return tuple(map(_stamp, self._files))


def _read(kept: str | None) -> Inventory | None:
    """Return what was in force at the last start, None where that is not known."""
    try:
        found = json.loads(kept or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _in_force(policy: Policy) -> str:
    return f"In force: {difference(Policy(), policy) or 'no roles'}"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
