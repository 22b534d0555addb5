"""Who belongs, and who may do what: every way in decides alike, and every refusal is in the audit trail.

Each row goes the whole way: Slack's payload, the real bolt, what Slack tells of the person, and the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import product

import pytest

from bot.access import Policy, Role
from bot.state import AuditEntry
from tests.fakes.runs import a_run, run_id
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import (
    ALICE,
    BOB,
    DISTANT,
    ENTERPRISE,
    GONE,
    GRID,
    GUEST,
    MAIN,
    OTHER,
    SHARED,
    STRANGER,
    STRANGER_TOO,
    TEAM,
    Json,
    Message,
)
from tests.fakes.store import NotingStore

READ, WATCH, LAUNCH = f"status {run_id(1)}", "watch", "launch basic_test duration=30"
VERBS = (READ, WATCH, LAUNCH)
NONE = Policy()
SET = Policy(
    roles={
        Role.READ: frozenset({f"slack:team:{TEAM}"}),
        Role.DEBUG: frozenset({f"slack:channel:{TEAM}:{MAIN}", f"slack:channel:{TEAM}:{SHARED}"}),
        Role.LAUNCH: frozenset(
            {f"slack:user:{TEAM}:{user}" for user in (ALICE, GUEST, GRID, GONE)}
            | {f"slack:user:{OTHER}:{STRANGER}"}
        ),
    }
)

# By person: what comes of reading, watching and launching; "" is allowed, else the rule of the refusal.
WITH_ROLES = {
    ALICE: ("", "", ""),
    BOB: ("", "", "role:launch"),
    GUEST: ("", "", "guest"),
    STRANGER: ("", "", "guest"),
    STRANGER_TOO: ("", "role:debug", "guest"),
    GRID: ("", "", ""),
    DISTANT: ("", "", "role:launch"),
    GONE: ("account", "account", "account"),
}
ALONE = {  # in a conversation with the bot there is nothing that the channel gives
    "roles": {
        BOB: ("", "role:debug", "role:launch"),
        STRANGER_TOO: ("role:read", "role:debug", "guest"),
        DISTANT: ("role:read", "role:debug", "role:launch"),
    },
    "no roles": {},
}
WITHOUT_ROLES = {
    ALICE: ("", "no-roles:debug", "no-roles:launch"),
    GUEST: ("no-roles:guest", "no-roles:debug", "no-roles:launch"),
    STRANGER: ("no-roles:guest", "no-roles:debug", "no-roles:launch"),
    GRID: ("", "no-roles:debug", "no-roles:launch"),
    DISTANT: ("no-roles:elsewhere", "no-roles:debug", "no-roles:launch"),
    GONE: ("account", "account", "account"),
}
POLICIES = {"roles": (SET, WITH_ROLES), "no roles": (NONE, WITHOUT_ROLES)}

Act = Callable[[Bot, str, str, str], Awaitable[object]]


async def command(bot: Bot, words: str, user: str, channel: str) -> None:
    await bot.slack.command(words, user=user, channel=channel)


async def mention(bot: Bot, words: str, user: str, channel: str) -> None:
    await bot.slack.mention(words, user=user, channel=channel)


async def press(bot: Bot, words: str, user: str, channel: str) -> None:
    message = bot.slack.world.say("UBOT", channel, "a card")
    payload = bot.slack.press_payload(message, button(words), user=user)
    await bot.slack.gate.deliver("interactive", payload)


async def direct(bot: Bot, words: str, user: str, channel: str) -> None:
    await bot.slack.direct(words, user=user)


def button(words: str) -> Json:
    return {
        "type": "button",
        "action_id": "say:1",
        "value": words,
        "text": {"type": "plain_text", "text": "x"},
    }


WAYS: dict[str, Act] = {"command": command, "mention": mention, "press": press, "direct": direct}


@asynccontextmanager
async def bot_with(slack: FakeSlack, policy: Policy) -> AsyncIterator[tuple[Bot, list[AuditEntry]]]:
    slack.world.enterprise = ENTERPRISE
    store = NotingStore()
    async with running_bot(slack, store=store, policy=policy) as bot:
        bot.service.add_run(a_run(1))
        yield bot, store.trail


async def noted(bot: Bot) -> None:
    """Wait until the audit trail has an entry."""
    assert isinstance(bot.store, NotingStore)
    async with asyncio.timeout(20):
        await bot.store.noted.wait()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("roles", POLICIES)
async def test_access__is_the_same_whatever_the_way_in(slack: FakeSlack, roles: str, way: str) -> None:
    """Member, guest, two strangers of Slack Connect, two people of the same organisation, one who left."""
    policy, table = POLICIES[roles]
    came: dict[str, tuple[str, ...]] = {}
    async with bot_with(slack, policy) as (bot, trail):
        answered = 0
        for person in table:
            rules = []
            for words in VERBS:
                before = len(trail)
                await WAYS[way](bot, words, person, MAIN)
                answered += 1
                await bot.answered(answered)
                denied = [entry for entry in trail[before:] if entry.decision == "denied"]
                assert len(denied) <= 1
                rules.append(denied[0].detail if denied else "")
            came[person] = tuple(rules)

    assert came == (table | ALONE[roles] if way == "direct" else table)


@pytest.mark.parametrize(("policy", "rule"), [(NONE, "no-roles:shared"), (SET, "")])
async def test_shared_channel__hears_nothing_before_somebody_said_so(
    slack: FakeSlack, policy: Policy, rule: str
) -> None:
    """Others read along there, so a member's question is answered only where roles were set up."""
    async with bot_with(slack, policy) as (bot, trail):
        await bot.slack.mention(READ, channel=SHARED)
        await bot.answered(1)

    assert [entry.detail for entry in trail] == ([rule] if rule else [])
    assert [m.channel for m in slack.world.ours() if m.only_for is None] == ([] if rule else [SHARED])


@pytest.mark.parametrize("way", ["mention", "press"])
async def test_connect__a_person_of_another_organisation_launches_nothing(slack: FakeSlack, way: str) -> None:
    """Where the channel itself may launch, its strangers may read, and get no link that opens a report."""
    channel = f"slack:channel:{TEAM}:{SHARED}"
    async with bot_with(slack, Policy(roles={Role.LAUNCH: frozenset({channel})})) as (bot, trail):
        run = bot.service.add_run(a_run(1))
        bot.service.set_report(run, "https://demo.antithesis.com/report/a?auth=v2.public.CANARY")
        for number, words in enumerate((LAUNCH, f"report {run_id(1)}", READ), 1):
            await WAYS[way](bot, words, STRANGER, SHARED)
            await bot.answered(number)

    assert bot.service.launches == []
    assert [(entry.actor, entry.action, entry.decision) for entry in trail] == [
        (f"slack:user:{OTHER}:{STRANGER}", "launch", "denied"),
        (f"slack:user:{OTHER}:{STRANGER}", "report", "denied"),
    ]
    assert "CANARY" not in "".join(m.words for m in slack.world.ours())


async def test_connect__somebody_slack_tells_nothing_of_is_a_guest(slack: FakeSlack) -> None:
    """A role that names them goes as far as a guest's, and without roles there is none."""
    slack.world.blind = True
    rules = []
    for policy in (SET, NONE):
        async with bot_with(slack, policy) as (bot, trail):
            await bot.slack.command(LAUNCH)
            await bot.answered(1)
            await bot.slack.command(READ)
            await bot.answered(2)
            rules.append([entry.detail for entry in trail])

    assert rules == [["guest"], ["no-roles:launch", "no-roles:guest"]]


@pytest.mark.parametrize("asked", ["command", "mention", "press"])
@pytest.mark.parametrize("user", [ALICE, GRID])
async def test_identity__confirms_what_it_asked_for(slack: FakeSlack, asked: str, user: str) -> None:
    """In an Enterprise organisation commands, events and presses name other workspaces for one person."""
    async with bot_with(slack, SET) as (bot, _):
        await WAYS[asked](bot, LAUNCH, user, MAIN)
        question = await slack.world.answer("basic_test")
        await bot.answered(1)
        await slack.press(question, "Launch", user=user)
        await bot.answered(2)

    assert len(bot.service.launches) == 1


async def test_identity__is_the_same_in_forms_suggestions_and_homes(slack: FakeSlack) -> None:
    """Whoever has a role by a command has it by every other kind of payload."""
    async with bot_with(slack, SET) as (bot, trail):
        await slack.global_shortcut("launch_run", user=GRID)
        view = await slack.view()
        offered = await slack.suggestions(view, "launcher", "basic", user=GRID)
        home = await slack.open_home(user=GRID)
        message = slack.world.say(BOB, MAIN, f"look at {run_id(1)}")
        await slack.shortcut("triage_run", message, user=GRID)
        await bot.answered(1)
        values = {"launcher": "basic_test", "duration": "30", "clew_where": MAIN}
        await slack.submit(view, values, user=GRID)
        await bot.answered(2)

    assert "basic_test" in offered
    assert "Not allowed" not in str(home)
    assert [entry.decision for entry in trail] == ["allowed", "allowed"]
    assert {entry.actor for entry in trail} == {f"slack:user:{TEAM}:{GRID}"}


@pytest.mark.parametrize("user", [STRANGER, STRANGER_TOO])
async def test_connect__is_a_guest_in_forms_suggestions_and_homes(slack: FakeSlack, user: str) -> None:
    """No form is filled, nothing is offered, and the home says why."""
    async with bot_with(slack, NONE) as (bot, trail):
        await slack.global_shortcut("launch_run", user=user)
        view = await slack.view(ready=False)
        await noted(bot)
        offered = await slack.suggestions(view, "launcher", "basic", user=user)
        home = await slack.open_home(user=user)
        message = slack.world.say(BOB, SHARED, f"look at {run_id(1)}")
        await slack.shortcut("triage_run", message, user=user)
        await bot.answered(1)

    assert offered == []
    assert "does not answer guests" in str(home)
    assert [(entry.action, entry.detail) for entry in trail] == [
        ("launch", "no-roles:launch"), ("home", "no-roles:guest"), ("find", "no-roles:guest")
    ]  # fmt: skip


async def test_home__of_an_account_that_is_gone_is_noted(slack: FakeSlack) -> None:
    """Every refusal is in the trail, whatever was tried."""
    async with bot_with(slack, SET) as (_, trail):
        home = await slack.open_home(user=GONE)

    assert "deactivated or a bot" in str(home)
    assert [(entry.action, entry.detail) for entry in trail] == [("home", "account")]


REFUSED = list(product(["command", "mention", "press"], [NONE, SET]))


@pytest.mark.parametrize(("way", "policy"), REFUSED)
async def test_workspace__that_is_not_served_is_refused_and_noted(
    slack: FakeSlack, way: str, policy: Policy
) -> None:
    """Nothing of what they say is read, and the operator can see that they tried."""
    async with bot_with(slack, policy) as (bot, trail):
        await slack.gate.deliver(*foreign(bot, way))
        await noted(bot)

    assert [(entry.action, entry.decision, entry.detail) for entry in trail] == [
        ("any", "denied", "workspace")
    ]
    assert trail[0].channel == f"slack:channel:{TEAM}:{MAIN}"
    assert bot.service.calls == []


def foreign(bot: Bot, way: str) -> tuple[str, Json]:
    """Return what comes of a workspace that the bot was added to and that nobody named."""
    slack, message = bot.slack, Message(ts="1.1", channel=MAIN, text=f"<@UBOT> {READ}", blocks=[], user=ALICE)
    if way == "command":
        return "slash_commands", slack.command_payload(READ, team="T55")
    if way == "mention":
        event = slack.event("app_mention", message)
        return "events_api", event | {"team_id": "T55", "authorizations": [{"team_id": "T55"}]}
    return "interactive", slack.press_payload(message, button(READ)) | {"team": {"id": "T55"}}


async def test_bots__are_not_heard(slack: FakeSlack) -> None:
    """Another app's message that names us is nothing."""
    async with bot_with(slack, SET) as (bot, trail):
        message = slack.world.say(ALICE, MAIN, f"<@UBOT> {READ}")
        await slack.gate.deliver("events_api", slack.event("app_mention", message, bot_id="B77"))
        await slack.mention("help")
        await bot.answered(1)

    assert bot.service.calls == []
    assert trail == []
