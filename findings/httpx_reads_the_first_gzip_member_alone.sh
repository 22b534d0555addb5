#!/usr/bin/env bash
# httpx 0.28.1 (zstandard 0.25.0 for the comparison).
#
# Expected: a gzip body may have several members (RFC 1952, 2.2), as logs have that are rotated, appended to or written
# in blocks; whoever decodes it gets all of them, or an error.
# Seen: httpx returns the first member and drops the rest without a word: status 200, no exception, the length of the
# body as announced. The standard library's gzip reads all of it, and so does httpx itself where the very same is
# compressed as zstd, frame by frame.
# Output seen:
#   gzip module: 2 lines
#   httpx, gzip of two members: 1 line, status 200
#   httpx, zstd of two frames: 2 lines, status 200
#
# Where it concerns us: a log would end early and look whole. We ask for no encoding and refuse an answer that has one
# (`check_encoding` in adapters/platforms/http/answers.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 zstandard==0.25.0

"$folder/venv/bin/python" - <<'PYTHON'
import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import zstandard

LINES = (b"[10:00:05] 12 passed\n", b"[10:00:28] coverage gate: 71 % < 80 %\n")
BODIES = {
    "gzip": b"".join(gzip.compress(line) for line in LINES),
    "zstd": b"".join(zstandard.ZstdCompressor().compress(line) for line in LINES),
}


class Logs(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        coding = self.path.strip("/")
        self.send_response(200)
        self.send_header("Content-Encoding", coding)
        self.send_header("Content-Length", str(len(BODIES[coding])))
        self.end_headers()
        self.wfile.write(BODIES[coding])

    def log_message(self, *_: object) -> None:
        pass


def lines(body: bytes) -> int:
    return body.count(b"\n")


server = HTTPServer(("127.0.0.1", 0), Logs)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/"
found = {coding: httpx.get(address + coding, trust_env=False) for coding in BODIES}
server.shutdown()

whole = lines(gzip.decompress(BODIES["gzip"]))
print(f"gzip module: {whole} lines")
print(f"httpx, gzip of two members: {lines(found['gzip'].content)} line, status {found['gzip'].status_code}")
print(f"httpx, zstd of two frames: {lines(found['zstd'].content)} lines, status {found['zstd'].status_code}")
assert (whole, lines(found["gzip"].content), lines(found["zstd"].content)) == (2, 1, 2)
assert int(found["gzip"].headers["Content-Length"]) == len(BODIES["gzip"])
PYTHON
