"""Show which checks are flaky, those that got worse first.

flaky [LAUNCHER] [from=NUMBER] [connection=NAME]
"""

from __future__ import annotations

from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import BEGIN, CONNECTION, first_of
from bot.launchers import one_launcher
from bot.model import RunRef
from bot.platform import FINDS_FLAKY, Platform
from bot.replies import flaky as replies
from bot.targets.run import platform_with
from bot.triage import LauncherRow


async def handle(asked: Asked, services: Services) -> Reply:
    """Ask for one launcher: the one that is named, else that of the thread's run, else all there are."""
    platform, finds = await platform_with(asked, services, FINDS_FLAKY)
    row = await _launcher(asked, platform)
    checks = await finds.flaky(row.key if row else "")
    return replies.listing(checks, row, finds.rated_by, platform, first_of(asked, len(checks)))


async def _launcher(asked: Asked, platform: Platform) -> LauncherRow | None:
    name = asked.value("launcher", 0)
    if name is not None:
        lists = platform.lists_launchers
        return await one_launcher(name, lists, platform.terms) if lists else LauncherRow(key=name, name=name)
    return await _of_thread(asked.context.run, platform)


async def _of_thread(ref: RunRef | None, platform: Platform) -> LauncherRow | None:
    if ref is None or ref.connection != platform.connection:
        return None
    run = await platform.reads.run(ref.run_id)
    return LauncherRow(key=run.launcher_key, name=run.launcher) if run.launcher_key else None


VERB = Verb(
    name="flaky",
    summary="flaky checks, those that got worse first",
    handle=handle,
    needs=(FINDS_FLAKY,),
    parameters=(
        Parameter(name="launcher", summary="Only those of this launcher", kind=FieldKind.LAUNCHER, positional=True,
                  example="Regression Suite"),
        BEGIN,
        CONNECTION,
    ),
    examples=("flaky", "flaky Regression Suite"),
)  # fmt: skip
