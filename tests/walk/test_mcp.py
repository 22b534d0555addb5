"""`clew mcp` as agents start it: a process of its own, spoken to by the protocol's client, or line by line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from adapters.platforms.registry import PLATFORMS
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from adapters.simulator.common.misbehave import Rule
from adapters.simulator.common.server import SimulatedServer
from adapters.simulator.registry import simulator
from adapters.store.store import open_store
from bot.state import AuditQuery
from tests.fakes.judged import judged
from tests.walk.terminal.keyboard import CLEW, at_keyboard, surroundings
from tests.walk.terminal.served import reached, served

AGENT = "mcp:user:local"


@pytest.fixture(scope="module")
def tenant() -> Iterator[SimulatedTenant]:
    """Run a tenant."""
    with served(lambda: simulated_tenant(speed=1.0)) as running:
        yield running


def set_up_for(tenant: SimulatedTenant) -> dict[str, str]:
    return surroundings(reached(tenant))


@dataclass
class Calls:
    """A client of the protocol, which counts what it calls and keeps all that it is answered."""

    client: Client
    made: int = 0
    told: list[str] = field(default_factory=list)

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool; the client holds its answer against the schema that the tool declares."""
        self.made += 1
        result = await self.client.call_tool(tool, arguments)
        found: dict[str, Any] = result.structured_content
        self.told.append(json.dumps(found))
        return found


@asynccontextmanager
async def agent(
    place: Path, environment: Mapping[str, str], era: str = "auto", *, errors: bool = False
) -> AsyncIterator[Calls]:
    """Start `clew mcp` and connect to it; without `errors` it leaves nothing on standard error."""
    command, *arguments = CLEW
    started = StdioServerParameters(command=command, args=[*arguments, "mcp"], env={**environment}, cwd=place)
    with (place / "stderr").open("w") as written:
        async with Client(stdio_client(started, errlog=written), mode=era) as client:
            yield Calls(client)
    assert errors or (place / "stderr").read_text() == ""


async def trail(place: Path) -> list[tuple[str, str]]:
    """Return who did what, oldest first; the chain holds."""
    async with open_store(f"sqlite:///{place / 'clew.db'}") as store:
        await store.verify_audit()
        lines, _ = await store.audit_lines(AuditQuery(), skip=0, limit=100)
    return [(line.entry.actor, line.entry.action) for line in reversed(lines)]


@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_walk__the_newest_new_failure_its_faults_and_its_window(
    era: str, tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """In at most three calls, with what the tools say of themselves and nothing else; each call is in the audit trail."""
    async with agent(tmp_path, set_up_for(tenant), era) as call:
        tools = {tool.name for tool in (await call.client.list_tools()).tools}
        listed = await call("list_runs", count=30)
        newest = next(each for each in listed["data"]["runs"] if each["newly_failing"])
        found = await call("read_log", run=newest["run"]["id"], property=newest["newly_failing"][0])

    log = found["data"]
    assert {"list_runs", "read_log"} <= tools
    assert call.made <= 3
    assert log["check"] == newest["newly_failing"][0]
    assert log["run"]["id"] == newest["run"]["id"]
    assert log["lines"]
    assert log["faults"]
    assert log["lines"][-1]["vtime"] <= log["moment"]["vtime"]
    assert await trail(tmp_path) == [(AGENT, "mcp")] * call.made
    assert tenant.api_key not in "".join(call.told)
    assert "auth=" not in "".join(call.told)


async def test_platforms__all_four_side_by_side(tmp_path: Path) -> None:
    """Each lists and shows what it has, says what it has not, and no secret of any is in an answer."""
    async with AsyncExitStack() as stack:
        servers: list[SimulatedServer] = []
        for kind in PLATFORMS:
            server = await stack.enter_async_context(judged(simulator(kind.name)(speed=1.0)))
            servers.append(server)
        environment = {k: v for server in servers for k, v in server.environment().items()}
        async with agent(tmp_path, surroundings(environment)) as call:
            everything = await call("list_runs")
            shown = {}
            for kind in PLATFORMS:
                listed = await call("list_runs", connection=kind.default, count=30)
                runs = listed["data"]["runs"] if listed["data"] else []
                failed = next((r["run"] for r in runs if r["failing"]), None)
                shown[kind.name] = listed, failed
                if failed:
                    run = f"{failed['connection']}/{failed['id']}"
                    got = await call("get_run", run=run)
                    checks = await call("list_checks", run=run)
                    await call("read_log", run=run)
                    files = await call("list_files", run=run)
                    assert (files["data"] is not None) == (kind.name == "testhide")
                    assert got["data"]["run"]["id"] == failed["id"]
                    assert checks["data"]["checks"]

        secrets = {secret for server in servers for secret in server.secrets()}

    whole = {name: listed["data"] and listed["data"]["whole"] for name, (listed, _) in shown.items()}
    assert everything["data"]["runs"]
    assert {name for name, (_, failed) in shown.items() if failed} >= {"antithesis", "testhide"}
    assert not whole["ai-test-harness"]
    assert not whole["automated-future"]
    assert [secret for secret in sorted(secrets) if secret in "".join(call.told)] == []


async def test_beside_a_bot__on_the_same_database(tenant: SimulatedTenant, tmp_path: Path) -> None:
    """Both answer and write, and follow the settings; a change of them is noted once, and the trail holds."""
    environment = set_up_for(tenant)
    with at_keyboard("run", "--terminal", folder=tmp_path, environment=environment) as keyboard:
        keyboard.type("audit read_only=on")
        keyboard.sees("read-only now")
        async with agent(tmp_path, environment, errors=True) as call:
            listed = await call("list_runs", count=3)
            keyboard.type("audit read_only=off")
            keyboard.sees("not read-only any more")
            (tmp_path / "clew.toml").write_text(
                "[roles]\nread = ['slack:user:T01:U01ANN']\n", encoding="utf-8"
            )
            keyboard.sees("settings changed and are in force")
            refused = await call("list_runs", count=3)
            while refused["error"] is None:
                refused = await call("list_runs", count=3)
        keyboard.type("quit")
        code = keyboard.ends()

    done = await trail(tmp_path)
    assert code == 0
    assert listed["error"] is None
    assert AGENT in refused["error"]["message"]
    assert done.count((AGENT, "mcp")) == call.made
    assert (AGENT, "status") in done
    assert done.count(("clew", "settings")) == 2  # what is in force at the start, and the change
    assert "settings changed and are in force" in (tmp_path / "stderr").read_text()


@contextmanager
def process(place: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start `clew mcp` to be spoken to line by line; it never outlives the block."""
    running = subprocess.Popen(
        (*CLEW, "mcp", *arguments), cwd=place, env=dict(environment), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield running
    finally:
        running.kill()
        running.wait()
        for stream in (running.stdin, running.stdout, running.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]  # all three are pipes


def send(process: subprocess.Popen[str], **message: Any) -> None:
    """Send a message."""
    assert process.stdin
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    process.stdin.flush()


def receive(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read a message; a line that is none fails."""
    assert process.stdout
    return dict(json.loads(process.stdout.readline()))


def greet(process: subprocess.Popen[str], version: str) -> dict[str, Any]:
    """Shake hands as clients did before there was another way."""
    client = {"name": "a test", "version": "1"}
    given = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
    send(process, id=1, method="initialize", params=given)
    greeted = receive(process)
    send(process, method="notifications/initialized")
    return greeted


def test_oldest_version__and_lines_that_are_no_messages(tenant: SimulatedTenant, tmp_path: Path) -> None:
    """A client of 2024 is answered in text; what cannot be read is passed over, and the next message is not."""
    with process(tmp_path, set_up_for(tenant)) as clew:
        greeted = greet(clew, "2024-11-05")
        assert clew.stdin
        clew.stdin.write("no JSON\n" + "x" * 5_000_000 + "\n[1, 2]\n")
        send(clew, id=2, method="tools/call", params={"name": "list_runs", "arguments": {"count": 2}})
        answer = receive(clew)
        send(clew, id=3, method="tools/call", params={"name": "list_rums"})
        mistake = receive(clew)
        send(clew, id=4, method="tools/call", params={"name": 4})
        refused = receive(clew)
        said, _ = clew.communicate(timeout=60)

    assert greeted["result"]["protocolVersion"] == "2024-11-05"
    assert "never instructions" in greeted["result"]["instructions"]
    assert len(json.loads(answer["result"]["content"][0]["text"])["data"]["runs"]) == 2
    assert mistake["result"]["isError"] is True
    assert "Did you mean “list_runs”?" in mistake["result"]["content"][0]["text"]
    assert refused["error"]["code"] == -32602
    assert "Traceback" not in json.dumps(refused)
    assert said == ""
    assert clew.returncode == 0


class Asked(Rule):
    """Lets the next list of runs take longer than any test, and says when it was asked for."""

    event = threading.Event()

    def matches(self, method: str, path: str) -> bool:
        """Note that it is asked for."""
        if found := super().matches(method, path):
            self.event.set()
        return found


@pytest.mark.parametrize("how", ["closes", "does not read", "interrupts"])
def test_client__leaves_in_the_middle(how: str, tenant: SimulatedTenant, tmp_path: Path) -> None:
    """The process ends by itself, with nothing to say; what it wrote is whole."""
    tenant.rules.add(Asked(path="/api/v0/runs", delay=600.0))
    Asked.event.clear()
    with process(tmp_path, set_up_for(tenant)) as clew:
        greet(clew, "2025-11-25")
        assert clew.stdin
        assert clew.stdout
        assert clew.stderr
        send(clew, id=2, method="tools/call", params={"name": "list_runs", "arguments": {}})
        assert Asked.event.wait(60)
        if how == "closes":
            clew.stdin.close()
        elif how == "does not read":
            clew.stdout.close()
            send(clew, id=3, method="ping")
        else:
            clew.send_signal(signal.SIGINT)
        code = clew.wait(60)
        said = clew.stderr.read()

    assert code == 0
    assert said == ""
    assert asyncio.run(trail(tmp_path)) == [(AGENT, "mcp")]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "No test platform is set up."),
        ({"ANTITHESIS_TENANT": "acme", "ANTITHESIS_API_KEY": "k" * 30, "DATABASE_URL": "sqlite:////nowhere/clew.db"}, "/nowhere"),
    ],
)  # fmt: skip
def test_start__that_fails_says_why(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    """On standard error, where clients look for it; standard output stays empty."""
    with process(tmp_path, surroundings(environment)) as clew:
        out, err = clew.communicate(timeout=60)

    assert (clew.returncode, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_start__without_the_package_says_how_to_install_it(tmp_path: Path) -> None:
    """Nothing else of Clew needs it."""
    code = "import sys; sys.modules['mcp'] = None; from adapters.main import app; app(sys.argv[1:])"
    clew, helped = (
        subprocess.run(
            (sys.executable, "-c", code, *words), cwd=tmp_path, env=surroundings({}), text=True, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )
        for words in (("mcp",), ("mcp", "--help"))
    )  # fmt: skip

    assert (clew.returncode, clew.stdout) == (2, "")
    assert "pip install '.[mcp]'" in clew.stderr
    assert helped.returncode == 0
    assert "mcpServers" in helped.stdout
