"""What a report link leads to, in short: for chats that show beside a link what stands behind it, unasked.

Only links to reports of the connections here have a card. All else has none, and nobody is told so.
"""

from __future__ import annotations

from bot import moments
from bot.analysis import analysis_of
from bot.cards import Card, Context
from bot.command import Asked, Services
from bot.errors import ClewError
from bot.in_full import in_full
from bot.model import Secret
from bot.parsed import ParsedCommand, Pasted
from bot.ports import Report
from bot.replies import runs as replies
from bot.state import Invocation
from bot.targets.run import addressed, run_of


async def card(services: Services, invocation: Invocation, link: Secret, report: Report) -> Card | None:
    """Return the card of the run whose report this is, None where it is of no run here, or cannot be told which.

    `invocation`: who shared it, and where; it asks for nothing itself.
    """
    try:
        command = _asked_for(link.reveal(), services)
        if command is None:
            return None
        asked = Asked(invocation=invocation, command=command, context=Context(), report=report)
        platform, run = await run_of(asked, services)
        found = await analysis_of(platform, services.store, await in_full(platform, run))
    except ClewError:
        return None
    return replies.one(found, services.clock.now())


def _asked_for(link: str, services: Services) -> ParsedCommand | None:
    """Return what would ask for the run; None where it is no report of a platform here. Raises `UserError`."""
    leads = addressed(link, [*services.platforms.values()])
    if leads:
        return ParsedCommand(verb="find", positional=leads)
    pasted, _ = moments.read(link)
    if pasted is None or pasted.report_url is None:
        return None
    return ParsedCommand(verb="find", pasted=Pasted(report_url=pasted.report_url))
