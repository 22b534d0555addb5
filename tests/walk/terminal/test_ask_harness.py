"""`clew ask` on AI Test Harness, as a person at a terminal: launch, what is known, ratings; each command a new process's worth."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.settings import environment_names
from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedHarness]:
    """Run a server in a thread of its own, and set Clew up for it in an empty directory."""
    ready, done = threading.Event(), asyncio.Event()
    found: list[tuple[SimulatedHarness, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async with simulated_harness(speed=1.0, living=False) as running:
            running.add_plan("Release v2.3.0", tests=["Login", "Pay"])
            found.append((running, asyncio.get_running_loop()))
            ready.set()
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    running, loop = found[0]
    for name in environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in {**running.environment(), "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield running
    loop.call_soon_threadsafe(done.set)
    thread.join()


def test_ask__launch_what_is_known_and_ratings(harness: SimulatedHarness) -> None:
    """What one command started the next one knows, with its plan: the record holds what no answer says."""

    def clew(*words: str) -> str:
        result = CliRunner().invoke(app, ["ask", *words])
        assert "Traceback" not in result.output
        assert harness.api_key not in result.output
        assert result.exit_code == 0, result.output
        return " ".join(result.stdout.split())

    launched = clew("launch", "Release v2.3.0", "environment=staging", "--yes")
    known = clew("status")
    latest = clew("status", "latest")
    rated = clew("readiness", "v2.3.0")
    clusters = clew("clusters", "days=7")

    (execution,) = harness.world.executions
    goes_on = CliRunner().invoke(app, ["wait", "latest", "--timeout", "0"])
    harness.finish_execution(execution, failing=["Pay"])
    ended = CliRunner().invoke(app, ["wait", "Release v2.3.0"])
    assert execution in launched
    assert "What is known of ai-test-harness" in known
    assert "Release v2.3.0" in known
    assert "test plan" in known
    assert f"Release v2.3.0 {execution[:6]}" in latest
    assert "Environment staging" in latest
    assert "Its scale is not documented." in rated
    assert "of failures" in clusters
    assert (goes_on.exit_code, ended.exit_code) == (4, 1)
    assert "Release v2.3.0" in goes_on.stdout
    assert "FAILED" in ended.stdout
    assert harness.violations() == []
