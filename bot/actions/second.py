"""Where a preset needs a second person: who has to be asked, until when, and how that ends.

What was confirmed by its requester waits as `asked`. It is bound to one channel, to exactly the request that was shown, and to
what the preset said then.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bot.actions import send
from bot.cards import Card, Fact, Line, Reply
from bot.command import Asked, Preset, Services
from bot.errors import UserError
from bot.model import LaunchRequest
from bot.platform import Launches, Platform
from bot.ports import Store
from bot.replies import acting, approving, launching
from bot.replies.approving import Names
from bot.state import Intent, IntentState, Place
from bot.triage import RerunRequest

UNSENT = frozenset({IntentState.ASKED, IntentState.DECLINED, IntentState.EXPIRED})
DRAFT = frozenset({IntentState.DRAFT})
ASKED = frozenset({IntentState.ASKED})


def bound(preset: Preset | None, place: Place) -> tuple[str, str]:
    """Return what a draft keeps of its preset: what it says now, and the role of the second person, "" for none.

    Raises `UserError` where a second person is needed and nobody else reads the place.
    """
    if preset is None:
        return "", ""
    if preset.approve is not None and place.direct:
        raise approving.nobody_else(preset.name, preset.approve.word)
    return preset.mark, preset.approve.word if preset.approve else ""


def warning(intent: Intent, services: Services) -> Line:
    """Say on a confirmation that somebody else is needed; nothing where nobody is."""
    if not intent.second:
        return ()
    return approving.needed(intent.preset, intent.second, services.approve_within)


def changed(intent: Intent, services: Services) -> str:
    """Say why what was shown does not hold any more, "" where it does: only what needs a second person is held to that."""
    preset = services.presets.get(intent.preset)
    now = preset is not None and preset.approve is not None
    if not (now or intent.second) or (preset is not None and preset.mark == intent.preset_mark):
        return ""
    return approving.preset_changed(intent.preset)


async def ask(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Let a draft wait for a second person, and ask for one; None where somebody else moved it meanwhile."""
    now, store = services.clock.now(), services.store
    by = now + services.approve_within
    who = asked.invocation.actor
    if who.name:
        await store.keep_name(who.id, who.name)
    noted = send.entry(intent, "asked", f"{send.target(intent)}, needs a second person: {intent.second}", now)
    if not await store.advance(intent.id, DRAFT, IntentState.ASKED, now, reason=intent.reason, approve_by=by, noted=noted):  # fmt: skip
        return None
    return await waits(replace(intent, state=IntentState.ASKED, approve_by=by), services)


async def waits(intent: Intent, services: Services) -> Reply:
    """Show that it waits for a second person, in a card that lives on. Raises `StoreError`."""
    platform = services.platforms.get(intent.connection)
    return Reply(card=await card(intent, platform, services.store), live=intent.id, data=intent, replace=True)


async def ended(intent: Intent, services: Services) -> Reply:
    """Show how it ended without being sent. Raises `StoreError`."""
    now = await services.store.intent(intent.id) or intent
    return Reply(card=approving.over(now, await names_of(now, services.store)), replace=True, data=now)


def too_late(intent: Intent, now: datetime) -> bool:
    """Whether the time for an approval is over; a clock that was set back does not prolong it."""
    return intent.approve_by is None or not intent.created_at <= now <= intent.approve_by


async def expire(intent: Intent, store: Store, now: datetime) -> bool:
    """Let go of what nobody approved in time; False where somebody else moved it meanwhile."""
    noted = send.entry(intent, "expired", f"{send.target(intent)}, not approved", now)
    return await store.advance(intent.id, ASKED, IntentState.EXPIRED, now, noted=noted)


async def card(intent: Intent, platform: Platform | None, store: Store) -> Card:
    """Return the card of an intent that waits for a second person, or that was never sent after that. Raises `StoreError`."""
    names = await names_of(intent, store)
    if intent.state is IntentState.ASKED:
        cost = send.outlook_of(intent, platform).cost
        return approving.waiting(intent, _shown(intent, platform), cost, names)
    return approving.over(intent, names)


def parameters(request: LaunchRequest, launches: Launches) -> tuple[tuple[str, str], ...]:
    """Return what a launch sends, in the words of its form. Raises `UserError` for what it does not take."""
    sent = launches.parameters(request)
    labels = {field.name: field.label for field in launches.form(request.launcher, request.values)}
    return tuple((labels.get(name, name), value) for name, value in sent)


def _shown(intent: Intent, platform: Platform | None) -> tuple[Fact, ...]:
    """Return what a confirmation of it showed; nothing where its platform is not there any more."""
    request = intent.request
    if platform is None:
        return ()
    if isinstance(request, LaunchRequest) and platform.launches is not None:
        with suppress(UserError):  # the platform takes other values by now: then it will not be sent either
            sent = parameters(request, platform.launches)
            return launching.facts(request, sent, platform.terms, cost=platform.launches.cost(request))
    if isinstance(request, RerunRequest):
        return acting.facts_of_rerun(intent, request, platform.terms)
    return ()


async def names_of(intent: Intent, store: Store) -> Names:
    """Return what the two people of an intent are called. Raises `StoreError`."""
    second = await store.name(intent.decided_by) if intent.decided_by else ""
    return Names(requester=await store.name(intent.actor), second=second)


def told(sent: Card, intent: Intent, names: Names) -> Card:
    """Return a card of what was sent with who approved it, where somebody did."""
    return approving.approved(sent, intent, names) if intent.decided_by else sent
