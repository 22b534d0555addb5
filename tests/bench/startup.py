"""`clew ask`: the processor's time from the start of the process to its answer, beside what others need to begin at all.

Bounds are against loading httpx, which no change of ours makes slower or faster: so a library that creeps into the
start, or a core that is put together more slowly, is seen, on any machine. When every command loaded the database and the
HTTP client, `ask help` took 8.5 times as much.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile

from adapters.simulator.antithesis import simulated_tenant
from tests.bench.report import Row, at_most

ROUNDS = 7
CLEW = ("-m", "adapters.main")
LOADING = ("-c", "import httpx")
# Measured 4.0 to 4.8 and 9.3 to 9.8, the more the busier the machine is. A tenth more is room for new verbs and settings, and
# less than what creeps in by mistake: aiohttp adds 1.9, SQLAlchemy 1.6, httpx 1.
COMMANDS = ((("ask", "help"), 5.5), (("ask", "--json", "status"), 11.0))


async def rows() -> list[Row]:
    """Measure in turns against a simulated tenant of this process; the best of some rounds each."""
    with tempfile.TemporaryDirectory() as folder:
        async with simulated_tenant(speed=1.0) as tenant:
            environment = {
                **os.environ,
                "ANTITHESIS_BASE_URL": tenant.base_url,
                "ANTITHESIS_API_KEY": tenant.api_key,
                "DATABASE_URL": f"sqlite:///{folder}/clew.db",
                # Compiled once, as after any installation.
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
            }
            found = []
            for words, bound in COMMANDS:
                ours, other = [], []
                for _ in range(1 + ROUNDS):
                    ours.append(await _python(environment, *CLEW, *words))
                    other.append(await _python(environment, *LOADING))
                name = f"clew {' '.join(words)}, CPU time"
                found.append(at_most(name, min(ours[1:]), min(other[1:]), bound=bound, what="import httpx"))
    return found


async def _python(environment: dict[str, str], *arguments: str) -> float:
    """Run Python and return the seconds that it took of a processor."""
    return await asyncio.to_thread(_cpu_seconds, environment, arguments)


def _cpu_seconds(environment: dict[str, str], arguments: tuple[str, ...]) -> float:
    command = (sys.executable, *arguments)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return used.ru_utime + used.ru_stime
