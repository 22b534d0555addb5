"""Reserve what a run takes of quotas, in the step that confirms it, and say what is left of them.

Only what starts a run counts: a launch and a rerun, not where a launch opens a record that runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot import authorization, quotas
from bot.access import Denied
from bot.actions import send
from bot.actions.kinds import KINDS
from bot.cards import Fact, Reply
from bot.command import Services
from bot.model import LaunchRequest
from bot.people import people_of
from bot.platform import Platform
from bot.ports import Intents
from bot.quotas import Quota, Standing
from bot.replies import quotas as replies
from bot.state import Full, Intent, IntentState, Overtaken, Per, Reservation, Seen, Share, Used
from bot.triage import RerunRequest

_KEY = re.compile(r"(?<=\S) \([^() ]+\)\Z")


async def confirm(
    intent: Intent, platform: Platform, services: Services, *, expected: frozenset[IntentState], seen: Seen
) -> bool | Overtaken | Reply:
    """Confirm an intent in an expected state and reserve what it takes, both or neither; return a refusal where a quota is spent.

    False where somebody else moved it meanwhile, `Overtaken` where one like it was confirmed that is not `seen`. It is noted with it, in the name of who approved it, where somebody had to.
    Raises `StoreError`.
    """
    now, by = services.clock.now(), intent.decided_by
    noted = send.entry(intent, "approved" if by else "confirmed", send.target(intent), now, by=by)
    wanted = reservation_of(intent, platform, now)
    rules, shares = await _asked(intent, wanted, services)
    done = await services.store.confirm(
        intent.id, expected, now, reservation=wanted, shares=shares, seen=seen, by=by, noted=noted
    )
    if isinstance(done, Full) and wanted is not None:
        return await _refused(intent, wanted, _stand(wanted, rules, shares, done.used), services)
    return done if isinstance(done, Overtaken) else done is True


async def left(intent: Intent, platform: Platform, services: Services) -> tuple[Fact, ...] | Reply:
    """Return what a card says of the quotas that hold for an intent; a refusal where one has no room now. Raises `StoreError`."""
    wanted = reservation_of(intent, platform, services.clock.now())
    rules, shares = await _asked(intent, wanted, services)
    if wanted is None or not rules:
        return ()
    standings = _stand(wanted, rules, shares, await services.store.used(shares))
    if not all(standing.has_room for standing in standings):
        return await _refused(intent, wanted, standings, services)
    named = [(standing, _named(standing, intent)) for standing in standings]
    return replies.facts(named, services.terms, wanted.at)


async def today(
    person: frozenset[str],
    channel: str,
    connections: Iterable[str],
    *,
    rules: Sequence[Quota],
    store: Intents,
    now: datetime,
) -> list[tuple[Standing, str]]:
    """Return how the rules stand that hold for a person with these ids in a channel, and what each counts by.

    Of launchers those that a rule names: what is left of each other one is not known before it is named. Raises `StoreError`.
    """
    nobody = Reservation(actor="", channel=channel, launcher="", connection="", minutes=0, at=now)
    named = {quota.of for quota in rules if quota.per is Per.LAUNCHER and quota.of}
    probes = {
        Per.PERSON: [nobody],
        Per.CHANNEL: [nobody],
        Per.LAUNCHER: [replace(nobody, launcher=name.casefold()) for name in sorted(named)],
        Per.CONNECTION: [replace(nobody, connection=name) for name in connections],
    }
    found = [
        (quota, probe)
        for per in Per
        for probe in probes[per]
        for quota in quotas.holding(rules, probe, person)
        if quota.per is per
    ]
    shares = [_of_all_names(quota.share(probe, person)) for quota, probe in found]
    return [
        (
            Standing(quota=quota, share=share, used=held, minutes=0),
            quota.of if quota.per is Per.LAUNCHER else probe.connection,
        )
        for (quota, probe), share, held in zip(found, shares, await store.used(shares), strict=True)
    ]


def _of_all_names(share: Share) -> Share:
    """Count what a launcher's name with a key behind it stands for as it is kept: without the key."""
    if share.per is not Per.LAUNCHER:
        return share
    return replace(share, names=share.names | {_KEY.sub("", name) for name in share.names})


async def each_time(intent: Intent, platform: Platform, services: Services) -> tuple[Fact, ...] | Reply:
    """Return which quotas every launch of a schedule will take; a refusal where one never has room. Raises `StoreError`."""
    wanted = reservation_of(intent, platform, services.clock.now())
    rules, shares = await _asked(intent, wanted, services)
    if wanted is None or not rules:
        return ()
    standings = _stand(wanted, rules, shares, [Used()] * len(shares))
    if not all(standing.ever for standing in standings):
        return await _refused(intent, wanted, standings, services)
    return replies.each_time([(standing, _named(standing, intent)) for standing in standings], services.terms)


def reservation_of(intent: Intent, platform: Platform, now: datetime) -> Reservation | None:
    """Return what an intent takes of quotas, None where it starts no run."""
    if not KINDS[intent.kind].starts_run or platform.runs_nothing:
        return None
    request, launches = intent.request, platform.launches
    minutes = launches.minutes(request) if launches and isinstance(request, LaunchRequest) else None
    return Reservation(actor=intent.actor, channel=intent.channel, launcher=_launcher(intent).casefold(),
                       connection=intent.connection, minutes=minutes, at=now)  # fmt: skip


async def _asked(
    intent: Intent, wanted: Reservation | None, services: Services
) -> tuple[Sequence[Quota], Sequence[Share]]:
    """Return the rules that hold for a reservation, and the share that each gives."""
    if wanted is None or not services.policy.quotas:
        return (), ()
    rules = [_by_name(quota, intent) for quota in services.policy.quotas]
    ids = (await people_of(services)).ids(wanted.actor)
    holding = quotas.holding(rules, wanted, ids)
    return holding, [quota.share(wanted, ids) for quota in holding]


def _stand(
    wanted: Reservation, rules: Sequence[Quota], shares: Sequence[Share], used: Sequence[Used]
) -> list[Standing]:
    return [
        Standing(quota=quota, share=share, used=held, minutes=wanted.minutes)
        for quota, share, held in zip(rules, shares, used, strict=True)
    ]


async def _refused(
    intent: Intent, wanted: Reservation, standings: Sequence[Standing], services: Services
) -> Reply:
    """Refuse, and note why: what cannot be started at all is said first."""
    full = sorted((standing for standing in standings if not standing.has_room), key=lambda one: one.ever)
    requester = await services.store.name(intent.actor) or intent.actor if intent.decided_by else ""
    said = [replies.spent(one, _named(one, intent, requester), services.terms, wanted.at) for one in full]
    rules = "; ".join(f"{one.quota.rule}, {one.quota.written}" for one in full)
    detail = f"{rules}; asked for {send.target(intent)}"
    noted = send.entry(intent, "denied", detail, wanted.at, by=intent.decided_by)
    await services.store.audit(noted)
    whom = [] if await services.admins() else [replies.BY_SETTINGS]
    return await authorization.refusal(Denied(" ".join([*said, *whom]), full[0].quota.rule), services)


def _named(standing: Standing, intent: Intent, requester: str = "") -> str:
    """Return what a rule counts an intent by, as people write it; `requester`: where somebody else reads it."""
    names = {Per.PERSON: requester, Per.LAUNCHER: _launcher(intent), Per.CONNECTION: intent.connection}
    return names.get(standing.quota.per, "")


def _by_name(quota: Quota, intent: Intent) -> Quota:
    """Return a rule that names the launcher by its key, or with it, as cards do, as one of its name: that is what counts."""
    match intent.request:
        case LaunchRequest(launcher_key=str(key)) | RerunRequest(launcher_key=str(key)):
            name = _launcher(intent)
            named = {key.casefold(), f"{name} ({key})".casefold()}
            is_its = quota.per is Per.LAUNCHER and quota.of.casefold() in named
            return replace(quota, of=name) if is_its else quota
    return quota


def _launcher(intent: Intent) -> str:
    """Return the name of the launcher, without the key that tells it apart: both of one name share a quota."""
    match intent.request:
        case LaunchRequest(launcher=name, launcher_key=key):
            return name.removesuffix(f" ({key})")
        case RerunRequest(launcher=name):
            return name
    return ""
