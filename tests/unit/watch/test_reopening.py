"""What a run's end makes of what people said: no news while it is so, news again where it changed, in the write of the post."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.chat.layout import mentioned
from bot import marks
from bot.cards import Mention
from bot.model import (
    Availability,
    Check,
    CheckStatus,
    Counts,
    Example,
    Results,
    Rule,
    Run,
    RunQuery,
    RunStatus,
)
from bot.state import CHANGES, MentionRule, Outcome, PropertyState, Reopened, Subscription, Why, Word
from tests.fakes.crash import Crash
from tests.fakes.mortal import MortalStore
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import a_build_server, a_harness
from tests.fakes.watching import Watching

X, Y, OK = "no torn page", "every order is paid", "the ledger balances"
ALL, NEW = "fake:channel:ALL", "fake:channel:NEW"
HERE, THERE = "ledger.go:42", "other.rs:12"
ANN = "slack:user:T01:U0ANN"


def fails(name: str = X, *places: str, broken: int = 5, held: int = 95) -> Check:
    """Return a property that fails at these places."""
    examples = tuple(Example(text="boom", location=place) for place in places or (HERE,))
    return Check(name=name, status=CheckStatus.FAILING, rule=Rule.ALWAYS, counterexamples=examples,
                 counterexample_count=broken, example_count=held)  # fmt: skip


def passes(name: str) -> Check:
    """Return a property that holds."""
    return Check(
        name=name, status=CheckStatus.PASSING, rule=Rule.ALWAYS, example_count=100, counterexample_count=0
    )


@dataclass(kw_only=True)
class Marked(Watching):
    """One channel hears of every run, another of changes alone."""

    ended: int = 0

    async def watched(self) -> None:
        """Take the baseline, then let a run end in which the property fails."""
        changes = frozenset({Outcome.NEW_FAILURES})
        await self.begin(Subscription(channel=ALL), Subscription(channel=NEW, outcomes=changes))
        await self.store.keep_name(ANN, "Ann")
        await self.ends(fails())

    async def ends(self, *failing: Check, passing: tuple[str, ...] = (OK,), **changes: object) -> Run:
        """Let a run end with these results, and be announced."""
        run, results = self.over(*failing, passing=passing, **changes)
        self.service.finish(run, results)
        await self.tick()
        return run

    def over(
        self, *failing: Check, passing: tuple[str, ...] = (OK,), **changes: object
    ) -> tuple[Run, Results]:
        """Start a run, and return it with the results that it will have."""
        self.ended += 1
        run = self.starts(self.ended, **changes)
        checks = (*failing, *map(passes, passing))
        return run, Results(ref=run.ref, availability=Availability.READY, checks=checks)

    async def say(self, word: Word = Word.KNOWN, check: Check | None = None, **more: Any) -> None:
        """Say what the property is, as `mark` does; the newest run is the one that was looked at."""
        run = (await self.store.newest("demo", RunQuery(), 1))[0]
        state = await self.store.property_state("demo", run.series[0], X)
        said = marks.said(state, word, by=ANN, now=self.clock.now(), ticket="JIRA-12", checks=[check or fails()],
                          counts_from=run.ordered_by, **more)  # fmt: skip
        assert await self.store.save_property_state(replace(said, owner=ANN))

    async def state(self) -> PropertyState:
        """Return what is said of the property."""
        return (await self.store.property_states("demo"))[0]

    def heard(self, run: Run) -> dict[str, dict[str, Any]]:
        """Return what each channel was told of a run."""
        return {
            row.channel: json.loads(row.payload)
            for row in self.told
            if row.context is not None and row.context.run == run.ref
        }


def flat(line: list[Any]) -> str:
    """Return a line of a payload as text."""
    return "".join(span if isinstance(span, str) else span.get("text") or span.get("label") for span in line)


def entries(card: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a post lists: the mark of each entry and its title."""
    return [(item["mark"], flat(item["title"])) for item in card["items"]]


async def test_known__is_no_news_and_still_counted() -> None:
    """Newly failing by the run before, and no news: the channel of all hears it as known, that of news hears nothing."""
    it = Marked()
    await it.watched()
    await it.say()
    await it.ends(passing=(OK, X))

    run = await it.ends(fails())

    heard = it.heard(run)
    assert [*heard] == [ALL]
    assert flat(heard[ALL]["title"]) == "Payments Nightly on main: nothing new, 1 known"
    assert entries(heard[ALL]) == [("known 1", f"{X} · JIRA-12, owned by Ann")]
    text = flat(heard[ALL]["text"])
    assert f"FAILED, nothing new, 1 known: “{X}”." in text
    assert f"“{X}”: known JIRA-12, owned by Ann." in text
    assert heard[ALL]["tone"] == "bad"
    assert (await it.state()).silent


@pytest.mark.parametrize(
    ("word", "more", "shown"),
    [
        (Word.SNOOZED, {"runs": 3}, "for 3 runs (JIRA-12), owned by Ann"),
        (Word.NOT_A_BUG, {}, "JIRA-12, owned by Ann"),
    ],
)
async def test_other_words__are_no_news_either(word: Word, more: dict[str, Any], shown: str) -> None:
    """Snoozed and no bug: listed and counted by what they are, the rest of the list beside them."""
    it = Marked()
    await it.watched()
    await it.say(word, **more)
    await it.ends(passing=(OK, X))

    run = await it.ends(fails(), fails(Y))

    heard = it.heard(run)
    assert [*heard] == [ALL, NEW]  # the other one is new
    assert flat(heard[ALL]["title"]).endswith(": 1 new failure")
    assert [mark for mark, _ in entries(heard[ALL])] == ["new 1", f"{word.value} 2"]
    assert entries(heard[ALL])[1][1] == f"{X} · {shown}"


async def test_owned_alone__stays_news() -> None:
    """That somebody takes care of it says nothing of what it is; who does stands beside it."""
    it = Marked()
    await it.watched()
    await it.ends(passing=(OK, X))
    state = await it.store.property_state("demo", "Payments Nightly", X)
    await it.store.save_property_state(replace(state, owner=ANN, owned_at=it.clock.now()))

    run = await it.ends(fails())

    assert flat(it.heard(run)[NEW]["title"]).endswith(": 1 new failure")
    assert flat(it.heard(run)[NEW]["items"][0]["lines"][0]) == "owned by Ann"


@pytest.mark.parametrize(
    ("check", "why", "said"),
    [
        (fails(X, THERE), Why.PLACE, f"it now fails at {THERE}"),
        (fails(broken=100, held=0), Why.RATIO, "it now never holds"),
    ],
)
async def test_changed__is_news_though_it_fails_on(check: Check, why: Why, said: str) -> None:
    """It failed in the run before too: by what people said it was another failure, so it is news, with the reason."""
    it = Marked()
    await it.watched()
    await it.say()

    run = await it.ends(check, fails(Y))

    state = await it.state()
    assert state.reopened == Reopened(
        why=why, run_id=run.ref.run_id, now=THERE if why is Why.PLACE else "all"
    )
    heard = it.heard(run)
    assert [*heard] == [ALL, NEW]
    assert flat(heard[NEW]["title"]).endswith(": 1 new failure, 1 reopened")
    assert [mark for mark, _ in entries(heard[NEW])] == ["new 1", "reopened 2"]
    reason = f"{said} (it was known JIRA-12), owned by Ann"
    assert flat(heard[NEW]["items"][1]["lines"][0]) == reason, "its mark says that it is reopened"
    assert f"Reopened: “{X}”." in flat(heard[NEW]["text"])
    assert f"“{X}”: reopened: {reason}." in flat(heard[NEW]["text"])


async def test_changed__once() -> None:
    """In the run behind it is one of those that still fail, and what was said stays told until somebody says more."""
    it = Marked()
    await it.watched()
    await it.say()
    await it.ends(fails(X, THERE))
    before = await it.state()

    run = await it.ends(fails(X, THERE))

    assert await it.state() == before
    heard = it.heard(run)
    assert [*heard] == [ALL]
    assert entries(heard[ALL])[0][1].endswith(
        f"reopened: it now fails at {THERE} (it was known JIRA-12), owned by Ann"
    )
    await it.say(check=fails(X, THERE))
    assert (await it.state()).silent


async def test_came_back__after_passes() -> None:
    """Five passes, and it fails again: what was known is not what fails now."""
    it = Marked()
    await it.watched()
    await it.say()
    for _ in range(5):
        await it.ends(passing=(OK, X))

    run = await it.ends(fails())

    assert (await it.state()).reopened == Reopened(why=Why.PASSED, run_id=run.ref.run_id, now="5")
    assert flat(it.heard(run)[NEW]["title"]).endswith(": 1 reopened")
    assert "it passed in 5 runs in a row and fails again" in flat(it.heard(run)[NEW]["text"])


async def test_snooze__is_over() -> None:
    """After its runs, or its time, the next failure is news."""
    it = Marked()
    await it.watched()
    await it.say(Word.SNOOZED, runs=2)
    quiet = [await it.ends(fails()) for _ in range(2)]
    loud = await it.ends(fails())
    assert [[*it.heard(run)] for run in quiet] == [[ALL], [ALL]]
    assert "its snooze of 2 runs is over" in flat(it.heard(loud)[NEW]["text"])

    await it.say(Word.SNOOZED, until=it.clock.now() + timedelta(minutes=30))
    quiet = [await it.ends(fails())]
    it.clock.pass_time(1_800)
    loud = await it.ends(fails())
    assert [*it.heard(quiet[0])] == [ALL]
    assert "its snooze ended on" in flat(it.heard(loud)[NEW]["text"])


ILL = Check(name="all containers joined", status=CheckStatus.FAILING, health=True)


@pytest.mark.parametrize("how", ["environment", "cut", "ephemeral", "cancelled", "other launcher"])
async def test_unreliable_runs__reopen_nothing(how: str) -> None:
    """Only a run whose results are whole, in a sound environment, of the launcher itself, tells of a change."""
    it = Marked()
    await it.watched()
    await it.say()
    changes: dict[str, Any] = {}
    if how == "ephemeral":
        changes = {"ephemeral": True}
    if how == "other launcher":
        changes = {"launcher": "Weekly"}
    ill = (ILL,) if how == "environment" else ()
    run, results = it.over(fails(X, THERE), *ill, **changes)
    it.service.finish(run, replace(results, whole=False) if how == "cut" else results)
    if how == "cancelled":
        it.service.change(run, status=RunStatus.CANCELLED)

    await it.tick()
    await it.tick()

    assert (await it.state()).reopened is None
    assert it.heard(run)


async def test_late_results__reopen_too() -> None:
    """Results that come after the run was announced are judged when they come."""
    it = Marked()
    await it.watched()
    await it.say()
    run, results = it.over(fails(X, THERE))
    it.service.finish(run, replace(results, availability=Availability.NOT_YET, checks=()))
    for _ in range(12):
        await it.tick()
    assert [*it.heard(run)] == [ALL]
    it.service.set_results(results)

    await it.tick(3_600)

    assert (await it.state()).reopened == Reopened(why=Why.PLACE, run_id=run.ref.run_id, now=THERE)
    assert any(row.key.endswith(f"{NEW}:results") for row in it.told)


@pytest.mark.parametrize(
    ("only_failures", "quiet"), [(False, "it passed in 5 builds"), (True, "it did not fail in 5 builds")]
)
async def test_builds__without_times_places_and_shares(*, only_failures: bool, quiet: str) -> None:
    """Of tests that have none, passes in a row tell that it changed; where only failures are named, that it did not fail."""
    it = Marked(service=a_build_server())
    name = "tests/a.py::test_x"
    await it.begin(Subscription(channel=NEW, outcomes=CHANGES))

    async def build(number: int, *, failing: bool) -> Run:
        names = {"failing": (name,)} if failing else {"passing": (name,)}
        results = build_results(number, **names)
        if only_failures:
            counts = Counts(failing=int(failing), passing=1)
            results = replace(results, whole=False, checks=results.failing, counts=counts)
        run = it.service.add_run(a_build(number), results)
        await it.tick()
        return run

    first = await build(1, failing=True)
    assert [*it.heard(first)] == [NEW]
    kept = (await it.store.recorded("demo", ("1",)))["1"]
    state = await it.store.property_state("demo", "55", name)
    said = marks.said(state, Word.KNOWN, by=ANN, now=it.clock.now(), counts_from=kept.ordered_by)
    await it.store.save_property_state(said)
    await build(2, failing=False)
    known = await build(3, failing=True)
    assert [*it.heard(known)] == []
    for number in range(4, 9):
        await build(number, failing=False)

    back = await build(9, failing=True)

    assert f"{quiet} in a row and fails again" in flat(it.heard(back)[NEW]["text"])


async def test_executions__of_a_platform_without_a_list() -> None:
    """What a plan's executions show is told by the record of those that were followed, and names the plan by its id."""
    it = Marked(service=a_harness())
    await it.begin(
        Subscription(channel=ALL), Subscription(channel=NEW, outcomes=frozenset({Outcome.NEW_FAILURES}))
    )

    async def execution(number: int, *, failing: bool) -> Run:
        run = replace(a_build(f"exec_{number:05d}"), launcher="Release", launcher_key="plan_1",
                      status=RunStatus.IN_PROGRESS, status_text="running")  # fmt: skip
        it.clock.pass_time(1)
        await it.store.track(it.service.add_run(run), it.clock.now())
        names = {"failing": ("Login",)} if failing else {"passing": ("Login",)}
        it.service.set_results(build_results(run.ref.run_id, **names))
        it.service.change(run, status=RunStatus.COMPLETED)
        await it.tick()
        return run

    first = await execution(1, failing=True)
    kept = (await it.store.recorded("demo", (first.ref.run_id,)))[first.ref.run_id]
    state = await it.store.property_state("demo", "plan_1", "Login")
    await it.store.save_property_state(
        marks.said(state, Word.SNOOZED, by=ANN, now=it.clock.now(), runs=1, counts_from=kept.ordered_by)
    )
    snoozed = await execution(2, failing=True)
    loud = await execution(3, failing=True)

    assert [*it.heard(snoozed)] == [ALL]
    assert entries(it.heard(snoozed)[ALL]) == [
        ("still failing 1", "Login (at least 2 executions in a row) · snoozed for 1 execution")
    ]
    assert "its snooze of 1 execution is over" in flat(it.heard(loud)[NEW]["text"])


async def test_kill__at_every_call_around_it() -> None:
    """Wherever the process dies, the next one reopens it once, with one post, and nobody hears of it otherwise."""
    calls, survived = 1, 0
    for dies_at in range(1, 200):
        for committed in (False, True):
            it = Marked()
            await it.watched()
            await it.say()
            run, results = it.over(fails(X, THERE))
            it.service.finish(run, results)
            mortal = MortalStore(it.store, dies_at=dies_at, committed=committed)
            it.poller.store = it.poller.finishing.store = mortal.typed
            died = False
            try:
                await it.tick()
            except (Crash, BaseExceptionGroup):
                died = True
            posts = len(it.heard(run))
            assert (posts, (await it.state()).reopened is not None) in {(0, False), (2, True)}
            it.restart()
            await it.tick()
            assert len(it.heard(run)) == 2
            assert (await it.state()).reopened == Reopened(why=Why.PLACE, run_id=run.ref.run_id, now=THERE)
            assert (await it.state()).version == 2
            calls, survived = max(calls, len(mortal.calls)), survived + (not died)
        if survived:
            break

    assert survived
    assert calls > 10


@pytest.mark.parametrize("linked", [True, False])
async def test_reopened__mentions_its_owner_where_they_are_linked(*, linked: bool) -> None:
    """In the chat of the channel, by the account there; nobody for what is known and stays so, nor the owner of what passes."""
    it = Marked()
    await it.watched()
    if linked:
        await it.store.offer_link("digest", ANN, it.clock.now() + timedelta(minutes=1))
        assert await it.store.take_link("digest", "fake:user:ann", it.clock.now()) == ANN
    await it.say()
    known = await it.ends(fails())
    moved = await it.ends(fails(X, THERE))
    again = await it.ends(fails(X, THERE))

    owner = [{"who": "fake:user:ann", "why": "Reopened, owned by"}] if linked else []
    assert it.heard(known)[ALL]["mentions"] == []
    assert [card["mentions"] for card in it.heard(moved).values()] == [owner, owner]
    assert it.heard(again)[ALL]["mentions"] == []


async def test_reopened__mentions_its_owner_once_beside_a_rule() -> None:
    """The settings link the accounts; whoever a rule names too is mentioned once, for the nearer reason."""
    it = Marked()
    it.people = (frozenset({ANN, "fake:user:ann"}),)
    it.restart()
    await it.watched()
    await it.store.add_mention(MentionRule(channel=ALL, who="fake:user:ann"), it.clock.now())
    await it.say()
    moved = await it.ends(fails(X, THERE))

    assert [m["why"] for m in it.heard(moved)[ALL]["mentions"]] == ["Reopened, owned by", "For"]
    mentions = [Mention(m["who"], m["why"]) for m in it.heard(moved)[ALL]["mentions"]]
    assert mentioned(mentions, lambda who: who) == ("Reopened, owned by fake:user:ann",)
