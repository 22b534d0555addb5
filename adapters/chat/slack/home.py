"""The app's home: what runs, what came of recent runs, and what one's channels hear of.

Only what the person may read is shown, and only subscriptions of channels that the person is in.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack import buttons, forms, ids, markup, outcomes
from adapters.chat.slack.markup import Json, plain, section
from adapters.chat.slack.people import People
from bot import access
from bot.access import Role
from bot.cards import Button, Line, Untrusted
from bot.command import Services
from bot.errors import ListCut, ServiceError, UserError
from bot.handler import Handler
from bot.model import Run, RunQuery
from bot.ports import RunService
from bot.recent import Recent, recent_of
from bot.replies import runs, watching, wording
from bot.state import Actor, Place, Subscription
from bot.watch.listing import OPEN

log = logging.getLogger(__name__)

RUNS = 8  # of each kind and connection
RUN_PAGES = 3  # that are looked through for runs that have ended
SUBSCRIPTIONS = 15
CHANNEL_PAGES = 5

Entry = tuple[Line, tuple[Button, ...]]


async def view(handler: Handler, client: AsyncWebClient, people: People, actor: Actor) -> Json:
    """Build the home of one person."""
    services = handler.services
    try:
        actor = await people.actor(actor)
    except UserError as error:
        await handler.refused(actor, Place(channel=actor.id), "account", action="home")
        return _home([_text(error.problem)])
    here = Place(channel=actor.id)
    decision = access.decide(services.policy, actor, here, need=Role.READ, changes=False)
    if isinstance(decision, access.Denied):
        await handler.refused(actor, here, decision.rule, action="home")
        return _home([_header("Clew"), _text(decision.reason)])
    running, ended, problems = await _runs(services)
    heard = await _subscriptions(services, client, ids.last(actor.id))
    return _home(_blocks(running, ended, heard, problems))


async def launchers(handler: Handler, actor: Actor, typed: str) -> Json:
    """Offer the launchers of runs seen and of the settings, to those who may read."""
    services = handler.services
    decision = access.decide(services.policy, actor, Place(channel=actor.id), need=Role.READ, changes=False)
    if isinstance(decision, access.Denied):
        return {"options": []}
    known: list[str] = []
    for connection in services.platforms:
        known += services.launchers.get(connection, ())
        known += await services.store.launchers(connection)
    return forms.options(tuple(dict.fromkeys(known)), typed)


def _blocks(running: list[Entry], ended: list[Entry], heard: list[Entry], problems: list[Line]) -> list[Json]:
    numbers = itertools.count(1)
    first = (
        Button(label="Launch a test run", words="launch", opens_form="launch"),
        Button(label="Recent runs", words="status"),
        Button(label="Help", words="help"),
    )
    blocks = [_header("Clew"), *buttons.row(first, numbers)]
    blocks += [text for problem in problems if (text := markup.rich(section(problem)))]
    unknown = "Not known, as not all runs can be listed." if problems else ""
    blocks += _part("Running now", running, unknown or "Nothing is running.", numbers)
    blocks += _part("Recent verdicts", ended, unknown or "No recent run has ended.", numbers)
    blocks += _part(
        "What your channels hear of", heard, "None of your channels watches runs. Say “/clew watch” in one.", numbers
    )  # fmt: skip
    return blocks


async def _runs(services: Services) -> tuple[list[Entry], list[Entry], list[Line]]:
    """Return what runs and what has ended lately, of every connection, and which of them could not be asked."""
    running: list[Entry] = []
    ended: list[Entry] = []
    problems: list[Line] = []
    now = services.clock.now()
    for connection, service in services.platforms.items():
        try:
            going, over = await _going(service), await _over(service)
        except ServiceError as error:
            problems.append(runs.not_listed(connection, error.problem))
            continue
        for kind, shown in ((running, going), (ended, over)):
            kind += [_run(recent, now) for recent in await recent_of(service, services.store, shown)]
    return running, ended, problems


async def _going(service: RunService) -> list[Run]:
    """Return the newest runs that go on, by their status: a long one may stand behind any number of newer ones."""
    going = [run for status in OPEN for run in await _page(service, RunQuery(status=status))]
    return going[:RUNS]


async def _over(service: RunService) -> list[Run]:
    """Return the newest runs that have ended, of as many pages as it takes, within a bound."""
    over: list[Run] = []
    pages = 0
    with suppress(ListCut):  # what was read until then is true all the same
        async for page in service.runs(RunQuery()):
            over += [run for run in page if run.status.terminal]
            pages += 1
            if len(over) >= RUNS or pages == RUN_PAGES:
                break
    return over[:RUNS]


async def _page(service: RunService, query: RunQuery) -> tuple[Run, ...]:
    async for page in service.runs(query):
        return page
    return ()


def _run(recent: Recent, now: datetime) -> Entry:
    age = wording.age(recent.run, now)
    return (*runs.summary(recent), *((" · ", *age) if age else ())), runs.ways_in(recent)


async def _subscriptions(services: Services, client: AsyncWebClient, user: str) -> list[Entry]:
    mine = await _channels(client, user)
    heard = [s for s in await services.store.subscriptions() if ids.last(s.channel) in mine]
    return [_subscription(s, mine[ids.last(s.channel)]) for s in heard[:SUBSCRIPTIONS]]


def _subscription(subscription: Subscription, channel: str) -> Entry:
    problem: Line = (
        (" (cannot be reached: ", Untrusted(subscription.problem), ")") if subscription.problem else ()
    )
    return (("#", Untrusted(channel), " hears of ", *watching.described(subscription), *problem), ())


async def _channels(client: AsyncWebClient, user: str) -> dict[str, str]:
    """Return the names of the channels that somebody is in, by id; none where Slack does not tell."""
    found: dict[str, str] = {}
    cursor: str | None = None
    for _ in range(CHANNEL_PAGES):
        try:
            page = await client.users_conversations(
                user=user,
                types="public_channel,private_channel",
                limit=200,
                exclude_archived=True,
                cursor=cursor,
            )
        except Exception as error:  # noqa: BLE001 - the home is shown without this part
            log.warning("Slack did not list channels: %s", outcomes.code(error) or type(error).__name__)
            break
        found |= {str(c["id"]): str(c.get("name") or "") for c in page.get("channels") or ()}
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return found


def _part(title: str, entries: list[Entry], empty: str, numbers: Iterator[int]) -> Iterator[Json]:
    yield _header(title)
    if not entries:
        yield _text(empty)
    for line, row in entries:
        text = markup.rich(section(line))
        if text is not None:
            yield text
            yield from buttons.row(row, numbers)


def _header(title: str) -> Json:
    return {"type": "header", "text": plain(title, 150)}


def _text(sentence: str) -> Json:
    return {"type": "section", "text": plain(sentence, 3000)}


def _home(blocks: list[Json]) -> Json:
    return {"type": "home", "blocks": blocks[:100]}
