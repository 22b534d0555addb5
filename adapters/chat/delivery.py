"""Shows one message until it is there, never while it may be there already: the same in every chat."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.ports import Chat, Clock, Delivered, Found, Missing, NotDelivered, PostOutcome, Unconfirmed
from bot.state import Place
from bot.waiting import Backoff

TRIES = 6
LOOKS = 4
LOOKS_BACK = 30  # for what a process before this one may have shown; then it is shown, maybe once more
FIRST_WAIT = 2.0  # seconds before a message that did not go out is tried again; doubled each time
LONGEST_WAIT = 60.0
WORTH_SECONDS = 900.0  # for so long an answer is worth anything

Send = Callable[[], Awaitable[PostOutcome]]


async def deliver(chat: Chat, clock: Clock, place: Place, key: str, send: Send) -> PostOutcome:
    """Send until it is there; look into the history of the place for the key before a repeat.

    What the chat puts off is tried for as long as an answer is worth anything.
    """
    since, end = clock.now(), clock.monotonic() + WORTH_SECONDS
    waits, tries = Backoff(first=FIRST_WAIT, longest=LONGEST_WAIT), TRIES
    while True:
        outcome = await send()
        if isinstance(outcome, Unconfirmed):
            found = await reconcile(chat, clock, place, key, since)
            tries -= 1
            if found is not None or not tries:
                return found or outcome
        elif isinstance(outcome, NotDelivered) and clock.monotonic() < end:
            wait = waits.next()
            await clock.sleep(outcome.retry_after or wait)
        else:
            return outcome


async def retry(clock: Clock, send: Send, *, safe: bool = False) -> PostOutcome:
    """Try until it is there what certainly did not happen; `safe`: also what may have, as edits can be repeated."""
    waits = Backoff(first=FIRST_WAIT, longest=LONGEST_WAIT)
    outcome = await send()
    for _ in range(TRIES):
        if not isinstance(outcome, NotDelivered) and not (safe and isinstance(outcome, Unconfirmed)):
            break
        wait, asked = waits.next(), outcome.retry_after if isinstance(outcome, NotDelivered) else None
        await clock.sleep(asked or wait)
        outcome = await send()
    return outcome


async def to_person(clock: Clock, send: Send) -> PostOutcome:
    """Show something to one person, which nobody can look for: once more where it may be there.

    A second one hurts nobody, and no answer at all does.
    """
    outcome = await retry(clock, send)
    if isinstance(outcome, Unconfirmed):
        await clock.sleep(FIRST_WAIT)
        outcome = await retry(clock, send)
    return outcome


def is_shown(outcome: PostOutcome) -> bool:
    """Whether a message is there, or may be and cannot be looked for."""
    return isinstance(outcome, Delivered | Unconfirmed)


def post_key(key: str) -> str:
    """Return what an answer is found by: derived from what was asked, opaque to others."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:24]


async def reconcile(
    chat: Chat, clock: Clock, place: Place, key: str, since: datetime, *, looks: int = LOOKS
) -> PostOutcome | None:
    """Find a message that may be there, when it has settled; None where it certainly is not.

    `looks`: how often it is looked while the history cannot be read.
    """
    for _ in range(looks):
        if chat.reconcile_after > 0:
            await clock.sleep(chat.reconcile_after)
        seen = await chat.find_posted(place.channel, place.thread, key, since)
        if isinstance(seen, Found):
            return Delivered(seen.message_id)
        if isinstance(seen, Missing):
            return None
        if seen.for_good:
            break
    return Unconfirmed("It could not be found out whether the message arrived.")
