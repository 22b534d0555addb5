"""Show failures grouped by their cause, as the platform sees it.

clusters [days=NUMBER] [from=NUMBER] [connection=NAME]
"""

from __future__ import annotations

from bot import grammar
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import BEGIN, CONNECTION, first_of
from bot.platform import CLUSTERS
from bot.replies import rating as replies
from bot.targets.run import platform_with

DAYS, MOST_DAYS = 7, 90


def _days(text: str, name: str) -> int:
    return grammar.whole_number(text, name, MOST_DAYS)


async def handle(asked: Asked, services: Services) -> Reply:
    """Ask for the groups of the last days."""
    platform, part = await platform_with(asked, services, CLUSTERS)
    said = asked.value("days", 0)
    days = _days(said, "days") if said else DAYS
    found = await part.clusters(days)
    return replies.clusters(found, days, platform, first_of(asked, len(found)))


VERB = Verb(
    name="clusters",
    summary="failures grouped by their likely cause",
    handle=handle,
    needs=(CLUSTERS,),
    parameters=(
        Parameter(name="days", summary=f"How many days back; {DAYS} where nothing is said", kind=FieldKind.COUNT,
                  positional=True, example="days=30", check=_days),
        BEGIN,
        CONNECTION,
    ),
    examples=("clusters", "clusters days=30"),
)  # fmt: skip
