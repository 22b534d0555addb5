"""The two web pages that links lead to. Plain HTML without scripts; everything is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import islice

from adapters.simulator.antithesis.ids import report_link
from adapters.simulator.antithesis.run import TERMINAL, SimRun
from adapters.simulator.antithesis.run_list import RunList
from adapters.simulator.common.misbehave import Json

SHOWN = 100  # runs on the page


def run_of_report(runs: RunList, path: str, now: datetime) -> SimRun | None:
    """Return the run whose report stands at a path."""
    ended = (run for run in runs.newest_first() if run.status(now) in TERMINAL and run.plan.linked)
    return next(
        (run for run in ended if report_link("", run.run_id, run.ends_at).partition("?")[0] == path), None
    )


def report(run: SimRun, properties: Sequence[Json], now: datetime) -> str:
    """Return a triage report in short: failing properties first."""
    listed = sorted(properties, key=lambda p: (p["status"], p["name"]))
    rows = "".join(f"<tr><td>{escape(p['status'])}</td><td>{escape(p['name'])}</td></tr>" for p in listed)
    title = f"{run.launcher}: {run.status(now)}"
    return _page(title, f"<p>Simulated triage report of run {escape(run.run_id)}</p><table>{rows}</table>")


def runs(listed: RunList, wanted: str, now: datetime) -> str:
    """Return the newest runs that hold a text in their id, launcher or description."""
    found = (
        run for run in listed.newest_first() if wanted in f"{run.run_id} {run.launcher} {run.description}"
    )
    rows = "".join(
        f"<tr><td>{escape(run.run_id)}</td><td>{escape(run.launcher)}</td><td>{escape(run.status(now))}</td></tr>"
        for run in islice(found, SHOWN)
    )
    return _page("Runs", f"<table>{rows}</table>")


def _page(title: str, body: str) -> str:
    head = f"<head><meta charset='utf-8'><title>{escape(title)}</title></head>"
    return f"<!doctype html><html lang='en'>{head}<body><h1>{escape(title)}</h1>{body}</body></html>"
