"""Traces as the real SDK makes them and as a collector on this machine receives them."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from adapters.traces import PATH, sending, tracing
from bot.model import Secret
from bot.ports import Span, untraced
from tests.fakes.collector import Collector, collecting, read
from tests.fakes.runs import EPOCH

SPAN = Span(
    name="command",
    began=EPOCH,
    ended=EPOCH + timedelta(seconds=1.5, microseconds=7),
    attributes={"chat": "slack", "verb": "status"},
)
MODULES = """
import sys
from adapters.traces import tracing
import adapters.cli.run
with tracing(None) as trace:
    trace(None)
print([name for name in sys.modules if name.partition(".")[0] in {"opentelemetry", "requests", "google"}])
"""


def test_sending__a_span() -> None:
    """Its times are those of the work, whenever it is told; its attributes are named as ours."""
    exporter = InMemorySpanExporter()
    with sending(exporter) as trace:
        trace(SPAN)
        trace(Span(name="message", began=EPOCH, ended=EPOCH, attributes={}, failed=True))
    well, failed = exporter.get_finished_spans()

    assert (well.name, dict(well.attributes or {})) == (
        "command",
        {"clew.chat": "slack", "clew.verb": "status"},
    )
    assert (well.start_time or 0) == int(EPOCH.timestamp()) * 10**9
    assert (well.end_time or 0) - (well.start_time or 0) == 1_500_007_000
    assert [span.status.status_code for span in (well, failed)] == [StatusCode.UNSET, StatusCode.ERROR]
    assert well.resource.attributes["service.name"] == "clew"
    assert well.resource.attributes["service.version"]
    assert well.context is not None
    assert failed.context is not None
    assert well.context.trace_id != failed.context.trace_id


def test_sending__a_clock_that_was_set_back() -> None:
    """No span ends before it began, and no id is longer than an id."""
    exporter = InMemorySpanExporter()
    with sending(exporter) as trace:
        trace(
            Span(
                name="message",
                began=EPOCH,
                ended=EPOCH - timedelta(hours=1),
                attributes={"run": 10_000 * "x"},
            )
        )
    (span,) = exporter.get_finished_spans()

    assert span.start_time == span.end_time
    assert len(str((span.attributes or {})["clew.run"])) == 200


@pytest.mark.parametrize("address", ["{}", f"{{}}{PATH}"])
async def test_tracing__to_a_collector(address: str) -> None:
    """Over real HTTP, with the headers that the collector wants."""
    async with collecting(Collector()) as collector:
        headers = Secret("authorization=Bearer%20canary,x-team=a")

        def work() -> None:
            with tracing(address.format(collector.url), headers) as trace:
                trace(SPAN)

        await asyncio.to_thread(work)

    ((authorization, body),) = collector.requests
    assert authorization == "Bearer canary"
    assert read(body) == [("command", {"clew.chat": "slack", "clew.verb": "status"})]


@pytest.mark.parametrize("status", [302, 304, 401, 404])
async def test_tracing__a_collector_that_refuses(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """What it does not take is dropped, with a line in the log that has no key in it; a redirect takes nothing either."""
    with caplog.at_level(logging.WARNING):
        async with collecting(Collector(status=status)) as collector:

            def work() -> None:
                with tracing(collector.url, Secret("authorization=canary")) as trace:
                    trace(SPAN)

            await asyncio.to_thread(work)

    assert len(collector.requests) == 1
    assert str(status) in caplog.text
    assert "canary" not in caplog.text


async def test_tracing__a_collector_that_hangs() -> None:
    """It holds up neither the work nor the end."""
    async with collecting(Collector(wait=asyncio.Event())) as collector:
        ended = threading.Event()

        def work() -> None:
            with tracing(collector.url) as trace:
                trace(SPAN)
            ended.set()

        await asyncio.to_thread(work)
        answered = collector.wait is not None and collector.wait.is_set()
        assert collector.wait is not None
        collector.wait.set()
        for thread in threading.enumerate():
            if thread.name == "traces":  # what was left behind ends by itself once it is answered
                await asyncio.to_thread(thread.join)

    assert ended.is_set()
    assert not answered


def test_tracing__off_costs_nothing() -> None:
    """Without a collector none of its libraries is loaded, by nothing that `clew run` loads."""
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_tracing__without_the_extra(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Clew works as before, and says what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with caplog.at_level(logging.WARNING), tracing("http://127.0.0.1:9") as trace:
        trace(SPAN)

    assert trace is untraced
    assert "pip install '.[otel]'" in caplog.text
