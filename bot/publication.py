"""A run of one connection that is written into another platform, and the ledger of what was written there.

Everything here survives a restart: what is to be written, how far that is, and which ids came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import NOTHING, CheckStatus, Moment, RunRef, RunStatus, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest:
    """A record to open at another platform for a run that ended.

    `metadata`: what is said of the run there. `series`: what records that are compared with each other share, of which
    nothing is sent.
    """

    source: RunRef
    label: str
    series: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCheck:
    """What is written of one check. `log`: whether its log goes along, and `moment` where that ends, if anywhere."""

    name: str
    status: CheckStatus  # never `UNKNOWN`: such a check has no result to write
    excused: bool = False
    message: str = ""
    took: timedelta | None = None
    log: bool = False
    moment: Moment | None = None

    @property
    def failing(self) -> bool:
        """Whether it failed and that counts."""
        return self.status is CheckStatus.FAILING and not self.excused


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """How far one check is. `tries`: requests that may have made a result; a second one is the last.

    `told`: everything is written but its log. `trouble`: why it, or its log, was given up.
    """

    position: int
    check: PublishedCheck
    tries: int = 0
    result_id: str | None = None
    told: bool = False
    file_id: str | None = None
    attached: bool = False
    trouble: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.trouble) or (self.told and (self.attached or not self.check.log))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was announced: its id, and the signed address that its bytes go to, which is kept nowhere."""

    file_id: str
    address: Secret


class PublicationState(StrEnum):
    """The life of a publication: wanted by a rule, planned, then done, or stopped before its end."""

    WANTED = "wanted"
    PLANNED = "planned"
    DONE = "done"
    STOPPED = "stopped"


OVER = frozenset({PublicationState.DONE, PublicationState.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A run to be written into the connection `target`.

    `key`: unique for one thing to publish; of what a person asked for it is the id of the intent. `intent_id`: the
    intent that opens the record there. `reason`: why it was stopped.
    """

    key: str
    source: RunRef
    target: str
    created_at: datetime
    state: PublicationState = PublicationState.PLANNED
    intent_id: str | None = None
    by_rule: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRun:
    """A record that Clew opened at a platform which lets nobody read it back.

    `origin`: the run that was published into it, as text, or "". `series`: records that share it are compared.
    `ended_at`: when Clew completed it.
    """

    ref: RunRef
    project: str
    label: str
    series: str
    status: RunStatus
    created_at: datetime
    ended_at: datetime | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerResult:
    """A result that Clew wrote, or was told of, as it was known last. `ended_at`: since when it is known as ended."""

    connection: str
    result_id: str
    run_id: str
    name: str
    status: CheckStatus  # `UNKNOWN` while it has not ended
    excused: bool
    written_at: datetime
    ended_at: datetime | None = None


def ledger_result(result: PublishedResult, into: RunRef, now: datetime) -> LedgerResult | None:
    """Return what the ledger keeps of a check that was written into a record; None while it was not."""
    if result.result_id is None:
        return None
    return LedgerResult(
        connection=into.connection,
        result_id=result.result_id,
        run_id=into.run_id,
        name=result.check.name,
        status=result.check.status,
        excused=result.check.excused,
        written_at=now,
        ended_at=now,
    )
