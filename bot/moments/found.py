"""What one form in a pasted text says."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Moment, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A moment, or what names the run that is meant. `run_id` may turn out to be a session's: both look alike."""

    moment: Moment | None = None
    run_id: str | None = None
    session_id: str | None = None
    report_url: Secret | None = None
