"""What the bot says of a platform's own ratings: of a release, and of what failures have in common.

They are the platform's opinion: never good or bad news by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.cards import Card, Command, Fact, Item, Line, Pages, Reply, Untrusted
from bot.cleaning import shorten
from bot.errors import UserError
from bot.platform import Platform
from bot.replies.wording import check_names, count, from_on, sentence
from bot.terms import Terms
from bot.triage import Cluster, Readiness

LISTED = 10
NAMED = 3  # checks of a group
_SHOWN = 60

which_version = partial(UserError, "Which version?", "Give it as the platform knows it: `readiness v2.3.0`.")


def not_rated(version: str, terms: Terms) -> UserError:
    """Say that a platform knows no such release."""
    return UserError(
        f"{terms.platform} has no rating of “{shorten(version, _SHOWN)}”.",
        "Give the version as the platform writes it.",
    )


def readiness(found: Readiness, platform: Platform) -> Reply:
    """Show the rating of a release, its numbers as served."""
    version: Line = ("Release ", Untrusted(found.version))
    score: Line = (": ", Untrusted(found.score)) if found.score else (": no score",)
    sure: Line = (", ", Untrusted(found.confidence), " confidence") if found.confidence else ()
    says: Line = sentence("It says: ", Untrusted(found.recommendation)) if found.recommendation else ()
    facts = (
        Fact("Score", (Untrusted(found.score),) if found.score else ()),
        Fact("Confidence", (Untrusted(found.confidence),) if found.confidence else ()),
        Fact("It says", (Untrusted(found.recommendation),) if found.recommendation else ()),
        *(Fact(label, (Untrusted(value),)) for label, value in found.metrics),
    )
    whose = f"This is {platform.terms.platform}'s rating. Its scale is not documented."
    card = Card(
        title=(*version, *score, *sure),
        text=(*version, *score, *sure, ". ", *says, " " if says else "", whose),
        facts=tuple(fact for fact in facts if fact.value),
        footer=(whose,),
    )
    return Reply(card=card)


def clusters(found: Sequence[Cluster], days: int, platform: Platform, begin: int = 1) -> Reply:
    """List groups of failures with their likely cause, as the platform sees it; `begin`: the first entry shown."""
    terms, when = platform.terms, f"the last {count(days, 'day')}" if days > 1 else "the last day"
    if not found:
        said: Line = (f"{terms.platform} has no groups of failures for {when}.",)
        return Reply(card=Card(title=("No clusters of failures",), text=said, body=(said,)))
    whose = f"{terms.platform} groups them and names the causes; that is its opinion, not a verdict."
    again = Command("clusters", {"days": f"{days}", "connection": platform.connection})
    pages = Pages.of(again, len(found), begin, LISTED)
    title = f"{count(len(found), 'cluster')} of failures in {when}{from_on(begin)}"
    named: Line = tuple(
        span for n, one in enumerate(found[begin - 1 :][:NAMED]) for span in ("; " if n else "", *_said(one))
    )
    card = Card(
        title=(title,),
        text=(f"{title}: ", *named, ". ", whose),
        items=tuple(_item(found[n - 1], terms) for n in pages.numbers),
        items_left_out=pages.left_out,
        pages=pages,
        footer=(whose,),
    )
    return Reply(card=card)


def _said(cluster: Cluster) -> Line:
    number = f"{count(cluster.count, 'failure')}, " if cluster.count is not None else ""
    return (number, *_category(cluster))


def _category(cluster: Cluster) -> Line:
    return (Untrusted(cluster.category),) if cluster.category else ("without a category",)


def _item(cluster: Cluster, terms: Terms) -> Item:
    cause: Line = ("Likely cause: ", Untrusted(cluster.cause)) if cluster.cause else ()
    named = check_names(cluster.checks, NAMED)
    checks: Line = (f"{terms.check.titles}: ", *named) if named else ()
    return Item(
        mark=count(cluster.count, "failure") if cluster.count is not None else "failures",
        title=_category(cluster),
        lines=tuple(line for line in (cause, checks) if line),
    )
