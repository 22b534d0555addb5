"""A run whose environment had a problem: nothing in it is new, and nothing is compared with it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

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

SETUP = ("Software was instrumented", "No build errors")
ADVICE = ("Symbols were uploaded", "No build warnings")


def results(
    run: Run, /, *, ill: tuple[str, ...] = (), failing: tuple[str, ...] = (), passing: tuple[str, ...] = ()
) -> Results:
    """Return results in which these checks of the environment fail beside others."""
    found = some_results(run, failing=failing, passing=passing)
    setup = tuple(
        replace(a_property(name, failing=name in ill), health=True, advisory=name in ADVICE)
        for name in (*SETUP, *ADVICE)
    )
    return replace(found, checks=(*found.checks, *setup))


async def analysed(*of: Results, store: MemoryStore | None = None) -> RunAnalysis:
    """Analyse the last of these runs, a day apart."""
    service = FakeRunService()
    for number, one in enumerate(of, 1):
        service.add_run(a_run(number), one)
    return await analysis_of(service.platform, store or MemoryStore(), a_run(len(of)))


def text_of(card: Card) -> str:
    """Return everything that a card says."""
    lines = [
        card.title,
        card.subtitle,
        card.text,
        *card.body,
        *(line for i in card.items for line in (i.title, *i.lines)),
    ]
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
    assert (found.diff.news, found.diff.untrusted, found.diff.first_pass) == (frozenset(), failing, ())
    assert Outcome.INCOMPLETE in outcomes
    assert not outcomes & {Outcome.NEW_FAILURES, Outcome.RECOVERY}
    assert (Outcome.FAILURES in outcomes) == bool(failing)
    assert plain(card.title).endswith(": environment problem")
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


CATALOGUE: dict[str, tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]] = {
    "all green": ({"passing": ("a", "b")}, {"passing": ("a", "b")}),
    "new": ({"failing": ("a",), "passing": ("b",)}, {"failing": ("b",), "passing": ("a",)}),
    "still failing": ({"failing": ("a",), "passing": ("b",)}, {"failing": ("a",), "passing": ("b",)}),
    "gone": ({"failing": ("a",), "passing": ("b",)}, {"passing": ("b",)}),
    "forty": ({"passing": ("a",)}, {"failing": tuple(f"f{n}" for n in range(40))}),
    "nothing else": ({}, {}),
}
"""Runs that follow each other, by what of the software fails and passes in them."""


@pytest.mark.parametrize("kind", CATALOGUE)
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("whole", [False, True])
async def test_environment__no_check_of_it_is_ever_new(kind: str, *, first: bool, whole: bool) -> None:
    """Whichever of its checks fail in either of two runs, whether there is one before, and how much could be read."""
    everything = (*SETUP, *ADVICE)
    ways = [ill for size in range(len(everything) + 1) for ill in combinations(everything, size)]
    software = {name for of_run in CATALOGUE[kind] for names in of_run.values() for name in names}
    earlier, later = CATALOGUE[kind]
    for before, ill in product([(), everything, SETUP[:1], ADVICE[:1]], ways):
        for status in (RunStatus.COMPLETED, RunStatus.INCOMPLETE):
            run = a_run(2, status=status)
            service = FakeRunService()
            if not first:
                service.add_run(a_run(1), results(a_run(1), ill=before, **earlier))
            service.add_run(run, replace(results(run, ill=ill, **later), whole=whole))
            found = await analysis_of(service.platform, MemoryStore(), run)

            diff = found.diff
            assert diff is not None
            said = {
                name
                for names in (
                    diff.newly_failing, diff.counts_again, diff.not_compared, diff.fails_again, diff.untrusted,
                    diff.excused, diff.skipped, diff.not_seen, diff.not_looked_at, diff.not_failing,
                    dict(diff.first_pass), dict(diff.still_failing), diff.first,
                )
                for name in names
            }  # fmt: skip
            assert said <= software
            hard = frozenset(ill).intersection(SETUP)
            new = Outcome.NEW_FAILURES in reason(found.verdict, diff)
            assert not new or (not hard and later.get("failing"))
            assert found.verdict.health == len(hard)
            assert (found.verdict.kind is VerdictKind.ENVIRONMENT) == (
                bool(hard) and status is RunStatus.COMPLETED
            )
            headline = plain(announcements.ended(found, EPOCH).title)
            assert not any(name in headline for name in everything)
            assert hard or "environment" not in headline
            if found.stored is not None:
                assert found.stored.failing == frozenset(later.get("failing", ()))
                assert found.stored.unhealthy == hard
                judged = replace(found.verdict, healthy=0)
                assert judge_stored(run.status, found.stored) == judged


async def test_advice__is_one_line_and_changes_nothing() -> None:
    """A run is as good with it as without, is a baseline, and its next one is no recovery from it."""
    runs = (
        results(a_run(1), ill=ADVICE, passing=("a",)),
        results(a_run(2), ill=ADVICE, passing=("a",)),
        results(a_run(3), failing=("a",)),
    )
    found = await analysed(*runs[:2])
    card = announcements.ended(found, EPOCH)
    listing = replies.listing(found).card

    assert found.verdict.good
    assert reason(found.verdict, found.diff) == {Outcome.ALL}
    assert plain(card.title) == "Payments Nightly on main passed"
    assert "all 3 properties that count pass" in text_of(card)
    line = "2 setup properties fail without affecting the other results: “No build warnings”, “Symbols were uploaded”."
    assert [plain(said) for said in card.body].count(line) == 1
    assert listing is not None
    assert plain(listing.text).startswith("No property that counts fails in ")
    assert line in [plain(said) for said in listing.body]
    after = await analysed(*runs)
    assert after.diff is not None
    assert (after.diff.newly_failing, after.diff.after_environment) == (("a",), False)


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

    listed = replies.listing(found).card
    assert listed is not None
    for text in (text_of(announcements.ended(found, EPOCH)), text_of(listed)):
        assert (said in text) if said else ("likelier cause" not in text)
        assert said is None or "the workload or the setup is a likelier cause" in text


@pytest.mark.parametrize(
    ("failing", "unknown", "said"),
    [
        (3, 2, "No property passes and 3 of 5 properties fail, so"),
        (1, 9, "No property passes and 1 of 10 properties fails, so"),
        (1, 2, None),
    ],
)
async def test_suspicion__where_nothing_passes(failing: int, unknown: int, said: str | None) -> None:
    """Then few failures are enough: what the others came to is not known."""
    found = results(a_run(1), failing=tuple(f"p{n}" for n in range(failing)))
    others = tuple(replace(a_property(f"u{n}"), status=CheckStatus.UNKNOWN) for n in range(unknown))
    analysis = await analysed(replace(found, checks=(*found.checks, *others)))

    text = text_of(announcements.ended(analysis, EPOCH))

    assert (said in text) if said else ("likelier cause" not in text)


async def test_suspicion__of_a_build() -> None:
    """A build server has no workload."""
    service = a_build_server()
    service.add_run(a_build(1), build_results(1, failing=("a", "b", "c", "d")))
    found = await analysis_of(service.platform, MemoryStore(), a_build(1))

    assert "All 4 tests fail, so the setup is a likelier cause than the software." in text_of(
        announcements.ended(found, EPOCH)
    )


def test_counts__of_a_partly_read_list() -> None:
    """A failing check of the environment that was read is enough."""
    run = a_run(1)
    cut = replace(results(run, ill=SETUP[:1]), whole=False)

    assert judge(run, cut).kind is VerdictKind.ENVIRONMENT
    assert Counts(health=2, failing=1).at_least(Counts(health=1)).all == 3
    assert [check.status for check in cut.unhealthy] == [CheckStatus.FAILING]
