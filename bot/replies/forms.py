"""What stands above the forms of verbs, before and while they are open."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "launch": "Launch a test run",
        "logs": "Logs before a moment",
        "debug": "Open a debugging session",
        "watch": "Watch runs here",
        "agent": "Set an agent to work",
        "ask": "Ask the platform's model",
        "classify": "Classify a failure",
        "quarantine": "Quarantine a test",
    }
)  # by verb
NO_TITLE = "Form"  # of a verb that has none
