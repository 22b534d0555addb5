"""What the bot draws: numbers over the last runs of a series, each chart with a sentence that says the same."""

from __future__ import annotations

from bot.analysis import RunAnalysis
from bot.cards import Chart, plain
from bot.chain import Gap
from bot.replies.wording import number_of, series_name, short_id

MOST = 14  # runs: two weeks of nightly runs
FEWEST = 3  # fewer bars show no course


def failing_so_far(found: RunAnalysis) -> Chart | None:
    """Count the failing properties of a run and the runs of its series before it; None where too few are known.

    A run whose results are not known has no bar, and the chart says that it was left out.
    """
    now = found.stored
    if now is None or now.unhealthy or found.chain is None:
        return None
    past = tuple(before.results for before in reversed(found.chain.past[: MOST - 1]))
    known = (*(results for results in past if not isinstance(results, Gap)), now)
    if len(known) < FEWEST:
        return None
    values = tuple(len(results.failing) for results in known)
    out = len(past) + 1 - len(known)
    left_out = f", {number_of(out, found.terms.run)} left out" if out else ""
    why = f" Left out: {number_of(out, found.terms.run)} without readable results." if out else ""
    series = plain(series_name(found.run))
    return Chart(
        title=f"Failing {found.terms.check.many}, last {len(past) + 1} {found.terms.run.many}{left_out}",
        values=values,
        labels=tuple(short_id(results.ref.run_id) for results in known),
        text=f"Failing {found.terms.check.many} in the last {len(past) + 1} {found.terms.run.many} of {series}, oldest first: "
        f"{', '.join(map(str, values))}.{why}",
    )
