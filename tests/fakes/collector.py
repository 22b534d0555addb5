"""An OpenTelemetry collector on loopback: it takes OTLP over HTTP, keeps what came, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATH = "/v1/traces"


@dataclass
class Collector:
    """What it received, and what it answers, once `wait` is set where there is one."""

    status: int = 200
    wait: asyncio.Event | None = None
    url: str = ""
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def spans(self) -> list[tuple[str, dict[str, str]]]:
        """Return the name and the attributes of each span that came."""
        return [span for _, body in self.requests for span in read(body)]

    async def take(self, request: web.Request) -> web.Response:
        """Receive a batch."""
        self.requests.append((request.headers.get("authorization", ""), await request.read()))
        if self.wait is not None:
            await self.wait.wait()
        return web.Response(status=self.status)


def read(body: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return the name and the attributes of each span in a batch."""
    return list(_spans(ExportTraceServiceRequest.FromString(body)))


def _spans(batch: ExportTraceServiceRequest) -> Iterator[tuple[str, dict[str, str]]]:
    for resource in batch.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield span.name, {a.key: a.value.string_value for a in span.attributes}


@asynccontextmanager
async def collecting(collector: Collector) -> AsyncIterator[Collector]:
    """Serve it."""
    app = web.Application()
    app.add_routes([web.post(PATH, collector.take)])
    async with TestServer(app) as server:
        collector.url = str(server.make_url("")).rstrip("/")
        yield collector
