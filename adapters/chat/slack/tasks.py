"""Work that goes on after Slack was told."""

from __future__ import annotations

from adapters.chat.tasks import Tasks

__all__ = ["Tasks"]
