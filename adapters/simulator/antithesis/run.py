"""A run of the simulated tenant: its plan, and what the API says of it at a given tenant time.

A run never changes by itself: its state is a function of its plan and the time. What changes a plan is a
person (cancel) or a test (`finish_run`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from adapters.simulator.antithesis.ids import report_link
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json

TERMINAL = frozenset({"completed", "cancelled", "incomplete"})
FOREVER = timedelta(days=3650)
FIRST_WITH_PROPERTIES = 52  # older releases' structured results have aged out
FIRST_WITH_BUILD_LOGS = 54


class Answer(StrEnum):
    """What the properties endpoint answers once the run has ended."""

    LIST = "list"
    EMPTY = "empty"
    MISSING = "missing"


class Pinned(StrEnum):
    """How the failure moment of an incomplete run is served."""

    NONE = "none"
    NULL = "null"
    REAL = "real"
    ZERO_TEXT = "zero text"
    ZERO_NUMBER = "zero number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run goes. `failing`: names of properties. Times are tenant time, counted from creation."""

    status: str = "completed"
    failing: tuple[str, ...] = ()
    starts_after: timedelta = timedelta(minutes=1)
    ends_after: timedelta = timedelta(minutes=30)
    properties: Answer = Answer.LIST
    properties_lag: timedelta = timedelta()
    pinned: Pinned = Pinned.NONE
    linked: bool = True
    readable_after: timedelta = timedelta()  # until then the id answers 404
    listed: bool = True


@dataclass(slots=True, kw_only=True)
class SimRun:
    """One run; `system` names what it tests, `extra` are further fields of its JSON, served as they are."""

    run_id: str
    launcher: str
    system: str
    created_at: datetime
    plan: Plan
    parameters: dict[str, Any] | None = None
    creator: Json | None = None
    description: str | None = None
    session_id: str | None = None
    extra: Json = field(default_factory=dict)

    @property
    def key(self) -> tuple[datetime, str]:
        """Where it stands in the list, oldest first."""
        return (self.created_at, self.run_id)

    @property
    def release(self) -> int:
        """The major platform release it ran on."""
        return int(self.run_id.rsplit("-", 2)[1])

    @property
    def ends_at(self) -> datetime:
        """When it turns terminal."""
        return self.created_at + self.plan.ends_after

    def status(self, now: datetime) -> str:
        """Return the status the API names at that time."""
        if now >= self.ends_at or self.plan.status == "unknown":
            return self.plan.status
        return "in_progress" if now >= self.created_at + self.plan.starts_after else "starting"

    def has_properties(self, now: datetime) -> Answer:
        """Return what the properties endpoint answers at that time."""
        lagging = now < self.ends_at + self.plan.properties_lag
        if lagging or self.release < FIRST_WITH_PROPERTIES or self.status(now) not in TERMINAL:
            return Answer.MISSING
        return self.plan.properties

    def has_build_logs(self) -> bool:
        """Whether its release kept them."""
        return self.release >= FIRST_WITH_BUILD_LOGS

    def summary(self, now: datetime, base_url: str) -> Json:
        """Return what the list says; absent and null fields are mixed as on real tenants."""
        status = self.status(now)
        started = status not in {"starting", "unknown"}
        body: Json = {
            "run_id": self.run_id,
            "status": status,
            "created_at": timestamp(self.created_at),
            "launcher": self.launcher,
            "started_at": timestamp(self.created_at + self.plan.starts_after) if started else None,
            "completed_at": timestamp(self.ends_at) if status in TERMINAL else None,
            "creator": self.creator,
            "parameters": self.parameters,
        }
        optional = {"description": self.description, "session_id": self.session_id}
        body |= {name: value for name, value in optional.items() if value is not None}
        if status in TERMINAL and self.plan.linked:
            body["links"] = {"triage_report": report_link(base_url, self.run_id, self.ends_at)}
        return body | self.extra
