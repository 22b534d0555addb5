"""What a chat in a browser page says beside messages: how to begin, and what is not there any more."""

from __future__ import annotations

WELCOME = "Clew answers here as it does in any other chat: type a command, or press a button."
TRY_STATUS = "See what ran lately"
TRY_FAILING = "See what fails in the latest run"
TRY_HELP = "See what Clew can do"
NO_BUTTON = "This button is no longer there. Nothing was done."
NO_MESSAGE = "This message is no longer there."
NO_FILE = "This file is no longer there."
NO_REPORT = "There is no report link here. Ask for the report again."
FORM_GONE = "This form is no longer open. Open it again."
NOT_READ = "What was sent could not be read. Nothing was done."


def too_large(mebibytes: int) -> str:
    """Say how large a file may be."""
    return f"A file can be {mebibytes} MiB at most. Nothing was sent."
