"""What channels read when a run ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.analysis import RunAnalysis
from bot.cards import Command, plain
from bot.chain import BEGINNINGS, Gap, Streak
from bot.diff import RunDiff
from bot.model import Run, RunStatus
from bot.replies import announcements, endings
from bot.state import Ending, StoredResults, Subscription, TrackedRun
from bot.verdict import judge
from tests.fakes.runs import EPOCH, MOMENT, a_run, some_results
from tests.fakes.service import PROPERTIES, FakeRunService

NOW = EPOCH + timedelta(days=3)


def before(run: Run, **changes: object) -> StoredResults:
    fields: dict[str, object] = {
        "ref": run.ref,
        "launcher": run.launcher,
        "status": RunStatus.COMPLETED,
        "created_at": NOW - timedelta(days=2),
        "failing": frozenset({"old"}),
        "passing_count": 3,
        **changes,
    }
    return StoredResults(**fields)  # type: ignore[arg-type]  # the test's own fields


def found(run: Run, diff: RunDiff | None, *, failing: tuple[str, ...] = ()) -> RunAnalysis:
    results = some_results(run, failing=failing, passing=("a", "b"))
    return RunAnalysis(
        platform=FakeRunService().platform, run=run, verdict=judge(run, results), results=results, diff=diff
    )


def kept(number: int, status: RunStatus | None, failing: tuple[str, ...] | None = None) -> Ending:
    """Return how a run ended by what is kept of it; without `failing` nothing of its results, without `status` nothing at all."""
    run = a_run(number)
    results = None if failing is None else before(run, failing=frozenset(failing))
    tracked = TrackedRun(ref=run.ref, status=status) if status else None
    return endings.on_record(run.ref, tracked, results, PROPERTIES)


def test_missed__counts_every_kind_of_end() -> None:
    """Who reads only the sentence never takes a run that broke, or of which nothing is known, for one that passed."""
    told = [
        kept(1, RunStatus.COMPLETED, ("old",)),
        kept(2, RunStatus.INCOMPLETE),
        kept(3, RunStatus.INCOMPLETE),
        kept(4, RunStatus.CANCELLED),
        kept(5, RunStatus.COMPLETED, ()),
        kept(6, RunStatus.COMPLETED),
        kept(7, None),
    ]
    each = "1 FAILED, 2 incomplete, 1 cancelled, 1 passed and 2 of unknown result"

    assert plain(endings.missed(told).text).endswith(f"Meanwhile 7 watched runs ended: {each}.")
    assert plain(endings.many(told).text).startswith(f"7 runs ended: {each}. ")
    assert "Meanwhile 1 watched run ended: 1 passed." in plain(endings.missed(told[4:5]).text)


def test_ended__tells_the_whole_story_in_a_sentence() -> None:
    """Screen readers and notifications see only the text: verdict, what is new by name, and the baseline."""
    diff = RunDiff(
        baseline=before(a_run(1)),
        newly_failing=tuple(f"new {n}" for n in range(7)),
        still_failing=(("old", Streak(3)),),
        not_seen=("rare",),
    )
    failing = ("old", *diff.newly_failing)
    card = announcements.ended(found(a_run(2), diff, failing=failing), NOW)

    assert plain(card.title) == "Payments Nightly on main: 7 new failures"
    assert plain(card.text) == (
        "Payments Nightly on main FAILED with 7 new failures. "
        "Newly failing: “new 0”, “new 1”, “new 2”, “new 3”, “new 4” and 2 more. Still failing: “old”. "
        "8 of 10 properties fail, so the workload or the setup is a likelier cause than the software. "
        "1 not seen this time. Compared with run 00000000 of 2 d ago."
    )
    assert plain(card.text).startswith(plain(card.lead))
    assert [(item.mark, plain(item.title)) for item in card.items] == [
        ("new 1", "new 0 and 6 more"),
        ("still failing 8", "old (3 runs in a row)"),
        ("not seen this time", "rare"),
    ]
    assert plain(card.subtitle).startswith("2 of 10 pass: likely workload or setup · ")


def test_ended__says_that_there_is_nothing_to_compare_with() -> None:
    """Without an earlier run nothing is called new."""
    diff = RunDiff(baseline=Gap.FIRST, not_compared=("x",))
    card = announcements.ended(found(a_run(2), diff, failing=("x",)), NOW)

    assert plain(card.title) == "Payments Nightly on main: 1 failure"
    assert plain(card.text) == (
        "Payments Nightly on main FAILED with 1 failure: “x”. 2 of 3 properties pass. "
        "No earlier run of this series is known."
    )
    assert "new" not in plain(card.text)
    assert "compared with nothing: no earlier run of this series is known" in plain(card.footer)


@pytest.mark.parametrize("gap", [gap for gap in Gap if gap not in BEGINNINGS])
def test_ended__says_why_nothing_is_called_new(gap: Gap) -> None:
    """Where the run before is not known, that is said, and no mark, title or sentence calls anything new."""
    diff = RunDiff(baseline=gap, not_compared=("x",))
    card = announcements.ended(found(a_run(2), diff, failing=("x",)), NOW)

    assert plain(card.text).endswith(", so it is not known what is new.")
    assert plain(card.text).count("new") == 1
    assert [item.mark for item in card.items] == ["failing 1"]
    assert "new" not in plain(card.title)


def test_ended__says_how_far_a_streak_is_known() -> None:
    """A count that may be too small is called "at least"."""
    diff = RunDiff(
        baseline=before(a_run(1)),
        still_failing=(("old", Streak(3, at_least=True)),),
        first_pass=(("gone", Streak(1, at_least=True)),),
    )
    card = announcements.ended(found(a_run(2), diff, failing=("old",)), NOW)

    assert [(item.mark, plain(item.title)) for item in card.items] == [
        ("still failing 1", "old (at least 3 runs in a row)"),
        ("passing again", "gone (after at least 1 failing run)"),
    ]


def test_ended__names_a_baseline_whose_time_is_not_known() -> None:
    """No age is made up."""
    diff = RunDiff(baseline=before(a_run(1), created_at=None), first_pass=(("old", Streak(4)),))
    card = announcements.ended(found(a_run(2), diff), NOW)

    assert plain(card.title) == "Payments Nightly on main passed, 1 passing again"
    assert plain(card.text).endswith("1 passing again. Compared with run 00000000.")
    assert "against 00000000 · " in plain(card.footer)


def test_ended__shows_the_way_to_the_logs_of_an_incomplete_run() -> None:
    """It says where the run stopped, and the button says what it shows."""
    run = a_run(2, status=RunStatus.INCOMPLETE, failure_moment=MOMENT)
    card = announcements.ended(
        RunAnalysis(platform=FakeRunService().platform, run=run, verdict=judge(run, None)), NOW
    )

    assert "did not complete. It stopped at 398.489 s of virtual time." in plain(card.text)
    assert [b.label for b in card.buttons] == [
        "Logs at the failure", "Debug", "Build log", "All runs", "Launch again", "Details",
    ]  # fmt: skip


def test_ended__offers_to_hear_only_of_changes() -> None:
    """One click narrows the subscription that brought the message, with its launcher and source."""
    wide = Subscription(channel="fake:channel:C1", launcher="Payments Nightly", source="main")
    card = announcements.ended(found(a_run(2), None), NOW, everything=wide)

    assert card.buttons[-1].label == "Only when something changes"
    assert card.buttons[-1].command == Command(
        "watch", {"outcomes": "changes", "launcher": "Payments Nightly", "source": "main"}
    )


def test_cards__never_say_fixed() -> None:
    """A property that does not fail any more may only not have been reached."""
    diff = RunDiff(baseline=before(a_run(1)), first_pass=(("old", Streak(4)),), not_seen=("rare",))
    all_of_it = found(a_run(2), diff)
    cards = (
        announcements.ended(all_of_it, NOW),
        announcements.results_came(all_of_it, NOW),
        announcements.corrected(all_of_it, RunStatus.INCOMPLETE, NOW),
    )

    assert [word for word in ("fixed", "resolved", "repaired") if word in repr(cards).lower()] == []
    assert plain(cards[2].text).startswith(
        "The platform first reported this run as incomplete and now reports it as completed."
    )
