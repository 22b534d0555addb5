from __future__ import annotations

import pytest

from adapters.cli.failing import explain
from adapters.configuration.problems import Problem, SettingsError
from bot.errors import AccessRefused, StoreError, UserError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SettingsError([Problem("A", "It is missing.", "Add it.")]), "  - A: It is missing. Add it."),
        (UserError("No chat is set up.", "Set a token."), "No chat is set up. Set a token."),
        (UserError("No chat is set up."), "No chat is set up."),
        (StoreError("The database is read-only."), "The database is read-only."),
        (AccessRefused("The key was refused."), "`clew doctor` tests it."),
        (PermissionError(13, "Permission denied", "clew.log"), "clew.log: Permission denied."),
        (ZeroDivisionError("canary"), "Clew hit an internal error (ZeroDivisionError)"),
    ],
)
def test_explain__sentence(error: Exception, said: str) -> None:
    """Every error ends a command with a sentence."""
    text = explain(error)

    assert said in text
    assert "canary" not in text
