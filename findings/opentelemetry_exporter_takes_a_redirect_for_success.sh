#!/usr/bin/env bash
# opentelemetry-exporter-otlp-proto-http 1.45.2 with opentelemetry-sdk 1.45.2, and a collector behind a door that redirects.
#
# Expected: a 302 to a login page is no delivery: the protocol (OTLP/HTTP) knows 200 as success, and whoever set the exporter
# up learns from a failed export, or at least from a line in the log, that no span arrives.
# Seen: the redirect is not followed, and taken for success: every answer from 200 to 399 is. No span arrives, the result is
# SUCCESS, nothing is logged at any level. A 401 from the same door is FAILURE with a line at ERROR.
# Output seen: 302: SUCCESS, spans received: 0, lines logged: 0
#              401: FAILURE, spans received: 0, lines logged: 1
#
# Where it concerns us: traces are sent through a session that takes a redirect for what it is (adapters/traces.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opentelemetry-exporter-otlp-proto-http==1.45.2 opentelemetry-sdk==1.45.2

env -u HTTP_PROXY -u http_proxy "$folder/venv/bin/python" - <<'PYTHON'
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

said: list[logging.LogRecord] = []


class Keep(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        said.append(record)


class Door(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status = int(self.path.removeprefix("/"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/login")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Told(SpanExporter):
    """Keeps what the exporter said of each batch."""

    def __init__(self, exporter: OTLPSpanExporter) -> None:
        self.exporter, self.results = exporter, []

    def export(self, spans: object) -> SpanExportResult:
        self.results.append(self.exporter.export(spans))
        return self.results[-1]

    def shutdown(self) -> None:
        self.exporter.shutdown()


logging.getLogger("opentelemetry").addHandler(Keep())
logging.getLogger("opentelemetry").setLevel(logging.DEBUG)
server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = {}
for status in (302, 401):
    said.clear()
    told = Told(OTLPSpanExporter(endpoint=f"http://127.0.0.1:{server.server_port}/{status}"))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(told))
    provider.get_tracer("finding").start_span("work").end()
    lines = [line for line in said if line.name.startswith("opentelemetry.exporter")]
    seen[status] = (told.results[0].name, len(lines))
    print(f"{status}: {told.results[0].name}, spans received: 0, lines logged: {len(lines)}")
    provider.shutdown()
server.shutdown()
assert seen == {302: ("SUCCESS", 0), 401: ("FAILURE", 1)}, seen
PYTHON
