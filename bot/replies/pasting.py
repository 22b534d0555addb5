"""What is wrong with a moment, a link or an id that was pasted, and how to get the right text."""

from __future__ import annotations

from functools import partial

from bot.errors import UserError
from bot.model import Moment
from bot.parsed import Pasted

COPY_MOMENT = "Copy the moment from the triage report and paste that text."
GIVE_MOMENT = "Paste the text from the report's copy-moment button, or use the command in the thread of a failing property."
SHORTENED = (
    "The virtual time looks shortened. If there is no such moment, copy it from the triage report again."
)
_QUOTED = 3  # moments that a question repeats
_SHOWN = 60  # characters of a wrong value that a sentence quotes


def bad_hash(text: str) -> UserError:
    """Refuse an input hash that is no signed 64-bit integer."""
    return UserError(
        f"The input hash “{text[:_SHOWN]}” is not valid: it must be a 64-bit integer.", COPY_MOMENT
    )


def bad_virtual_time(text: str) -> UserError:
    """Refuse a virtual time that is no decimal number."""
    return UserError(
        f"The virtual time “{text[:_SHOWN]}” is not valid: it must be a number of seconds, 0 or more.",
        COPY_MOMENT,
    )


_no_moment = partial(UserError, hint=COPY_MOMENT)
no_virtual_time = partial(_no_moment, "That moment has an input hash but no virtual time (vtime).")
half_a_moment = partial(_no_moment, "A moment needs both --input-hash and --vtime.")
moment_broken = partial(_no_moment, "That moment could not be read; a part of it seems to be missing.")
command_without_moment = partial(_no_moment, "That command names no moment.")
explorer_link = partial(_no_moment, "This is a Logs Explorer link; it names no moment that can be used here.")
hash_alone = partial(
    _no_moment, "An input hash alone is not a moment: its virtual time must follow on the same line."
)
log_line = partial(
    _no_moment, "A log line is not a moment: its virtual time is rounded and it has no input hash."
)


def several_moments(moments: list[Moment]) -> UserError:
    """Ask which of several moments is meant."""
    shown = " or ".join([moment.text for moment in moments][:_QUOTED])
    return UserError(
        f"There are {len(moments)} different moments in that text; which one do you mean?",
        f"Send only one of them: {shown}",
    )


def several(what: str, number: int) -> UserError:
    """Ask which of several is meant; `what`: "runs", "sessions" or "reports"."""
    return UserError(f"That text names {number} different {what}; which one do you mean?", "Send only one.")


def too_long(length: int, most: int) -> UserError:
    """Refuse a text with more characters than are looked through for a moment."""
    return UserError(
        f"That text is too long: {length:,} characters; the limit is {most:,}.",
        "Paste only the moment, not the whole log.",
    )


moment_not_read = partial(UserError, "That moment could not be read.", GIVE_MOMENT)
moment_not_recognised = partial(
    UserError, "That moment was not recognised.", "Copy it from the triage report."
)
which_moment = partial(UserError, "Which moment?", GIVE_MOMENT)
which_moment_of_session = partial(UserError, "Which moment of that session?", GIVE_MOMENT)


def written_paste(pasted: Pasted) -> str:
    """Write what was pasted so that it is read as the same; not a report link, which opens the report to everyone."""
    if pasted.moment is not None:
        return copyable(pasted.moment, run_id=pasted.run_id, session_id=pasted.session_id)
    return pasted.run_id or pasted.session_id or ""


def copyable(moment: Moment, *, run_id: str | None = None, session_id: str | None = None) -> str:
    """Return the moment in the form of the triage report's copy button; `Moment.words` is the short form."""
    parts = [
        f'{name}: "{value}"' for name, value in (("run_id", run_id), ("session_id", session_id)) if value
    ]
    parts += [f'input_hash: "{moment.input_hash}"', f"vtime: {moment.vtime}"]
    return f"Moment.from({{ {', '.join(parts)} }})"
