"""`clew run` as one of many processes that are killed: its own run loop, with short waits and maybe a wrong design.

The waits are as short as the loopback servers are quick; the relations between them stay: a call is given up well
before its outcome is looked for, and a row is stale well before that. Everything is replaced in the process that
works and nowhere else.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from adapters.chat.discord import app as discord_app
from adapters.chat.discord import gateway
from adapters.chat.slack import app as slack_app
from adapters.cli import run
from adapters.cli.work import Intervals
from adapters.main import assemble
from adapters.platforms.antithesis import client  # noqa: F401 - `assemble` would import it in each process
from adapters.store import store
from bot.delivery.deliver import Pace
from tests.soak.mutants import MUTANTS

CALL = 0.6  # seconds until a call to a chat is given up
SETTLE = 2.0  # seconds until what is unconfirmed is looked for; the servers store nothing so late
BEAT, DEAD_AFTER = 0.4, 2.0  # seconds between two signs of life, and without one

INTERVALS = Intervals(
    poll=0.4, live=2.0, launches=0.4, publish=5.0, expected=60.0, schedules=60.0, idle=0.2, per_channel=0.0,
    audit=None,
)  # fmt: skip
LOOKS = tuple(timedelta(seconds=s) for s in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0))

QUICK: Mapping[str, Mapping[str, Any]] = {
    "adapters.cli.run": {"Intervals": lambda **_: INTERVALS},
    "adapters.cli.work": {"Pace": partial(Pace, post=CALL, lookup=SETTLE)},
    "adapters.replicas.timing": {"BEAT": BEAT, "DEAD_AFTER": DEAD_AFTER},
    "adapters.store.store": {"open_store": partial(store.open_store, unconfirmed_after=SETTLE)},
    "adapters.chat.conversation": {"RETRY_SECONDS": 0.2, "LONGEST_RETRY_SECONDS": 1.0},
    "adapters.chat.delivery": {"FIRST_WAIT": 0.2, "LONGEST_WAIT": 1.0},
    "adapters.chat.edits": {"INTERVAL": 0.1},
    "adapters.chat.slack.app": {
        "CALL_SECONDS": CALL,
        "LONGEST_PAUSE": 1.0,
        "Timing": partial(slack_app.Timing, stagger=0.0, reconcile_after=SETTLE),
    },
    "adapters.chat.slack.sender": {"POST_INTERVAL": 0.01, "EDIT_INTERVAL": 0.01},
    "adapters.chat.slack.sockets": {"LOOK_SECONDS": 0.1, "GRACE_SECONDS": 0.5, "RENEW_SECONDS": 2.0},
    "adapters.chat.discord.app": {
        "Timing": partial(
            discord_app.Timing,
            reconcile_after=SETTLE,
            gateway=gateway.Timing(ready=0.1, down=5.0, poll=0.1, first_pause=0.1, again=0.1),
        )
    },
    "adapters.chat.discord.budget": {"FREELY": 1_000_000, "A_DAY": 1_000_000},
    "adapters.chat.discord.sender": {"CALL_SECONDS": CALL, "POST_INTERVAL": 0.01},
    "bot.delivery.backoff": {"FIRST_WAIT": 0.2, "SHORTEST_WAIT": 0.1, "LONGEST_WAIT": 1.0, "FIRST_PAUSE": 0.5},
    "bot.delivery.unconfirmed": {"FIRST_WAIT": 0.3, "LONGEST_WAIT": 1.0},
    "bot.delivery.deliver": {"AFTER_TROUBLE": 0.3},
    # Each end is announced by itself, as if it were the only one of its look: so there is much to lose.
    "bot.watch.finish": {"_held_with_others": lambda destination, _: destination},
    "bot.watch.launches": {"LOOKS": LOOKS, "GIVE_UP": LOOKS[-1], "LATE_EVERY": timedelta(seconds=2)},
    "bot.watch.poll": {"TROUBLE_WAIT": 0.2, "LONGEST_TROUBLE_WAIT": 1.0, "RATE_WAIT": 0.5, "LONGEST_RATE_WAIT": 1.0},
}  # fmt: skip
"""What waits, by module and name, and how long it does here."""


def quicken() -> None:
    """Let this process wait for loopback servers, which answer at once."""
    for name, values in QUICK.items():
        module = importlib.import_module(name)
        for constant, value in values.items():
            assert hasattr(module, constant), f"{name}.{constant} has another name now"
            setattr(module, constant, value)


def live(environment: Mapping[str, str], log: str, group: int, wrong: Sequence[str]) -> None:
    """Be a replica until stopped, with its words in a file, in a group of processes that ends as a whole.

    `wrong`: the designs that it has instead of its own.
    """
    os.setpgid(0, group)
    starter = multiprocessing.parent_process()
    if starter is None or not starter.is_alive():  # the group was ended before this one joined it
        return
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(environment["HOME"])
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(told, stream.fileno())
    quicken()
    for design in wrong:
        MUTANTS[design]()
    try:
        code = asyncio.run(run.run(terminal=False, assemble=assemble))
    except Exception:  # noqa: BLE001 - whoever started it reads this
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
