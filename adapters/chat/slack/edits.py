"""Edits of one Slack message."""

from __future__ import annotations

from adapters.chat.edits import INTERVAL
from adapters.chat.edits import Slot as _Slot
from adapters.chat.slack.markup import Json

Slot = _Slot[Json]
__all__ = ["INTERVAL", "Slot"]
