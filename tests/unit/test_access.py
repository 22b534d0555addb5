"""Who may do what and where; what is not allowed is denied, with a way to fix it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.access import TERMINAL, Allowed, Denied, Policy, Role
from bot.authorization import decide, decide_now
from bot.state import Actor, Place

TEAM, USER, GROUP = "slack:team:T01", "slack:user:T01:U01", "slack:usergroup:T01:S01"
HERE = Place(channel="slack:channel:T01:C01")
ELSEWHERE = Place(channel="slack:channel:T01:C02", thread="1.2")
SHARED = Place(channel="slack:channel:T01:C03", shared=True)
DIRECT = Place(channel="slack:channel:T01:D01", direct=True)
SERVER = Place(channel="discord:channel:100:7")
VERBS = [(Role.READ, False), (Role.DEBUG, True), (Role.LAUNCH, True), (Role.ADMIN, True), (Role.ADMIN, False)]


def person(*more: str, guest: bool = False, member: bool = False, identity: str = USER) -> Actor:
    return Actor(
        id=identity, principals=frozenset({identity, *more}), name="admin", guest=guest, member=member
    )


def allows(policy: Policy, actor: Actor, place: Place, need: Role, *, changes: bool | None = None) -> bool:
    changing = need > Role.READ if changes is None else changes
    return isinstance(decide(policy, actor, place, need=need, changes=changing), Allowed)


@pytest.mark.parametrize("place", [HERE, ELSEWHERE, SHARED, DIRECT])
@pytest.mark.parametrize(("held", "need"), list(product([None, *Role], Role)))
def test_decide__compares_roles(place: Place, held: Role | None, need: Role) -> None:
    """Each role allows itself and those below it, in every kind of place, and none allows nothing."""
    roles = {Role.ADMIN: frozenset({"slack:user:T01:U99"})}
    if held is not None:
        roles[held] = roles.get(held, frozenset()) | {USER}

    allowed = allows(Policy(roles=roles), person(), place, need)

    assert allowed is (held is not None and held >= need)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(("need", "changes"), VERBS)
def test_decide__holds_back_changes_when_read_only(read_only: bool, need: Role, changes: bool) -> None:
    """Read-only refuses whatever changes something, to an admin and at the terminal too, and nothing else."""
    policy = Policy(roles={Role.ADMIN: frozenset({USER})}, read_only=read_only)

    decision = decide(policy, person(), HERE, need=need, changes=changes)
    at_terminal = decide(
        policy, person(identity=TERMINAL), Place(channel="terminal:channel:local"), need=need, changes=changes
    )

    refused = read_only and changes
    assert refused is isinstance(decision, Denied)
    assert refused is isinstance(at_terminal, Denied)
    assert refused is (decision.rule == "read-only")


@pytest.mark.parametrize("policy", [Policy(), Policy(roles={role: frozenset() for role in Role})])
@pytest.mark.parametrize("place", [HERE, ELSEWHERE, DIRECT])
@pytest.mark.parametrize(("need", "changes"), [*VERBS, (Role.READ, True), (Role.DEBUG, False)])
def test_decide__without_roles_only_members_read(
    policy: Policy, place: Place, need: Role, changes: bool
) -> None:
    """Where nobody has a role members may read, and everything else says what to put into the settings."""
    decision = decide(policy, person(member=True), place, need=need, changes=changes)

    assert isinstance(decision, Allowed) is (need is Role.READ and not changes)
    if isinstance(decision, Denied):
        assert "[roles]" in decision.reason
        assert f"no-roles:{need.word}" == decision.rule


@pytest.mark.parametrize(
    ("actor", "place", "rule"),
    [
        (person(guest=True), HERE, "no-roles:guest"),
        (person(guest=True, member=True), HERE, "no-roles:guest"),
        (person(), HERE, "no-roles:elsewhere"),
        (person(), DIRECT, "no-roles:elsewhere"),
        (person(member=True), SHARED, "no-roles:shared"),
    ],
)
def test_decide__without_roles_nobody_else_reads(actor: Actor, place: Place, rule: str) -> None:
    """No guest, nobody from elsewhere, and nothing where others read along; each is told what helps."""
    decision = decide(Policy(), actor, place, need=Role.READ, changes=False)

    assert isinstance(decision, Denied)
    assert decision.rule == rule
    assert USER in decision.reason
    assert "“read” under [roles] in clew.toml" in decision.reason


@pytest.mark.parametrize("need", Role)
def test_decide__lets_the_person_at_the_terminal_do_all(need: Role) -> None:
    """The terminal needs no settings, and settings cannot lock it out."""
    locked = Policy(
        roles={Role.ADMIN: frozenset({USER})}, places={role: frozenset({HERE.channel}) for role in Role}
    )
    actor, place = person(identity=TERMINAL), Place(channel="terminal:channel:local")

    allowed = [allows(policy, actor, place, need) for policy in (Policy(), locked)]

    assert allowed == [True, True]


def test_decide__does_not_take_the_terminals_id_from_a_chat() -> None:
    """The terminal's id said from a chat, or as one principal of many, gives nothing."""
    policy = Policy(roles={Role.ADMIN: frozenset({"slack:user:T01:U99"})})

    allowed = [
        allows(policy, person(identity=TERMINAL), HERE, Role.READ),
        allows(policy, person(TERMINAL), Place(channel="terminal:channel:local"), Role.READ),
    ]

    assert allowed == [False, False]


@pytest.mark.parametrize("principal", [USER, TEAM, GROUP, HERE.channel])
def test_decide__takes_any_kind_of_principal(principal: str) -> None:
    """A person, a team, a group and the channel itself can hold a role; the channel only there."""
    policy = Policy(roles={Role.LAUNCH: frozenset({principal})})

    allowed = [allows(policy, person(TEAM, GROUP), place, Role.LAUNCH) for place in (HERE, ELSEWHERE)]

    assert allowed == [True, principal != HERE.channel]


@pytest.mark.parametrize(
    "principals",
    [
        frozenset({"slack:user:T02:U01"}),
        frozenset({"slack:user:T01:U0"}),
        frozenset({"discord:user:U01"}),
        frozenset({"admin", "name:admin"}),
        frozenset({"SLACK:USER:T01:U01"}),
        frozenset({"slack:user:T01"}),
        frozenset({"slack:user:T01:*"}),
    ],
)
def test_decide__compares_ids_whole(principals: frozenset[str]) -> None:
    """Other teams, parts of ids, display names, other case and patterns match nobody."""
    allowed = allows(Policy(roles={Role.READ: principals}), person(), HERE, Role.READ)

    assert allowed is False


@pytest.mark.parametrize("need", Role)
@pytest.mark.parametrize("place", [HERE, SHARED])
def test_decide__keeps_guests_from_launching(need: Role, place: Place) -> None:
    """A guest may be given `read` and `debug` by name, never more."""
    allowed = allows(Policy(roles={Role.ADMIN: frozenset({USER})}), person(guest=True), place, need)

    assert allowed is (need < Role.LAUNCH)


@pytest.mark.parametrize("need", Role)
@pytest.mark.parametrize("whole", [HERE.channel, TEAM, "discord:guild:100"])
def test_decide__gives_guests_only_reading_by_channel(need: Role, whole: str) -> None:
    """What a channel, a workspace or a server has does not reach its guests beyond reading."""
    policy = Policy(roles={Role.LAUNCH: frozenset({whole})})

    allowed = allows(policy, person(TEAM, "discord:guild:100", guest=True), HERE, need)

    assert allowed is (need is Role.READ)


def test_decide__forgets_a_role_that_was_taken_away() -> None:
    """Asked again with newer settings, the same person is denied: nothing is remembered."""
    actor = person()
    before = Policy(roles={Role.LAUNCH: frozenset({USER, GROUP})})
    after = Policy(roles={Role.LAUNCH: frozenset({GROUP})})

    allowed = [allows(policy, actor, HERE, Role.LAUNCH) for policy in (before, after)]

    assert allowed == [True, False]


@pytest.mark.parametrize(
    ("places", "need", "place", "expected"),
    [
        ({Role.LAUNCH: {HERE.channel}}, Role.LAUNCH, HERE, True),
        ({Role.LAUNCH: {HERE.channel}}, Role.LAUNCH, ELSEWHERE, False),
        ({Role.LAUNCH: {HERE.channel}}, Role.LAUNCH, DIRECT, False),
        ({Role.LAUNCH: {HERE.channel}}, Role.DEBUG, ELSEWHERE, True),
        ({Role.LAUNCH: {HERE.channel}}, Role.ADMIN, ELSEWHERE, False),
        ({Role.DEBUG: {HERE.channel}}, Role.LAUNCH, ELSEWHERE, False),
        ({Role.DEBUG: {HERE.channel}, Role.LAUNCH: {ELSEWHERE.channel}}, Role.LAUNCH, ELSEWHERE, True),
        ({Role.DEBUG: {HERE.channel}, Role.LAUNCH: {ELSEWHERE.channel}}, Role.LAUNCH, HERE, False),
        ({Role.READ: {HERE.channel}}, Role.READ, ELSEWHERE, False),
        ({Role.LAUNCH: set()}, Role.LAUNCH, HERE, False),
        ({Role.LAUNCH: {"slack:team:T01"}}, Role.LAUNCH, ELSEWHERE, True),
        ({Role.LAUNCH: {"slack:team:T02"}}, Role.LAUNCH, HERE, False),
        ({Role.LAUNCH: {"slack:team:C01"}}, Role.LAUNCH, HERE, False),
        ({Role.LAUNCH: {"discord:guild:100"}}, Role.LAUNCH, SERVER, True),
        ({Role.LAUNCH: {"discord:guild:7"}}, Role.LAUNCH, SERVER, False),
        ({Role.LAUNCH: {"discord:guild:7"}}, Role.LAUNCH, Place(channel="discord:channel:7"), False),
    ],
)
def test_decide__needs_the_place_to_match_too(
    places: dict[Role, set[str]],
    need: Role,
    place: Place,
    expected: bool,
) -> None:
    """A role's places bind it and the roles above that have none of their own, an admin included."""
    policy = Policy(
        roles={Role.ADMIN: frozenset({USER})}, places={role: frozenset(ids) for role, ids in places.items()}
    )

    decision = decide(policy, person(), place, need=need, changes=True)

    assert expected is isinstance(decision, Allowed)
    assert expected is decision.rule.startswith("role:")
    if isinstance(decision, Denied):
        assert place.channel in decision.reason


@pytest.mark.parametrize(("held", "said"), [(None, "you have none"), (Role.READ, "you have “read”")])
def test_decide__tells_how_to_get_a_role(held: Role | None, said: str) -> None:
    """A refusal names the role that is needed, the one that is held, and the id to be added."""
    roles = {Role.ADMIN: frozenset({"slack:user:T01:U99"}), **({held: frozenset({USER})} if held else {})}

    decision = decide(Policy(roles=roles), person(), HERE, need=Role.LAUNCH, changes=True)

    assert decision == Denied(
        f"This needs the role “launch”; {said}. Ask whoever runs Clew, naming your id {USER}.", "role:launch"
    )


IDS = st.frozensets(
    st.sampled_from([USER, TEAM, GROUP, HERE.channel, ELSEWHERE.channel, "slack:user:T02:U02"])
)
TABLES = st.dictionaries(st.sampled_from(Role), IDS)


@settings(max_examples=100)
@given(TABLES, TABLES, st.booleans(), st.booleans(), st.sampled_from([HERE, ELSEWHERE]), st.booleans())
def test_decide__never_allows_without_a_match(
    roles: dict[Role, frozenset[str]],
    places: dict[Role, frozenset[str]],
    read_only: bool,
    guest: bool,
    place: Place,
    changes: bool,
) -> None:
    """Under any settings: what an admin role is needed for needs a matching id; every refusal has its reason."""
    policy = Policy(roles=roles, places=places, read_only=read_only)
    actor = person(TEAM, guest=guest, member=True)

    decisions = {need: decide(policy, actor, place, need=need, changes=changes) for need in Role}

    granted = {role for role, ids in roles.items() if ids & {USER, TEAM, place.channel}}
    for need, decision in decisions.items():
        assert decision.rule
        if isinstance(decision, Denied):
            assert decision.reason.endswith((".", "!"))
        elif policy.configured:
            assert any(role >= need for role in granted)
            assert not (guest and need >= Role.LAUNCH)
            assert not (read_only and changes)
        else:
            assert (need, changes, guest) == (Role.READ, False, False)


def test_role__has_the_four_names_of_the_settings() -> None:
    """The roles and their order are those that the settings write."""
    words = [role.word for role in sorted(Role)]

    assert words == ["read", "debug", "launch", "admin"]


@pytest.mark.parametrize(
    ("need", "changes", "asked"),
    [(Role.READ, False, 0), (Role.LAUNCH, True, 1), (Role.ADMIN, True, 0)],
    ids=["reading", "a change", "a change that is denied already"],
)
async def test_now__asks_before_a_change_that_would_be_allowed(need: Role, changes: bool, asked: int) -> None:
    """Nothing else is worth a question, and the answer decides."""
    came: list[Actor] = []

    async def afresh(actor: Actor) -> Actor:
        came.append(actor)
        return replace(actor, principals=frozenset())

    group = "chat:usergroup:T:S"
    policy = Policy(roles={Role.LAUNCH: frozenset({group})})
    who = Actor(id="chat:user:T:U", principals=frozenset({group}))
    there = Place(channel="chat:channel:T:C")
    decision = await decide_now(policy, who, there, need=need, changes=changes, afresh=afresh)

    assert len(came) == asked
    assert isinstance(decision, Denied) == changes
