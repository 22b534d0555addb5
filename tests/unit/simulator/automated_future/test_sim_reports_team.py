"""The team behind the simulated Automated Future: a function of its seed and of what it is told."""

from __future__ import annotations

import pytest

from adapters.simulator.automated_future.team import PROJECTS, Team
from adapters.simulator.common.answers import Refusal
from adapters.simulator.common.clock import SimulatedClock
from tests.fakes.clock import ManualClock


def a_team(*, living: bool = True, seed: int = 1) -> Team:
    return Team(SimulatedClock(ManualClock(), 0), seed, living=living)


def test_living_team__is_a_function_of_its_seed() -> None:
    """Two of one seed have the same ids, another seed has none of them."""
    first, same, other = a_team(), a_team(), a_team(seed=2)

    assert list(first.results) == list(same.results)
    assert not first.projects.keys() & other.projects.keys()


def test_living_team__has_more_than_a_page_and_a_completed_run() -> None:
    """A run of each status that people look for, with a log that can be read, and an inactive project."""
    team = a_team()
    (run,) = team.runs.values()

    assert len(team.projects) == PROJECTS + 1
    assert [project.status for project in team.projects.values()].count("Inactive") == 1
    assert run.counts == {"Failed": 1, "KnownFail": 1, "Passed": 1, "Skipped": 1}
    assert all(
        len(team.list_artifacts(result.test_result_id)) == 1 for result in team.results_of(run.test_run_id)
    )


def test_empty_team__has_a_project_and_nothing_in_it() -> None:
    """So that a test knows everything that is there."""
    team = a_team(living=False)

    assert len(team.projects) == 1
    assert not team.runs
    assert not team.results


def test_completed_again__counts_anew() -> None:
    """Each completion is a snapshot; nothing moves the counts between two."""
    team = a_team(living=False)
    project = next(iter(team.projects))
    run = team.create_run({"project_id": project, "label": "Nightly"})

    def report(status: str) -> None:
        team.create_result(
            {
                "project_id": project,
                "test_run_id": run.test_run_id,
                "test_name": "test_login",
                "status": status,
            }
        )

    report("Passed")
    team.update_run(run.test_run_id, {"status": "Completed"})
    report("Failed")
    between = run.counts
    team.update_run(run.test_run_id, {"status": "Completed"})

    assert between == {"Passed": 1}
    assert run.counts == {"Passed": 1, "Failed": 1}


def test_unknown__is_refused_in_the_platforms_words() -> None:
    """Absent, or another team's: nobody can tell."""
    with pytest.raises(Refusal) as refused:
        a_team().result("res_theirs")

    assert (refused.value.status, refused.value.body) == (404, {"message": "Test result not found"})
