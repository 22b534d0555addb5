"""The composition root and the console script `clew`: the one place that knows every adapter.

Imports stand inside the functions that need them, so that `clew --help` and `clew ask` start at once.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from adapters import garbage
from adapters.cli.finishing import finish
from adapters.cli.operating import access, audit, channels, database, outbox
from adapters.cli.usage import ForScripts
from adapters.simulator.registry import SIMULATORS

if TYPE_CHECKING:
    from adapters.cli.parts import KeptStore, Parts
    from adapters.settings import Settings
    from bot.command import Services
    from bot.platform import Platform
    from bot.ports import Clock, Store

app = typer.Typer(
    name="clew",
    help="A chat-ops bot for teams with test platforms.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Seed = Annotated[int, typer.Option(help="Seed of the simulation; the same seed gives the same tenant.")]
DOMAIN = re.compile(r"(?![.-])[-a-z0-9.]{3,254}[a-z0-9]", re.ASCII)  # what can stand in a manifest
MOST_DOMAINS = 5
SIMULATED = (
    f"The kind of test platform: {', '.join(SIMULATORS)}; {next(iter(SIMULATORS))} where none is named."
)
Speed = Annotated[float, typer.Option(help="Simulated seconds per real second.", min=0.01, max=100_000)]


@app.callback(invoke_without_command=True)
def main(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False
) -> None:
    """Answer `--version`; everything else is a command, whose texts reach any terminal."""
    from adapters.cli.encoding import open_closed_streams, take_any_text

    open_closed_streams()
    take_any_text()
    if version:
        typer.echo(f"clew {_version()}")
        raise typer.Exit


@app.command()
def run(
    *,
    terminal: Annotated[
        bool | None,
        typer.Option(help="Also chat in this terminal; the default only if no other chat is set up."),
    ] = None,
) -> None:
    """Run Clew in every chat that is set up."""
    with garbage.little():  # until it serves; see there
        from adapters.cli.run import run as serve

        finish(serve(terminal=terminal, assemble=assemble))


@app.command()
def demo(
    *,
    play: Annotated[bool, typer.Option("--play", help="Play a tour that needs no keyboard.")] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Chat in a browser page instead of this terminal.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="Loopback port of the page; 0, the default, picks a free port.")
    ] = None,
    seed: Seed = 1,
    speed: Speed = 90.0,
) -> None:
    """Try Clew in this terminal or in a page: two simulated platforms, a temporary database, no account."""
    from adapters.cli.demo import InTerminal, OnPage
    from adapters.cli.demo import demo as show

    if play and web:
        raise typer.BadParameter("The tour plays in the terminal. Leave out --play or --web.")
    if port is not None and not web:
        raise typer.BadParameter("Only the page has a port. Add --web.", param_hint="--port")
    tour = play or not sys.stdin.isatty()
    way = OnPage(port or 0) if web else InTerminal.TOUR if tour else InTerminal.PROMPT
    finish(show(way=way, seed=seed, speed=speed, assemble=assemble))


@app.command()
def simulate(
    *,
    platform: Annotated[str | None, typer.Option(help=SIMULATED)] = None,
    port: Annotated[int, typer.Option(help="Loopback port to listen on; 0 picks a free port.")] = 8123,
    seed: Seed = 1,
    speed: Speed = 60.0,
) -> None:
    """Serve a simulated test platform until stopped."""
    from adapters.cli.simulate import simulate as serve

    finish(serve(platform=platform, port=port, seed=seed, speed=speed))


def _words(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a verb, and behind it the names of its parameters; nobody is asked for that."""
    from bot.commands.registry import VERBS

    typed = context.params.get("command") or ()
    verb = VERBS.get(typed[0]) if typed else None
    names = [f"{p.name}=" for p in verb.parameters] if verb else [n for n, v in VERBS.items() if not v.hidden]
    return [] if typed and verb is None else [name for name in names if name.startswith(incomplete)]


# An input hash begins with a sign, and `--window 20` is a word of the command: only our own options are ours.
@app.command(cls=ForScripts, context_settings={"ignore_unknown_options": True})
def ask(
    command: Annotated[
        list[str] | None,
        typer.Argument(
            help="A verb and its arguments, one value per word (NAME=VALUE or just VALUE); "
            "or a whole command in quotes, as typed in a chat.",
            autocompletion=_words,
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as data: JSON, as --schema says.")
    ] = False,
    thread: Annotated[str | None, typer.Option(help="Continue the thread of an earlier answer.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm in advance what costs money.")] = False,
    show_link: Annotated[
        bool,
        typer.Option("--show-link", help="Print the report link; anyone who has it can open the report."),
    ] = False,
    exit_status: Annotated[
        bool,
        typer.Option(
            "--exit-status",
            help="Leave with the run's verdict: 0 passed, 1 failed, 3 incomplete, 4 not ended, 5 no such run.",
        ),
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of what --json prints, and stop.")
    ] = False,
) -> None:
    """Run one command. Exit codes: 0 answered, 1 cannot be answered as given, 2 failed."""
    with garbage.little():
        if schema:
            from adapters.cli.answer_json import SCHEMA

            typer.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)
            return
        from adapters.cli.ask import Manner
        from adapters.cli.ask import ask as answer

        manner = Manner(as_json=as_json, thread=thread, yes=yes, show_link=show_link, exit_status=exit_status)
        finish(_answered(lambda parts: answer(parts, command or ["help"], manner), as_json=as_json))


@app.command(cls=ForScripts)
def wait(
    run: Annotated[
        list[str],
        typer.Argument(
            help="The run, as “status” takes it: an id, latest, or a launcher for its latest run."
        ),
    ],
    *,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds to wait at most; none: until the run has ended.", min=0)
    ] = None,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=1)] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run as data.")] = False,
) -> None:
    """Wait until a run has ended. Exit codes: 0 passed, 1 failed, 2 cannot be told, 3 incomplete, 4 time is up, 5 no such run."""
    with garbage.little():
        from adapters.cli.wait import Patience
        from adapters.cli.wait import wait as until_ended

        patience = Patience(timeout=timeout, every=every)
        finish(_answered(lambda parts: until_ended(parts, run, patience, as_json=as_json), as_json=as_json))


@app.command()
def mcp(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="The folder of Clew's .env, clew.toml and database, where the client starts this in another one.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Answer agents over the Model Context Protocol (stdio): runs, checks, history and logs, nothing that changes anything.

    A client starts it. Give it the whole path of `clew`, and the folder that Clew runs in:

    {"mcpServers": {"clew": {"command": "/srv/clew/.venv/bin/clew", "args": ["mcp", "--folder", "/srv/clew"]}}}

    It asks as mcp:user:local, unless the table mcp in clew.toml names another principal. Roles and the audit trail are as in
    a chat.
    """
    if folder is not None:
        os.chdir(folder)
    from adapters.cli.mcp_server import serve

    finish(serve(assemble))


@app.command()
def manifest(
    chat: Annotated[str, typer.Argument(help="The chat to create an app for.")],
    *,
    http: Annotated[
        str | None,
        typer.Option(
            help="Public https URL that the chat sends events to; without it, Clew connects to the chat."
        ),
    ] = None,
    unfurl: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DOMAIN",
            help="Domain of report links that the chat notifies Clew of, so that each gets a card; up to five.",
        ),
    ] = None,
    thread_replies: Annotated[
        bool,
        typer.Option(
            "--thread-replies",
            help="Let the chat send Clew all messages of its channels, so that it hears replies that do not mention it.",
        ),
    ] = False,
) -> None:
    """Print the manifest that a chat's app is created from."""
    from adapters.chat.registry import CHATS
    from bot.commands.registry import VERBS

    writers = {kind.name: kind.manifest for kind in CHATS if kind.manifest}
    if chat not in writers:
        raise typer.BadParameter(f"Manifests exist only for {', '.join(writers)}.")
    if http is not None and not http.startswith("https://"):
        raise typer.BadParameter("The URL must start with https://.", param_hint="--http")
    domains = unfurl or []
    if len(domains) > MOST_DOMAINS or not all(DOMAIN.fullmatch(domain) for domain in domains):
        hint = "Give up to five, each like reports.example.com."
        raise typer.BadParameter(f"The chat does not take these domains. {hint}", param_hint="--unfurl")
    typer.echo(writers[chat](VERBS, http, domains, replies=thread_replies), nl=False)


@app.command()
def doctor() -> None:
    """Check settings, platforms, keys, clocks and the database, and say how to fix what is wrong."""
    from adapters.cli.doctor import doctor as check

    finish(check())


for group in (outbox, channels, audit, access, database):
    app.add_typer(group)

hooks = typer.Typer(name="hooks", help="Let test platforms send webhooks to Clew.", no_args_is_help=True)
app.add_typer(hooks)


@hooks.command("register")
def register_hook(
    connection: Annotated[str, typer.Argument(help="The connection's name, as in clew.toml.")],
) -> None:
    """Let a connection's platform send webhooks here; where it cannot be asked to, print the request that does it."""
    from adapters.cli import hooks as services

    finish(services.register(connection))


async def _answered(answer: Callable[[Parts], Awaitable[int]], *, as_json: bool) -> int:
    """Answer one command, and return the exit code; where that cannot be begun, scripts get data all the same."""
    from adapters.cli.ask import not_answered
    from adapters.cli.opened import load

    try:
        async with assemble(load(), lazily=True) as parts:
            return await answer(parts)
    except Exception as error:
        if not as_json:
            raise
        return not_answered(error)


@asynccontextmanager
async def assemble(
    settings: Settings, clock: Clock | None = None, *, lazily: bool = False, **services: Any
) -> AsyncIterator[Parts]:
    """Open the database and every platform, and put the handler on top; `services` are further fields of `Services`.

    `lazily`: the database is opened by the first command that needs it, for a program that answers one.

    Raises `StoreError`, `UserError`.
    """
    from dataclasses import replace

    from adapters.chat.registry import CHATS
    from adapters.cli.parts import Parts
    from adapters.clock import SystemClock
    from adapters.platforms.registry import open_platform
    from bot.handler import Handler
    from bot.remembered import remembering

    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_store(settings, clock, lazily=lazily))
        platforms = {
            c.name: remembering(await stack.enter_async_context(open_platform(c, clock, store)), store)
            for c in settings.connections
        }
        handler = Handler(replace(_services(settings, platforms, store, clock), **services))
        yield Parts(
            settings=settings,
            platforms=platforms,
            store=store,
            clock=clock,
            handler=handler,
            renderers={chat.name: chat.render for chat in CHATS if chat.render},
        )


def _store(settings: Settings, clock: Clock, *, lazily: bool) -> AbstractAsyncContextManager[KeptStore]:
    url = settings.database_url.reveal()
    if lazily:
        from adapters.store.lazily import open_when_asked

        return cast("AbstractAsyncContextManager[KeptStore]", open_when_asked(url, now=clock.now))
    from adapters.store.store import open_store

    return open_store(url, now=clock.now)


def _services(settings: Settings, platforms: dict[str, Platform], store: Store, clock: Clock) -> Services:
    from uuid import uuid4

    from adapters.cli.access import policy_of
    from adapters.configuration.table import Reporting
    from bot.command import Services

    return Services(
        platforms=platforms,
        store=store,
        clock=clock,
        policy=policy_of(settings),
        presets=settings.presets,
        people=settings.groups,
        recipient_domains=settings.recipient_domains,
        image_registries=settings.registries,
        launchers={c.name: c.launchers for c in settings.connections},
        report_links={c.name: c.report_links for c in settings.connections if isinstance(c, Reporting)},
        new_key=lambda: uuid4().hex,
        version=_version(),
        secrets=settings.secrets,
    )


def _version() -> str:
    from importlib.metadata import version

    return version("clew")


if __name__ == "__main__":
    app()
