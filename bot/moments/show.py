"""Write a moment as text that can be copied, pasted and read again without losing a digit."""

from __future__ import annotations

from bot.model import Moment


def show(moment: Moment, *, run_id: str | None = None, session_id: str | None = None) -> str:
    """Return the moment in the form of the triage report's copy button; `Moment.words` is the short form."""
    parts = [
        f'{name}: "{value}"' for name, value in (("run_id", run_id), ("session_id", session_id)) if value
    ]
    parts += [f'input_hash: "{moment.input_hash}"', f"vtime: {moment.vtime}"]
    return f"Moment.from({{ {', '.join(parts)} }})"
