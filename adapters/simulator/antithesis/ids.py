"""Made-up values that depend on nothing but the seed: ids, hashes, virtual times, signed links."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from datetime import datetime, timedelta

from adapters.simulator.common.ids import dice, timestamp

TICKS_PER_SECOND = 2**32
DIGEST_SIZE = 8  # bytes; an input hash is a signed 64-bit integer


def run_id(release: str, *parts: object) -> str:
    """Return 32 hexadecimal digits and the release, "64.0" becoming the suffix "-64-0"."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{digest}-{release.replace('.', '-')}"


def input_hash(*parts: object) -> str:
    """Return the decimal text of a signed 64-bit integer."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=DIGEST_SIZE).digest()
    return str(int.from_bytes(digest, "big", signed=True))


def vtime_between(rng: random.Random, low: float, high: float) -> float:
    """Return virtual seconds that are a whole number of ticks, so that a float holds them exactly."""
    return rng.randrange(int(low * TICKS_PER_SECOND), int(high * TICKS_PER_SECOND)) / TICKS_PER_SECOND


def report_link(base_url: str, run: str, completed_at: datetime) -> str:
    """Return a report link signed with random bytes; like the real ones it names no expiry."""
    rng = dice("report", run)
    report_id, asset = (_url_text(rng, 18), _url_text(rng, 32) + ".html")
    valid_from = timestamp(completed_at - timedelta(hours=1))
    claims = {"nbf": valid_from, "scope": {"ReportScopeV1": {"asset": asset, "report_id": report_id}}}
    signed = json.dumps(claims, separators=(",", ":")).encode() + rng.randbytes(64)
    token = base64.urlsafe_b64encode(signed).rstrip(b"=").decode()
    return f"{base_url}/report/{report_id}/{asset}?auth=v2.public.{token}"


def _url_text(rng: random.Random, size: int) -> str:
    return base64.urlsafe_b64encode(rng.randbytes(size)).decode()
