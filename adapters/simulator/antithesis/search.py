"""The event search: one text, looked for where the API looks, answered with an unordered sample."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.simulator.antithesis.lines import all_events, encode
from adapters.simulator.antithesis.timeline import Timeline
from adapters.simulator.common.ids import dice
from adapters.simulator.common.misbehave import Json


def matching_events(line: Timeline, text: str, limit: int) -> Iterator[bytes]:
    """Yield at most `limit` events that hold a text, in any letter case; an empty text matches all."""
    wanted = text.casefold()
    found = [
        (vtime, event)
        for vtime, event in all_events(line)
        if not wanted or any(wanted in text.casefold() for text in _searched(event))
    ]
    rng = dice("search", line.run_id, text)
    for vtime, event in rng.sample(found, min(limit, len(found))):
        yield encode(line, vtime, event)


def _searched(event: Json) -> Iterator[str]:
    """Yield the texts of an event that are searched: never the names of fields, nor catalogue entries."""
    body = event.get("antithesis_assert")
    if body is not None:
        yield from (body["message"], body["location"]["function"]) if body["hit"] else ()
        return
    yield from (event[name] for name in ("output_text", "command", "started_task") if name in event)
