"""Why somebody may not do something, and who can change that."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.wording import listed
from bot.state import Actor, Place

READ_ONLY = "Clew is read-only, so nothing can be started or changed."
NOT_FOR_GUESTS = "Guests and members of other organisations cannot do this, whatever their role."
_NAMED = 5  # admins
_NO_ROLES = "No roles are configured yet, so"


def only_reading(actor: Actor, role: str) -> str:
    """Refuse more than reading while nobody has a role; `role`: the one that is needed, as in the settings."""
    return f"{_NO_ROLES} only read commands work. {_by_name(actor, role)}"


def no_answer_to_guests(actor: Actor, role: str) -> str:
    """Refuse guests while nobody has a role."""
    return (
        f"{_NO_ROLES} Clew does not answer guests and members of other organisations. {_by_name(actor, role)}"
    )


def no_answer_elsewhere(actor: Actor, role: str) -> str:
    """Refuse people who are no members while nobody has a role."""
    return (
        f"{_NO_ROLES} Clew only answers members of its own workspace, and in servers that “guilds” in "
        f"clew.toml names. {_by_name(actor, role)}"
    )


def no_answer_in_shared(actor: Actor, role: str) -> str:
    """Refuse to answer where people from outside may read along while nobody has a role."""
    return (
        f"{_NO_ROLES} Clew does not answer in channels that outsiders may read. If this channel is "
        f"private, invite Clew to it first; otherwise use another channel. {_by_name(actor, role)}"
    )


def needs_role(actor: Actor, role: str, held: str | None) -> str:
    """Refuse somebody whose role is too low; `held`: the one they have."""
    has = f"you have “{held}”" if held else "you have none"
    return f"This needs the role “{role}”; {has}. Ask whoever runs Clew, naming your id {actor.id}."


def not_here(place: Place, role: str) -> str:
    """Refuse a place that the role is not for; `role`: the one that names the places."""
    return (
        "Your role allows this only in certain channels. Whoever runs Clew can add this "
        f"channel, {place.channel}, to “{role}” under [places] in clew.toml."
    )


def short_reason(rule: str) -> str:
    """Say in a few words why a rule refuses: "needs the role launch"."""
    kind, _, role = rule.partition(":")
    return {
        "read-only": "Clew is read-only",
        "guest": "guests cannot, whatever their role",
        "no-roles": "no roles are configured",
        "role": f"needs the role {role}",
        "place": f"only in the channels under “{role}” in [places]",
    }.get(kind, rule)


def whom_to_ask(admins: Sequence[str]) -> str:
    """Say who can change what somebody may do; nobody is notified by it."""
    more = f" and {len(admins) - _NAMED:,} more" if len(admins) > _NAMED else ""
    named = f"{', '.join(admins[:_NAMED])}{more}" if more else listed([*admins])
    return f"{'Admin' if len(admins) == 1 else 'Admins'}: {named}." if admins else ""


def _by_name(actor: Actor, role: str) -> str:
    return f"Whoever runs Clew can add your id {actor.id} to “{role}” under [roles] in clew.toml."
