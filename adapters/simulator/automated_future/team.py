"""The state of a simulated team: it runs nothing, it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from adapters.simulator.automated_future.records import Artifact, Project, Result, Run
from adapters.simulator.common.answers import Refusal
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.ids import opaque_id, timestamp
from adapters.simulator.common.misbehave import Json

PROJECTS = 23  # of a living team: more than a page
NAMES = ("Web shop", "Accounts", "Search <b>beta</b>", "Payments *core*")
MOST_ARTIFACTS = 50  # of a result
MOST_BYTES = 100_000_000  # of an artifact: the smaller reading of "100 MB"
ACCEPTS_ARTIFACTS = timedelta(days=7)  # a result, from its creation
SHORTEST = 2  # characters of a name or label
MILLISECOND = timedelta(milliseconds=1)

Record = TypeVar("Record")


@dataclass(slots=True, kw_only=True)
class Switches:
    """What the reference leaves open, and what a team may change.

    `times_at_create`: whether a new result takes `execution_time_ms`. `trims`: whether names are counted without the
    blanks around them. `writes`: whether the key may write. `database`: whether it is up.
    """

    times_at_create: bool = True
    trims: bool = True
    writes: bool = True
    database: bool = True


class Team:
    """A team's projects, runs, results and artifacts, and those of nobody it knows. `living`: it has some of each."""

    def __init__(self, clock: SimulatedClock, seed: int, *, living: bool) -> None:
        self.clock = clock
        self.seed = seed
        self.switches = Switches()
        self.projects: dict[str, Project] = {}
        self.runs: dict[str, Run] = {}
        self.results: dict[str, Result] = {}
        self.artifacts: dict[str, Artifact] = {}
        self._numbers: Counter[str] = Counter()
        for number in range(PROJECTS if living else 1):
            self.add_project(NAMES[number] if number < len(NAMES) else f"Service {number}")
        if living:
            self.add_project("Old shop", status="Inactive")
            self._fill()

    def add_project(self, name: str, **fields: Any) -> Project:
        """Add a project; people do that in the dashboard. `fields` are of `Project`."""
        created_at = self.clock.start - timedelta(days=40)
        project = Project(project_id=self._new("project"), name=name, **{"created_at": created_at} | fields)
        self.projects[project.project_id] = project
        return project

    def create_run(self, asked: Json) -> Run:
        """Begin a run. Raises `Refusal`."""
        self._check_project(asked["project_id"])
        self._check_text("label", asked.get("label"))
        run = Run(test_run_id=self._new("run"), **asked)
        self.runs[run.test_run_id] = run
        return run

    def update_run(self, run_id: str, asked: Json) -> None:
        """Change a run; completing it counts its results as they are now. Raises `Refusal`."""
        run = self.run(run_id)
        self._check_text("label", asked.get("label"))
        for name, value in asked.items():
            setattr(run, name, value)
        if asked.get("status") == "Running":
            run.started_at = self.clock.now()
        if asked.get("status") == "Completed":
            run.finished_at = self.clock.now()
            run.counts = Counter(result.status for result in self.results_of(run_id))

    def create_result(self, asked: Json) -> Result:
        """Report a result. Raises `Refusal`."""
        self._check_project(asked["project_id"])
        self._check_text("test_name", asked["test_name"])
        if "test_run_id" in asked and self.run(asked["test_run_id"]).project_id != asked["project_id"]:
            raise refused(400, "test_run_id belongs to another project")
        if "execution_time_ms" in asked and not self.switches.times_at_create:
            raise refused(400, "execution_time_ms is not allowed")
        result = Result(test_result_id=self._new("res"), created_at=self.clock.now(), **asked)
        self.results[result.test_result_id] = result
        return result

    def update_result(self, result_id: str, asked: Json) -> None:
        """Change the fields of a result that are given. Raises `Refusal`."""
        result = self.result(result_id)
        for name, value in asked.items():
            setattr(result, name, value)

    def start_result(self, result_id: str) -> None:
        """Note that a test has begun. Raises `Refusal`."""
        self.result(result_id).started_at = timestamp(self.clock.now())

    def finish_result(self, result_id: str, asked: Json) -> None:
        """Note that a test has ended, and how long it took. Raises `Refusal`."""
        self.update_result(result_id, asked)
        result, now = self.result(result_id), self.clock.now()
        result.finished_at = timestamp(now)
        if result.started_at is not None:
            took = now - datetime.fromisoformat(result.started_at)
            result.execution_time_ms = max(0, took // MILLISECOND)

    def delete_result(self, result_id: str) -> None:
        """Remove a result and its artifacts. Raises `Refusal`."""
        del self.results[self.result(result_id).test_result_id]
        for key in [key for key, one in self.artifacts.items() if one.test_result_id == result_id]:
            del self.artifacts[key]

    def result_body(self, result: Result) -> Json:
        """Return a result as the API writes it."""
        run = self.runs.get(result.test_run_id or "")
        return result.body(run.label if run else None)

    def results_of(self, run_id: str) -> list[Result]:
        """Return the results of a run, in the order of their creation; no endpoint does."""
        return [result for result in self.results.values() if result.test_run_id == run_id]

    def create_artifact(self, asked: Json) -> Artifact:
        """Announce a file. Raises `Refusal`."""
        result = self.result(asked["test_result_id"])
        now = self.clock.now()
        if asked["size_bytes"] > MOST_BYTES:
            raise refused(400, "size_bytes must be at most 100 MB")
        if now - result.created_at > ACCEPTS_ARTIFACTS:
            raise refused(400, "The test result is older than 7 days")
        if (
            sum(one.test_result_id == result.test_result_id for one in self.artifacts.values())
            >= MOST_ARTIFACTS
        ):
            raise refused(400, "Limit of 50 artifacts per test result exceeded")
        artifact = Artifact(
            artifact_id=self._new("art"), project_id=result.project_id, created_at=now, **asked
        )
        self.artifacts[artifact.artifact_id] = artifact
        return artifact

    def confirm(self, artifact_id: str) -> None:
        """Make a file visible that has been uploaded whole. Raises `Refusal`."""
        artifact = self.artifact(artifact_id)
        if artifact.content is None:
            raise refused(400, "The file has not been uploaded")
        if len(artifact.content) != artifact.size_bytes:
            raise refused(400, "The file's size is not size_bytes")
        artifact.confirmed = True

    def list_artifacts(self, result_id: str) -> list[Artifact]:
        """Return what is visible of a result. Raises `Refusal`."""
        result, now = self.result(result_id), self.clock.now()
        found = (one for one in self.artifacts.values() if one.test_result_id == result.test_result_id)
        return [one for one in found if one.visible(now)]

    def visible_artifact(self, artifact_id: str) -> Artifact:
        """Return a file that can be downloaded. Raises `Refusal`."""
        artifact = self.artifact(artifact_id)
        if not artifact.visible(self.clock.now()):
            raise refused(404, "Artifact not found")
        return artifact

    def run(self, run_id: str) -> Run:
        """Return a run. Raises `Refusal`."""
        return _known(self.runs, run_id, "Test run")

    def result(self, result_id: str) -> Result:
        """Return a result. Raises `Refusal`."""
        return _known(self.results, result_id, "Test result")

    def artifact(self, artifact_id: str) -> Artifact:
        """Return a file, visible or not. Raises `Refusal`."""
        return _known(self.artifacts, artifact_id, "Artifact")

    def _check_project(self, project_id: str) -> None:
        _known(self.projects, project_id, "Project")

    def _check_text(self, name: str, text: str | None) -> None:
        if text is not None and self.switches.trims and len(text.strip()) < SHORTEST:
            raise refused(400, f"{name} must have 2 to 255 characters")

    def _fill(self) -> None:
        project = next(iter(self.projects))
        run = self.create_run({"project_id": project, "label": "Nightly tests"})
        self.update_run(run.test_run_id, {"status": "Running"})
        for number, status in enumerate(("Failed", "KnownFail", "Passed", "Skipped")):
            asked = {"project_id": project, "test_run_id": run.test_run_id, "status": status}
            result = self.create_result(asked | {"test_name": f"checkout::test_step_{number}"})
            log = f"{result.test_name}: {status}\n".encode()
            fields = {"test_result_id": result.test_result_id, "label": "server.log", "kind": "Log"}
            artifact = self.create_artifact(fields | {"content_type": "text/plain", "size_bytes": len(log)})
            artifact.content = log
            self.confirm(artifact.artifact_id)
        self.update_run(run.test_run_id, {"status": "Completed"})

    def _new(self, prefix: str) -> str:
        self._numbers[prefix] += 1
        return opaque_id(prefix, self.seed, self._numbers[prefix])


def _known(kept: Mapping[str, Record], key: str, what: str) -> Record:
    if key not in kept:
        raise refused(404, f"{what} not found")
    return kept[key]


def refused(status: int, message: str) -> Refusal:
    """Return an error as the platform words it."""
    return Refusal(status, {"message": message})
