"""Traces for an OpenTelemetry collector, over OTLP and HTTP.

The libraries are an extra, and are loaded only where a collector is set. They send from a thread of their own, in batches;
what a collector does not take in time is dropped, so nothing here ever waits for it.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from bot.model import Secret
from bot.ports import Span, Trace, untraced

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

log = logging.getLogger(__name__)

PATH = "/v1/traces"  # behind a collector's address, as the protocol has it
PATIENCE = 5.0  # seconds for one batch, tries included
CLOSING = 2.0  # seconds at the end for what is not sent yet
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = 200  # characters of an attribute


@contextmanager
def tracing(collector: str | None, headers: Secret | None = None) -> Iterator[Trace]:
    """Give the way for spans to a collector's address; without one, a way that leads nowhere and loads nothing."""
    if collector is None:
        yield untraced
        return
    try:
        exporter = _exporter(collector, headers)
    except ModuleNotFoundError as missing:
        log.warning(
            "no traces are sent: the package %s is not installed; install Clew with its extra: pip install '.[otel]'",
            missing.name,
        )
        yield untraced
        return
    with sending(exporter) as trace:
        yield trace


def _exporter(collector: str, headers: Secret | None) -> SpanExporter:
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.util.re import parse_env_headers

    def refuse_redirects(answer: Any, **_: object) -> None:
        """Let a redirect fail, such as one to a login page: the exporter takes it for success, and no span arrives."""
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status_code < HTTPStatus.BAD_REQUEST:
            answer.close()
            raise requests.RequestException(f"it answers with a redirect ({answer.status_code})")

    session = requests.Session()
    session.hooks["response"].append(refuse_redirects)
    return OTLPSpanExporter(
        endpoint=collector.removesuffix(PATH) + PATH,
        headers=parse_env_headers(headers.reveal(), liberal=True) if headers else {},
        timeout=PATIENCE,
        session=session,
    )


@contextmanager
def sending(exporter: SpanExporter) -> Iterator[Trace]:
    """Give the way for spans to an exporter, which gets them in batches and the last ones at the end of the block."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode

    own = {
        "service.name": "clew",
        "service.version": version("clew"),
        "service.instance.id": socket.gethostname(),
    }
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("clew", version("clew"))

    def trace(span: Span) -> None:
        attributes = {f"clew.{name}": value[:LONGEST] for name, value in span.attributes.items()}
        told = tracer.start_span(
            span.name, kind=SpanKind.SERVER, attributes=attributes, start_time=_nanoseconds(span.began)
        )
        if span.failed:
            told.set_status(Status(StatusCode.ERROR))
        told.end(_nanoseconds(max(span.began, span.ended)))

    try:
        yield trace
    finally:
        _close(provider)


def _close(provider: TracerProvider) -> None:
    """Send what is left, and leave behind what takes longer: a collector that hangs holds up no stop."""
    closing = threading.Thread(target=provider.shutdown, name="traces", daemon=True)
    closing.start()
    closing.join(CLOSING)


def _nanoseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND * 1000
