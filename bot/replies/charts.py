"""What the bot draws: numbers over the last runs of a series, each chart with a sentence that says the same."""

from __future__ import annotations

from bot.cards import Chart
from bot.findings import Findings
from bot.model import Run
from bot.replies.words import short_id

MOST = 14  # runs: two weeks of nightly runs
FEWEST = 3  # fewer bars show no course


def failing_so_far(found: Findings) -> Chart | None:
    """Count the failing properties of a run and the runs of its series before it; None where too few are known."""
    now = found.stored
    if now is None:
        return None
    known = (*reversed(found.history[: MOST - 1]), now)
    if len(known) < FEWEST:
        return None
    values = tuple(len(results.failing) for results in known)
    return Chart(
        title=f"Failing properties, last {len(known)} runs",
        values=values,
        labels=tuple(short_id(results.ref.run_id) for results in known),
        text=f"Failing properties in the last {len(known)} runs of {_series(found.run)}, oldest first: "
        f"{', '.join(map(str, values))}.",
    )


def _series(run: Run) -> str:
    source = f" on {run.source}" if run.source else ""
    test = f", test {run.test_name}" if run.test_name else ""
    return f"{run.launcher}{source}{test}"
