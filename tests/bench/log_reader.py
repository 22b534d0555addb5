"""Reads one log in a process of its own and prints what it cost: `python -m tests.bench.log_reader WAY URL KIND`.

WAY: `clew` (the client as it is), `httpx` (the client on httpx's own transport), `small chunks` (on httpx-aiohttp as
it comes), `naive` (aiter_lines and json.loads of every line), `compare` (two windows beside each other).
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import httpx
from httpx_aiohttp import AiohttpTransport

from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import Http, open_http
from bot.model import LogQuery, Moment, Secret
from bot.patterns import difference
from tests.bench.loop import watched_loop

SHOWN = 200
MOMENT = Moment("-3625518438076122494", "1000.0")


def _memory(field: str) -> float:
    """Return a figure of this process's memory in MiB: VmRSS now, VmHWM at its highest."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


async def _quiet(_: str) -> None:
    """Hear nothing."""


def _http(way: str) -> Http:
    if way in {"httpx", "naive"}:
        return Http(lambda: httpx.AsyncClient(trust_env=False, timeout=60))
    if way == "small chunks":
        return Http(lambda: httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False, timeout=60))
    return open_http()


async def _read(way: str, url: str, kind: str, folder: Path) -> tuple[int, float]:
    """Return how many lines were read, and the seconds that a second look at them took, if there was one."""
    async with _http(way) as http:
        if way == "naive":
            return await _naive(http.client, f"{url}/api/v0/runs/{kind}-1-1/logs"), 0.0
        tenant = Tenant(name="bench", base_url=url, api_key=Secret("bench-key"))
        service = AntithesisService(http, tenant, spool=folder, now=lambda: datetime.now(UTC))
        query = LogQuery(run_id=f"{kind}-1-1", moment=MOMENT, window=1000.0, lines=SHOWN)
        if way == "compare":
            return await _compare(service, replace(query, patterns=True, lines=0, file=False)), 0.0
        excerpt = await service.logs(query, _quiet)
        assert len(excerpt.lines) == SHOWN, "the bench reads the end of the log"
        assert excerpt.size > 0
        read = perf_counter()
        again = await service.logs(query, _quiet)
        assert (again.lines, again.total, again.size) == (excerpt.lines, excerpt.total, excerpt.size)
        return excerpt.total, perf_counter() - read


async def _compare(service: AntithesisService, query: LogQuery) -> int:
    other = replace(query, moment=replace(MOMENT, input_hash="1"))
    here, there = [await service.logs(each, _quiet) for each in (query, other)]
    found = await asyncio.to_thread(difference, here.patterns, there.patterns)
    assert found.both == 1, "all lines of this log are of one kind"
    return here.total + there.total


async def _naive(http: httpx.AsyncClient, url: str) -> int:
    shown: deque[object] = deque(maxlen=SHOWN)
    total = 0
    async with http.stream("GET", url) as response:
        async for line in response.aiter_lines():
            shown.append(json.loads(line))
            total += 1
    return total


async def measure(way: str, url: str, kind: str) -> dict[str, float]:
    """Read a log once; return seconds, lines, the highest memory over idle in MiB and the longest stall in ms."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_http() as http:
            _ = http.client  # loads what is loaded once, so that idle means idle
            idle = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240 - resets the highest mark
        async with watched_loop() as stalls:
            start = perf_counter()
            total, again = await _read(way, url, kind, Path(folder))
            seconds = perf_counter() - start - again
        return {
            "seconds": seconds,
            "again": again,
            "lines": total,
            "memory": _memory("VmHWM") - idle,
            "stall": stalls.longest * 1_000,
        }


def main() -> None:
    """Measure one way and print it as JSON."""
    way, url, kind = sys.argv[1:4]
    sys.stdout.write(json.dumps(asyncio.run(measure(way, url, kind))))


if __name__ == "__main__":
    main()
