"""`clew mcp`: a server of the Model Context Protocol on standard input and output, for agents that ask and change nothing.

Standard output carries the protocol alone; the log goes to standard error. Every call is in the audit trail before
anything is read for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import uuid4

from adapters.chat.lanes import MOST, Lanes
from adapters.chat.tasks import Tasks
from adapters.cli.ask import ANSWERED
from adapters.cli.mcp_answer import answered, text_of
from adapters.cli.mcp_tools import TOOLS, Json, Tool
from adapters.cli.opened import load
from adapters.cli.parts import Parts
from adapters.cli.reloading import Reloading
from adapters.cli.stopping import until_stopped
from bot import authorization
from bot.cards import FROM, Reply
from bot.cleaning import cut, one_line
from bot.command import Services, Verb
from bot.commands.registry import VERBS
from bot.errors import ClewError, UserError
from bot.handler import Handler
from bot.ports import Clock, Report
from bot.redact import scrub, scrub_given
from bot.replies import problems
from bot.replies import tools as replies
from bot.state import Actor, Invocation, Place

if TYPE_CHECKING:
    import anyio
    from mcp import types
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server

log = logging.getLogger(__name__)

ACTION: Final = "mcp"  # in the audit trail
LONGEST_MESSAGE: Final = 4_194_304  # bytes
LONGEST_NOTE: Final = 500  # characters of what was asked that are noted
ENDING: Final = 5.0  # seconds that calls get to end once nobody waits for them

Assemble = Callable[..., AbstractAsyncContextManager[Parts]]


class Agent:
    """Asks the handler for whoever calls tools, in the name of the principal `who` and in a channel."""

    def __init__(self, handler: Handler, clock: Clock, *, who: str, channel: str) -> None:
        self._handler, self._clock = handler, clock
        self._who = who
        self._where = Place(channel=channel)
        self._lanes = Lanes(Tasks())
        self._calls: set[asyncio.Task[Json]] = set()

    @property
    def offered(self) -> dict[str, Tool]:
        """The tools that a connection here has a use for."""
        return {name: tool for name, tool in TOOLS.items() if tool.offered(self._handler.verbs)}

    def verb(self, tool: Tool) -> Verb:
        """Return the verb of a tool; of one that no connection offers as it is, and the handler says why it is not."""
        return self._handler.verbs.get(tool.verb) or VERBS[tool.verb]

    async def call(self, name: str, arguments: Mapping[str, object], report: Report) -> Json:
        """Answer a call, whatever is wrong with it.

        It has a task of its own: the protocol's library cancels what was called again and again until it ends, so that nothing
        that it holds could be given back.
        """
        full = len(self._calls) >= MOST
        work = asyncio.create_task(self._answer(name, arguments, report, full=full))
        self._calls.add(work)
        work.add_done_callback(self._calls.discard)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.cancel()
            raise

    async def end(self) -> None:
        """Let calls end that nobody waits for."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=ENDING)

    async def _answer(
        self, name: str, arguments: Mapping[str, object], report: Report, *, full: bool
    ) -> Json:
        tool = TOOLS.get(name)
        values: dict[str, str] = {}
        try:
            await self._note(name, arguments)
            if tool is None:
                raise replies.unknown_tool(name, self.offered)
            if full:
                raise replies.too_many_calls(MOST)
            values = tool.values(self.verb(tool), arguments)
            reply = await self._ask(tool, values, report)
        except UserError as error:
            reply = problems.mistake(error)
        except ClewError as error:
            reply = problems.failure(error)
        try:
            return await self._data(reply, tool, values)
        except Exception:
            log.exception("an answer could not be written")
            return await self._data(problems.unexpected(), tool, {})

    async def _data(self, reply: Reply, tool: Tool | None, values: Mapping[str, str]) -> Json:
        secrets = self._handler.services.secrets
        first = int(values[FROM]) if values.get(FROM, "").isdecimal() and not reply.failed else 1
        return await asyncio.to_thread(answered, reply, tool, first, secrets)

    async def _ask(self, tool: Tool, values: Mapping[str, str], report: Report) -> Reply:
        """Ask what a person would ask by the verb; files that come with the answer are not kept."""
        verb = self.verb(tool)
        asked = Invocation(
            actor=self._asker(),
            place=self._where,
            text=verb.name,
            key=uuid4().hex,
            at=self._clock.now(),
            values=values,
        )
        async with self._lanes.turn(self._who, report, long=verb.long):
            reply = await self._handler.handle(asked, report)
        for file in reply.card.files:
            if file.path:
                await asyncio.to_thread(Path(file.path).unlink, missing_ok=True)
        return reply

    def _asker(self) -> Actor:
        """Return who asks, with the workspaces and servers that the rules of now give a role."""
        given = authorization.wholes(self._handler.services.policy, self._who, self._where)
        return Actor(id=self._who, principals=frozenset({self._who, *given}), member=True)

    async def _note(self, name: str, arguments: Mapping[str, object]) -> None:
        """Write what was called into the audit trail. Raises `StoreError`."""
        services = self._handler.services
        given = (
            f"{key}={scrub_given(key, value if isinstance(value, str) else json.dumps(value), services.secrets).text}"
            for key, value in arguments.items()
        )
        asked = scrub(
            " ".join((name, *given)), services.secrets
        ).text  # also what is no tool's or argument's name
        detail = cut(one_line(asked), LONGEST_NOTE)
        await services.note(self._asker(), self._where, ACTION, "asked", detail)


async def serve(assemble: Assemble) -> int:
    """Serve until the client leaves. Raises `UserError`, `SettingsError`, `StoreError`."""
    try:
        from mcp.server.stdio import stdio_server
    except ModuleNotFoundError:
        raise replies.not_installed() from None
    if sys.stdin.isatty():
        print(replies.AT_A_TERMINAL, file=sys.stderr)  # noqa: T201 - for whoever typed it
    loaded = load()
    async with assemble(loaded) as parts:
        own = loaded.mcp
        agent = Agent(parts.handler, parts.clock, who=own.principal, channel=own.channel)
        server = server_for(agent, parts.handler.services)

        async def serving() -> None:
            try:
                async with _lines() as lines, stdio_server(stdin=lines) as (incoming, outgoing):
                    await server.run(incoming, outgoing, server.create_initialization_options())
            except* (BrokenPipeError, ConnectionError):
                log.info("the client left")

        following = Reloading(loaded, parts.handler, parts.store, parts.clock, tell=_tell, notes=False)
        try:
            await until_stopped(
                asyncio.create_task(serving(), name="mcp"),
                asyncio.create_task(following.run(asyncio.Event()), name="settings"),
            )
        finally:
            await agent.end()
    return ANSWERED


def _tell(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - for whoever looks at what the client shows of it


@asynccontextmanager
async def _lines() -> AsyncIterator[anyio.AsyncFile[str] | None]:
    """Read standard input by line, so that a signal ends it; None for a file, which the library reads.

    The library reads it in a thread, which nothing ends but the next line.
    """
    kind = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or os.isatty(0)):
        yield None
        return
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=LONGEST_MESSAGE)
    own = os.fdopen(os.dup(0), "rb")  # the loop closes what it reads, and 0 must not become another file
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), own)
    try:
        yield cast("anyio.AsyncFile[str]", _each(reader))
    finally:
        transport.close()
        os.set_blocking(0, True)  # whose else it is, a shell's say, expects it so


async def _each(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            log.error("a message of more than %d bytes was left out", LONGEST_MESSAGE)  # noqa: TRY400 - says it all
            continue
        if not line:
            return
        yield line.decode("utf-8", "replace")


def server_for(agent: Agent, services: Services) -> Server[Any]:
    """Return a server whose tools ask for an agent."""
    from mcp import types
    from mcp.server.lowlevel import Server

    async def list_tools(
        _: ServerRequestContext[Any, Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        terms = services.terms
        tools = ((tool, agent.verb(tool)) for tool in agent.offered.values())
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name,
                    title=tool.title,
                    description=tool.described(verb, terms),
                    input_schema=tool.takes_json(verb),
                    output_schema=tool.answers_json(),
                    annotations=types.ToolAnnotations(
                        read_only_hint=True,
                        destructive_hint=False,
                        idempotent_hint=True,
                        open_world_hint=True,
                    ),
                )
                for tool, verb in tools
            ]
        )

    async def call_tool(
        context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        steps = 0

        async def report(text: str) -> None:
            nonlocal steps
            steps += 1
            if text:
                await context.session.report_progress(steps, message=text)

        answer = await agent.call(params.name, params.arguments or {}, report)
        return types.CallToolResult(
            content=[types.TextContent(text=text_of(answer))],
            structured_content=answer,
            is_error=answer["error"] is not None,
        )

    return Server(
        "clew",
        version=services.version,
        title="Clew",
        instructions=replies.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
