#!/usr/bin/env bash
# MCP SDK for Python (PyPI: mcp), version 2.3.0, a server over stdio, in both eras of the protocol (2025-11-25, 2026-07-28).
#
# Expected: a tool whose call the client cancels is cancelled as asyncio cancels a task: `CancelledError` is raised once where it
# waits, and what stands in `finally` or `__aexit__` may await what it has to (a rollback, a lease that is given back, a session
# that is logged out) before the call is over.
# Seen: the SDK cancels the handler by a scope of anyio, which raises in every later `await` of the handler too. Clean-up stops at
# its first `await`; what stands behind that is never done, and nobody is told: the client's call is over, the server goes on.
# The same coroutine as a task of asyncio, cancelled once, gives everything back.
# Output seen: asyncio: begun, given back / mcp legacy: begun / mcp auto: begun
#
# Where it concerns us: a call may be in the middle of a stream of a platform, or of a transaction. Each has a task of its own
# (adapters/cli/mcp_server.py, `Agent.call`), which is cancelled once; a test cancels a call and looks what it gave back.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mcp==2.3.0

cat > "$folder/server.py" <<'PYTHON'
import asyncio
import sys
from pathlib import Path

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server


async def hold(*_: object) -> types.CallToolResult:
    """Take something, wait, and give it back, which takes a turn of the loop."""
    log = Path(sys.argv[1])
    log.write_text("begun")
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        log.write_text("begun, given back")
    return types.CallToolResult(content=[])


async def tools(*_: object) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[types.Tool(name="hold", input_schema={"type": "object"})])


async def main() -> None:
    server = Server("a server", on_list_tools=tools, on_call_tool=hold)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
PYTHON

cat > "$folder/client.py" <<'PYTHON'
import asyncio
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters

FOLDER = Path(sys.argv[1])
sys.path.insert(0, str(FOLDER))
import server  # noqa: E402


async def begun(log: Path) -> None:
    while not log.exists():
        await asyncio.sleep(0.02)


async def by_asyncio() -> str:
    log = FOLDER / "asyncio"
    sys.argv[1] = str(log)
    task = asyncio.create_task(server.hold())
    await begun(log)
    task.cancel()
    await asyncio.wait({task})
    return log.read_text()


async def by_the_sdk(era: str) -> str:
    log = FOLDER / era
    started = StdioServerParameters(command=sys.executable, args=[str(FOLDER / "server.py"), str(log)])
    async with Client(started, mode=era) as client:
        call = asyncio.create_task(client.call_tool("hold", {}))
        await begun(log)
        call.cancel()
        await asyncio.wait({call})
        await client.list_tools()  # the server goes on
        await asyncio.sleep(1)
        return log.read_text()


async def main() -> None:
    found = {"asyncio": await by_asyncio()}
    for era in ("legacy", "auto"):
        found[f"mcp {era}"] = await by_the_sdk(era)
    print(" / ".join(f"{who}: {what}" for who, what in found.items()))
    wanted = {"asyncio": "begun, given back", "mcp legacy": "begun", "mcp auto": "begun"}
    assert found == wanted, "what a cancelled tool gives back has changed"


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" "$folder/client.py" "$folder"
