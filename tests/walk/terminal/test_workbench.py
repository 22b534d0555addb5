"""Working on a failure typed in a terminal, against a simulated tenant over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.answers import card as card_of
from tests.walk.terminal.served import reached, served, set_up


@pytest.fixture(scope="module")
def tenant() -> Iterator[SimulatedTenant]:
    """Run a tenant."""
    with served(lambda: simulated_tenant(speed=1.0)) as running:
        yield running


@pytest.fixture(autouse=True)
def place(tenant: SimulatedTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Set Clew up for the tenant, in an empty directory."""
    with set_up(reached(tenant), tmp_path, monkeypatch) as place:
        yield place


def clew(words: str) -> Any:
    """Run a command and return its card."""
    result = CliRunner().invoke(app, ["ask", "--json", words])
    assert result.exit_code == 0, result.output
    return card_of(result.stdout)


def button(card: Any, label: str) -> str:
    """Return the command that a button stands for."""
    return str(next(b["words"] for b in card["buttons"] if b["label"] == label))


@pytest.fixture(scope="module")
def failure(tenant: SimulatedTenant) -> str:
    """Name a run and a property of it that fails at one moment and held at another."""
    headers = {"Authorization": f"Bearer {tenant.api_key}", "User-Agent": "a test"}
    with httpx.Client(base_url=tenant.base_url, headers=headers) as http:
        for run in http.get("/api/v0/runs").json()["data"]:
            path = f"/api/v0/runs/{run['run_id']}/properties"
            for check in http.get(path, params={"limit": 100, "status": "Failing"}).json().get("data", ()):
                if check["is_event"] and check["examples"] and check["counterexamples"]:
                    return f'{run["run_id"]} property="{check["name"]}"'
    raise AssertionError


def test_logs__compare_with_a_passing_example(failure: str) -> None:
    """By the words of the button: both windows are read from the platform, and what only one of them has is shown."""
    logs = clew(f"logs {failure}")
    card = clew(button(logs, "Compare"))
    marks = {item["mark"].partition(",")[0] for item in card["items"]}

    assert card["title"].startswith("Compared with a passing example of “")
    assert "Most telling: “" in card["text"]
    assert marks == {"only here", "only there"}
    assert [file["title"] for file in card["files"]] == ["The whole comparison"]
    assert clew(button(card, "Logs of the passing example"))["excerpt"]["lines"]


def test_logs__more_instances(failure: str) -> None:
    """The real search of the platform: each event with a moment whose log can be read."""
    card = clew(button(clew(f"failing {failure}"), "More instances"))
    marks = [item["mark"] for item in card["items"]]
    logs = next(b["words"] for b in card["items"][0]["buttons"] if b["label"].startswith("Logs"))

    assert marks[0] == "fails"
    assert "holds" in marks
    assert clew(logs)["excerpt"]["lines"]


def test_logs__hand_over(failure: str, tenant: SimulatedTenant) -> None:
    """The file lies where files of this chat lie, for its owner alone, and opens nothing."""
    card = clew(button(clew(f"logs {failure}"), "Hand over"))
    (file,) = card["files"]
    path = Path(file["path"])
    text = path.read_text()

    assert path.stat().st_mode & 0o077 == 0
    assert f"snouty runs logs {failure.split(maxsplit=1)[0]} " in text
    assert "- Faults: `" in text
    assert not any(secret in text for secret in ("auth=", "v2.public", tenant.api_key))
