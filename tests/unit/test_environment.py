"""A run whose environment had a problem: nothing in it is new, and nothing is compared with it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from bot.analysis import RunAnalysis, analysis_of
from bot.cards import Card, plain
from bot.chain import DEPTH, Gap, Streak
from bot.diff import compare, reason
from bot.earlier import chain_of
from bot.model import CheckStatus, Counts, Results, Run, RunStatus, VerdictKind
from bot.replies import announcements
from bot.replies import failing as replies
from bot.state import Outcome
from bot.verdict import judge, judge_stored
from tests.fakes.runs import EPOCH, a_build, a_property, a_run, build_results, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.store import MemoryStore

SETUP = ("Symbols were uploaded", "No build errors")


def results(
    run: Run, /, *, ill: tuple[str, ...] = (), failing: tuple[str, ...] = (), passing: tuple[str, ...] = ()
) -> Results:
    """Return results in which these checks of the environment fail beside others."""
    found = some_results(run, failing=failing, passing=passing)
    setup = tuple(replace(a_property(name, failing=name in ill), health=True) for name in SETUP)
    return replace(found, checks=(*found.checks, *setup))


async def analysed(*of: Results, store: MemoryStore | None = None) -> RunAnalysis:
    """Analyse the last of these runs, a day apart."""
    service = FakeRunService()
    for number, one in enumerate(of, 1):
        service.add_run(a_run(number), one)
    return await analysis_of(service.platform, store or MemoryStore(), a_run(len(of)))


def text_of(card: Card) -> str:
    """Return everything that a card says."""
    lines = [card.title, card.text, *card.body, *(line for i in card.items for line in (i.title, *i.lines))]
    return "\n".join((*(plain(line) for line in lines), *(item.mark for item in card.items)))


@pytest.mark.parametrize("ill", [SETUP[:1], SETUP])
@pytest.mark.parametrize("failing", [(), ("a",), ("a", "new")])
async def test_environment__is_the_verdict_and_nothing_is_new(
    ill: tuple[str, ...], failing: tuple[str, ...]
) -> None:
    """What fails beside it is named as not to be relied on; who asked for new failures hears of the problem alone."""
    found = await analysed(
        results(a_run(1), failing=("a",), passing=("b",)),
        results(a_run(2), ill=ill, failing=failing, passing=("b",)),
    )

    card = announcements.ended(found, EPOCH)
    outcomes = reason(found.verdict, found.diff)

    assert (found.verdict.kind, found.verdict.health, found.verdict.failing) == (
        VerdictKind.ENVIRONMENT,
        len(ill),
        len(failing),
    )
    assert found.diff is not None
    assert (found.diff.news, found.diff.untrusted, found.diff.first_pass) == (False, failing, ())
    assert Outcome.INCOMPLETE in outcomes
    assert not outcomes & {Outcome.NEW_FAILURES, Outcome.RECOVERY}
    assert (Outcome.FAILURES in outcomes) == bool(failing)
    assert plain(card.title).startswith("environment problem: ")
    assert all(name in text_of(card) for name in (*ill, *failing))
    assert "newly" not in text_of(card)
    assert ("not to be relied on" in text_of(card)) == bool(failing)


async def test_environment__comes_first_in_the_list_of_what_fails() -> None:
    """The problem is number 1, what may follow from it stands behind, and each says which it is."""
    found = await analysed(results(a_run(1), ill=SETUP[:1], failing=("a",)))

    listing = replies.listing(found).card
    one = replies.one(found, found.failing[0]).card

    assert [check.name for check in found.failing] == [SETUP[0], "a"]
    assert listing is not None
    assert [item.mark for item in listing.items] == ["environment problem", "failing, not to be relied on"]
    assert one is not None
    assert "environment problem" in plain(one.text)


async def test_environment__is_no_baseline() -> None:
    """What failed before it fails still, what is new since is new, and its own end is no first pass."""
    store = MemoryStore()
    runs = (
        results(a_run(1), failing=("old",), passing=("b", "c")),
        results(a_run(2), ill=SETUP, failing=("b", "c")),
        results(a_run(3), ill=SETUP[:1], failing=("b",), passing=("old",)),
        results(a_run(4), failing=("old", "b"), passing=("c",)),
    )

    for _ in range(2):  # read anew, then from what is kept
        found = await analysed(*runs, store=store)
        assert found.diff is not None
        assert found.diff.newly_failing == ("b",)
        assert found.diff.still_failing == (("old", Streak(2)),)
        assert found.diff.first_pass == ()
        assert not isinstance(found.diff.baseline, Gap)
        assert found.diff.baseline.ref == a_run(1).ref


async def test_environment__recovery_from_it_counts_and_is_no_first_pass() -> None:
    """Who is notified of changes hears that it is over."""
    found = await analysed(
        results(a_run(1), passing=("a",)),
        results(a_run(2), ill=SETUP[:1], failing=("a",)),
        results(a_run(3), passing=("a",)),
    )

    assert reason(found.verdict, found.diff) == {Outcome.ALL, Outcome.RECOVERY}
    assert found.diff is not None
    assert found.diff.first_pass == ()
    assert "passing again" not in text_of(announcements.ended(found, EPOCH))


@pytest.mark.parametrize("depth", [1, DEPTH])
async def test_chain__passes_over_runs_with_an_environment_problem(depth: int) -> None:
    """However deep it looks, the same run is the baseline; with none in reach it says why."""
    service = FakeRunService()
    for number in range(1, DEPTH + 4):
        ill = () if number == 1 else SETUP
        service.add_run(a_run(number), results(a_run(number), ill=ill, passing=("a",)))

    near = await chain_of(service.platform, MemoryStore(), a_run(5), depth=depth)
    far = await chain_of(service.platform, MemoryStore(), a_run(DEPTH + 3), depth=depth)

    assert [past.run.ref for past in near.past] == [a_run(1).ref]
    assert near.after_environment
    assert far.baseline is Gap.ENVIRONMENT
    assert "environment problem" in text_of(
        announcements.ended(
            RunAnalysis(
                platform=service.platform,
                run=a_run(DEPTH + 3),
                verdict=judge(a_run(DEPTH + 3), results(a_run(DEPTH + 3), failing=("a",))),
                results=results(a_run(DEPTH + 3), failing=("a",)),
                diff=compare(results(a_run(DEPTH + 3), failing=("a",)), far),
            ),
            EPOCH,
        )
    )


async def test_environment__no_check_of_it_is_ever_new() -> None:
    """Over all ways in which two runs can follow each other, whichever of its checks fail in either."""
    ways = [ill for size in range(len(SETUP) + 1) for ill in combinations(SETUP, size)]
    for before in ways:
        for ill in ways:
            for status in (RunStatus.COMPLETED, RunStatus.INCOMPLETE):
                run = a_run(2, status=status)
                service = FakeRunService()
                service.add_run(a_run(1), results(a_run(1), ill=before, failing=("a",), passing=("b",)))
                service.add_run(run, results(run, ill=ill, failing=("b",), passing=("a",)))
                found = await analysis_of(service.platform, MemoryStore(), run)

                diff = found.diff
                assert diff is not None
                said = {
                    *diff.newly_failing,
                    *diff.counts_again,
                    *diff.not_compared,
                    *diff.fails_again,
                    *dict(diff.first_pass),
                }
                assert not said & {*SETUP}
                assert found.stored is not None
                assert found.stored.failing == frozenset({"b"})
                assert found.stored.unhealthy == frozenset(ill)
                assert judge_stored(run.status, found.stored) == replace(found.verdict, healthy=0)
                assert not ill or Outcome.NEW_FAILURES not in reason(found.verdict, diff)


async def test_environment__of_a_platform_without_such_checks() -> None:
    """A build with failing tests failed, whatever the tests are called."""
    service = a_build_server()
    service.add_run(a_build(1), build_results(1, failing=(SETUP[0],)))

    found = await analysis_of(service.platform, MemoryStore(), a_build(1))

    assert (found.verdict.kind, found.verdict.failing) == (VerdictKind.FAILED, 1)


@pytest.mark.parametrize(
    ("failing", "passing", "said"),
    [
        (4, 0, "All 4 properties fail, so"),
        (1_204, 0, "All 1,204 properties fail, so"),
        (38, 2, "38 of 40 properties fail, so"),
        (3, 0, None),
        (31, 9, None),
    ],
)
async def test_suspicion__has_the_counts(failing: int, passing: int, said: str | None) -> None:
    """Checks of the environment that pass say nothing of the software, so they are not counted in."""
    names = [f"p{n}" for n in range(failing + passing)]
    found = await analysed(results(a_run(1), failing=tuple(names[:failing]), passing=tuple(names[failing:])))

    text = text_of(announcements.ended(found, EPOCH))

    assert (said in text) if said else ("likelier cause" not in text)


def test_counts__of_a_partly_read_list() -> None:
    """A failing check of the environment that was read is enough."""
    run = a_run(1)
    cut = replace(results(run, ill=SETUP[:1]), whole=False)

    assert judge(run, cut).kind is VerdictKind.ENVIRONMENT
    assert Counts(health=2, failing=1).at_least(Counts(health=1)).all == 3
    assert [check.status for check in cut.unhealthy] == [CheckStatus.FAILING]
