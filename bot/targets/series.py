"""Which series is meant, and which check of it: from the record where that has it, else as the platform tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import reading
from bot.analysis import analysis_of
from bot.command import LONG_ENTRY, PROPERTY, Asked, Services
from bot.launchers import is_called
from bot.model import Run, RunQuery
from bot.parsed import ParsedCommand
from bot.platform import Platform
from bot.replies import history as replies
from bot.state import KnownCheck
from bot.targets.moment import choose_property
from bot.targets.run import Located, meant, run_of

RECENT = 50  # runs of a launcher on record, one of which should have ended


async def series_of(name: str, asked: Asked, services: Services) -> Located:
    """Return a run of the series that is meant: from the record where it has it, else as the platform tells of it."""
    platforms = await meant(asked, services)
    pasted, context = asked.command.pasted, asked.context.run
    text = asked.value("run")
    if pasted is not None and pasted.run_id:
        text = pasted.run_id
    elif text is None and pasted is None and context is not None:
        text = context.text
    if text is None and pasted is None:
        return await _having(name, platforms, services)
    found = await _recorded(text or "", platforms, services)
    return found or await run_of(asked, services, None, ended=True)


async def _recorded(text: str, platforms: Sequence[Platform], services: Services) -> Located | None:
    """Return the run on record that a text names by its whole id, or by its launcher; None where there is none."""
    named, slash, rest = text.partition("/")
    of_one = [platform for platform in platforms if slash and platform.connection == named]
    for platform in of_one or platforms:
        run_id = rest if of_one else text
        if found := (await services.store.recorded(platform.connection, (run_id,))).get(run_id):
            return platform, found
    for platform in of_one or platforms:
        for launcher in await services.store.launchers(platform.connection):
            if is_called(rest if of_one else text, launcher):
                return platform, await _newest(platform, RunQuery(launcher=launcher), launcher, services)
    return None


async def _having(name: str, platforms: Sequence[Platform], services: Services) -> Located:
    """Return the newest run on record of the one launcher that has a check of that name. Raises `UserError`."""
    keys = [(p, key) for p in platforms for key in await services.store.launchers_with(p.connection, name)]
    if not keys:
        number = LONG_ENTRY.fullmatch(name) is not None
        raise (
            replies.number_without_list(name, services.terms)
            if number
            else replies.which_series(services.terms)
        )
    found = [(p, await _newest(p, RunQuery(launcher_key=key), key, services)) for p, key in keys]
    if len(found) > 1:
        names = [run.launcher for _, run in found]
        if len({platform.connection for platform, _ in found}) > 1:
            names = [f"{run.ref.connection}/{run.launcher}" for _, run in found]
        raise replies.of_several(name, names, services.terms)
    return found[0]


async def _newest(platform: Platform, query: RunQuery, launcher: str, services: Services) -> Run:
    """Return the newest run of a launcher on record that ended, as `failing` takes it. Raises `UserError` where none did."""
    recent = await services.store.newest(platform.connection, query, RECENT)
    ended = [run for run in recent if run.status.terminal and not run.ephemeral]
    if not ended:
        raise replies.no_runs_on_record(launcher, platform.terms)
    return ended[0]


async def check_on_record(
    name: str, known: Sequence[KnownCheck], platform: Platform, run: Run, services: Services
) -> KnownCheck:
    """Return the check with that name, with that number among those that fail in the run, or the one that has it in its name."""
    by_name = {check.name: check for check in known}
    if name not in by_name and LONG_ENTRY.fullmatch(name):
        whole = await platform.reads.run(run.ref.run_id)
        name = choose_property(await analysis_of(platform, services.store, whole, depth=1), name).name
    if name in by_name:
        return by_name[name]
    holding = [check for check in known if name.casefold() in check.name.casefold()]
    ending = [check for check in holding if check.name.casefold().endswith(name.casefold())]
    found = ending or holding
    if len(found) > 1:
        raise replies.several_checks(name, [check.name for check in found], platform.terms)
    if not found:
        raise replies.no_such_check(name, [*by_name], run, platform.terms)
    return found[0]


def reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read bare words that name a run as that: “history no torn page latest”, “history Payments Nightly property=2”."""
    if "run" in parsed.named:
        return parsed
    said = [word for word in parsed.positional if reading.names_run(word)][-1:]
    if PROPERTY in parsed.named and not said and not parsed.strays:
        said = [*parsed.positional]
    if not said:
        return parsed
    return replace(reading.without(parsed, said), named={**parsed.named, "run": " ".join(said)})
