"""What one command loads: every library that it has no use for would cost each script its start."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.walk.terminal.keyboard import surroundings
from tests.walk.terminal.served import reached, served

LOADED = """
import json, sys
from adapters.main import app
try:
    app(sys.argv[2:])
except SystemExit as end:
    assert not end.code, end.code
json.dump(sorted({name.partition(".")[0] for name in sys.modules}), open(sys.argv[1], "w"))
"""
NEVER = {
    "alembic", "apscheduler", "discord", "jsonschema", "openapi_schema_validator", "opentelemetry", "prometheus_client",
    "prompt_toolkit", "resvg_py", "slack_bolt", "slack_sdk", "structlog",
}  # fmt: skip
OF_DATABASE = {"aiosqlite", "asyncpg", "sqlalchemy"}
OF_HTTP = {"aiohttp", "httpx", "httpx_aiohttp", "stamina", "tenacity"}


@pytest.fixture(scope="module")
def tenant() -> Iterator[SimulatedTenant]:
    """Run a tenant."""
    with served(lambda: simulated_tenant(speed=1.0)) as running:
        yield running


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (("help",), NEVER | OF_DATABASE | OF_HTTP),
        (("--json", "help", "launch"), NEVER | OF_DATABASE | OF_HTTP | {"rich"}),
        (("status",), NEVER),
        (("--json", "status"), NEVER),
    ],
)
def test_ask__loads_only_what_it_needs(
    words: tuple[str, ...], unneeded: set[str], tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """Help asks no database and no platform; nothing asks a chat, and JSON draws nothing."""
    file = tmp_path / "modules.json"
    subprocess.run(
        (sys.executable, "-c", LOADED, str(file), "ask", *words),
        cwd=tmp_path, env=surroundings(reached(tenant)), check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    loaded = set(json.loads(file.read_text(encoding="utf-8")))

    assert unneeded & loaded == set()
    assert {"adapters", "bot"} < loaded
