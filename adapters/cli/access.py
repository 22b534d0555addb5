"""Who may do what, as the settings say it; `clew access explain` shows a decision with all that it rests on.

What only a chat knows (who is a guest, in which groups somebody is, who reads a channel) is given by options.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.cli.ask import ANSWERED, USER_ERROR
from adapters.cli.opened import Opened, opened
from adapters.settings import RUN_NOTHING, Settings
from bot.access import Denied, Policy, Role
from bot.actions.reserving import today
from bot.authorization import decide, held_as, places_of, wholes
from bot.cards import plain
from bot.commands.registry import VERBS
from bot.people import People
from bot.replies import access as replies
from bot.replies import quotas
from bot.state import Actor, Per, Place
from bot.terms import PLAIN

DECIDING = frozenset({"approve", "refuse"})  # anybody may ask for them; who may decide is found out then


def policy_of(settings: Settings) -> Policy:
    """Return what the settings allow, as the core knows it."""
    return Policy(
        roles={Role[name.upper()]: ids for name, ids in settings.roles.items()},
        places={Role[name.upper()]: ids for name, ids in settings.places.items()},
        read_only=settings.read_only,
        quotas=settings.quotas,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a chat would tell of somebody and of a channel."""

    groups: tuple[str, ...] = ()
    guest: bool = False
    stranger: bool = False  # of another workspace or server
    shared: bool = False  # people of other organisations read the channel


async def explain(person: str, channel: str, verb: str, known: Known) -> int:
    """Say whether somebody may use a verb in a channel, and why; return 1 where not.

    Raises `UserError`, `StoreError`, `SettingsError`.
    """
    _check(person, channel, verb)
    async with opened() as services:
        policy, switched = policy_of(services.loaded), await services.store.read_only()
        in_force = policy.locked if switched else policy
        place = Place(channel=channel, shared=known.shared)
        given = set() if known.stranger else wholes(policy, person, place)
        actor = Actor(
            id=person,
            principals=frozenset({person, *known.groups, *given}),
            guest=known.guest,
            member=not (known.guest or known.stranger),
        )
        wanted = VERBS[verb]
        need, changes = _needs(verb)
        decision = decide(in_force, actor, place, need=need, changes=changes)
        services.say(replies.decided(verb, decision))
        services.say(replies.what_it_needs(need.word, changes=changes))
        if verb in DECIDING:
            services.say(replies.SECOND_PERSON)
        for role, names in held_as(policy, actor, place).items():
            services.say(replies.holds(role.word, names))
        if not held_as(policy, actor, place):
            services.say(replies.holds_nothing(configured=policy.configured))
        if bound := places_of(policy, need):
            services.say(replies.kept_to(bound[0].word, sorted(bound[1])))
        if wanted.starts and policy.quotas:
            for line in await _quotas(person, channel, services):
                services.say(line)
        if in_force.read_only:
            services.say(replies.read_only_by(switched, in_settings=policy.read_only))
        services.say(
            replies.assumed(guest=known.guest, stranger=known.stranger, groups=known.groups), err=True
        )
    return USER_ERROR if isinstance(decision, Denied) else ANSWERED


def _needs(verb: str) -> tuple[Role, bool]:
    """Return the role that a verb needs, and whether it changes something; of a decision, that of what is decided."""
    asked = VERBS["launch" if verb in DECIDING else verb]
    return asked.role, asked.changes


async def _quotas(person: str, channel: str, services: Opened) -> list[str]:
    """Say what is left of each quota that holds there. Raises `StoreError`."""
    rules, store, now = services.loaded.quotas, services.store, services.now
    ids = People([*services.loaded.groups, *await store.links()]).ids(person)
    connections = [c.name for c in services.loaded.connections if c.kind not in RUN_NOTHING]
    standings = await today(ids, channel, connections, rules=rules, store=store, now=now)
    names = {Per.PERSON: person, Per.CHANNEL: channel}
    named = [(standing, names.get(standing.quota.per, name)) for standing, name in standings]
    return [plain(line) for line in quotas.today(named, rules, PLAIN, now)]


def _check(person: str, channel: str, verb: str) -> None:
    if verb not in VERBS:
        raise replies.no_such_verb(verb, [name for name, each in VERBS.items() if not each.hidden])
    for text, kind in ((person, "user"), (channel, "channel")):
        if len(text.split(":")) not in {3, 4} or text.split(":")[1] != kind:
            raise replies.no_principal(text, kind)
