#!/usr/bin/env bash
# APScheduler 3.11.3 on asyncio, interval trigger; time-machine 3.6.0 sets the wall clock back as an operator or NTP does.
#
# Expected: "every second" counts seconds that pass, as `asyncio` and systemd's `OnUnitActiveSec` do.
# Seen: the next run is a point of the wall clock. Set back by an hour, the job does not run for an hour; no event, no log
# line and no misfire tells of it, and the scheduler still says that it is running.
# Output seen: ticks in 3 s before: 3, in 3 s after the clock went back one hour: 0, running: True, warnings: 0
# (the first figure may be 2 or 4 on a busy machine)
#
# Where it concerns us: polling moves its next run when the wall clock and the monotonic clock part
# (adapters/scheduler.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apscheduler==3.11.3 time-machine==3.6.0

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import logging
from datetime import datetime, timedelta, timezone

import time_machine
from apscheduler.schedulers.asyncio import AsyncIOScheduler

said: list[logging.LogRecord] = []


class Keep(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        said.append(record)


async def main() -> None:
    logging.getLogger("apscheduler").addHandler(Keep(level=logging.WARNING))
    ticks: list[float] = []
    scheduler = AsyncIOScheduler(timezone=timezone.utc)
    scheduler.add_job(lambda: ticks.append(1), "interval", seconds=1)
    scheduler.start()
    await asyncio.sleep(3.5)
    before = len(ticks)
    with time_machine.travel(datetime.now(timezone.utc) - timedelta(hours=1), tick=True):
        await asyncio.sleep(0.5)  # a tick that was due at that very moment
        ticks.clear()
        await asyncio.sleep(3)
        after = len(ticks)
    print(
        f"ticks in 3 s before: {before}, in 3 s after the clock went back one hour: {after}, "
        f"running: {scheduler.running}, warnings: {len(said)}"
    )
    scheduler.shutdown(wait=False)
    assert before >= 2, before
    assert after == 0, after
    assert not said, said


asyncio.run(main())
PYTHON
