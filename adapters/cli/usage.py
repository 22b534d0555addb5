"""A command whose mistakes of the command line are data too, where data is asked for."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

AS_DATA = "--json"


class ForScripts(TyperCommand):
    """A command with `--json`: a script that asks for data reads there what is wrong with its options too."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the command line. Raises `Exit` where it is wrong and that was said as data."""
        as_data = AS_DATA in args  # which reading empties
        try:
            return super().make_context(info_name, args, parent, **extra)
        except typer.TyperException as error:
            if not as_data:
                raise
            from adapters.cli.ask import not_answered
            from bot.replies.commands import wrong_options

            wrong = wrong_options(info_name or "", error.format_message())
            raise typer.Exit(not_answered(wrong)) from None
