"""Whom posts mention: what `watch mention=` takes, refuses, asks about and ends."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access import Policy, Role
from bot.cards import plain
from bot.commands import mention
from bot.earlier import checks_of, stored
from bot.errors import UserError
from bot.state import CHANGES, EVERYTHING, Addressee, MentionRule, Outcome, PollStep, Subscription
from tests.fakes.runs import a_run, some_results
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, Door, command_of, told

BO, TEAM = "slack:user:T1:U0BO", "slack:usergroup:T1:S0TEAM"
NEWLY, BOTH = frozenset({Outcome.NEW_FAILURES}), frozenset({Outcome.NEW_FAILURES, Outcome.INCOMPLETE})


async def made(door: Door) -> list[tuple[str, str | None, frozenset[Outcome]]]:
    return [(r.who, r.pattern, r.outcomes) for r in await door.store.mention_rules(CHANNEL)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("me", [(ALICE.id, None, BOTH)]),
        ("<@U0BO|bo>", [(BO, None, BOTH)]),
        ("<@U0BO>, <!subteam^S0TEAM|@team name>", [(BO, None, BOTH), (TEAM, None, BOTH)]),
        ("<@U0BO>,<@U0BO> me", [(BO, None, BOTH), (ALICE.id, None, BOTH)]),
        (TEAM, [(TEAM, None, BOTH)]),
        ("me on incomplete", [(ALICE.id, None, frozenset({Outcome.INCOMPLETE}))]),
        ("me ON failures, Recovery", [(ALICE.id, None, frozenset({Outcome.FAILURES, Outcome.RECOVERY}))]),
        ("me for ledger*", [(ALICE.id, "ledger*", NEWLY)]),
        ("me for a,b<c on disk", [(ALICE.id, "a,b<c on disk", NEWLY)]),
        (
            "me for no write on disk on failures",
            [(ALICE.id, "no write on disk", frozenset({Outcome.FAILURES}))],
        ),
        ("me; <@U0BO> for cart*", [(ALICE.id, None, BOTH), (BO, "cart*", NEWLY)]),
    ],
)
async def test_mention__is_read(text: str, rules: list[tuple[str, str | None, frozenset[Outcome]]]) -> None:
    """People, groups, ids and me; for a pattern or any failure; on the outcomes that are named, else on what is new."""
    door = Door()

    reply = await door.say("watch", values={"mention": text})

    assert not reply.failed, told(reply.card)
    assert await made(door) == rules
    assert (Subscription(channel=CHANNEL),) == await door.store.subscriptions()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@bo", "is nobody whom this chat can mention"),
        ("bo", "is nobody whom this chat can mention"),
        ("<!here>", "never mentions a whole channel"),
        ("<!channel|channel>", "never mentions a whole channel"),
        ("@everyone", "never mentions a whole channel"),
        ("slack:team:T1", "is nobody whom this chat can mention"),
        ("discord:user:80351110224678912", "is not of this channel's chat"),
        ("slack:usergroup:T2:S0TEAM", "is not of this channel's chat"),
        (";", "names nobody to mention"),
        ("for ledger*", "names nobody to mention"),
        ("me for", "names nobody to mention"),
        ("me on mondays", "does not know “mondays”"),
        ("me on", "does not know “on”"),
        ("me for a* on incomplete", "“on” takes only failures or new-failures"),
        ("me for *", "“*” fits every name. Nobody is mentioned yet"),
        (f"me for {'x' * 201}", "at most 200 characters"),
        ("me off", "No mention of Alice made here is about these runs"),
        ("off", "No mention made here is about these runs"),
        ("<@U0GONE>", "They have left"),
    ],
)
async def test_mention__that_cannot_be_is_refused(text: str, said: str) -> None:
    """The sentence says what is wrong; nothing is watched or mentioned by half."""
    door = Door(
        people={"slack:user:T1:U0GONE": Addressee(id="x", name="Cy", problem="They have left.", gone=True)}
    )

    reply = await door.say("watch", values={"mention": text})

    assert reply.failed
    assert said in told(reply.card)
    assert await made(door) == []
    assert await door.store.subscriptions() == ()


PIECES = [*"<@>U0;,*\n\x1f\u00a0 ", "for ", " on ", "off", "me ", "recovery"]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_read__answers_whatever_is_typed(text: str) -> None:
    """Each entry has somebody, or ends something; all else is a sentence."""
    wishes: tuple[mention.Wish, ...] = ()
    with suppress(UserError):
        wishes = mention.read(text)

    assert all(wish.who or wish.off for wish in wishes)
    assert all(wish.pattern is None or wish.pattern.strip() for wish in wishes)


async def known(door: Door, *names: str) -> str:
    run = a_run(1)
    results = some_results(run, passing=names)
    await door.store.record(PollStep(connection="demo", now=door.clock.now(), runs=(run,)))
    kept = stored(run, results)
    await door.store.save_results(kept, checks_of(run, results))
    door.service.finish(door.service.add_run(run), results)
    return run.launcher


async def test_mention__by_a_pattern_that_fits_all_is_asked_about() -> None:
    """All known names of the launcher fit: the button does it anyway."""
    door = Door()
    launcher = await known(door, "ledger balances", "cache is warm")

    asked = await door.say("watch", values={"launcher": launcher, "mention": "me for *e*"})
    none = await made(door)
    await door.say(command_of(asked.card, "Mention anyway"))

    assert "“*e*” fits all 2 known properties." in told(asked.card)
    assert none == []
    assert await made(door) == [(ALICE.id, "*e*", NEWLY)]


async def test_mention__by_a_pattern_that_fits_nothing_says_so() -> None:
    """It may be of a check to come, so it is made."""
    door = Door()
    launcher = await known(door, "ledger balances", "cache is warm")

    reply = await door.say("watch", values={"launcher": launcher, "mention": "me for ledgr*"})

    assert "None of the known properties is named like ledgr*." in told(reply.card)
    assert await made(door) == [(ALICE.id, "ledgr*", NEWLY)]


async def test_mention__leaves_what_is_watched_as_it_is() -> None:
    """Adding a mention changes neither the outcomes nor anything else of the subscription."""
    door = Door()
    await door.say("watch outcomes=changes")

    reply = await door.say("watch", values={"mention": "me"})

    assert [s.outcomes for s in await door.store.subscriptions()] == [CHANGES]
    assert plain(reply.card.title) == "Mentions changed"
    assert (
        "Posts here mention Alice for new failures and incomplete runs (environment problems too)."
        in told(reply.card)
    )


async def test_mention__of_whoever_may_not_be_reached_is_said() -> None:
    """A role that nobody can mention, or somebody of whom the chat tells nothing, is taken with the reason."""
    door = Door(
        people={BO: Addressee(id=BO, name="Bo", problem="Slack did not say whether they are still there.")}
    )

    reply = await door.say("watch", values={"mention": "<@U0BO>"})

    assert "Bo: Slack did not say whether they are still there." in told(reply.card)


async def test_watching__lists_mentions_with_a_way_to_end_each() -> None:
    """Also whoever left since; what the settings say can only end there."""
    door = Door()
    await door.say("watch", values={"mention": "<@U0BO>; me for ledger*"})
    fixed = MentionRule(channel=CHANNEL, who=TEAM, from_settings=True)
    await door.store.configure_mentions([fixed], door.clock.now())
    door.people[BO] = Addressee(id=BO, name="Bo", problem="They have left.", gone=True)

    card = (await door.say("watching")).card
    ends = [b.command for item in card.items for b in item.buttons if b.label == "Stop mentioning"]
    for command in ends:
        assert not (await door.say(command)).failed

    assert plain(card.title) == "This channel watches 1 thing and has 3 mentions"
    assert "They have left." in told(card)
    assert len(ends) == 2
    assert await made(door) == [(TEAM, None, BOTH)]
    assert [s.outcomes for s in await door.store.subscriptions()] == [EVERYTHING]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("unwatch", ["pay*"]),
        ('unwatch "Payments Nightly"', ["any*"]),
        ("unwatch all", []),
    ],
)
async def test_unwatch__ends_the_mentions_for_the_same_runs(words: str, left: list[str]) -> None:
    """Those of other subscriptions stay."""
    door = Door()
    await door.say("watch", values={"mention": "me for any*"})
    await door.say("watch", values={"launcher": "Payments Nightly", "mention": "me for pay*"})
    if words == "unwatch":
        await door.store.unsubscribe(CHANNEL, None, "Payments Nightly", None)

    await door.say(words)

    assert [pattern for _, pattern, _ in await made(door)] == left


async def test_mention__off_ends_those_of_the_same_runs_alone() -> None:
    """Of one person, or of all; nothing new is watched for it."""
    door = Door()
    await door.say("watch", values={"mention": "me; <@U0BO>; me for a*"})
    await door.say("watch", values={"launcher": "Payments Nightly", "mention": "me"})

    one = await door.say("watch", values={"mention": "me for a* off"})
    after_one = await made(door)
    await door.say("watch", values={"mention": "off"})

    assert "no longer mention Alice for new failures of properties named like a*" in told(one.card)
    assert after_one == [(ALICE.id, None, BOTH), (BO, None, BOTH), (ALICE.id, None, BOTH)]
    assert [rule.launcher for rule in await door.store.mention_rules()] == ["Payments Nightly"]


async def test_mention__takes_the_rights_of_watch() -> None:
    """Whoever may only read changes nothing; more than twenty are refused; changes are in the audit trail."""
    door = Door(policy=Policy(roles={Role.READ: frozenset({MALLORY.id}), Role.DEBUG: frozenset({ALICE.id})}))

    denied = await door.say("watch", values={"mention": "me"}, by=MALLORY)
    await door.say("watch", values={"mention": "me"})
    many = "; ".join(f"<@U0{number}>" for number in range(20))
    refused = await door.say("watch", values={"mention": many})

    assert "debug" in told(denied.card)
    assert "at most 20 mentions" in told(refused.card)
    assert [who for who, _, _ in await made(door)] == [ALICE.id]
    assert f"mentions {ALICE.id}" in [entry.detail for entry in door.store.trail]


async def test_mention__of_some_of_what_is_watched_adds_no_subscription() -> None:
    """A channel that is notified of changes alone is not notified of every run of a launcher because somebody is mentioned."""
    door = Door()
    await door.say("watch", values={"outcomes": "changes"})

    reply = await door.say("watch", values={"launcher": "Payments Nightly", "mention": "me", "keep": "yes"})

    assert (Subscription(channel=CHANNEL, outcomes=CHANGES),) == await door.store.subscriptions()
    assert [rule.launcher for rule in await door.store.mention_rules(CHANNEL)] == ["Payments Nightly"]
    assert "of Payments Nightly" in told(reply.card)

    await door.say(
        "watch", values={"launcher": "Payments Nightly", "mention": "me", "outcomes": "all", "keep": "yes"}
    )

    assert len(await door.store.subscriptions()) == len(("changes", "all of one launcher"))


async def test_mention__of_what_is_not_watched_watches_it() -> None:
    """There would be no posts to mention anybody in."""
    door = Door()
    await door.say("watch", values={"launcher": "basic_test", "keep": "yes"})

    await door.say("watch", values={"launcher": "Payments Nightly", "mention": "me", "keep": "yes"})

    assert {"basic_test", "Payments Nightly"} == {s.launcher for s in await door.store.subscriptions()}


@pytest.mark.parametrize("first", ["watch quiet=22:00-07:00", "watch digest=08:00"])
async def test_mention__in_a_quiet_channel_says_that_it_comes_at_once(first: str) -> None:
    """Nobody is woken by a rule of which they were told that nothing is posted; the list says it too."""
    door = Door()
    await door.say("watch")
    said = "A post that mentions somebody by a rule of this channel is posted at once."
    before = told((await door.say(first)).card)

    reply = await door.say("watch", values={"mention": "me"})

    assert said not in before
    assert said in told(reply.card)
    assert said in told((await door.say("watching")).card)
    assert said in told((await door.say("watch zone=Europe/Berlin")).card)
