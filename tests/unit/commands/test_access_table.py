"""Every verb, by everybody, in every kind of place, with the read-only switch on and off: decided at the one door.

What each verb needs is written down here once more, so that a verb cannot lose its guard unnoticed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.access import Policy, Role
from bot.cards import Card, Reply, plain
from bot.command import Asked, Services
from bot.commands.registry import VERBS
from bot.errors import UserError
from bot.handler import Handler
from bot.replies.access import short_reason
from bot.state import Actor, Place
from tests.unit.commands.door import Door, a_door_to_everything, nothing

NEEDS: dict[str, tuple[Role, bool]] = {  # the role, and whether something is changed
    "launch": (Role.LAUNCH, True),
    "again": (Role.LAUNCH, True),
    **dict.fromkeys(("rerun", "cancel", "quarantine", "publish"), (Role.LAUNCH, True)),
    **dict.fromkeys(("debug", "ask", "classify", "mark"), (Role.DEBUG, True)),
    "watch": (Role.DEBUG, True),
    "unwatch": (Role.DEBUG, True),
    # What these settle needs a role of its own, which is asked for when it is sent.
    **dict.fromkeys(("confirm", "decline", "approve", "refuse"), (Role.READ, False)),
    **dict.fromkeys(
        ("status", "failing", "logs", "report", "find", "watching", "flaky", "history"), (Role.READ, False)
    ),
    "audit": (Role.ADMIN, False),
    **dict.fromkeys(("help", "link", "version", "check", "readiness", "clusters"), (Role.READ, False)),
}
HERE = "slack:channel:T1:C1"
PLACES = {
    "allowed": Place(channel=HERE, thread="17.5"),
    "other": Place(channel="slack:channel:T1:C2"),
    "direct": Place(channel="slack:channel:T1:D1", direct=True),
    "shared": Place(channel="slack:channel:T1:C3", shared=True),
}
PEOPLE: dict[str, Role | None] = {
    "nobody": None,
    **{role.word: role for role in Role},
    "guest": Role.ADMIN,  # by name, and still a guest
    "elsewhere": None,  # of another workspace, where a person of the same id is an admin here
}
ADMIN_ID = "slack:user:T1:admin"


def who(name: str) -> Actor:
    """Return a member of the workspace; which role they have stands in the settings alone."""
    if name == "elsewhere":
        own = "slack:user:T2:admin"
        return Actor(id=own, principals=frozenset({own, "slack:team:T2"}), name="admin", member=False)
    own = f"slack:user:T1:{name}"
    principals = frozenset({own, "slack:team:T1"})
    return Actor(id=own, principals=principals, name="admin", member=name != "guest", guest=name == "guest")


def a_policy(*, read_only: bool) -> Policy:
    """Give each role to one person, the highest to a guest too; what is more than reading is kept to one channel."""
    roles = {role: frozenset({who(role.word).id}) for role in Role}
    roles[Role.ADMIN] |= {who("guest").id}
    return Policy(roles=roles, places={Role.DEBUG: frozenset({HERE})}, read_only=read_only)


def rule_for(verb: str, name: str, place: str, *, read_only: bool) -> str:
    """Say by which rule it is refused, "" where it is allowed."""
    (need, changes), held = NEEDS[verb], PEOPLE[name]
    if read_only and changes:
        return "read-only"
    if name == "guest" and need >= Role.LAUNCH:
        return "guest"
    if held is None or held < need:
        return f"role:{need.word}"
    return "place:debug" if need > Role.READ and place != "allowed" else ""


def test_table__has_every_verb() -> None:
    """A new verb needs its row."""
    assert {name: (verb.role, verb.changes) for name, verb in VERBS.items()} == NEEDS


@pytest.mark.parametrize("verb", NEEDS)
async def test_door__decides_by_role_and_place_and_notes_it(verb: str) -> None:
    """Default is no; every refusal and every change is in the audit trail, with its rule, once."""
    came, wanted, noted, trail, said_to = {}, {}, {}, {}, {}
    for read_only, name, place in product((False, True), PEOPLE, PLACES):
        door = a_door_to_everything(policy=a_policy(read_only=read_only))
        done: list[str] = []

        async def act(asked: Asked, services: Services, done: list[str] = done) -> Reply:
            done.append(asked.command.verb)
            return Reply(card=Card(title=("Done",), text=("Done.",)))

        handler = Handler(door.services, {verb: replace(VERBS[verb], handle=act, parameters=())})
        said = replace(door.invocation(verb), actor=who(name), place=PLACES[place])
        reply = await handler.handle(said, nothing)
        case, rule = (read_only, name, place), rule_for(verb, name, place, read_only=read_only)
        came[case], wanted[case] = (done, reply.failed), ([] if rule else [verb], bool(rule))
        said_to[case] = _refused_rightly(reply, rule)
        noted[case] = [(e.actor, e.channel, e.action, e.decision, e.detail) for e in door.store.trail]
        need, changes = NEEDS[verb]
        entry = (who(name).id, PLACES[place].channel, verb)
        allowed = [(*entry, "allowed", f"role:{need.word}")] if changes else []
        trail[case] = [(*entry, "denied", rule)] if rule else allowed

    assert came == wanted
    assert noted == trail
    assert {case for case, right in said_to.items() if not right} == set()


def _refused_rightly(reply: Reply, rule: str) -> bool:
    """Whether a refusal is for the person alone, names its rule and whom to ask, and mentions nobody."""
    if not rule:
        return True
    card = reply.card
    said = plain(card.text)
    mentions = any(sign in said for sign in ("<@", "@admin"))
    return reply.private and plain(card.footer) == f"Rule {rule}" and "Admins: " in said and not mentions


@pytest.mark.parametrize("name", PEOPLE)
async def test_help__shows_what_the_person_may_do_here(name: str) -> None:
    """Just what the door allows them in this place, and why not the rest; so does the help of each verb."""
    for read_only, place in product((False, True), PLACES):
        door = a_door_to_everything(policy=a_policy(read_only=read_only))
        offered = [verb for verb in door.handler.verbs.values() if not verb.hidden]
        refused = {
            v.name: rule
            for v in offered
            if (rule := rule_for("help" if v.only_reads else v.name, name, place, read_only=read_only))
        }

        async def say(words: str, door: Door = door, place: str = place) -> Reply:
            asked = replace(door.invocation(words), actor=who(name), place=PLACES[place])
            return await door.handler.handle(asked, nothing)

        if "help" in refused:
            assert (await say("help")).failed
            continue
        card = (await say("help")).card
        shown = {plain(item.title).split()[0] for item in card.items}
        not_here = [plain(line) for line in card.body if plain(line).startswith("Not for you here: ")]
        one = plain((await say("help launch")).card.footer)

        assert shown == {verb.name for verb in offered} - refused.keys()
        assert {
            word for line in not_here for word in line[18:].partition(" (")[0].split(", ")
        } == refused.keys()
        assert {line.partition(" (")[2] for line in not_here} == {
            f"{short_reason(rule)})." for rule in refused.values()
        }
        assert one.endswith("You can use it here.") is ("launch" not in refused)


async def test_refusal__names_admins_as_they_are_called() -> None:
    """An admin who used Clew once is known by name; no more than five are named."""
    admins = frozenset(f"slack:user:T1:A{number}" for number in range(7))
    policy = Policy(roles={Role.ADMIN: admins, Role.READ: frozenset({who("read").id})})
    door = a_door_to_everything(policy=policy)
    ada = Actor(id="slack:user:T1:A0", principals=frozenset(), name="Ada", member=True)
    await door.say("help", by=ada)
    reply = await door.say("launch basic_test", by=who("read"))

    assert plain(reply.card.text).endswith(
        "Admins: Ada, slack:user:T1:A1, slack:user:T1:A2, slack:user:T1:A3, slack:user:T1:A4 and 2 more."
    )


async def test_refusal__of_a_form_says_whom_to_ask() -> None:
    """A form that is not opened is refused like the command."""
    door = a_door_to_everything(policy=a_policy(read_only=False))
    asked = replace(door.invocation("launch"), actor=who("read"))

    with pytest.raises(UserError) as caught:
        await door.handler.form(asked, nothing)

    assert "needs the role “launch”" in caught.value.problem
    assert ADMIN_ID in caught.value.hint
