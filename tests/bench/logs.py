"""`logs` over large streams: against curl, against the usual way to read lines, and what it costs in memory."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from tests.bench.report import Row, in_turns

ROUNDS = 3  # each figure is the best of so many, taken in turns


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.log_server", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.kill()
        await process.wait()


async def _curl(url: str, kind: str, *, tail: bool = True) -> float:
    """Return the seconds that curl takes, its output cut by tail or thrown away."""
    rest = "| tail -n 200 >/dev/null" if tail else "-o /dev/null"
    start = perf_counter()
    process = await asyncio.create_subprocess_shell(f"curl -s {url}/api/v0/runs/{kind}-1-1/logs {rest}")
    assert await process.wait() == 0, "curl is needed for this bench"
    return perf_counter() - start


async def _reader(way: str, url: str, kind: str) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.log_reader", way, url, kind, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, f"reading a log as {way!r} failed"
    figures: dict[str, float] = json.loads(out)
    return figures


async def rows() -> list[Row]:
    """Measure and return the table's rows."""
    async with _server() as url:
        for kind in ("large", "huge", "pair"):
            await _curl(url, kind, tail=False)  # the server makes each log once
        return [*await _large(url), *await _huge(url), *await _compared(url)]


async def _large(url: str) -> list[Row]:
    """Compare 200 MB with curl, and with the transports that were not chosen."""
    pairs = [(await _curl(url, "large"), await _reader("clew", url, "large")) for _ in range(ROUNDS)]
    ours = min(figures["seconds"] for _, figures in pairs)
    others = {
        way: (await _reader(way, url, "large"))["seconds"] for way in ("naive", "httpx", "small chunks")
    }
    return [
        in_turns(
            "logs, 200 MB, last 200 lines, with its file",
            [figures["seconds"] for _, figures in pairs],
            [seconds for seconds, _ in pairs],
            bound=4.0,
            what="curl | tail",
        ),
        _versus("  the same", ours, others["naive"], "httpx aiter_lines + json.loads", bound=0.2),
        _versus(
            "  a second look at it",
            min(figures["again"] for _, figures in pairs),
            ours,
            "the first",
            bound=0.05,
        ),
        _alone("  its memory over idle, MiB", max(figures["memory"] for _, figures in pairs), bound=32.0),
        _alone("  its longest stall of the loop, ms", min(figures["stall"] for _, figures in pairs)),
        _versus("  the same on httpx's own transport", others["httpx"], ours, "logs"),
        _versus("  the same on httpx-aiohttp as it comes", others["small chunks"], ours, "logs"),
    ]


async def _huge(url: str) -> list[Row]:
    """Look at what a line of 50 MB costs."""
    memory = (await _reader("clew", url, "huge"))["memory"]
    return [_alone("logs, one line of 50 MB: memory over idle, MiB", memory, bound=16.0)]


async def _compared(url: str) -> list[Row]:
    """Look at what comparing two windows costs, from the first byte to what differs."""
    figures = [await _reader("compare", url, "pair") for _ in range(ROUNDS)]
    best = min(figures, key=lambda figure: figure["seconds"])
    return [
        _alone("logs compare=yes, two windows of 50,000 lines, s", best["seconds"], bound=2.0),
        _alone("  its longest stall of the loop, ms", min(figure["stall"] for figure in figures)),
        _alone("  its memory over idle, MiB", max(figure["memory"] for figure in figures), bound=32.0),
    ]


def _versus(name: str, measured: float, beside: float, what: str, *, bound: float | None = None) -> Row:
    ratio = measured / beside
    return Row(
        name=name,
        measured=f"{measured:.2f} s",
        beside=f"{what} {beside:.2f} s",
        ratio=ratio,
        bound=bound,
        ok=bound is None or ratio <= bound,
    )


def _alone(name: str, measured: float, *, bound: float | None = None) -> Row:
    return Row(
        name=name,
        measured=f"{measured:.1f}",
        beside="" if bound is None else f"at most {bound:g}",
        ratio=None,
        bound=None,
        ok=bound is None or measured <= bound,
    )
