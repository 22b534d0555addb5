"""Let this channel hear when runs end.

watch [LAUNCHER] [outcomes=all|changes|failures,new-failures,incomplete,recovery] [source=NAME]
      [report_links=post|private] [mention="WHO [for PATTERN] [on OUTCOMES]"]
      [zone=ZONE] [quiet=FROM-TO|off] [digest=TIME|off] [digest_days=DAYS] [digest_empty=yes|no]
watch expect="LAUNCHER by TIME [ZONE] [on DAYS]"
watch [LAUNCHER] [source=NAME] mute="until DATE|for 3 h|off"
"""

from __future__ import annotations

from dataclasses import replace

from bot import filters, grammar
from bot.access import Role
from bot.cards import Field, FieldKind, Form, Reply, ReportLinks, plain
from bot.command import Asked, Parameter, Services, Verb
from bot.commands import channel, expected, mention, mute
from bot.commands.parameters import check_taken
from bot.delivery.lost_channels import restore
from bot.errors import ServiceError
from bot.launchers import launchers_of
from bot.parsed import ParsedCommand
from bot.replies import channel as of_channel
from bot.replies import commands, mentioning
from bot.replies import expected as expecting
from bot.replies import watching as replies
from bot.replies.forms import TITLES
from bot.state import CHANGES, EVERYTHING, Outcome, Subscription
from bot.targets.run import having_launcher
from bot.terms import PLAIN
from bot.volume import volume_of

OUTCOMES = ("all", "changes", *(o.value for o in Outcome if o is not Outcome.ALL))


def parse(asked: Asked, services: Services) -> Subscription:
    """Read the subscription that is asked for. Raises `UserError` naming what is wrong."""
    links = asked.value("report_links")
    if links is not None and links not in tuple(ReportLinks):
        raise replies.no_such_rule(links)
    connection, launcher, source = scope(asked, services)
    return Subscription(
        channel=asked.invocation.place.channel,
        connection=connection,
        launcher=launcher,
        source=source,
        outcomes=outcomes(asked.value("outcomes")),
        report_links=ReportLinks(links) if links else None,
    )


def scope(asked: Asked, services: Services) -> tuple[str | None, str | None, str | None]:
    """Read which connection, launcher and source are meant; None means any."""
    connection = asked.value("connection")
    if connection is not None and connection not in services.platforms:
        raise commands.no_connection(connection, services.platforms)
    launcher = asked.value("launcher", 0)
    return connection, grammar.launcher(launcher) if launcher else None, asked.value("source")


def outcomes(text: str | None) -> frozenset[Outcome]:
    """Read a list of outcomes; none is everything, and “changes” stands for what is news."""
    if text is None:
        return EVERYTHING
    words = [word for word in text.replace(";", ",").replace(" ", ",").split(",") if word]
    unknown = [word for word in words if word not in OUTCOMES]
    if unknown or not words:
        raise replies.unknown_outcome(unknown[0] if unknown else text, OUTCOMES)
    chosen = frozenset(Outcome(word) for word in words if word != "changes")
    return EVERYTHING if Outcome.ALL in chosen else chosen | (CHANGES if "changes" in words else frozenset())


async def handle(asked: Asked, services: Services) -> Reply:
    """Change what the channel is notified of, which runs it expects, or how it is notified."""
    muting = asked.value(mute.MUTE)
    if muting is not None:
        wanted = parse(asked, services)
        return await mute.handle(asked, services, muting, wanted, await _unmatched(wanted, services))
    text = asked.value(expected.EXPECT)
    if text is not None:
        return await expected.handle(asked, services, text, asked.value("source"))
    settings = await channel.changes(asked, services)
    if settings is None or not settings.alone:
        return await _watch(asked, services, settings)
    await channel.keep(settings, asked, services)
    return of_channel.changed(settings.lines(services))


async def _watch(asked: Asked, services: Services, settings: channel.Changes | None) -> Reply:
    """Add the subscription, or change the one with the same launcher and source; ask about one that fits no run."""
    wanted = await _addressed(parse(asked, services), services)
    mentions = await _mentions(wanted, asked, services)
    if mentions.ended and not mentions.made:
        await mention.keep(mentions, asked, services)
        return mentioning.only(mentions.lines(services))
    wanted = await _as_before(wanted, asked, services)
    meant = services.meant_by(wanted)
    check_taken(VERB.parameters, asked, meant)
    there = wanted in await services.store.subscriptions(wanted.channel)
    odd = None if there or asked.flag("keep") else await _unmatched(wanted, services)
    if odd is not None:
        raise replies.fits_no_run(odd)
    if settings is None and not there and await _among_others(wanted, asked, services):
        await mention.keep(mentions, asked, services)
        return mentioning.only(mentions.lines(services))
    new = await services.store.subscribe(wanted, services.clock.now())
    await restore(services.store, wanted.channel)
    if not there:
        who, where = asked.invocation.actor, asked.invocation.place
        await services.note(who, where, "watch", "done", plain(replies.described(wanted)))
    await mention.keep(mentions, asked, services)
    if settings is not None:
        await channel.keep(settings, asked, services)
    reply = replies.watching_now(
        wanted, new=new, there=there, left_out=() if wanted.connection else services.left_out,
        unlisted=[p for p in meant if p.lists is None],
        volume=await volume_of(wanted, meant, services.store, services.clock.now()),
        runs=meant[0].terms.run if len({p.terms for p in meant}) == 1 else PLAIN.run,
    )  # fmt: skip
    if settings is not None:
        reply = of_channel.with_changes(reply, settings.lines(services))
    lines = mentions.lines(services)
    if lines:
        reply = mentioning.with_changes(reply, lines, alone=there and settings is None)
    proposals = await expected.proposals(services, wanted.channel, [wanted]) if wanted.launcher else ()
    return expecting.with_proposals(reply, proposals)


async def _mentions(wanted: Subscription, asked: Asked, services: Services) -> mention.Changes:
    text = asked.value("mention")
    return await mention.changes(text, wanted, asked, services) if text else mention.Changes()


async def _as_before(wanted: Subscription, asked: Asked, services: Services) -> Subscription:
    """Leave the outcomes and the rule for links as they are where somebody only adds a mention to what is watched."""
    if asked.value("mention") is None or asked.value("outcomes") or asked.value("report_links"):
        return wanted
    there = await services.store.subscriptions(wanted.channel)
    return next((s for s in there if s.runs == wanted.runs), wanted)


async def _among_others(wanted: Subscription, asked: Asked, services: Services) -> bool:
    """Whether somebody only adds a mention to some of the runs that the channel is notified of already.

    A subscription of their own would notify it of all of them, where it may have asked for changes alone.
    """
    if asked.value("mention") is None or asked.value("outcomes") or asked.value("report_links"):
        return False
    names = {platform.connection for platform in services.meant_by(wanted)}
    return any(
        each.launcher in {None, wanted.launcher}
        and each.source in {None, wanted.source}
        and names <= {platform.connection for platform in services.meant_by(each)}
        for each in await services.store.subscriptions(wanted.channel)
    )


async def _addressed(wanted: Subscription, services: Services) -> Subscription:
    """Name the connection where a subscription without one would mean none that can have such runs.

    That is the only one there is, or that has the launcher. Raises `UserError` where there are several to choose from.
    """
    if wanted.connection is not None:
        return wanted
    having = await having_launcher(wanted.launcher, services) if wanted.launcher else []
    able = having or [*services.platforms.values()]
    if any(platform.notified_by_default for platform in able):
        return wanted
    if len(able) > 1:
        raise replies.which_connection([platform.connection for platform in able])
    return replace(wanted, connection=able[0].connection)


async def _unmatched(wanted: Subscription, services: Services) -> filters.Unmatched | None:
    """Return the filter that fits none of the known runs of any connection that is meant; what cannot be told fits."""
    names = [wanted.connection] if wanted.connection else list(services.platforms)
    odd: filters.Unmatched | None = None
    for name in names:
        platform = services.platforms[name]
        try:
            further = await launchers_of(platform, services)
            odd = await filters.odd_in(platform, wanted.launcher, wanted.source, further)
        except ServiceError:
            return None
        if odd is None:
            return None
    return odd


def reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read the words behind what takes several of them as one value."""
    return mute.reread(expected.reread(parsed))


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, prefilled from the words."""
    return Form(
        verb="watch",
        title=TITLES["watch"],
        submit="Watch",
        fields=(
            Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER, hint="empty: all launchers",
                  value=asked.value("launcher", 0) or ""),
            Field(name="outcomes", label="Notify this channel of", kind=FieldKind.CHOICE, choices=OUTCOMES,
                  value=asked.value("outcomes") or "all"),
            Field(name="source", label="Source", kind=FieldKind.TEXT, hint="for example a branch; empty: all",
                  value=asked.value("source") or ""),
        ),
    )  # fmt: skip


LAUNCHER = Parameter(
    name="launcher",
    summary="Only this launcher's runs",
    kind=FieldKind.LAUNCHER,
    positional=True,
    own_noun=True,
)
SOURCE = Parameter(
    name="source",
    summary="Only runs of this source",
    kind=FieldKind.TEXT,
    example="source=main",
    taken=lambda platform: platform.sources,
    own_noun=True,
)
CONNECTION = Parameter(name="connection", summary="Only this connection's runs", kind=FieldKind.TEXT)

VERB = Verb(
    name="watch",
    summary="notify this channel when runs end",
    handle=handle,
    parameters=(
        LAUNCHER,
        Parameter(name="outcomes", summary=f"Which outcomes to be notified of: all, changes ({replies.ALL_CHANGES}), or a list", kind=FieldKind.CHOICE, choices=OUTCOMES, example="outcomes=changes"),
        SOURCE,
        Parameter(name="report_links", summary="post: Open report is a link; private: it answers only the person who clicks", kind=FieldKind.CHOICE,
                  choices=tuple(ReportLinks), taken=lambda platform: platform.reports is not None),
        Parameter(name="mention", summary="Whom posts mention: me, @somebody, a group or a role; “for” a pattern, “on” outcomes, or “off”",
                  kind=FieldKind.TEXT, example='mention="me on incomplete"'),
        Parameter(name=expected.EXPECT, summary="Say when no run starts by a time: “LAUNCHER by 03:00”; off ends it", kind=FieldKind.TEXT,
                  example='expect="Payments Nightly by 03:00"', taken=lambda platform: platform.lists is not None),
        Parameter(name=mute.MUTE, summary="Until when nothing of it is posted; what ended meanwhile is posted then; off ends it", kind=FieldKind.TEXT,
                  example='mute="for 3 h"'),
        Parameter(name="keep", summary="Even if no run matches yet, or a pattern matches everything", kind=FieldKind.FLAG, example="keep=yes"),
        CONNECTION,
        *channel.PARAMETERS,
    ),
    examples=("watch", "watch Payments Nightly outcomes=changes", "watch source=main outcomes=failures,recovery",
              'watch Payments Nightly mention="me for ledger*"', 'watch expect="Payments Nightly by 03:00"',
              'watch Payments Nightly mute="for 3 h"',
              "watch digest=08:00 zone=Europe/Berlin digest_days=weekdays"),
    role=Role.DEBUG,
    changes=True,
    form=form,
    reread=reread,
)  # fmt: skip
