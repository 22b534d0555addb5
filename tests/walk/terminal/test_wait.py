"""Real processes that wait for runs and leave with a verdict, as CI jobs do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.simulator.testhide import SimulatedTesthide, empty_world, simulated_testhide
from tests.answers import answer
from tests.walk.terminal.keyboard import CLEW, PATIENCE, surroundings
from tests.walk.terminal.served import served

TEST = "tests/test_shop.py::test_cart"


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatedTesthide]:
    """Run a server whose builds are as a test makes them."""
    with served(lambda: simulated_testhide(world=empty_world, speed=1.0)) as running:
        yield running
        assert running.violations() == []


@pytest.fixture(scope="module")
def builds(server: SimulatedTesthide) -> dict[str, str]:
    """Add a build for each way in which one stands."""
    job = server.add_job("Shop", tests=[TEST])
    return {
        "passed": server.add_build(job, age=4000),
        "failed": server.add_build(job, age=3000, failing=[TEST]),
        "aborted": server.add_build(job, age=2000, status="aborted"),
        "running": server.add_build(job, age=10, status="running", takes=9000),
    }


def started(server: SimulatedTesthide, place: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start `clew` as a script does."""
    environment = {**server.environment(), **more}
    return subprocess.Popen(
        (*CLEW, *arguments), cwd=place, env=surroundings(environment), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return the exit code and what was written, which has no stack trace."""
    out, err = process.communicate(timeout=2 * PATIENCE)
    assert "Traceback" not in out + err
    return process.returncode, out, err


CASES = [
    ("passed", 0, "passed"),
    ("failed", 1, "failed"),
    ("aborted", 3, "cancelled"),
    ("running", 4, "running"),
]


@pytest.mark.parametrize(("how", "code", "verdict"), CASES)
def test_wait__leaves_with_the_verdict(
    how: str, code: int, verdict: str, server: SimulatedTesthide, builds: dict[str, str], tmp_path: Path
) -> None:
    """Of a run that goes on only the time is up; the same stands in the data, and nothing else on standard output."""
    left, out, _ = ended(started(server, tmp_path, "wait", builds[how], "--timeout", "0", "--json"))

    found = answer(out)
    assert (left, found["exit_code"], found["verb"]) == (code, code, "wait")
    assert found["data"]["verdict"]["kind"] == verdict
    assert found["data"]["run"]["id"] == builds[how]


@pytest.mark.parametrize(("how", "code", "verdict"), CASES)
def test_exit_status__of_one_answer(
    how: str, code: int, verdict: str, server: SimulatedTesthide, builds: dict[str, str], tmp_path: Path
) -> None:
    """`--exit-status` stands wherever an option may stand."""
    left, out, _ = ended(started(server, tmp_path, "ask", "--json", "status", builds[how], "--exit-status"))

    assert (left, answer(out)["data"]["verdict"]["kind"]) == (code, verdict)


def test_wait__until_a_run_that_goes_on_has_failed(server: SimulatedTesthide, tmp_path: Path) -> None:
    """One line of progress where it changed; then the run, and 1. What was named is the run that it was at first."""
    job = server.add_job("Nightly", tests=[TEST])
    build = server.add_build(job, age=10, status="running", takes=9000)
    process = started(server, tmp_path, "wait", "Nightly", "--every", "1")
    assert process.stderr is not None
    line = process.stderr.readline()
    server.add_build(job, age=5)
    server.finish_build(build, failing=[TEST])
    left, out, _ = ended(process)

    assert "Nightly" in line
    assert left == 1
    assert len(out.splitlines()) == 1
    assert build in out


@pytest.mark.parametrize("run", ["65a1b2c3d4e5f60718293a4b", "Nosuch Job"])
def test_wait__no_such_run(run: str, server: SimulatedTesthide, tmp_path: Path) -> None:
    """A run that is gone or never was has a code of its own, and a sentence that names it."""
    left, out, err = ended(started(server, tmp_path, "wait", run))
    told, as_data, _ = ended(started(server, tmp_path, "wait", run, "--json"))

    assert (left, told, out) == (5, 5, "")
    assert run in " ".join(err.split())
    assert answer(as_data)["error"]["kind"] in {"mistake", "not found"}


def test_exit_status__of_a_list(server: SimulatedTesthide, builds: dict[str, str], tmp_path: Path) -> None:
    """A list has no verdict: nothing of it may look like one."""
    left, _, err = ended(started(server, tmp_path, "ask", "--exit-status", "status"))

    assert left == 2
    assert "Name a run." in err


@pytest.mark.parametrize("command", [("wait", "latest"), ("ask", "--exit-status", "status", "latest")])
def test_verdict__of_a_platform_that_is_away(
    command: tuple[str, ...], server: SimulatedTesthide, tmp_path: Path
) -> None:
    """Nobody knows how the run stands, which is neither of the verdicts."""
    left, _, err = ended(started(server, tmp_path, *command, TESTHIDE_BASE_URL="http://127.0.0.1:9"))

    assert left == 2, err
