"""Whether what a channel watches fits any run at all: a slip in a filter would be silence for ever.

Only recent runs are looked through, so what fits none of them may be new; it is said, not refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.model import RunQuery
from bot.platform import Platform, newest_runs
from bot.wordlike import nearest

PAGES = 3  # of the run list that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The launchers and sources of recent runs, and of how many."""

    launchers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    runs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A filter that fits no known run; `close`: the known value nearest to it. `runs`: how many were looked through.

    `launcher`: whose runs they are, None for those of all launchers. `among`: what none of is called so, where that is
    known without looking through runs: "jobs".
    """

    name: str  # "launcher" or "source"
    value: str
    close: str | None
    runs: int
    launcher: str | None = None
    among: str = ""


async def known(platform: Platform, launcher: str | None = None, further: Iterable[str] = ()) -> Known:
    """Look through recent runs; `further` are launchers that are known otherwise. Raises `ServiceError`."""
    found = await newest_runs(platform, RunQuery(launcher=launcher), PAGES)
    return Known(
        launchers=tuple(dict.fromkeys([*(run.launcher for run in found), *further])),
        sources=tuple(dict.fromkeys(run.source for run in found if run.source)),
        runs=len(found),
    )


async def odd_in(
    platform: Platform, launcher: str | None, source: str | None, further: Iterable[str] = ()
) -> Unmatched | None:
    """Return the filter that fits no run of a connection, None where both fit.

    The source is looked for among the launcher's own runs: another launcher's fit it no better than none. `further`
    as in `known`. Raises `ServiceError`.
    """
    if launcher and platform.lists_launchers is not None:
        rows = await platform.lists_launchers.launchers()
        names = (*further, *(row.name for row in rows), *(f"{row.name} ({row.key})" for row in rows))
        if launcher not in names:
            return Unmatched(name="launcher", value=launcher, close=_close(launcher, names), runs=0,
                             among=platform.terms.launcher.many)  # fmt: skip
    if launcher:
        own = await known(platform, launcher)
        if own.runs:
            odd = unmatched(own, launcher, source)
            return replace(odd, launcher=launcher) if odd else None
    return unmatched(await known(platform, further=further), launcher, source)


def unmatched(there: Known, launcher: str | None, source: str | None) -> Unmatched | None:
    """Return the first filter that fits none of the known runs; None where all fit, or where no run is known."""
    if not there.runs:
        return None
    for name, value, values in (("launcher", launcher, there.launchers), ("source", source, there.sources)):
        if value is not None and value not in values:
            return Unmatched(name=name, value=value, close=_close(value, values), runs=there.runs)
    return None


def _close(value: str, values: tuple[str, ...]) -> str | None:
    """Return the nearest value; one with a wildcard is near to the first that begins so."""
    start = value.rstrip("*%")
    begun = (v for v in values if start != value and v.casefold().startswith(start.rstrip("-_/.").casefold()))
    return nearest(value, values) or next(begun, None)
