"""Whether a person may use a verb here and now: a pure decision with its reason.

What costs money or changes something is denied unless a role allows it; person and place have to match both.
"""

from __future__ import annotations

from bot.access import TERMINAL, Afresh, Allowed, Decision, Denied, Policy, Role
from bot.cards import Reply
from bot.command import Services
from bot.errors import Forbidden
from bot.replies import access as replies
from bot.replies import problems
from bot.state import Actor, Place

READ_ONLY = "read-only"  # the rule
UNTOLD = "permissions-unknown"  # the rule where a chat does not tell who somebody is
_INSIDE = 3  # colons of an id inside a workspace or server


async def decide_now(
    policy: Policy, actor: Actor, place: Place, *, need: Role, changes: bool, afresh: Afresh | None
) -> Decision:
    """Decide like `decide` and, before something is changed, once more by the roles that the person has now.

    `afresh` is None where what is known of the person came with what they just did.
    """
    decision = decide(policy, actor, place, need=need, changes=changes)
    if isinstance(decision, Denied) or not changes or afresh is None:
        return decision
    now = await afresh(actor)
    return now if isinstance(now, Denied) else decide(policy, now, place, need=need, changes=changes)


def decide(policy: Policy, actor: Actor, place: Place, *, need: Role, changes: bool) -> Decision:
    """Decide whether a person may use a verb that needs a role here and now; ask again before acting."""
    if policy.read_only and changes:
        return Denied(replies.READ_ONLY, READ_ONLY)
    if at_terminal(actor, place):
        return Allowed("terminal")
    if not policy.configured:
        return _unconfigured(actor, place, need, changes=changes)
    return _guest(actor, need) or _person(policy, actor, place, need) or _place(policy, place, need)


def at_terminal(actor: Actor, place: Place) -> bool:
    """Whether it is the person at the machine that Clew runs on: the settings take nothing from them."""
    return actor.id == TERMINAL and place.chat == TERMINAL.partition(":")[0]


def among(principals: frozenset[str], actor: Actor, place: Place) -> bool:
    """Whether ids name a person, a group of theirs, or the channel or whole that they are in; guests only by name."""
    named, broad = _ids(actor, place)
    return bool(principals & named) or (not actor.guest and bool(principals & broad))


async def refusal(denied: Denied, services: Services) -> Reply:
    """Answer somebody who may not do that, with the rule and whom to ask. Raises `StoreError`."""
    return problems.denied(denied.reason, denied.rule, await whom_to_ask(denied, services))


async def forbidden(error: Forbidden, services: Services) -> Reply:
    """Answer what a rule of the settings does not allow, with the rule and whom to ask. Raises `StoreError`."""
    who = replies.admins(await services.admins())
    return problems.denied(f"{error.problem} {error.hint}".strip(), error.rule, who)


async def whom_to_ask(denied: Denied, services: Services) -> str:
    """Say who can change that: the admins by name, and who switched Clew to read-only. Raises `StoreError`."""
    switched = await services.store.read_only() if denied.rule == READ_ONLY else None
    by = [replies.switched_on(switched)] if switched else []
    return " ".join([*by, replies.admins(await services.admins())]).strip()


def may_show_unasked(policy: Policy, actor: Actor, place: Place) -> bool:
    """Whether all who read a place may be shown what a person there may read, though nobody asked for it.

    Where people of other organisations read along, a role or its places have to name that very channel: that the person
    may read says nothing of the others.
    """
    if isinstance(decide(policy, actor, place, need=Role.READ, changes=False), Denied):
        return False
    named = (*policy.roles.values(), *policy.places.values())
    return not place.shared or any(place.channel in principals for principals in named)


def may_hold_link(policy: Policy, actor: Actor) -> bool:
    """Whether a person may be handed a link that opens a report to whoever holds it.

    A guest may only where a role names that very person: what a channel or a whole workspace has is not meant
    for people of other organisations.
    """
    return not actor.guest or any(actor.id in members for members in policy.roles.values())


def _unconfigured(actor: Actor, place: Place, need: Role, *, changes: bool) -> Decision:
    """Decide while nobody has a role: members may read where nobody else reads along, and that is all."""
    if changes or need > Role.READ:
        return Denied(replies.only_reading(actor, need.word), f"no-roles:{need.word}")
    if actor.guest:
        return Denied(replies.no_answer_to_guests(actor, need.word), "no-roles:guest")
    if not actor.member:
        return Denied(replies.no_answer_elsewhere(actor, need.word), "no-roles:elsewhere")
    if place.shared:
        return Denied(replies.no_answer_in_shared(actor, need.word), "no-roles:shared")
    return Allowed("no-roles:read")


def _guest(actor: Actor, need: Role) -> Denied | None:
    if actor.guest and need >= Role.LAUNCH:
        return Denied(replies.NOT_FOR_GUESTS, "guest")
    return None


def _person(policy: Policy, actor: Actor, place: Place, need: Role) -> Denied | None:
    held = _held(policy, actor, place)
    if held is not None and held >= need:
        return None
    return Denied(replies.needs_role(actor, need.word, held.word if held else None), f"role:{need.word}")


def _held(policy: Policy, actor: Actor, place: Place) -> Role | None:
    """Return the highest role that the person or the channel has.

    What a whole workspace, server or channel has reaches its guests for reading only.
    """
    named, broad = _ids(actor, place)
    by_broad = [role for role, members in policy.roles.items() if members & broad]
    if actor.guest and by_broad:
        by_broad = [Role.READ]
    by_name = [role for role, members in policy.roles.items() if members & named]
    return max((*by_name, *by_broad), default=None)


def _ids(actor: Actor, place: Place) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of a person and their groups, and those of the channel and of wholes, which say nothing of one person."""
    person = actor.principals | {actor.id}
    broad = frozenset({place.channel, *(name for name in person if _is_whole(name))})
    return person - broad, broad


def held_as(policy: Policy, actor: Actor, place: Place) -> dict[Role, list[str]]:
    """Return the roles that a person or the channel was given, highest first, each with the ids that have it."""
    names = actor.principals | {actor.id, place.channel}
    found = {role: sorted(policy.roles.get(role, frozenset()) & names) for role in sorted(Role, reverse=True)}
    return {role: ids for role, ids in found.items() if ids}


def places_of(policy: Policy, need: Role) -> tuple[Role, frozenset[str]] | None:
    """Return where what needs a role may be used: the places of that role or of the nearest below; None: anywhere."""
    bound = max((role for role in policy.places if role <= need), default=None)
    return None if bound is None else (bound, policy.places[bound])


def wholes(policy: Policy, person: str, place: Place) -> set[str]:
    """Return the workspaces and servers with a role that a member of the person's and the channel's is in."""
    inside = {name.split(":")[2] for name in (person, place.channel) if name.count(":") == _INSIDE}
    chat = person.partition(":")[0]
    given = frozenset[str]().union(*policy.roles.values())
    return {
        name
        for name in given
        if _is_whole(name) and name.split(":")[0] == chat and name.split(":")[2] in inside
    }


def _is_whole(principal: str) -> bool:
    """Whether an id names a whole workspace or server, whatever its chat calls that."""
    match principal.split(":"):
        case [_, kind, _]:
            return kind not in {"user", "channel"}
        case _:
            return False


def _place(policy: Policy, place: Place, need: Role) -> Decision:
    """Hold a verb to the places of its role or, where that has none, of the nearest role below."""
    bound = places_of(policy, need)
    if bound is None or any(_covers(principal, place) for principal in bound[1]):
        return Allowed(f"role:{need.word}")
    return Denied(replies.not_here(place, bound[0].word), f"place:{bound[0].word}")


def _covers(principal: str, place: Place) -> bool:
    """Whether an id is a place's channel, or the workspace or server around it."""
    if principal == place.channel:
        return True
    match place.channel.split(":"):
        case [chat, _, whole, _]:
            return _is_whole(principal) and principal.split(":")[::2] == [chat, whole]
        case _:
            return False
