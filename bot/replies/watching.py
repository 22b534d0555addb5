"""What the bot says of subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.cards import Button, Card, Command, Item, Line, Pages, Reply, Span, Tone, Untrusted, joined
from bot.cleaning import shorten
from bot.errors import Correction, Part, UserError
from bot.filters import Unmatched
from bot.platform import Platform
from bot.replies.meant import did_you_mean, mistaken
from bot.replies.wording import count, duration, from_on, listed, number_of, sentence
from bot.state import CHANGES, EVERYTHING, Mute, Outcome, Subscription
from bot.terms import PLAIN, Noun
from bot.volume import SPAN, Volume

_WILD = frozenset("*?%")
_SHOWN = 60  # characters of what was typed that a sentence quotes
NOTHING: Line = ("This channel watches nothing. “watch” notifies it when runs end.",)
LISTED = 20  # subscriptions on a page
ALL_CHANGES = "new failures, incomplete runs, environment problems, recovery"
SAID = {
    Outcome.FAILURES: "runs with failures",
    Outcome.NEW_FAILURES: "runs with new failures",
    Outcome.INCOMPLETE: "incomplete runs (environment problems too)",
    Outcome.RECOVERY: "the first run that passes again",
}


def fits_none(odd: Unmatched) -> str:
    """Say that a filter fits none of the known runs."""
    if odd.among:
        return f"None of the {odd.among} is called “{shorten(odd.value, _SHOWN)}”."
    wild = " Names are compared as a whole: * is not a wildcard." if _WILD & set(odd.value) else ""
    seen = f"None of the last {odd.runs:,} runs" if odd.runs > 1 else "No known run"
    whose = f" of {shorten(odd.launcher, _SHOWN)}" if odd.launcher else ""
    return f"{seen}{whose} has the {odd.name} “{shorten(odd.value, _SHOWN)}”.{wild}"


def fits_no_run(
    odd: Unmatched, wish: str = "watch", done: str = "watched", *, instead: Correction | None = None
) -> UserError:
    """Ask about a filter that fits none of the known runs: it would be silence, hold nothing back or alarm every day.

    `wish`, `done`: what is wanted of such runs, "watch" and "watched". `instead`: what puts it right, where that is more than
    the value alone.
    """
    if instead is None and odd.close:
        instead = Correction(Part.VALUE, odd.close, odd.name)
    kept = Correction(Part.FLAG, f"{wish.capitalize()} it anyway", "keep")
    return UserError(
        f"{fits_none(odd)} Nothing is {done} yet.",
        did_you_mean(odd.close, f"To {wish} it anyway, add keep=yes."),
        corrections=(*((instead,) if instead else ()), kept),
    )


def unknown_outcome(word: str, known: Sequence[str]) -> UserError:
    """Answer a word that is no outcome."""
    takes = f"It takes {', '.join(known)}."
    return mistaken(f"outcomes= does not take “{word[:_SHOWN]}”.", word, known, takes, name="outcomes")


def no_such_rule(word: str) -> UserError:
    """Answer a word that is no rule for report links."""
    return UserError(f"report_links= is “{word[:_SHOWN]}”.", "It takes “post” or “private”.")


def nothing_to_end(*, in_settings: bool, here: bool) -> UserError:
    """Answer an unwatch that fits no subscription; `here`: the channel has others, `in_settings`: from the settings."""
    if here:
        return UserError(
            "This channel has no such subscription.", "“watching” lists them; “unwatch all” ends all."
        )
    if in_settings:
        return UserError(
            "This channel's subscriptions come from the settings file.",
            "Whoever runs Clew can remove them there.",
        )
    return UserError("This channel watches nothing.", "“watch” starts it.")


def watching_now(
    subscription: Subscription,
    *,
    new: bool,
    there: bool,
    left_out: Sequence[str] = (),
    unlisted: Sequence[Platform] = (),
    volume: Volume | None = None,
    runs: Noun = PLAIN.run,
) -> Reply:
    """Confirm a subscription; `there`: just so before; `left_out`: connections whose runs have to be asked for.

    `unlisted`: connections whose runs it means and cannot list; `volume`: how much that was lately; `runs`: what its
    users call them.
    """
    told = sentence("This channel is notified of ", *described(subscription, left_out))
    much = _volume(volume, runs, all_of_them=subscription.outcomes == EVERYTHING)
    card = Card(
        title=("Watching" if new else "Watching already" if there else "Watching changed",),
        text=(*told, " ", *much) if much else told,
        tone=Tone.GOOD,
        body=(
            told,
            *_only_known(unlisted),
            *((much,) if much else ()),
            *(((f"For the others, add {_either(left_out)}.",),) if left_out else ()),
        ),
        buttons=(*_narrowed(subscription, volume), *_switch(subscription)),
        footer=("“unwatch” ends it; “watching” lists this channel's subscriptions.",),
    )
    return Reply(card=card)


def _only_known(unlisted: Sequence[Platform]) -> tuple[Line, ...]:
    """Say of connections that list no runs which of theirs can be heard of."""
    return tuple(
        sentence(
            Untrusted(p.connection),
            f" lists no {p.terms.run.many}, so only those that Clew knows of are among them",
        )
        for p in unlisted
    )


def _either(connections: Sequence[str]) -> str:
    return " or ".join(f"connection={name}" for name in connections)


def _volume(volume: Volume | None, runs: Noun, *, all_of_them: bool) -> Line:
    """Say how many runs a subscription would have told of, or from how many it would have chosen."""
    if volume is None:
        return ()
    number = f"{'at least ' if volume.at_least else ''}{number_of(volume.runs, runs)}"
    was = f"that was {number}" if all_of_them else f"there were {number}, whatever came of them"
    if volume.span >= SPAN:
        return (f"In the last {SPAN.days} days {was}.",)
    return (f"In the {duration(volume.span)} since Clew first looked, {was}.",)


def _narrowed(subscription: Subscription, volume: Volume | None) -> tuple[Button, ...]:
    """Propose to hear only what changes where most runs come from."""
    if volume is None or not volume.source:
        return ()
    fewer = replace(subscription, source=volume.source)
    return (Button(label=f"Only changes of {shorten(volume.source, 40)}", command=_watch("changes", fewer)),)


def which_connection(names: Sequence[str]) -> UserError:
    """Ask whose runs are meant, where none of the connections is meant without being named."""
    corrections = tuple(Correction(Part.VALUE, name, "connection") for name in names)
    return UserError("Which connection should this channel be notified of?", f"Add connection=, one of {listed([*names])}.",
                     corrections=corrections)  # fmt: skip


def no_longer(
    gone: tuple[Subscription, ...], left: tuple[Subscription, ...], left_out: Sequence[str] = ()
) -> Reply:
    """Confirm that subscriptions ended, and say what is left; `left_out` as in `listing`."""
    told: Line = sentence("This channel is no longer notified of ", *_all(gone, left_out))
    rest: Line = (
        sentence("It is still notified of ", *_all(left, left_out))
        if left
        else ("It is not notified of any runs now.",)
    )
    return Reply(card=Card(title=("No longer watching",), text=(*told, " ", *rest), body=(told, rest)))


def listing(
    subscriptions: tuple[Subscription, ...],
    left_out: Sequence[str] = (),
    unlisted: Sequence[Platform] = (),
    begin: int = 1,
    expects: Sequence[Item] = (),
    mentions: Sequence[Item] = (),
    muted: Sequence[Item] = (),
    notes: Sequence[Line] = (),
) -> Reply:
    """List a channel's subscriptions, from the entry `begin` on; `left_out`: connections that none of them means without naming it.

    `unlisted`: connections that cannot list the runs that are meant. `expects`: what else the channel is notified of, each
    title the end of a sentence. `mentions`, `muted`: what follows them. `notes`: how the channel is notified, whatever of.
    """
    if not subscriptions and not expects and not mentions and not muted:
        text = joined((NOTHING, *notes), " ")
        return Reply(card=Card(title=("Watching nothing",), text=text, body=(NOTHING, *notes)), private=True)
    unnamed = any(subscription.connection is None for subscription in subscriptions)
    without = (f"Runs of {listed([*left_out])} are only among them where that connection is named.",)
    watched = (*(_item(subscription, left_out) for subscription in subscriptions), *expects)
    items = (*watched, *mentions, *muted)
    pages = Pages.of(Command("watching"), len(items), begin, LISTED)
    told: Line = ("of ", *_all(subscriptions, left_out)) if subscriptions else ()
    ends = _joined((told, *(item.title for item in expects)))
    told_all = (*(sentence("This channel is notified ", *ends) if watched else NOTHING), *_muted(muted))
    card = Card(
        title=(
            f"This channel watches {count(len(watched), 'thing')}{_beside(mentions, muted)}",
            from_on(begin),
        ),
        text=joined((told_all, *notes), " "),
        body=(*notes, *((without,) if unnamed and left_out else ()), *_only_known(unlisted)),
        items=tuple(items[n - 1] for n in pages.numbers),
        items_left_out=pages.left_out,
        pages=pages,
        footer=("“watch LAUNCHER outcomes=changes” adds one; “unwatch LAUNCHER” ends one.",),
    )
    return Reply(card=card, private=True)


def _muted(muted: Sequence[Item]) -> Line:
    """Say what it is not notified of for now."""
    return tuple(span for item in muted for span in (" Muted: ", *item.title, "."))


def _beside(mentions: Sequence[Item], muted: Sequence[Item]) -> str:
    """Count what is listed behind that."""
    there = [count(len(items), word) for items, word in ((mentions, "mention"), (muted, "mute")) if items]
    return f" and has {listed(there)}" if there else ""


def described(subscription: Subscription, left_out: Sequence[str] = ()) -> Line:
    """Say what a subscription wants, as the end of a sentence; `left_out`: connections that have to be named."""
    s = subscription
    parts: list[str | Untrusted] = [_outcomes(s.outcomes)]
    for word, value in ((" of ", s.launcher), (" from source ", s.source), (" on ", s.connection)):
        if value is not None:
            parts += [word, Untrusted(value)]
    if left_out and s.connection is None:
        parts.append(f" (except those of {listed([*left_out])})")
    return tuple(parts)


def scope(wish: Subscription | Mute) -> dict[str, str]:
    """Return the values that name the same launcher, source and connection."""
    s = wish
    named = {"launcher": s.launcher, "source": s.source, "connection": s.connection}
    return {name: value for name, value in named.items() if value is not None}


def only_changes(subscription: Subscription) -> Button:
    """Offer to hear only of what is news."""
    return Button(label="Only when something changes", command=_watch("changes", subscription))


def _switch(subscription: Subscription) -> tuple[Button, ...]:
    if subscription.outcomes == CHANGES:
        return (Button(label="Every run", command=_watch("all", subscription)),)
    return (only_changes(subscription),)


def _watch(outcomes: str, subscription: Subscription) -> Command:
    """Change the outcomes alone; a rule for report links must not be lost by a click."""
    links = subscription.report_links
    kept = {"report_links": links.value} if links else {}
    return Command("watch", {"outcomes": outcomes, **scope(subscription), **kept})


def _item(subscription: Subscription, left_out: Sequence[str]) -> Item:
    lines: list[Line] = []
    if subscription.from_settings:
        lines.append(("From the settings file",))
    if subscription.problem:
        why = sentence("Nothing can be posted here: ", Untrusted(subscription.problem))
        lines.append((*why, " Messages for this channel are waiting."))
    if subscription.report_links is not None:
        lines.append((f"Report links: {subscription.report_links.value}",))
    return Item(title=described(subscription, left_out), lines=tuple(lines), buttons=_buttons(subscription))


def _buttons(subscription: Subscription) -> tuple[Button, ...]:
    again = Button(label="Watch again", command=_watch(",".join(sorted(subscription.outcomes)), subscription))
    hint = (again,) if subscription.problem else ()
    if subscription.from_settings:
        return hint
    unwatch = Button(label="Unwatch", command=Command("unwatch", scope(subscription)))
    return (*hint, unwatch, *_switch(subscription))


def _outcomes(outcomes: frozenset[Outcome]) -> str:
    if outcomes == EVERYTHING:
        return "every finished run"
    if outcomes == CHANGES:
        return f"changes ({ALL_CHANGES})"
    return listed([SAID[o] for o in SAID if o in outcomes])


def _joined(ends: Sequence[Line]) -> Line:
    """Join the ends of a sentence, empty ones left out."""
    spans: list[Span] = []
    for end in filter(None, ends):
        spans += [", and " if spans else "", *end]
    return tuple(spans)


def _all(subscriptions: tuple[Subscription, ...], left_out: Sequence[str]) -> Line:
    parts: list[str | Untrusted] = []
    for position, subscription in enumerate(subscriptions):
        joint = "" if position == 0 else " and " if position == len(subscriptions) - 1 else ", "
        parts += [joint, *(s for s in described(subscription, left_out) if isinstance(s, str | Untrusted))]
    return tuple(parts)
