"""`clew` with short waits: it beats, polls and finds others dead several times as fast."""

from __future__ import annotations

from adapters.cli import run
from adapters.cli.work import Intervals
from adapters.main import app
from adapters.replicas import timing

BEAT, DEAD_AFTER = 0.4, 6.0  # a busy machine keeps a program that lives from beating for a while


def _quick(*, poll: float) -> Intervals:
    del poll
    return Intervals(poll=1.0, live=2.0, launches=2.0, publish=2.0, schedules=2.0, idle=0.2, per_channel=0.0)


if __name__ == "__main__":
    timing.BEAT, timing.DEAD_AFTER = BEAT, DEAD_AFTER
    vars(run)["Intervals"] = _quick
    app()
