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
    }
)  # by verb
NO_TITLE = "Form"  # of a verb that has none
