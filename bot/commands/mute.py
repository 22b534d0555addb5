"""What `watch` does with `mute=`: some runs of which a channel hears nothing for a while, and what ended when it is over.

watch [LAUNCHER] [source=NAME] mute=until DATE|for 3 h
watch [LAUNCHER] [source=NAME] mute=off
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot import filters, grammar, reading
from bot.cards import Item, Reply, plain
from bot.command import Asked, Services
from bot.model import Run
from bot.parsed import ParsedCommand
from bot.quiet import follows, quiet_of, run_of, runs_of
from bot.replies import muting as replies
from bot.replies import watching
from bot.state import Mute, Subscription, concerns

MUTE = "mute"
LONGEST = timedelta(days=30)  # longer is no mute but an “unwatch” that nobody remembers
BESIDE = ("outcomes", "report_links", "mention", "expect")  # say what to be notified of
OFF = frozenset({"off", "no", "false", "0", "none"})


def reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read the words behind `mute=` as one value: “watch mute=for 3 h”; behind one that is whole they are the launcher."""
    value = parsed.named.get(MUTE, "")
    behind = [word for name, word in parsed.strays if name == MUTE]
    if not behind:
        return parsed
    if value.casefold() in OFF or grammar.length(value) is not None:
        return replace(parsed, strays=tuple(stray for stray in parsed.strays if stray[0] != MUTE))
    return replace(reading.without(parsed, behind), named={**parsed.named, MUTE: " ".join([value, *behind])})


async def handle(
    asked: Asked, services: Services, text: str, wanted: Subscription, odd: filters.Unmatched | None
) -> Reply:
    """Mute what a subscription would name, change until when, or end it; ask about a scope that fits no run (`odd`)."""
    for name in BESIDE:
        if asked.value(name):
            raise replies.alone(name)
    if text.strip().casefold() in OFF:
        return await _end(asked, services, wanted)
    now, channel = services.clock.now(), wanted.channel
    quiet = await quiet_of(services.store, channel)
    zone = quiet.zone
    until = grammar.until(text, MUTE, now, zone, LONGEST)
    if not await services.store.subscriptions(channel):
        raise replies.nothing_watched()
    mute = Mute(
        channel=channel, since=now, until=until, by=asked.invocation.actor.id,
        connection=wanted.connection, launcher=wanted.launcher, source=wanted.source,
    )  # fmt: skip
    before = next((m for m in quiet.muted(now) if m.runs == mute.runs), None)
    if before is None and odd is not None and not asked.flag("keep"):
        raise watching.fits_no_run(odd, "mute", "muted")
    if before is not None:
        mute = replace(mute, since=before.since)
    await services.store.mute(mute, now)
    await _note(asked, services, replies.noted(mute, zone))
    return replies.muted(mute, zone, before=before)


async def _end(asked: Asked, services: Services, wanted: Subscription) -> Reply:
    """End the mute that is named, all of them where none is; what it held back is let out."""
    now, channel = services.clock.now(), wanted.channel
    quiet = await quiet_of(services.store, channel)
    scope = (wanted.connection, wanted.launcher, wanted.source)
    here = quiet.muted(now)
    meant = [mute for mute in here if scope in {(None, None, None), mute.runs}]
    if not meant:
        raise replies.not_muted(here)
    rest, back = quiet.without(meant), await services.store.held(channel)
    about = await runs_of(services.store, [each.delivery for each in back])
    runs, left = about.values(), list[tuple[Run | None, datetime]]()
    for each in back:
        run, ending = run_of(each.delivery, about), each.delivery.ending
        until = rest.until(run, now, ending.outcomes if ending else ())
        left += [(run, until)] if until is not None else []
    held = False
    for mute in meant:
        if any(concerns(mute, run) for run in runs):
            held = True
            await services.store.mute(replace(mute, until=now), now)  # its end is announced with what it held
        else:
            await services.store.unmute(mute)
        await _note(asked, services, f"mute=off: {plain(replies.what(mute))}")
    still = next((mute for mute in rest.muted(now) if any(_overlap(mute, ended) for ended in meant)), None)
    return replies.unmuted(meant, held=held, still=still, later=follows(meant, left), zone=quiet.zone)


def _overlap(one: Mute, other: Mute) -> bool:
    return all(None in pair or pair[0] == pair[1] for pair in zip(one.runs, other.runs, strict=True))


async def items(services: Services, channel: str) -> list[Item]:
    """Return what a channel is not notified of for now."""
    quiet = await quiet_of(services.store, channel)
    zone = quiet.zone
    return [replies.item(mute, zone) for mute in quiet.muted(services.clock.now())]


async def _note(asked: Asked, services: Services, said: str) -> None:
    await services.note(asked.invocation.actor, asked.invocation.place, "watch", "done", said)
