"""Show how the platform rates a release.

readiness VERSION [connection=NAME]
"""

from __future__ import annotations

from bot import grammar
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import CONNECTION
from bot.errors import NotFound
from bot.platform import RATES_RELEASES
from bot.replies import rating as replies
from bot.targets.run import platform_with

LONGEST = 100  # characters of a version


async def handle(asked: Asked, services: Services) -> Reply:
    """Ask for the rating of the version that is named."""
    platform, rates = await platform_with(asked, services, RATES_RELEASES)
    said = asked.value("version", 0)
    if said is None:
        raise replies.which_version()
    version = grammar.plain_text(said, "version", LONGEST)
    try:
        found = await rates.readiness(version)
    except NotFound as error:
        raise replies.not_rated(version, platform.terms) from error
    return replies.readiness(found, platform)


VERB = Verb(
    name="readiness",
    summary="how the platform rates a release",
    handle=handle,
    needs=(RATES_RELEASES,),
    parameters=(
        Parameter(name="version", summary="The release's version", kind=FieldKind.TEXT, required=True,
                  positional=True, example="v2.3.0"),
        CONNECTION,
    ),
    examples=("readiness v2.3.0",),
)  # fmt: skip
