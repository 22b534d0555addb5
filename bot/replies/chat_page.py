"""What a chat in a browser page says beside messages: how to begin, and what is not there any more."""

from __future__ import annotations

from bot.errors import UserError

RUNS = "Every finished run and build is announced here."
CHANGES = "Only what changed: new failures, recoveries, incomplete runs."
WELCOME = "Clew answers here as it does in any other chat: type a command, or press a button."
TRY_STATUS = "See what ran lately"
TRY_FAILING = "See what fails in the latest run"
TRY_HELP = "See what Clew can do"
NO_BUTTON = "This button is no longer there. Nothing was done."
NO_MESSAGE = "This message is no longer there."
NO_FILE = "This file is no longer there."
NO_REPORT = "There is no report link here. Ask for the report again."
FORM_GONE = "This form is no longer open. Open it again."
FOREIGN = "This request does not come from Clew's own page. Nothing was done."
NOTHING_HERE = "There is nothing here. Open the whole address that the terminal shows."


def too_large(mebibytes: int) -> str:
    """Say how large a file may be."""
    return f"A file can be {mebibytes} MiB at most. Nothing was sent."


def port_taken(port: int, host: str) -> UserError:
    """Say that the page cannot be served where it was asked for."""
    return UserError(f"Port {port} on {host} cannot be used.", "Give another --port, or 0 for a free one.")
