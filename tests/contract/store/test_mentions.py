"""Whom posts mention, and when they last did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import Store
from bot.state import MentionRule, Outcome
from tests.contract.store.kit import CHANNEL, NOW, a_step, later

OTHER = "discord:channel:1:2"
ANN, TEAM = "slack:user:T01:U01ANN", "slack:usergroup:T01:S01"


def a_rule(who: str = ANN, pattern: str | None = None, *, fixed: bool = False) -> MentionRule:
    return MentionRule(channel=CHANNEL, who=who, pattern=pattern, from_settings=fixed)


async def test_rules__everything_comes_back(store: Store) -> None:
    """All fields are kept, in the order in which the rules were made; the time is that of making it."""
    full = MentionRule(
        channel=CHANNEL, who=TEAM, connection="demo", launcher="Payments Nightly", source="main",
        pattern="ledger*", outcomes=frozenset({Outcome.FAILURES}), name="Ledger team",
    )  # fmt: skip
    plain = MentionRule(channel=OTHER, who="discord:role:1:3")

    assert [await store.add_mention(rule, NOW) for rule in (full, plain)] == [True, True]
    assert (replace(full, since=NOW), replace(plain, since=NOW)) == await store.mention_rules()
    assert (replace(full, since=NOW),) == await store.mention_rules(CHANNEL)
    assert await store.mention_rules("slack:elsewhere") == ()


async def test_rules__no_pattern_is_a_value(store: Store) -> None:
    """“Any check” differs from every pattern, and the same rule again changes only what it mentions them for."""
    made = [await store.add_mention(a_rule(pattern=pattern), NOW) for pattern in (None, "a*", "null", None)]
    changed = replace(a_rule(), outcomes=frozenset({Outcome.ALL}), name="Ann")
    await store.add_mention(changed, later(60))

    assert made == [True, True, True, False]
    assert (await store.mention_rules())[0] == replace(changed, since=NOW)


async def test_end__exactly_one_and_none_of_the_settings(store: Store) -> None:
    """What the settings file says cannot be ended in chat."""
    await store.add_mention(a_rule(), NOW)
    await store.add_mention(a_rule(TEAM), NOW)
    await store.configure_mentions([a_rule("slack:user:T01:U02", fixed=True)], NOW)

    assert await store.end_mention(a_rule())
    assert not await store.end_mention(a_rule())
    assert not await store.end_mention(a_rule("slack:user:T01:U02"))
    assert [rule.who for rule in await store.mention_rules()] == [TEAM, "slack:user:T01:U02"]


async def test_configure__keeps_the_times_of_what_stays(store: Store) -> None:
    """A restart with the same settings forgets nothing; what left the settings goes, what was made in chat stays."""
    first, second = a_rule("slack:user:T01:U02", fixed=True), a_rule("slack:user:T01:U03", fixed=True)
    await store.add_mention(a_rule(), NOW)
    await store.configure_mentions([first, second], NOW)
    await store.record(replace(a_step(now=later(5)), mentioned=(first,)))
    await store.configure_mentions([replace(first, outcomes=frozenset({Outcome.ALL}))], later(60))

    mine, kept = await store.mention_rules()
    assert (mine.who, mine.from_settings, mine.matched_at) == (ANN, False, None)
    assert (kept.who, kept.since, kept.matched_at) == (first.who, NOW, later(5))
    assert kept.outcomes == {Outcome.ALL}


@pytest.mark.parametrize("ended", [False, True])
async def test_record__notes_when_a_rule_fitted(store: Store, *, ended: bool) -> None:
    """The newest time counts; a rule that was ended meanwhile does not come back."""
    await store.add_mention(a_rule(), NOW)
    await store.add_mention(a_rule(pattern="a*"), NOW)
    if ended:
        await store.end_mention(a_rule())
    for seconds in (5, 9):
        await store.record(replace(a_step(now=later(seconds)), mentioned=(a_rule(),)))

    fitted = [later(9)] if not ended else []
    assert [rule.matched_at for rule in await store.mention_rules()] == [*fitted, None]


async def test_mention_rules__of_a_connection(store: Store) -> None:
    """`of` leaves out the rules that name another connection."""
    rules = [
        MentionRule(channel=CHANNEL, who="slack:user:T01:U01", connection=connection)
        for connection in ("demo", None, "qa")
    ]
    for rule in rules:
        await store.add_mention(rule, NOW)

    assert [rule.connection for rule in await store.mention_rules(of="demo")] == ["demo", None]
    assert [rule.connection for rule in await store.mention_rules(CHANNEL, of="qa")] == [None, "qa"]
