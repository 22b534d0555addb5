"""Clew's own share of a completion post: a run of many properties, compared with a long history."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from adapters.chat.slack import render
from bot.analysis import analysis_of
from bot.model import Availability, Results
from bot.replies.announcements import ended
from tests.bench.report import Row, within
from tests.fakes.runs import a_property, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore

PROPERTIES, RUNS = 1_500, 60
OWN, BLOCKED = 150.0, 20.0  # milliseconds
ROUNDS = 5


async def rows() -> list[Row]:
    """Measure the whole of it, and the longest stretch for which nothing else can go on: what other processes take is no part."""
    service, store = FakeRunService(), MemoryStore()
    for number in range(1, RUNS + 2):
        run = service.add_run(a_run(number))
        checks = tuple(a_property(f"p{n}", failing=(n + number) % 50 == 0) for n in range(PROPERTIES))
        service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=checks))
    last = a_run(RUNS + 1)
    now = (last.completed_at or service.now) + timedelta(minutes=9)
    await analysis_of(service.platform, store, last)  # what the watcher keeps of the runs before

    whole, drawing = [], []
    for _ in range(ROUNDS):
        begun = time.process_time()
        found = await analysis_of(service.platform, store, last)
        read = time.process_time()
        card = ended(found, now)
        laid_out = time.process_time()
        render.render(card)
        done = time.process_time()
        whole.append(done - begun)
        drawing.append(max(read - begun, laid_out - read, done - laid_out))
        await asyncio.sleep(0)
    name = f"post of {PROPERTIES:,} properties after {RUNS} runs"
    return [
        within(f"{name}: own time", min(whole) * 1e3, limit=OWN, unit="ms"),
        within(f"{name}: the loop is blocked", min(drawing) * 1e3, limit=BLOCKED, unit="ms"),
    ]
