"""What the bot says of a connection that lists no runs: what it follows, and what the platform says of its launchers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.cards import Button, Card, Command, Item, Line, Pages, Reply, Tone, Untrusted
from bot.model import Run
from bot.platform import Platform
from bot.recent import Recent
from bot.replies import runs
from bot.replies.wording import count, from_on, number_of, stopped, when
from bot.terms import Terms
from bot.triage import LauncherRow

PLANS = 10  # launchers that a page has room for beside its runs


def listing(
    platform: Platform,
    followed: Sequence[Run],
    shown: Sequence[Recent],
    rows: Sequence[LauncherRow],
    now: datetime,
    *,
    pages: Pages,
    whole: bool = True,
    problem: str = "",
) -> Reply:
    """List a page of what is known: the runs, then the launchers as the platform tells of them; `problem`: why it does not.

    `followed` and `rows`: all of them, or not the `whole`; `shown`: the runs that are on the page.
    """
    connection, terms = platform.connection, platform.terms
    going = sum(not run.status.terminal for run in followed)
    on_page = rows[max(0, pages.first - 1 - len(followed)) : max(0, pages.last - len(followed))]
    said = (
        f"{'' if whole else 'at least '}{count(len(followed), f'{terms.run.one} is', f'{terms.run.many} are')} known"
        f"{f', {going} going on' if going else ''}"
    )
    trouble: Line = (f"The {terms.launcher.many} cannot be read: ", Untrusted(stopped(problem)))
    named = "once a webhook names it, or " if platform.hooked else ""
    how = (
        f"{terms.platform} lists no {terms.run.many}. One that was started elsewhere becomes known {named}"
        f"once somebody uses “status {terms.run.one.upper()}”."
    )
    plans = f" It has {number_of(len(rows), terms.launcher)}." if rows else ""
    card = Card(
        title=("What is known of ", Untrusted(connection), from_on(pages.first)),
        text=("Of ", Untrusted(connection), f" {said}.{plans} {how}"),
        tone=Tone.WARNING if problem else Tone.NEUTRAL,
        body=(trouble,) if problem else (),
        items=(*(_run(one, now) for one in shown), *(launcher_item(row, terms) for row in on_page)),
        items_left_out=pages.left_out,
        pages=pages,
        footer=(how,),
    )  # fmt: skip
    return Reply(card=card)


def launcher(connection: str, row: LauncherRow, terms: Terms) -> Reply:
    """Show one launcher as the platform tells of it, with the way to start it."""
    facts = _facts(row)
    name: Line = (f"{terms.launcher.title} ", Untrusted(row.name), " ", Untrusted(row.key, code=True))
    values = {"launcher": row.key, "connection": connection}
    card = Card(
        title=name,
        text=(*name, ": " if facts else ".", *facts),
        body=(facts,) if facts else (),
        buttons=(
            Button(label="Launch", command=Command("launch", values), opens_form=True),
            Button(label=f"Latest {terms.run.one}", command=Command("status", {"run": row.name, "connection": connection})),
        ),
    )  # fmt: skip
    return Reply(card=card)


def launcher_item(row: LauncherRow, terms: Terms) -> Item:
    """Show one launcher in a list."""
    facts = _facts(row)
    return Item(mark=terms.launcher.one, title=(Untrusted(row.name),), lines=(facts,) if facts else ())


def _facts(row: LauncherRow) -> Line:
    """Return what the platform says of a launcher, in one line."""
    said = [*row.facts, *(() if row.enabled else (("state", "disabled"),))]
    return tuple(
        span
        for place, (label, value) in enumerate(said)
        for span in (" · " if place else "", f"{label} " if label != "status" else "", Untrusted(value))
        if span
    )


def _run(shown: Recent, now: datetime) -> Item:
    """Show one run, and since when it is known where nobody says when it began."""
    item = runs.listed_item(shown, now, several=False)
    if shown.run.started_at or shown.run.created_at or shown.run.seen_at is None:
        return item
    line: Line = (*(item.lines[0] if item.lines else ()), " · " if item.lines else "", "known since ",
                  *when(shown.run.seen_at, now))  # fmt: skip
    return replace(item, lines=(line,))
