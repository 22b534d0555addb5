"""What a prompt says to the person who types: about forms, buttons and messages by their numbers, links and files."""

from __future__ import annotations

from bot.cards import Attachment, Line, Untrusted

MAY_REPEAT = "This may be a repeat."
FORM_CANCELLED = "Cancelled. Nothing was sent."


def fill_in(verb: str) -> str:
    """Say how to get a form that cannot be asked for now."""
    return f"Type {verb} to fill in its form."


def form_begun(title: str) -> str:
    """Say how a form is filled in."""
    return f"{title}: Enter continues, Ctrl-C cancels."


def needed(label: str) -> str:
    """Ask for a field that was left empty."""
    return f"{label} is required."


def no_button(number: int) -> str:
    """Answer the number of a button that is not there."""
    return f"There is no button {number} now."


def no_message(number: str | None) -> str:
    """Answer the number of a message that is not there."""
    return f"There is no message #{number}."


def opened(label: str) -> str:
    """Say that a signed link was opened."""
    return f"{label}: opened in your browser."


def no_browser(label: str) -> str:
    """Say why a signed link was not opened."""
    return f"{label}: there is no browser here, and a signed link is not printed."


def file_not_saved(file: Attachment, reason: str) -> Line:
    """Say that a file of an answer could not be kept."""
    return ("The file ", Untrusted(file.name), f" could not be saved here ({reason}).")


def record_not_written(reason: str) -> str:
    """Say once at a terminal what a record that cannot be written means."""
    return (
        f"The terminal's record cannot be written ({reason}); after a restart a message may be shown again."
    )
