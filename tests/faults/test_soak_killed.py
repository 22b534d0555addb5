"""A long proof that is killed leaves no process behind: its replicas would work on for ever."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.soak.group import Group

PATIENCE = 60.0  # seconds; only a failing test waits that long


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the system tells nothing of processes of others")
async def test_replicas__end_with_a_proof_that_is_killed(tmp_path: Path) -> None:
    """Kill -9 on the proof ends the one at work, and the one that stands still, which no signal but that one reaches."""
    proof = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.soak_process", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert proof.stdout is not None
        async with asyncio.timeout(PATIENCE):
            replicas = [os.pidfd_open(int(pid)) for pid in (await proof.stdout.readline()).split()]
    finally:
        proof.kill()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*map(_ended, replicas), proof.wait())

    assert len(replicas) == 2


async def test_group__ends_whoever_joined_it() -> None:
    """Closed in good order it ends what is left, and nothing else."""
    with closing(Group()) as group:
        inside = await asyncio.create_subprocess_exec("sleep", "1000", process_group=group.id)
        outside = await asyncio.create_subprocess_exec("sleep", "1000")
    async with asyncio.timeout(PATIENCE):
        killed = await inside.wait()
    with suppress(ProcessLookupError):
        outside.terminate()
    terminated = await outside.wait()

    assert (killed, terminated) == (-9, -15)


async def _ended(process: int) -> None:
    """Wait until a process has ended, which is no child of ours."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)
