"""Log streams as bytes: the timeline's events and the chatter between them, one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from adapters.simulator.antithesis import events
from adapters.simulator.antithesis.ids import TICKS_PER_SECOND
from adapters.simulator.antithesis.run import SimRun
from adapters.simulator.antithesis.systems import ETCD
from adapters.simulator.antithesis.timeline import Timed, Timeline
from adapters.simulator.common.ids import dice, timestamp
from adapters.simulator.common.misbehave import Json

CHATTER = (5, 12)  # lines in a virtual second
PAST_THE_END = 25  # lines that the stream runs past the virtual time asked for
HUGE_AT = 60  # the virtual second with a line of many kilobytes
HUGE_BYTES = 48 * 1024
HUGEST_BYTES = 1280 * 1024  # above what a careful reader accepts; only the etcd system writes it
BLANK = b"\n"


def log_lines(line: Timeline, begin: float, vtime: float) -> Iterator[bytes]:
    """Yield NDJSON lines from `begin` on, and some past `vtime`; 0 means to the end."""
    last = line.end if vtime == 0 else vtime
    past = 0
    for at, event in _from(line, begin):
        past += at > last
        if past > PAST_THE_END:
            return
        yield encode(line, at, event)
        if int(at * 7919) % 53 == 0:
            yield BLANK


def all_events(line: Timeline) -> Iterator[Timed]:
    """Yield every event of a timeline in order."""
    return _from(line, 0.0)


def encode(line: Timeline, vtime: float, event: Json) -> bytes:
    """Write one event; the moment stands first or last, its virtual time is text or a number."""
    shape = int(vtime * TICKS_PER_SECOND) % 4
    moment: Json = {"input_hash": line.hash_at(vtime), "vtime": vtime if shape == 0 else repr(vtime)}
    whole = {"moment": moment} | event if shape < 2 else event | {"moment": moment}  # noqa: PLR2004 - half of four
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def build_lines(run: SimRun, minutes: float) -> Iterator[Json]:
    """Yield the lines of a run's image build, wall-clock times and no moments."""
    steps = ["", "About to wait for the build lock.", f"Building images for {run.launcher}"]
    steps += [f"#{n} [{n}/9] COPY layer {n}\u2028done" for n in range(1, 10)]
    broken = run.plan.status == "incomplete"
    steps += (
        ["error: image registry answered 404 for config:latest", "setup failed"]
        if broken
        else ["Build finished"]
    )
    for n, text in enumerate(steps):
        at = run.created_at + timedelta(minutes=minutes * n / len(steps))
        body: Json = {"timestamp": timestamp(at), "text": text}
        yield body if n % 5 == 4 else body | {"stream": "stderr" if text.startswith("error") else "stdout"}  # noqa: PLR2004 - every fifth


def _from(line: Timeline, begin: float) -> Iterator[Timed]:
    for second in range(int(begin), int(line.end) + 1):
        merged = [*line.by_second.get(second, ()), *_chatter(line, second)]
        merged.sort(key=lambda timed: timed[0])
        yield from (timed for timed in merged if begin <= timed[0] <= line.end)


def _chatter(line: Timeline, second: int) -> Iterator[Timed]:
    """Yield what the containers write in one virtual second; each second has its own dice."""
    if second < min(line.by_second, default=0) + 1:
        return
    rng = dice("chatter", line.run_id, second)
    for _ in range(rng.randint(*CHATTER)):
        vtime = second + rng.getrandbits(32) / TICKS_PER_SECOND
        yield vtime, events.written(line.system, rng.choice(line.system.lines), rng)
    if rng.random() < 0.2:  # noqa: PLR2004 - now and then
        yield (
            second + rng.getrandbits(32) / TICKS_PER_SECOND,
            events.guidance("queue depth", rng.randint(0, 100)),
        )
    if second == HUGE_AT:
        size = HUGEST_BYTES if line.system is ETCD else HUGE_BYTES
        yield (
            second + 0.5,
            events.output(
                line.system, line.system.containers[0], "goroutine dump " + "0x7f " * (size // 5), "error"
            ),
        )
