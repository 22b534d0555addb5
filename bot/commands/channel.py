"""Read what `watch` says of the channel as a whole: its time zone, its quiet hours, its digest.

zone=ZONE quiet=FROM-TO|off digest=TIME|off digest_days=DAYS digest_empty=yes|no
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot import grammar
from bot.cards import FieldKind, Line, plain
from bot.command import Asked, Parameter, Services
from bot.quiet import window
from bot.replies import channel as replies
from bot.state import EVERYTHING, ChannelSettings, Outcome

ZONE, QUIET, DIGEST, DAYS, EMPTY = "zone", "quiet", "digest", "digest_days", "digest_empty"
NAMES = (ZONE, QUIET, DIGEST, DAYS, EMPTY)
OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What becomes of a channel's settings. `alone`: nothing else was asked for, and its subscriptions stay as they are."""

    before: ChannelSettings
    made: ChannelSettings
    alone: bool
    at_once: bool  # it is notified of some ends at once
    mentions: bool  # its posts mention people

    def lines(self, services: Services) -> tuple[Line, ...]:
        """Say how the channel is notified now."""
        now = services.clock.now()
        return replies.said(self.made, now, at_once=self.at_once, mentions=self.mentions, before=self.before)


async def changes(asked: Asked, services: Services) -> Changes | None:
    """Find out what a channel's settings become; None where nothing is said of them. Raises `UserError`."""
    given = {name: value for name in NAMES if (value := asked.value(name)) is not None}
    if not given:
        return None
    channel = asked.invocation.place.channel
    found = await services.store.channel_settings(channel)
    before = found[0] if found else ChannelSettings(channel=channel)
    if before.from_settings:
        raise replies.in_settings()
    wishes = await services.store.subscriptions(channel)
    named = {*asked.invocation.values, *asked.command.named}
    others = named - set(NAMES) or asked.command.bare
    outcomes = asked.value("outcomes")
    return Changes(
        before=before,
        made=_made(before, given),
        alone=bool(wishes) and not others,
        at_once=any(Outcome.ALL not in wish.outcomes for wish in wishes)
        or outcomes not in {None, *EVERYTHING},
        mentions=bool(await services.store.mention_rules(channel)),
    )


def _made(before: ChannelSettings, given: dict[str, str]) -> ChannelSettings:
    made = before
    if ZONE in given:
        made = replace(made, zone=grammar.zone(given[ZONE], ZONE))
    if (text := given.get(QUIET)) is not None:
        start, end = (None, None) if text.lower() == OFF else grammar.hours(text, QUIET)
        made = replace(made, quiet_from=start, quiet_to=end)
    if (text := given.get(DIGEST)) is not None:
        made = replace(made, digest=None if text.lower() == OFF else grammar.time_of_day(text, DIGEST))
    if DAYS in given:
        made = replace(made, digest_days=grammar.weekdays(given[DAYS], DAYS))
    if EMPTY in given:
        made = replace(made, digest_empty=grammar.flag(given[EMPTY], EMPTY))
    if made.digest is None and (DAYS in given or EMPTY in given):
        raise replies.no_digest(DAYS if DAYS in given else EMPTY)
    hours = window(made)
    if hours is not None and made.digest is not None and hours.holds(made.digest):
        raise replies.digest_in_quiet(made.digest, hours.start, hours.end)
    return made


async def keep(changes: Changes, asked: Asked, services: Services) -> None:
    """Write what becomes of the settings, and note it. Raises `StoreError`."""
    await services.store.set_channel(changes.made, services.clock.now())
    said = " ".join(map(plain, changes.lines(services)))
    await services.note(asked.invocation.actor, asked.invocation.place, "watch", "done", said)


PARAMETERS = (
    Parameter(name=DIGEST, summary="One message a day at this time instead of one for each run; outcomes that a watch names "
              "still come at once; off ends it", kind=FieldKind.TEXT, example="digest=08:00"),
    Parameter(name=DAYS, summary="On which days the digest comes", kind=FieldKind.TEXT, example="digest_days=weekdays"),
    Parameter(name=EMPTY, summary="A digest with nothing to tell too", kind=FieldKind.FLAG, example="digest_empty=yes"),
    Parameter(name=QUIET, summary="Between which times nothing is posted; what ends meanwhile is posted together afterwards",
              kind=FieldKind.TEXT, example="quiet=22:00-07:00"),
    Parameter(name=ZONE, summary="The time zone of this channel's times", kind=FieldKind.TEXT, example="zone=Europe/Berlin"),
)  # fmt: skip
"""What `watch` takes about the channel as a whole."""
