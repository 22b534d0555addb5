"""Whom the announcements of ended runs mention: those whom a rule of the channel names, for what the rule says, once."""

from __future__ import annotations

import json

import pytest

from bot.model import Availability, Results, Run, RunStatus
from bot.state import CHANGES, MentionRule, Outcome, Subscription
from tests.fakes.runs import some_results
from tests.fakes.watching import CHANNEL, Watching

OTHER = "fake:channel:C2"
ANN, TEAM = "fake:user:ann", "fake:group:G1"
NEWLY = frozenset({Outcome.NEW_FAILURES})


def a_rule(who: str = ANN, **changes: object) -> MentionRule:
    return MentionRule(**{"channel": CHANNEL, "who": who, **changes})  # type: ignore[arg-type]  # of its fields


async def rules(it: Watching, *made: MentionRule) -> None:
    for rule in made:
        await it.store.add_mention(rule, it.clock.now())


def mentioned(it: Watching) -> list[list[str]]:
    """Return whom each announcement mentions, in the order in which they were made."""
    return [[m["who"] for m in json.loads(d.payload)["mentions"]] for d in it.told]


async def ends(it: Watching, number: int, *failing: str, status: RunStatus = RunStatus.COMPLETED) -> Run:
    run = it.starts(number)
    await it.tick()
    results = some_results(run, failing=failing, passing=("reachable",))
    it.service.set_results(results)
    it.service.change(run, status=status, completed_at=it.clock.now())
    await it.tick()
    return run


async def test_announcement__mentions_nobody_without_a_rule() -> None:
    """Not even for new failures."""
    it = Watching()
    await it.begin()
    await ends(it, 1, "ledger balances")

    assert mentioned(it) == [[]]


async def test_announcement__mentions_for_what_is_new_alone() -> None:
    """New failures and incomplete runs do, what goes on failing and what passes do not; the channel's own rules count."""
    it = Watching()
    await it.begin(Subscription(channel=CHANNEL), Subscription(channel=OTHER))
    await rules(it, a_rule(), a_rule(TEAM, pattern="ledger*", outcomes=NEWLY))
    await ends(it, 1)
    await ends(it, 2, "Ledger balances")
    await ends(it, 3, "Ledger balances")
    await ends(it, 4, "Ledger balances", "cart total")
    await ends(it, 5, status=RunStatus.INCOMPLETE)

    here = [m for m, d in zip(mentioned(it), it.told, strict=True) if d.channel == CHANNEL]
    there = [m for m, d in zip(mentioned(it), it.told, strict=True) if d.channel == OTHER]
    assert here == [[], [ANN, TEAM], [], [ANN], [ANN]]
    assert there == [[]] * 5


async def test_announcement__notes_when_a_rule_last_fitted() -> None:
    """In the same write; a rule that did not fit keeps its time."""
    it = Watching()
    await it.begin()
    await rules(it, a_rule(), a_rule(TEAM, pattern="cart*", outcomes=NEWLY))
    await ends(it, 1)
    await ends(it, 2, "ledger balances")

    fitted, missed = await it.store.mention_rules()
    assert fitted.matched_at == it.clock.now()
    assert missed.matched_at is None


async def test_announcement__mentions_for_a_recovery_where_a_rule_asks() -> None:
    """Whether a pass is a recovery is found out for a rule alone, too."""
    it = Watching()
    await it.begin()
    await rules(it, a_rule(outcomes=frozenset({Outcome.RECOVERY})))
    await ends(it, 1, status=RunStatus.INCOMPLETE)
    await ends(it, 2)
    await ends(it, 3)

    assert mentioned(it) == [[], [ANN], []]


async def test_results__that_come_late_mention_for_what_they_say() -> None:
    """That they were missing was told before; they do not count as an incomplete run a second time."""
    it = Watching()
    await it.begin()
    await rules(it, a_rule(outcomes=frozenset({Outcome.INCOMPLETE})), a_rule(TEAM, outcomes=NEWLY))
    run = it.starts()
    await it.tick()
    it.service.finish(run, Results(ref=run.ref, availability=Availability.NOT_YET))
    for _ in range(12):
        await it.tick()
    it.service.finish(it.service._runs[run.ref.run_id], some_results(run, failing=("ledger",)))
    for _ in range(12):
        await it.tick(600)

    assert mentioned(it) == [[ANN], [TEAM]]


@pytest.mark.parametrize(
    "name", ["<@U01ANN>", "<!channel>", "@everyone", "For <@U01ANN>", "ledger * balances", "*"]
)
async def test_announcement__of_a_hostile_name_mentions_nobody(name: str) -> None:
    """What a platform calls a property becomes no mention, and fits no pattern that is not written for it."""
    it = Watching()
    await it.begin()
    await rules(it, a_rule(pattern="ledger balances", outcomes=NEWLY))
    await ends(it, 1)
    await ends(it, 2, name)

    assert mentioned(it) == [[], []]


async def test_rule__asks_no_channel_that_is_not_told() -> None:
    """A rule mentions in what a channel gets anyway; by itself it makes no message."""
    it = Watching()
    await it.begin(Subscription(channel=OTHER, outcomes=CHANGES))
    await rules(it, a_rule())
    await ends(it, 1)
    await ends(it, 2, "ledger")

    assert [d.channel for d in it.told] == [OTHER]
    assert (await it.store.mention_rules())[0].matched_at is None
