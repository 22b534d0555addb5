"""Serves log streams from memory, as fast as loopback goes; a process of its own: `python -m tests.bench.log_server`.

The first part of a run's id says what its log is: `large` 200 MB, `huge` one line of 50 MB among few, `pair` 50,000
lines with an id in each.
"""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Iterator

CHUNK = 1 << 16  # bytes of one chunk of the transfer encoding
LINE = (
    b'{"moment":{"input_hash":"-3625518438076122494","vtime":"%d.%06d"},"output_text":"{\\"level\\":\\"info\\",'
    b'\\"ts\\":\\"2026-03-26T01:42:55.628233Z\\",\\"logger\\":\\"raft\\",\\"caller\\":\\"v3@v3.6.0/raft.go:1064\\",\\"msg\\":'
    b'\\"2c6c7b8d0d0933f7 [logterm: 78, index: 436] sent MsgPreVote request to dcb68c82481661be at term 79\\"}",'
    b'"source":{"container":"etcd0","name":"etcd0","stream":"error"}}\n'
)
LARGE = 200_000_000
HUGE_LINE = 50_000_000
PAIR_LINES = 50_000


def _lines(size: int) -> Iterator[bytes]:
    total = number = 0
    while total < size:
        line = LINE % (100 + number // 1_000_000, number % 1_000_000)
        total += len(line)
        number += 1
        yield line


def _chunks(kind: str) -> list[bytes]:
    """Return a whole log as chunks on the wire."""
    if kind == "huge":
        log = (
            b"".join(_lines(100_000))
            + b'{"output_text":"'
            + b"x" * HUGE_LINE
            + b'"}\n'
            + b"".join(_lines(100_000))
        )
    elif kind == "pair":
        log = b"".join(
            line.replace(b"2c6c7b8d0d0933f7", b"%016x" % (number * 0x9E3779B97F4A7C15 % (1 << 64)))
            for number, line in zip(range(PAIR_LINES), _lines(LARGE), strict=False)
        )
    else:
        log = b"".join(_lines(LARGE))
    pieces = [log[i : i + CHUNK] for i in range(0, len(log), CHUNK)]
    return [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


class _Logs:
    """Makes each kind of log once."""

    def __init__(self) -> None:
        self._made: dict[str, list[bytes]] = {}
        self._lock = threading.Lock()

    def get(self, kind: str) -> list[bytes]:
        with self._lock:
            if kind not in self._made:
                self._made[kind] = _chunks(kind)
            return self._made[kind]


def _answer(connection: socket.socket, logs: _Logs) -> None:
    with connection:
        asked = connection.recv(65_536).decode("latin-1")
        kind = re.match(r"GET /api/v0/runs/(\w+)-", asked)
        chunks = logs.get(kind[1] if kind else "large")
        try:
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            for chunk in chunks:
                connection.sendall(chunk)
        except OSError:
            return  # the reader left


def main() -> None:
    """Listen on a free port of loopback and print it."""
    logs = _Logs()
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_answer, args=(connection, logs), daemon=True).start()


if __name__ == "__main__":
    main()
