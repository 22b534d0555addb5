"""What answering has in common in all chats: bursts, and the end of a process."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat import answering
from adapters.chat.answering import told_of_a_restart
from adapters.chat.calm import Calm


class Shown:
    """Shows that a restart came between, or hangs."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs = hangs
        self.told = False

    async def report(self, text: str) -> None:
        """Take it."""

    def impatient(self) -> None:
        """Take it."""

    async def interrupted(self) -> None:
        """Say it, or never come to it."""
        if self.hangs:
            await asyncio.Event().wait()
        self.told = True


@pytest.mark.parametrize("hangs", [False, True])
async def test_cut_off__is_told_and_stays_a_quiet_end(hangs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is told; where the chat does not take that in time, the end is still no failure."""
    monkeypatch.setattr(answering, "SAY_SO", 0.01 if hangs else answering.SAY_SO)
    shown, begun = Shown(hangs=hangs), asyncio.Event()

    async def work() -> None:
        async with told_of_a_restart(shown):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert shown.told is not hangs


async def test_failure__inside_is_no_restart() -> None:
    """Whatever else goes wrong is not told as a restart."""
    shown = Shown(hangs=False)

    with pytest.raises(ValueError, match="expected"):
        async with told_of_a_restart(shown):
            raise ValueError("expected")

    assert not shown.told


async def test_calm__lets_all_that_is_urgent_go_first() -> None:
    """Who waits goes on when the last urgent thing is done, and at once where there is none."""
    calm, went = Calm(600), []

    async def waiting() -> None:
        await calm.wait()
        went.append("answered")

    with calm.urgent():
        with calm.urgent():
            task = asyncio.create_task(waiting())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        went.append("kept")
    await task
    await calm.wait()

    assert went == ["kept", "answered"]


async def test_calm__waits_within_reason() -> None:
    """Something urgent that takes too long keeps nobody for ever."""
    calm = Calm(0)

    with calm.urgent():
        await calm.wait()
