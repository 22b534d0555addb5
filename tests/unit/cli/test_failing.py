from __future__ import annotations

import pytest

from adapters.cli.failing import explain
from adapters.configuration.problems import Problem, SettingsError
from bot.errors import AccessRefused, StoreError, UserError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingsError([Problem("A", "It is missing.", "Add it.")]), 1, "  - A: It is missing. Add it."),
        (UserError("No chat is set up.", "Set a token."), 1, "No chat is set up. Set a token."),
        (UserError("No chat is set up."), 1, "No chat is set up."),
        (StoreError("The database is read-only."), 2, "The database is read-only."),
        (AccessRefused("The key was refused."), 2, "`clew doctor` tests it."),
        (PermissionError(13, "Permission denied", "clew.log"), 2, "clew.log: Permission denied."),
        (ZeroDivisionError("canary"), 2, "a fault in Clew (ZeroDivisionError)"),
    ],
)
def test_explain__sentence_and_code(error: Exception, code: int, said: str) -> None:
    """Every error ends a command with a sentence and the code that scripts go by."""
    found, text = explain(error)

    assert code == found
    assert said in text
    assert "canary" not in text
