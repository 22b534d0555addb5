"""What the bot says of a channel's time zone, its quiet hours and its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time

from bot.calendar import local
from bot.cards import Card, Line, Reply, Tone, joined
from bot.errors import UserError
from bot.replies.wording import day, on_days
from bot.state import ChannelSettings

NOTHING: Line = ("Nothing is different.",)
AT_ONCE: Line = ("A post that mentions somebody by a rule of this channel is posted at once.",)


def in_settings() -> UserError:
    """Refuse to change what the settings file says."""
    return UserError(
        "The zone, the quiet hours and the digest of this channel come from the settings file.",
        "Whoever runs Clew can change them there.",
    )


def no_digest(name: str) -> UserError:
    """Refuse to say how a digest comes that does not come."""
    return UserError(f"{name}= is about the digest, and this channel has none.", "Add digest=08:00.")


def digest_in_quiet(digest: time, quiet_from: time, quiet_to: time) -> UserError:
    """Refuse a digest at a time at which nothing is posted."""
    return UserError(
        f"The digest would come at {digest:%H:%M}, in the quiet hours from {quiet_from:%H:%M} to {quiet_to:%H:%M}.",
        f"Let it come at {quiet_to:%H:%M} or later, or change the quiet hours.",
    )


def said(
    settings: ChannelSettings,
    now: datetime,
    *,
    at_once: bool,
    mentions: bool = False,
    before: ChannelSettings | None = None,
) -> tuple[Line, ...]:
    """Say how a channel is notified, and what it is no longer.

    `at_once`: some ends are posted though there is a digest. `mentions`: it has rules that say whom posts mention.
    """
    told: list[Line] = []
    if settings.quiet_from is not None or (before is not None and before.quiet_from is not None):
        told.append((_quiet(settings),))
    if settings.digest is not None or (before is not None and before.digest is not None):
        told.append((_digest(settings, now, at_once=at_once),))
    if mentions and settings.keeps:
        told.append(AT_ONCE)
    if settings.zone != (before.zone if before is not None else "UTC") and not told:
        told.append((f"The times of this channel are those of {settings.zone}.",))
    return tuple(told)


def changed(told: Sequence[Line]) -> Reply:
    """Confirm a change of the channel's settings alone."""
    return Reply(
        card=Card(
            title=("Notifications changed",),
            text=joined(told, " ") or NOTHING,
            tone=Tone.GOOD,
            body=tuple(told) or (NOTHING,),
        )
    )


def with_changes(reply: Reply, told: Sequence[Line]) -> Reply:
    """Add how the channel is notified to what is said of a subscription."""
    text = joined((reply.card.text, *told), " ")
    return replace(reply, card=replace(reply.card, text=text, body=(*reply.card.body, *told)))


def _quiet(settings: ChannelSettings) -> str:
    if settings.quiet_from is None or settings.quiet_to is None:
        return "This channel has no quiet hours any more."
    hours = f"from {settings.quiet_from:%H:%M} to {settings.quiet_to:%H:%M} {settings.zone}"
    return f"Quiet {hours}: what ends meanwhile is posted together afterwards."


def _digest(settings: ChannelSettings, now: datetime, *, at_once: bool) -> str:
    daily = settings.daily
    if daily is None:
        return "This channel has no digest any more."
    coming = day(local(daily.next(now), settings.zone))
    when = f"{on_days(daily.days)} at {daily.at:%H:%M} {settings.zone}, next on {coming}"
    empty = "; it comes with nothing to tell too" if settings.digest_empty else ""
    besides = (
        "Runs whose outcome a watch names are still posted at once."
        if at_once
        else "Until then no run is posted."
    )
    return f"A digest comes {when}{empty}. {besides}"
