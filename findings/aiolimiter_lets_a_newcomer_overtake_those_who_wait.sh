#!/usr/bin/env bash
# aiolimiter (PyPI), version 1.3.0, `AsyncLimiter`.
#
# Expected: whoever waits for the limiter gets its turn before whoever asks later: the limiter keeps a queue of those who
# wait, and all ask for the same amount.
# Seen: `acquire` looks at the capacity before it looks at the queue. When the loop was busy for longer than one refill
# (a picture drawn, a large body decoded), the timer that would wake the first in the queue is late, and a task that asks
# at that moment takes the capacity at once. All that waited before it wait one interval longer; with a steady stream of
# newcomers on a busy loop they wait on and on. So messages of one conversation leave in another order than they were
# given in.
# Output seen: order: fourth first second third
#
# Where it concerns us: posts of one channel go out in the order of asking (adapters/chat/pace.py, which also takes its
# time from a clock that tests can move; aiolimiter reads the loop's).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiolimiter==1.3.0

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import time

from aiolimiter import AsyncLimiter

INTERVAL = 0.5  # seconds


async def main() -> list[str]:
    limiter = AsyncLimiter(1, INTERVAL)
    order: list[str] = []

    async def send(name: str) -> None:
        async with limiter:
            order.append(name)

    await limiter.acquire()  # the burst is used up
    waiting = [asyncio.create_task(send(name)) for name in ("first", "second", "third")]
    await asyncio.sleep(0)  # all three stand in the queue now
    time.sleep(INTERVAL * 1.1)  # the loop is busy with something else, beyond the next refill
    await send("fourth")
    await asyncio.gather(*waiting)
    return order


order = asyncio.run(main())
print("order:", *order)
assert order == ["fourth", "first", "second", "third"], "those who wait come first now"
PYTHON
