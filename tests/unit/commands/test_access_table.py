"""Every verb, by everybody, in every kind of place, with the read-only switch on and off: decided at the one door.

What each verb needs is written down here once more, so that a verb cannot lose its guard unnoticed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.access import Policy, Role
from bot.cards import Card, Reply
from bot.command import Asked, Services
from bot.commands.registry import VERBS
from bot.handler import Handler
from bot.state import Actor, Place
from tests.unit.commands.door import a_door_to_everything, nothing

NEEDS: dict[str, tuple[Role, bool]] = {  # the role, and whether something is changed
    "launch": (Role.LAUNCH, True),
    "again": (Role.LAUNCH, True),
    **dict.fromkeys(("rerun", "cancel", "quarantine", "publish"), (Role.LAUNCH, True)),
    **dict.fromkeys(("debug", "ask", "classify", "mark"), (Role.DEBUG, True)),
    "watch": (Role.DEBUG, True),
    "unwatch": (Role.DEBUG, True),
    # What these two settle needs a role of its own, which is asked for when it is sent.
    "confirm": (Role.READ, False),
    "decline": (Role.READ, False),
    **dict.fromkeys(
        ("status", "failing", "logs", "report", "find", "watching", "flaky", "history"), (Role.READ, False)
    ),
    "audit": (Role.ADMIN, False),
    **dict.fromkeys(("help", "version", "check", "readiness", "clusters"), (Role.READ, False)),
}
HERE = "slack:channel:T1:C1"
PLACES = {
    "allowed": Place(channel=HERE, thread="17.5"),
    "other": Place(channel="slack:channel:T1:C2"),
    "direct": Place(channel="slack:channel:T1:D1", direct=True),
    "shared": Place(channel="slack:channel:T1:C3", shared=True),
}
PEOPLE: dict[str, Role | None] = {"nobody": None, **{role.word: role for role in Role}}


def who(name: str) -> Actor:
    """Return a member of the workspace; which role they have stands in the settings alone."""
    own = f"slack:user:T1:{name}"
    return Actor(id=own, principals=frozenset({own, "slack:team:T1"}), name="admin", member=True)


def a_policy(*, read_only: bool) -> Policy:
    """Give each role to one person; what is more than reading is kept to one channel."""
    roles = {role: frozenset({who(name).id}) for name, role in PEOPLE.items() if role is not None}
    return Policy(roles=roles, places={Role.DEBUG: frozenset({HERE})}, read_only=read_only)


def rule_for(verb: str, held: Role | None, place: str, *, read_only: bool) -> str:
    """Say by which rule it is refused, "" where it is allowed."""
    need, changes = NEEDS[verb]
    if read_only and changes:
        return "read-only"
    if held is None or held < need:
        return f"role:{need.word}"
    return "place:debug" if need > Role.READ and place != "allowed" else ""


def test_table__has_every_verb() -> None:
    """A new verb needs its row."""
    assert {name: (verb.role, verb.changes) for name, verb in VERBS.items()} == NEEDS


@pytest.mark.parametrize("verb", NEEDS)
async def test_door__decides_by_role_and_place_and_notes_it(verb: str) -> None:
    """Default is no; every refusal and every change is in the audit trail, with its rule, once."""
    came, wanted, noted, trail = {}, {}, {}, {}
    for read_only, (name, held), place in product((False, True), PEOPLE.items(), PLACES):
        door = a_door_to_everything(policy=a_policy(read_only=read_only))
        done: list[str] = []

        async def act(asked: Asked, services: Services, done: list[str] = done) -> Reply:
            done.append(asked.command.verb)
            return Reply(card=Card(title=("Done",), text=("Done.",)))

        handler = Handler(door.services, {verb: replace(VERBS[verb], handle=act, parameters=())})
        said = replace(door.invocation(verb), actor=who(name), place=PLACES[place])
        reply = await handler.handle(said, nothing)
        case, rule = (read_only, name, place), rule_for(verb, held, place, read_only=read_only)
        came[case], wanted[case] = (done, reply.failed), ([] if rule else [verb], bool(rule))
        noted[case] = [(e.actor, e.channel, e.action, e.decision, e.detail) for e in door.store.trail]
        need, changes = NEEDS[verb]
        entry = (who(name).id, PLACES[place].channel, verb)
        allowed = [(*entry, "allowed", f"role:{need.word}")] if changes else []
        trail[case] = [(*entry, "denied", rule)] if rule else allowed

    assert came == wanted
    assert noted == trail
