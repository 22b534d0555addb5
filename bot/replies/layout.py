"""What every chat adds to a card where it lays it out: what was left out, and the way to a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.replies.wording import count

NAMED = 3  # buttons without room that are named
FILL_IN = "Fill in the form"
NEXT_PAGE = "Next page"
REST_NOT_SHOWN = "There is no room here for what else changed."


def not_shown(items: int) -> str:
    """Say how many items had no room."""
    return f"{items:,} more {'is' if items == 1 else 'are'} not shown here."


def no_room(labels: Sequence[str]) -> str:
    """Name the buttons for which a chat has no room, the first few of them."""
    named = ", ".join(f"“{label}”" for label in labels[:NAMED])
    if len(labels) == 1:
        return f"There is no room here for the button {named}. Type its command instead."
    more = f" and {len(labels) - NAMED:,} more" if len(labels) > NAMED else ""
    return f"There is no room here for the buttons {named}{more}. Type their commands instead."


def earlier_lines(lines: int) -> str:
    """Say how many lines before those shown had no room."""
    return f"{count(lines, 'earlier line')} left out"


def chart_title(title: str) -> str:
    """Name a chart, and say in which order its values stand."""
    return f"{title}, oldest first"


def legend(marks: Iterable[tuple[str, str]]) -> str:
    """Say what the signs of a chart stand for: "█ failed, ▁ passed"."""
    return ", ".join(f"{mark} {word}" for mark, word in marks)


def more_mentioned(left_out: int) -> str:
    """Say that a message notifies fewer than its channel's rules name."""
    return f"{left_out:,} more would be mentioned; a message has no room for so many."


def not_taken(chat: str) -> str:
    """Say that a chat refused a part of a message."""
    return f"{chat} did not accept the rest of this message."
