"""Lines of server-sent events, as Testhide writes them: data alone."""

from __future__ import annotations

import json


def event(body: object) -> bytes:
    """Return an event of JSON."""
    return b"data: " + json.dumps(body).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
"""The end of a streamed answer of the model; no JSON."""
