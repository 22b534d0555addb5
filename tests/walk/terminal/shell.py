"""What an operator types at a shell, and what may never come of it: a stack trace, or the key of the platform."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from adapters.main import app

KEY = "canary-key-of-the-platform"
A_TENANT = {"ANTITHESIS_TENANT": "acme", "ANTITHESIS_API_KEY": KEY}


def run(*arguments: str) -> Result:
    """Run a command of Clew."""
    result = CliRunner().invoke(app, [*arguments])
    assert "Traceback" not in result.output
    assert KEY not in result.output
    return result
