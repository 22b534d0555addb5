"""What `logs events=yes` does: more instances of a property, by its name."""

from __future__ import annotations

from bot.cards import Context, Reply
from bot.command import Asked, Services
from bot.platform import INSTANCES
from bot.replies import finding
from bot.replies import instances as replies
from bot.targets.moment import given_moment, name_of_check
from bot.targets.run import require, run_of

MOST = 100  # events of a sample


async def look(asked: Asked, services: Services, _window: float) -> Reply:
    """Show a sample of the events that hold the name. Raises `UserError` where no property is meant."""
    platform, run = await run_of(asked, services)
    part = require(platform, INSTANCES, services)
    name = await name_of_check(platform, run, asked, services)
    if name is None:
        raise finding.which_check(platform.terms)
    found = await part.instances(run.ref.run_id, name, MOST, asked.report)
    given = given_moment(asked)
    about = Context(run=run.ref, property_name=name, moment=given.moment if given is not None else None)
    return replies.instances(platform, about, run, found)
