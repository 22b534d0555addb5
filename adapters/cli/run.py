"""`clew run`: every chat whose settings are present, until a signal or the person at the terminal ends it.

The end, in this order: not ready, chats stop receiving and finish their answers, clocks stop, messages under way
are settled, the database is closed. All of it takes less than 20 seconds.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, nullcontext
from pathlib import Path

import typer

from adapters import garbage, logs, settings, systemd, traces
from adapters.chat.registry import CHATS
from adapters.chat.running import ChatRefused, OneReceives, Releasing, RunningChat
from adapters.chat.terminal.settings import Terminal
from adapters.cli import hooks
from adapters.cli.ask import ANSWERED, FAILURE
from adapters.cli.background import Background, working
from adapters.cli.page.serve import operators_page
from adapters.cli.parts import Parts
from adapters.cli.reloading import Reloading, hangups
from adapters.cli.startup_report import startup_report
from adapters.cli.stopping import cancelled, stop_signals
from adapters.cli.work import Intervals
from adapters.replicas.member import named, waits_for
from adapters.settings import Settings
from adapters.web.app import serving
from adapters.web.health import Health
from bot.errors import UserError
from bot.replies.access import read_only_by
from bot.waiting import Backoff, first_of

log = logging.getLogger(__name__)

CLOSING = 10.0  # seconds that chats get to finish what is being answered
LONGEST_PAUSE = 60.0  # seconds before a chat that fell over is started again
LOG_FILE = Path("clew.log")
TERMINAL = "terminal"

Assemble = Callable[..., AbstractAsyncContextManager[Parts]]


async def run(*, terminal: bool | None, assemble: Assemble) -> int:
    """Serve until stopped and return the exit code. Raises `SettingsError`, `UserError`, `StoreError`."""
    logs.set_up()
    loaded = settings.load()
    here = _terminal_wanted(terminal, loaded)
    if not (here or loaded.chats):
        switches = " or ".join(chat.switch for chat in CHATS if chat.switch)
        raise UserError("No chat is set up.", f"Set {switches}, or run `clew run` in a terminal.")
    _set_up_log(loaded, LOG_FILE if here else None)
    for warning in loaded.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    tracing = traces.tracing(loaded.collector, loaded.collector_headers)
    with stop_signals() as stop, tracing as trace:
        async with assemble(loaded, trace=trace) as parts:
            await parts.store.check()
            wanted = {**loaded.chats, **({TERMINAL: Terminal()} if here else {})}
            chats = {
                chat.name: await chat.open(wanted[chat.name], parts.handler, parts.store, parts.clock)
                for chat in CHATS
                if chat.name in wanted
            }
            try:
                return await _serve(parts, chats, stop)
            finally:
                for chat in chats.values():
                    if isinstance(chat, Releasing):
                        await chat.release()


def _set_up_log(loaded: Settings, file: Path | None) -> None:
    """Log into the file; where it cannot be written, to stderr."""
    try:
        logs.set_up(loaded.log_level, loaded.secrets, file=file)
    except OSError as error:
        logs.set_up(loaded.log_level, loaded.secrets)
        typer.echo(
            f"Warning: {file} cannot be written ({error.strerror or error}); the log comes here instead.",
            err=True,
        )


def _terminal_wanted(asked: bool | None, loaded: Settings) -> bool:
    """Whether to chat here: when asked to, or where a person sits and no other chat is set up."""
    if asked is not None:
        return asked
    return sys.stdin.isatty() and sys.stdout.isatty() and not loaded.chats


async def _serve(parts: Parts, chats: Mapping[str, RunningChat], stop: asyncio.Event) -> int:
    async with AsyncExitStack() as stack:
        health = Health(
            store=parts.store,
            clock=parts.clock,
            poll_seconds=parts.settings.poll_seconds,
            version=parts.handler.services.version,
            starting=True,
        )
        following = Reloading(parts.settings, parts.handler, parts.store, parts.clock, tell=_tell)
        address = None
        if parts.settings.web.listen:
            page = operators_page(parts, health, lambda: following.in_force)
            address = await stack.enter_async_context(serving(health, parts.settings.web.listen, _warn, page))
        intervals = Intervals(poll=parts.settings.poll_seconds)
        ports = {name: chat.chat for name, chat in chats.items()}
        people = {name: chat.afresh for name, chat in chats.items()}
        background = await stack.enter_async_context(
            working(parts, ports, intervals=intervals, notify=_notify, people=people, running=chats)
        )
        webhooks = await stack.enter_async_context(hooks.receiving(parts, background.work, _warn))
        _connect(health, background, chats)
        health.hooks = lambda: hooks.address(webhooks) if webhooks else None
        received = webhooks.url if webhooks else None
        for line in startup_report(parts.settings, frozenset(chats), address, received):
            typer.echo(line, err=TERMINAL not in chats)
        if (switched := await parts.store.read_only()) is not None:
            _warn(read_only_by(switched, in_settings=parts.settings.read_only))
        if background.instead is not None:
            typer.echo(f"Warning: {waits_for(background.instead)}", err=True)
        receiving = {
            asyncio.create_task(_careful(name, chat, background.off)): name for name, chat in chats.items()
        }
        async with systemd.notified(parts.clock, health.in_words):
            with garbage.in_the_long_run(), _followed(following, here=TERMINAL in chats) as task:
                code = await _receive(receiving, stop)
        await cancelled([task])
        health.stopping = True
        await _close(chats)
        await cancelled(receiving)  # one that waits to be started again must not find its chat closed
    return code


@contextmanager
def _followed(following: Reloading, *, here: bool) -> Iterator[asyncio.Task[None]]:
    """Follow changes of the settings; a terminal that is closed ends what runs in it, so there SIGHUP stays the end."""
    with nullcontext(asyncio.Event()) if here else hangups() as hangup:
        yield asyncio.create_task(following.run(hangup), name="settings")


def _connect(health: Health, background: Background, chats: Mapping[str, RunningChat]) -> None:
    background.connected = lambda: {name: chat.connected for name, chat in chats.items()}
    health.chats = lambda: {name: chat.connected or _stands_by(chat) for name, chat in chats.items()}
    health.deliveries = background.work.deliveries
    health.polls = background.work.polls
    health.waits_for = lambda: named(background.instead) if background.instead else ""
    health.programs = background.programs
    health.free = lambda: background.replicas.free
    health.lost = lambda: background.whole().lost
    health.refusals = lambda: {name: p.problem for name, p in background.whole().polls.items() if p.problem}
    health.misses = background.work.scheduler.counts.total
    health.look = background.whole
    health.trail = lambda: background.work.trail
    health.starting = False


def _stands_by(chat: RunningChat) -> bool:
    """Whether a chat is fine as it is although nothing arrives: another program receives from it."""
    return isinstance(chat, OneReceives) and chat.stands_by


async def _receive(receiving: Mapping[asyncio.Task[None], str], stop: asyncio.Event) -> int:
    """Let every chat receive until it is time to stop: a signal, the person left, or no chat is left."""
    persons = [task for task, name in receiving.items() if name == TERMINAL]
    await first_of(stop.wait(), asyncio.wait(receiving), *(asyncio.wait({task}) for task in persons))
    return ANSWERED if stop.is_set() or any(task.done() for task in persons) else FAILURE


async def _careful(name: str, chat: RunningChat, off: dict[str, str]) -> None:
    """Let a chat receive; one that falls over is started again, and one that is refused is said once.

    `off` gets why it was refused.
    """
    backoff = Backoff(first=1.0, longest=LONGEST_PAUSE)
    while True:
        pause = backoff.next()
        try:
            await chat.run()
        except ChatRefused as refused:
            log.error("%s is off: %s", name, refused)  # noqa: TRY400 - a sentence; the stack says nothing more
            typer.echo(f"{name} is off: {refused}", err=True)
            off[name] = str(refused)
            return
        except OSError as error:  # an address in use, for one; the stack says nothing more
            log.warning("%s cannot be served (%s); retrying in %g s", name, error.strerror or error, pause)
        except Exception:
            log.exception("%s crashed; restarting it in %g s", name, pause)
        else:
            return
        await asyncio.sleep(pause)


async def _close(chats: Mapping[str, RunningChat]) -> None:
    """Close all chats at once; one that takes too long is left behind."""
    closing = [asyncio.create_task(chat.close(), name=name) for name, chat in chats.items()]
    done, late = await asyncio.wait(closing, timeout=CLOSING)
    for task in late:
        log.warning("%s took too long to close", task.get_name())
    await cancelled(late)
    for task in done:
        if (error := task.exception()) is not None:
            log.error("%s could not be closed", task.get_name(), exc_info=error)


def _warn(text: str) -> None:
    """Say at start what does not work, and keep it in the log."""
    log.warning("%s", text)
    typer.echo(f"Warning: {text}", err=True)


def _tell(text: str) -> None:
    """Say what changed, and keep it in the log."""
    log.warning("%s", text)
    typer.echo(text, err=True)


async def _notify(text: str) -> None:
    """Notify the operator what needs a person."""
    log.error("%s", text)
