"""What is wrong with a moment, a link or an id that was pasted, and how to get the right text."""

from __future__ import annotations

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


def no_virtual_time() -> UserError:
    """Refuse half a moment in JSON."""
    return UserError("That moment has an input hash but no virtual time (vtime).", COPY_MOMENT)


def half_a_moment() -> UserError:
    """Refuse half a moment in the options of a command."""
    return UserError("A moment needs both --input-hash and --vtime.", COPY_MOMENT)


def moment_broken() -> UserError:
    """Refuse a moment in the report's own form that could not be read."""
    return UserError("That moment could not be read; a part of it seems to be missing.", COPY_MOMENT)


def command_without_moment() -> UserError:
    """Refuse a shell command that names no moment."""
    return UserError("That command names no moment.", COPY_MOMENT)


def explorer_link() -> UserError:
    """Refuse a link to the Logs Explorer."""
    return UserError("This is a Logs Explorer link; it names no moment that can be used here.", COPY_MOMENT)


def hash_alone() -> UserError:
    """Refuse an input hash without a virtual time."""
    return UserError(
        "An input hash alone is not a moment: its virtual time must follow on the same line.", COPY_MOMENT
    )


def log_line() -> UserError:
    """Refuse a log line in the place of a moment."""
    return UserError(
        "A log line is not a moment: its virtual time is rounded and it has no input hash.", COPY_MOMENT
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


def moment_not_read() -> UserError:
    """Answer a value of moment= that is none."""
    return UserError("That moment could not be read.", GIVE_MOMENT)


def moment_not_recognised() -> UserError:
    """Answer a form's field that holds no moment."""
    return UserError("That moment was not recognised.", "Copy it from the triage report.")


def which_moment() -> UserError:
    """Ask for the moment that a command needs."""
    return UserError("Which moment?", GIVE_MOMENT)


def which_moment_of_session() -> UserError:
    """Ask for the moment in a session that was named."""
    return UserError("Which moment of that session?", GIVE_MOMENT)


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
