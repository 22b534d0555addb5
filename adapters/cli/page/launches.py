"""What is asked for and not decided, what is under way, what is launched at times, and how much of each quota is used today."""

from __future__ import annotations

from dataclasses import replace

from adapters.cli.page.known import Kind, Known, State
from adapters.web.page.app import Query, Values
from bot.actions.send import target
from bot.people import People, people_of
from bot.quotas import Quota, Standing
from bot.replies import pages as replies
from bot.replies.confirming import WORDS
from bot.replies.scheduling import of_request
from bot.replies.wording import ago, clock_time
from bot.state import BEGINNING, Intent, IntentState, Per, Reservation, Schedule, Used

MOST = 100  # requests, and rows of quotas, that are shown
OF_EACH = 20  # of those for each of whom a quota holds, the ones that used most of it
STATES: dict[IntentState, State] = {
    IntentState.ASKED: State("waits for a second person", "odd"),
    IntentState.CONFIRMED: State("confirmed"),
    IntentState.POSTING: State("being sent"),
    IntentState.UNKNOWN: State("outcome not known", "bad"),
}
NOBODY = Reservation(actor="", channel="", launcher="", connection="", minutes=0, at=BEGINNING)


async def read(known: Known, _: Query) -> Values:
    """Return all of it, as far as it is not too much for a page. Raises `StoreError`."""
    waiting = [*await known.store.asked_intents(), *await known.store.open_intents()]
    shown = waiting[:MOST]
    planned = await known.store.schedules()
    people = {intent.actor for intent in shown} | {schedule.actor for schedule in planned[:MOST]}
    names = {who: await known.store.name(who) for who in people}
    quotas, more = await _quotas(known)
    used = await known.store.used([standing.share for standing, _ in quotas])
    standings = [(replace(each, used=held), who) for (each, who), held in zip(quotas, used, strict=True)]
    return {
        "requests": [_request(intent, names, known) for intent in shown],
        "left_out": len(waiting) - len(shown),
        "schedules": [_schedule(each, names, known) for each in planned[:MOST]],
        "schedules_left_out": max(0, len(planned) - MOST),
        "quotas": [_row(standing, who, known) for standing, who in standings],
        "quotas_left_out": more,
        "rules": len(known.policy.quotas),
    }


def _request(intent: Intent, names: dict[str, str], known: Known) -> dict[str, object]:
    by = f"approved or refused by {clock_time(intent.approve_by)}" if intent.approve_by else ""
    return {
        "id": intent.id,
        "what": WORDS[intent.kind].noun,
        "about": target(intent),
        "preset": intent.preset,
        "connection": intent.connection,
        "state": STATES.get(intent.state, State(intent.state.value)),
        "until": by if intent.state is IntentState.ASKED else "",
        "who": {"id": intent.actor, "name": names.get(intent.actor, "")},
        "channel": intent.channel,
        "since": f"{clock_time(intent.created_at)}, {ago(intent.created_at, known.now)}",
    }


def _schedule(schedule: Schedule, names: dict[str, str], known: Known) -> dict[str, object]:
    at = schedule.next(known.now)
    return {
        "name": schedule.request.name,
        "connection": schedule.connection,
        "when": of_request(schedule.request, schedule.times),
        "state": State("paused", "odd")
        if schedule.paused
        else State("on" if at else "never again", "" if at else "odd"),
        "why": schedule.paused,
        "next": clock_time(at, schedule.request.zone) if at and not schedule.paused else "",
        "last": schedule.last,
        "who": {"id": schedule.actor, "name": names.get(schedule.actor, "")},
        "channel": schedule.channel,
    }


async def _quotas(known: Known) -> tuple[list[tuple[Standing, str]], bool]:
    """Return each rule for each one of whom something was counted today, with a name for that; not what is used yet.

    And whether there are more than are shown.
    """
    people = await people_of(known.parts.handler.services)
    found: list[tuple[Standing, str]] = []
    left_out = False
    for quota in known.policy.quotas:
        names, more = await _counted(quota, people, known)
        left_out |= more
        found += [(_standing(quota, name, people, known), name) for name in names]
    return found[:MOST], left_out or len(found) > MOST


def _standing(quota: Quota, name: str, people: People, known: Known) -> Standing:
    launcher = name.casefold()  # as runs are counted by it
    one = Reservation(actor=name, channel=name, launcher=launcher, connection=name, minutes=0, at=known.now)
    return Standing(quota=quota, share=quota.share(one, people.ids(name)), used=Used())


async def _counted(quota: Quota, people: People, known: Known) -> tuple[list[str], bool]:
    """Return by which names a rule counts today: its own, or those that used most, without whoever has a rule of their own.

    And whether it counts by more.
    """
    if quota.of:
        return [quota.of], False
    today = quota.share(replace(NOBODY, at=known.now), frozenset())
    found = await known.store.most_reserved(quota.per, today.since, today.until, OF_EACH + 1)
    others = [q for q in known.policy.quotas if q.of and q.per is quota.per]
    names: dict[frozenset[str], str] = {}
    for name in found[:OF_EACH]:
        ids = people.ids(name) if quota.per is Per.PERSON else frozenset({name})
        if not any(q.holds_for(name, ids) for q in others):
            names.setdefault(ids, name)
    return [*names.values()], len(found) > OF_EACH


def _row(standing: Standing, who: str, known: Known) -> dict[str, object]:
    share, used = standing.share, standing.used
    spent = 0 in {standing.runs_left, standing.minutes_left}
    kind: Kind = "odd" if spent else "good"
    return {
        "rule": standing.quota.written,
        "who": who,
        "runs": replies.used_of(used.runs, share.runs),
        "minutes": replies.used_of(share.taken(used), share.minutes),
        "state": State("used up" if spent else "has room", kind),
        "until": clock_time(share.until, standing.quota.zone, besides=known.now),
    }
