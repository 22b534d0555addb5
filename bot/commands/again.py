"""What the buttons of a launch with an unclear or bad end say.

check TOKEN
again TOKEN
"""

from __future__ import annotations

from dataclasses import replace

from bot import requests, sending
from bot.access import Role
from bot.cards import Reply
from bot.commands.confirm import TOKEN, intent_of
from bot.commands.launch import propose
from bot.commands.verb import Asked, Desk, Verb
from bot.replies import launching as replies
from bot.replies import settling
from bot.state import Intent, IntentKind


async def check(asked: Asked, desk: Desk) -> Reply:
    """Look for the run of a launch of unknown outcome now, instead of at the next turn."""
    intent = await _launch(asked, desk, "check")
    if intent.state not in sending.UNDECIDED:
        return settling.happened(intent)
    service = desk.services.get(intent.connection)
    if service is None:
        raise settling.no_connection(intent)
    request = requests.launch_request(intent.request)
    run = await sending.look(intent, service)
    if run is None:
        return replies.still_unknown(intent, request)
    now = desk.clock.now()
    await sending.accept(intent, run.ref.run_id, store=desk.store, now=now)
    return Reply(card=replies.appeared(intent, request, run, now=now))


async def again(asked: Asked, desk: Desk) -> Reply:
    """Ask for the same launch once more: a new request with a key of its own, newly confirmed."""
    intent = await _launch(asked, desk, "launch again")
    service = desk.services.get(intent.connection)
    if service is None:
        raise settling.no_connection(intent)
    request = replace(requests.launch_request(intent.request), key=desk.new_key())
    return await propose(request, service, asked, desk, reason=f"again of {intent.id}")


async def _launch(asked: Asked, desk: Desk, verb: str) -> Intent:
    intent = await intent_of(asked, desk, verb)
    if intent.kind is not IntentKind.LAUNCH:
        raise replies.not_a_launch()
    return intent


CHECK = Verb(
    name="check",
    summary="look again for a launch of unknown outcome",
    handle=check,
    parameters=(TOKEN,),
    hidden=True,
)
AGAIN = Verb(
    name="again",
    summary="ask for the same launch once more",
    handle=again,
    parameters=(TOKEN,),
    role=Role.LAUNCH,
    changes=True,
    hidden=True,
)
