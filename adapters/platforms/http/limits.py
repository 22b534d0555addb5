"""How long, how much and how many: every bound of the client in one place."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
PIECE = 1 << 18  # bytes of a stream that are looked at in one go, however large the chunks are that come in


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one connection; times in seconds, sizes in bytes. The defaults are meant for production."""

    connect: float = 10.0
    read: float = 30.0  # a whole read with its retries
    post: float = 60.0  # a whole launch, debugging launch or cancel
    stream: float = 600.0  # a whole log stream; a slow one can take ten minutes
    stream_idle: float = 90.0  # without a byte; a scan without hits is silent for 70 s
    tries: int = 3
    wait: float = 1.0  # before the second try; then doubled, with jitter
    longest_wait: float = 15.0  # a longer Retry-After is the caller's to wait for
    longest_pause: float = 900.0  # a still longer one is not believed: it is asked again then
    body: int = 16 * MIB
    skipped: int = 512 * MIB  # of one entry that is passed over
    stream_bytes: int = 2048 * MIB
    spool: int = 256 * MIB
    kept: int = 64  # windows of logs, for a second look
    kept_bytes: int = 1024 * MIB  # of all of them
    kept_for: float = 3600.0
    line: int = MIB
    pages: int = 2_000  # of one list
    search_pages: int = 10  # 1,000 runs back when looking for one
    reads: int = 8  # at once
    streams: int = 3  # at once
    report: float = 2.0  # between two reports of progress
