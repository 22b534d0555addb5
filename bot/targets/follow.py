"""Follow a run that somebody asked for by its id, where no list would show its end."""

from __future__ import annotations

from bot.command import Asked, Services
from bot.model import Run
from bot.platform import Platform
from bot.replies import finding


async def follow(platform: Platform, run: Run, asked: Asked, services: Services) -> None:
    """Follow a run that goes on, from now on or again, and let the reply say so; nothing where a list shows it.

    Raises `StoreError`.
    """
    if platform.lists is not None or run.status.terminal:
        return
    known = (await services.store.known(run.ref.connection, (run.ref.run_id,))).get(run.ref.run_id)
    if known is not None and not known.settled:
        return
    await services.store.track(run, services.clock.now())
    asked.remarks.append(finding.followed(platform.terms))
