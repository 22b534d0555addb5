"""`clew ask`: from the start of the process to its answer, beside importing what it needs and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from adapters.simulator.antithesis import simulated_tenant
from tests.bench.report import Row, at_most, within

ROUNDS = 5
BOUND = 1.5
FOREIGN = ("slack_bolt", "slack_sdk", "discord")

ASK = ("-m", "adapters.main", "ask", "status")
IMPORTED = """
import json, sys
from adapters.main import app
try:
    app(["ask", "status"])
except SystemExit as end:
    assert not end.code, end.code
json.dump(sorted(sys.modules), open(sys.argv[1], "w"))
"""
IMPORT = """
import importlib, json, sys
for name in json.load(open(sys.argv[1])):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


async def rows() -> list[Row]:
    """Measure in turns against a simulated tenant of this process; the best of some rounds each."""
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder) / "modules.json"
        async with simulated_tenant(speed=1.0) as tenant:
            environment = {
                **os.environ,
                "ANTITHESIS_BASE_URL": tenant.base_url,
                "ANTITHESIS_API_KEY": tenant.api_key,
                "DATABASE_URL": f"sqlite:///{folder}/clew.db",
            }
            await _python(environment, "-c", IMPORTED, str(modules))
            answering, importing = [], []
            for _ in range(ROUNDS):
                answering.append(await _python(environment, *ASK))
                importing.append(await _python(environment, "-c", IMPORT, str(modules)))
        loaded = json.loads(modules.read_text())
    foreign = [name for name in loaded if name.partition(".")[0] in FOREIGN]
    return [
        at_most("clew ask, start to answer", min(answering), min(importing), bound=BOUND, what="its imports"),
        within("  modules of Slack and Discord in it", len(foreign), limit=0, unit="modules"),
    ]


async def _python(environment: dict[str, str], *arguments: str) -> float:
    """Run Python and return the seconds that it took."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return time.perf_counter() - start
