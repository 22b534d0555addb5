"""What a team reports: projects, runs, results, artifacts. Fields are named as the API names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json

KEEPS = timedelta(days=30)  # an artifact, from its creation


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of a team."""

    project_id: str
    name: str
    created_at: datetime
    description: str | None = None
    status: str = "Active"

    def body(self) -> Json:
        """Return it as the API writes it."""
        return {
            "project_id": self.project_id,
            "name": self.name,
            "description": self.description,
            "status": self.status,
            "created_at": timestamp(self.created_at),
        }


@dataclass(slots=True, kw_only=True)
class Run:
    """A run; no endpoint reads it. `counts`: results by status, as they were when it was last completed."""

    test_run_id: str
    project_id: str
    label: str | None = None
    metadata: Json | None = None
    status: str = "Pending"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    counts: Mapping[str, int] | None = None


@dataclass(slots=True, kw_only=True)
class Result:
    """One test of a run, or of no run. Times are as they were sent, or the server's."""

    test_result_id: str
    project_id: str
    test_name: str
    status: str
    created_at: datetime
    test_run_id: str | None = None
    error_message: str | None = None
    metadata: Json | None = None
    started_at: str | None = None
    finished_at: str | None = None
    execution_time_ms: int | None = None

    def body(self, label: str | None) -> Json:
        """Return it as the API writes it, with its run's label."""
        fields: dict[str, Any] = {
            name: getattr(self, name) for name in self.__slots__ if name != "created_at"
        }
        return fields | {"test_run_label": label}


@dataclass(slots=True, kw_only=True)
class Artifact:
    """A file of a result. `content`: what was put into the object store; `confirmed`: visible from then on."""

    artifact_id: str
    test_result_id: str
    project_id: str
    label: str
    kind: str
    content_type: str
    size_bytes: int
    created_at: datetime
    test_step: str | None = None
    metadata: Json | None = None
    content: bytes | None = None
    confirmed: bool = False

    @property
    def expires_at(self) -> datetime:
        """When it is gone."""
        return self.created_at + KEEPS

    def visible(self, now: datetime) -> bool:
        """Whether it is listed, and can be downloaded."""
        return self.confirmed and now < self.expires_at

    def body(self) -> Json:
        """Return it as the API writes it."""
        return {
            "artifact_id": self.artifact_id,
            "test_result_id": self.test_result_id,
            "project_id": self.project_id,
            "label": self.label,
            "kind": self.kind,
            "content_type": self.content_type,
            "size_bytes": self.size_bytes,
            "test_step": self.test_step,
            "metadata": self.metadata,
            "expires_at": timestamp(self.expires_at),
            "created_at": timestamp(self.created_at),
        }
