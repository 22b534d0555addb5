from __future__ import annotations

import pytest
from typer.testing import CliRunner

from adapters.main import app


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--web", "--play"], "The tour plays in the terminal. Leave out --play or --web."),
        (["--port", "8124"], "Only the page has a port. Add --web."),
    ],
)
def test_demo__options_that_do_not_go_together(options: list[str], said: str) -> None:
    """Nothing is started, and the way out is said."""
    result = CliRunner().invoke(app, ["demo", *options], env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert said in result.output
