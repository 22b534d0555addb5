"""`clew demo --web` as a real process, which says where its page is."""

from __future__ import annotations

import asyncio
import re
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.walk.terminal.keyboard import CLEW, PATIENCE, surroundings


class Demo:
    """A running demo. `url` is where its page is."""

    def __init__(self, process: Process, url: str, said: str) -> None:
        self.process = process
        self.url = url
        self.said = said

    async def ends(self) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and what was said of trouble."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            _, trouble = await self.process.communicate()
        return self.process.returncode or 0, trouble.decode()


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[Demo]:
    """Run a demo, and wait until its page is served."""
    process = await asyncio.create_subprocess_exec(
        *CLEW, "demo", "--web", *options, cwd=folder, env=surroundings({}), stdout=PIPE, stderr=PIPE
    )
    try:
        yield await _served(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _served(process: Process) -> Demo:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(PATIENCE):
        while (found := re.search(r"http://127\.0\.0\.1:\d+/[\w-]{43}/\n", said)) is None:
            line = (await process.stdout.readline()).decode()
            assert line, said
            said += line
    return Demo(process, found[0].strip(), said)
