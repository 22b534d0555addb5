"""Why somebody may not do something, and who can change that."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.access import Decision, Denied
from bot.errors import Forbidden, UserError
from bot.replies.meant import mistaken
from bot.replies.wording import clock_time, listed
from bot.state import Actor, Place, Switched

READ_ONLY = "Clew is read-only, so nothing can be started or changed."
NOT_FOR_GUESTS = "Guests and members of other organisations cannot do this, whatever their role."
_NAMED = 5  # admins
_SHOWN = 60  # characters of what was typed that a sentence quotes
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


def not_for_you(preset: str) -> Forbidden:
    """Refuse a preset to somebody whom its `people` do not name."""
    return Forbidden(
        f"The preset “{preset}” is not for you: its “people” in clew.toml name who may use it.",
        "Ask one of them, or ask whoever runs Clew to add you.",
        rule=f"preset:{preset}",
        about="people",
    )


def not_free(preset: str, name: str, value: str | None, free: Collection[str]) -> Forbidden:
    """Refuse a parameter that a preset does not leave free; `value`: what the preset has, None where it has none."""
    rest = (
        f"Only {listed(sorted(free))} can be given with it." if free else "Nothing else can be given with it."
    )
    own = f"sets {name}= to “{value[:_SHOWN]}”" if value is not None else f"does not allow {name[:_SHOWN]}="
    return Forbidden(
        f"The preset “{preset}” {own}. {rest}",
        "Leave it out, or ask whoever runs Clew to add it to “free” of that preset in clew.toml.",
        rule=f"preset:{preset}",
        about=f"free, {name[:_SHOWN]}",
    )


def frees_unknown(names: Sequence[str]) -> str:
    """Say that a preset frees what no launch takes."""
    return f"Its “free” names {listed(sorted(names))}, which a launch does not take."


def preset_lacks(preset: str, name: str) -> Forbidden:
    """Refuse a preset that lacks what a launch needs and does not let it be given."""
    return Forbidden(
        f"The preset “{preset}” has no {name}=, which a launch needs, and does not let it be given.",
        "Ask whoever runs Clew to add it to the values of that preset in clew.toml, or to its “free”.",
        rule=f"preset:{preset}",
        about=f"lacks {name}",
    )


def registry_not_listed(name: str, image: str, registry: str, listed_ones: Collection[str]) -> Forbidden:
    """Refuse an image from elsewhere than the settings list; one that names no registry counts as the hub's."""
    of = f"its registry counts as {registry}" if registry not in image.lower() else f"that is from {registry}"
    only = (
        f"images may only come from {listed(sorted(listed_ones))}"
        if listed_ones
        else "no registry is allowed"
    )
    return Forbidden(
        f"{name}= has “{image[:_SHOWN]}”; {of}, and {only}.",
        "Name another image, or ask whoever runs Clew to add its registry to image_registries in clew.toml.",
        rule="image_registries",
        about=registry,
    )


def mail_stays_inside(address: str, domains: Collection[str]) -> Forbidden:
    """Refuse an address that mail may not go to."""
    if domains:
        rule = f"mail may only go to {', '.join(sorted(domains))}."
        hint = "Leave that address out, or ask whoever runs Clew to add its domain to recipient_domains in clew.toml."
    else:
        rule = "no mail domains are set, so mail may only go to the requester."
        hint = "Leave that address out, or ask whoever runs Clew to set recipient_domains in clew.toml."
    domain = address.rpartition("@")[2][:_SHOWN].lower()
    return Forbidden(
        f"recipients= has “{address[:_SHOWN]}”; {rule}", hint, rule="recipient_domains", about=domain
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


def decided(verb: str, decision: Decision) -> str:
    """Say what was decided, with its rule."""
    if isinstance(decision, Denied):
        return f"{verb} is refused (rule {decision.rule}): {decision.reason}"
    return f"{verb} is allowed (rule {decision.rule})."


def what_it_needs(role: str, *, changes: bool) -> str:
    """Say what a verb needs."""
    return f"It needs the role {role}{' and changes something' if changes else ''}."


SECOND_PERSON = "Not the requester, and only in the channel where it was requested; a preset with approve = “admin” needs an admin."


def holds(role: str, names: Sequence[str]) -> str:
    """Say which of somebody's ids has a role."""
    return f"The role {role} is given to {listed([*names])}."


def holds_nothing(*, configured: bool) -> str:
    """Say that nobody gave the person a role."""
    return "The person has no role there." if configured else "No roles are configured."


def kept_to(role: str, places: Sequence[str]) -> str:
    """Say where a role may be used."""
    return f"[places] keeps {role} to {listed([*places]) or 'no channel'}."


def read_only_by(switched: Switched | None, *, in_settings: bool) -> str:
    """Say why nothing can be changed."""
    who = f" {switched_on(switched)}" if switched else ""
    return f"Clew is read-only.{' The settings say so.' if in_settings else ''}{who}"


def switched_on(switched: Switched) -> str:
    """Say who switched to read-only, and when."""
    return f"{switched.by or switched.actor} switched that on at {clock_time(switched.at)}."


def assumed(*, guest: bool, stranger: bool, groups: Sequence[str]) -> str:
    """Say what the decision takes for granted, as only the chat knows it."""
    belongs = "a guest" if guest else "of another workspace" if stranger else "a member"
    of = f"in {listed([*groups])}" if groups else "in no group"
    return f"Taken for granted, as only the chat knows it: the person is {belongs} and {of}. Options say otherwise."


def no_such_verb(word: str, known: Sequence[str]) -> UserError:
    """Answer a word that is no verb."""
    return mistaken(
        f"“{word[:_SHOWN]}” is no verb.", word, known, "Give one of those that `clew ask help` lists."
    )


def no_principal(text: str, kind: str) -> UserError:
    """Answer what is no id of a person or a channel."""
    return UserError(
        f"“{text[:_SHOWN]}” is not the id of a {'person' if kind == 'user' else kind}.",
        f"It looks like slack:{kind}:TEAM:ID; a refusal and `clew audit list` show ids.",
    )


def admins(names: Sequence[str]) -> str:
    """Say who can change what somebody may do; nobody is notified by it."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    named = f"{', '.join(names[:_NAMED])}{more}" if more else listed([*names])
    return f"{'Admin' if len(names) == 1 else 'Admins'}: {named}." if names else ""


def _by_name(actor: Actor, role: str) -> str:
    return f"Whoever runs Clew can add your id {actor.id} to “{role}” under [roles] in clew.toml."
