"""Digests of channels, from one with nothing to say to one that is full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from types import MappingProxyType

from bot.cards import Card, Tone
from bot.history import History
from bot.model import RunRef, VerdictKind
from bot.replies import digest
from bot.replies.digest import Digest
from bot.standings import Standing, Standings
from bot.state import Came, Cause, CheckInRun, Ending, Expectation, Notice, Outcome
from bot.terms import Terms
from tests.fakes.runs import EPOCH, a_run, run_id
from tests.fakes.service import PROPERTIES

SINCE = EPOCH + timedelta(days=13, hours=3)  # 08:00 in Berlin
MONEY, STOCK, KEY = (
    "Money is never created or destroyed",
    "Stock below zero",
    "Idempotency key used for two payments",
)


def terms(_: str) -> Terms:
    """Return the nouns of every connection."""
    return PROPERTIES


def end(
    number: int, *new: str, launcher: str = "Payments Nightly", failing: int = 0, **changes: object
) -> Ending:
    """Return how a run ended: passed, unless something in it fails."""
    failed = bool(new or failing)
    fields: dict[str, object] = {
        "run": RunRef("demo", run_id(number)),
        "verdict": VerdictKind.FAILED if failed else VerdictKind.PASSED,
        "tone": Tone.BAD if failed else Tone.GOOD,
        "outcome": f" FAILED with {len(new)} new failure{'s' * (len(new) != 1)}"
        if new
        else " FAILED"
        if failed
        else " passed",
        "launcher": launcher,
        "source": "main",
        "outcomes": frozenset({Outcome.ALL}),
        "new": new,
        "new_count": len(new),
        "failing": failing or len(new),
        "report": True,
        **changes,
    }
    return Ending(**fields)  # type: ignore[arg-type]  # the test's own fields


def standing(name: str, came: str, launcher: str = "Payments Nightly") -> Standing:
    """Return a check by what came of it in the runs of a series, newest first: "pp.f" (a dot: nothing)."""
    runs = tuple(
        CheckInRun(run=a_run(900 - n, launcher=launcher), came=None if each == "." else Came(each))
        for n, each in enumerate(came)
    )
    return Standing(runs[0].run, name, History(runs))


def missed(launcher: str) -> tuple[Notice, Expectation]:
    """Return the alarm for a run that did not start, and what was expected."""
    expected = Expectation(
        channel="fake:channel:C1", connection="demo", launcher=launcher, by=time(3), since=SINCE
    )
    problem = f"{launcher} did not start by 03:00 UTC."
    return Notice(
        cause=Cause.MISSING, subject=expected.subject, problem=problem, since=SINCE, channel=expected.channel
    ), expected


def full() -> Digest:
    """Something of each kind."""
    broken = end(
        3,
        launcher="Payments Main",
        verdict=VerdictKind.INCOMPLETE,
        tone=Tone.BAD,
        outcome=" incomplete",
        report=False,
    )
    return Digest(
        zone="Europe/Berlin",
        since=SINCE,
        endings=(end(5), end(4, MONEY, KEY, failing=3), broken, end(2, failing=1), end(1)),
        standings=Standings(
            unowned=(
                standing(STOCK, "ffffpp"),
                standing("tests/pay/test_refund.py::test_refund__is_idempotent[eur]", "fpf", "Ledger"),
            ),
            quiet=(standing("A settled payment stays settled", "ppppfpppppfpppfppp"),),
            cared_for=2,
            unread=(a_run(7, launcher="Chaos Weekly"),),
        ),
        missing=(missed("Chaos Weekly"),),
    )


def late() -> Digest:
    """One that comes late, of passed runs alone."""
    return Digest(zone="Europe/Berlin", since=SINCE, late=SINCE + timedelta(days=1), endings=(end(1), end(2)))


def empty() -> Digest:
    """Nothing at all, where that is asked for."""
    return Digest(zone="UTC", since=SINCE)


def crowded() -> Digest:
    """More of each kind than there is room for."""
    names = [
        f"Property {n} holds whatever happens to the other ones in a cluster that loses its leader"
        for n in range(60)
    ]
    return Digest(
        zone="Europe/Berlin",
        since=SINCE,
        endings=tuple(end(n, *names[n : n + 7], launcher=f"Launcher {n}") for n in range(30)),
        standings=Standings(
            unowned=tuple(standing(name, "fff") for name in names[40:45]),
            more_unowned=55,
            quiet=tuple(standing(name, "ppppfpppppfpppfppp") for name in names[50:55]),
            maybe_quiet=12,
            cared_for=1,
            unread=tuple(a_run(n, launcher=f"Launcher {n}") for n in range(9)),
        ),
        missing=tuple(missed(f"Launcher {n}") for n in range(9)),
    )


DIGESTS: Mapping[str, Callable[[], Digest]] = MappingProxyType(
    {made.__name__: made for made in (full, late, empty, crowded)}
)


def card(name: str) -> Card:
    """Return a digest as it is posted."""
    return digest.card(DIGESTS[name](), terms)
