"""What the bot says when a text does not name the one run or moment that is needed."""

from __future__ import annotations

from bot.errors import UserError
from bot.model import Run
from bot.replies.wording import short_id

GIVE_RUN = "Give a run id, “latest”, or a launcher's exact name; inside a run's thread none is needed."
_SHOWN = 60


def several_runs(number: int) -> UserError:
    """Ask which of several runs is meant."""
    return UserError(f"That text names {number} runs.", "Use “status” with the one you mean.")


def of_another(run: Run, launcher: str) -> UserError:
    """Say that the run that is named is not one of the launcher that is named with it."""
    return UserError(
        f"Run {short_id(run.ref.run_id)} is of the launcher “{run.launcher[:_SHOWN]}”, not of “{launcher[:_SHOWN]}”.",
        f"Leave “launcher=” out, or use “latest” for the newest run of {launcher[:_SHOWN]}.",
    )


def count_of_one() -> UserError:
    """Say that a number of runs does not go with one run."""
    return UserError("“count=” is for the list of recent runs.", "Leave out either “count=” or the run.")


def nothing_named(text: str, most: int) -> UserError:
    """Say that a text, or no text at all, names no run; of a longer text than `most` characters only so much is read."""
    if not text.strip():
        return UserError("What should be found?", GIVE_RUN)
    where = f"the first {most:,} characters of that text" if len(text) >= most else "that text"
    return UserError(f"Nothing in {where} names a run or a moment.", GIVE_RUN)


def no_such_id(run_id: str) -> str:
    """Say that an id belongs to no run, neither as its own nor as its session's."""
    return f"There is no run {run_id[:_SHOWN]}, and no recent run has a session with that id."


def begins_no_recent(start: str) -> UserError:
    """Say that a shortened id fits none of the runs that it was looked for in: an older one may have it."""
    return UserError(
        f"No recent run has an id, or a session with an id, that begins with “{start[:_SHOWN]}”.",
        "An older run needs its whole id; “status” shows recent ones.",
    )


def about_no_run() -> UserError:
    """Answer a shortcut on a message of Clew's own that is not about one run."""
    return UserError(
        "That message is not about one run.", "Use the shortcut on a message about a single run."
    )
