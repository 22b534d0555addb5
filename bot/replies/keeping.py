"""What is said where something could not be kept on this machine; the answer stands without it."""

from __future__ import annotations

from bot.cards import Attachment, Line, Untrusted


def file_not_saved(file: Attachment, reason: str) -> Line:
    """Say that a file of an answer could not be kept."""
    return ("The file ", Untrusted(file.name), f" could not be saved here ({reason}).")


def record_not_written(reason: str) -> str:
    """Say once at a terminal what a record that cannot be written means."""
    return (
        f"The terminal's record cannot be written ({reason}); after a restart a message may be shown again."
    )
