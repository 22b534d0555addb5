"""The listener of webhooks on a real socket, and somebody who delivers."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from adapters.hooks.app import Source, Webhooks
from adapters.http_server import listening
from bot.model import Secret
from bot.state import Hint
from tests.fakes.clock import ManualClock
from tests.fakes.store_hints import MemoryHints

SECRET = "canary-hook-secret-of-qa"
OTHER = "canary-hook-secret-of-ath"
SOURCES = {
    "qa": Source(secret=Secret(SECRET), keys=("build_id",)),
    "ath": Source(secret=Secret(OTHER), keys=("executionId",)),
}
PATIENCE = 30.0  # seconds: far more than is needed, so that only a hanging test meets it
Headers = Mapping[str, str | bytes]


def a_body(build: int = 1026, event: str = "build.finished") -> bytes:
    """Return a delivery of a build server."""
    return json.dumps({"event": event, "data": {"build_id": build, "status": "failed"}}).encode()


def an_execution(execution: str, at: str) -> bytes:
    """Return a delivery of a platform that says when it was made."""
    told = {"event": "test.failed", "timestamp": at, "data": {"testId": "t1", "executionId": execution}}
    return json.dumps(told).encode()


def digest(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.digest(secret.encode(), body, "sha256")


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of the likeliest form."""
    return {"X-Hub-Signature-256": f"sha256={digest(body, secret).hex()}"}


FORMS: dict[str, Callable[[bytes], str]] = {
    "hex": lambda found: found.hex(),
    "HEX": lambda found: found.hex().upper(),
    "sha256=hex": lambda found: f"sha256={found.hex()}",
    "base64": lambda found: b64encode(found).decode(),
}


class Record(MemoryHints):
    """What was put on record, in the order in which it came."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[str, tuple[str, ...]]] = []

    async def keep_hint(self, hint: Hint, *, repeats: datetime) -> bool:
        new = await super().keep_hint(hint, repeats=repeats)
        if new:
            self.kept.append((hint.connection, hint.run_ids))
        return new


@dataclass(kw_only=True)
class Hall:
    """Two connections that send webhooks. `record`: what came of them; `told`: how often somebody was told of that."""

    clock: ManualClock = field(default_factory=ManualClock)
    record: Record = field(default_factory=Record)
    told: int = 0
    url: str = ""
    port: int = 0

    @property
    def hints(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each hint's connection and runs."""
        return self.record.kept

    def _tell(self) -> None:
        self.told += 1

    @asynccontextmanager
    async def open(self, request_seconds: float = PATIENCE) -> AsyncIterator[Hall]:
        """Listen; a new application each time, as after a restart."""
        app = Webhooks(SOURCES, self.record, self.clock, told=self._tell).application()
        async with listening(app, ("127.0.0.1", 0), request_seconds=request_seconds) as (host, self.port):
            self.url = f"http://{host}:{self.port}"
            yield self

    async def send(
        self, body: bytes, headers: Headers, connection: str = "qa", *, method: str = "POST"
    ) -> httpx.Response:
        """Deliver to a connection."""
        return await self.ask(f"/hooks/{connection}", body, headers, method=method)

    async def ask(
        self, path: str, body: bytes = b"", headers: Headers | None = None, *, method: str = "POST"
    ) -> httpx.Response:
        """Send a request to a path."""
        sent = {
            name.encode(): value if isinstance(value, bytes) else value.encode()
            for name, value in (headers or {}).items()
        }
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            return await client.request(method, f"{self.url}{path}", content=body, headers=sent)
