"""Read `watch mention=`: whom the posts in a channel mention from now on, and whom no longer.

WHO [for PATTERN] [on OUTCOMES] | WHO [for PATTERN] off, several with ; between them; WHO: me, mentions, ids; off alone: nobody
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot import mentioning
from bot.cards import Line
from bot.command import Asked, Services
from bot.model import RunQuery
from bot.replies import channel as of_channel
from bot.replies import mentioning as replies
from bot.state import Addressee, MentionRule, Outcome, Subscription

ME, FOR, ON, OFF = "me", "for", "on", "off"
MOST_RULES = 20  # of a channel
LONGEST_PATTERN = 200  # characters
_WORD = re.compile(r"<[^<>]*>|[^\s<]+|<")
OUTCOMES = tuple(outcome.value for outcome in Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One entry as it was typed. `outcomes` empty: those that are usual. `off`: nobody is to be mentioned so any more."""

    who: tuple[str, ...]
    pattern: str | None = None
    outcomes: frozenset[Outcome] = frozenset()
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What becomes of a channel's rules. `notes`: what has to be said of them."""

    made: tuple[MentionRule, ...] = ()
    ended: tuple[MentionRule, ...] = ()
    notes: tuple[Line, ...] = ()

    def lines(self, services: Services) -> tuple[Line, ...]:
        """Say what becomes of them."""
        return replies.changed(self.made, self.ended, self.notes, services.terms.check)


def read(text: str) -> tuple[Wish, ...]:
    """Read all entries. Raises `UserError` for one that cannot be read."""
    return tuple(_wish(entry) for entry in text.split(";") if entry.strip()) or _nobody(text)


def _wish(entry: str) -> Wish:
    """Read WHO [for PATTERN] [on OUTCOMES | off]; the pattern is what stands there, to the letter."""
    words = [*_WORD.finditer(entry)]
    off = words[-1][0].lower() == OFF
    end, outcomes = (len(words) - 1, frozenset[Outcome]()) if off else _outcomes(words)
    at = next((n for n, word in enumerate(words[:end]) if word[0].lower() == FOR), end)
    who = tuple(name for word in words[:at] for name in word[0].split(",") if name)
    pattern = entry[words[at].end() : words[end - 1].end()].strip() if at < end else None
    if (not who and not off) or pattern == "":
        raise replies.nobody_named(entry)
    if pattern is not None and len(pattern) > LONGEST_PATTERN:
        raise replies.too_long(LONGEST_PATTERN)
    return Wish(who=who, pattern=pattern, outcomes=outcomes, off=off)


def _outcomes(words: Sequence[re.Match[str]]) -> tuple[int, frozenset[Outcome]]:
    """Read "on OUTCOMES" at the end; return where it begins. Behind a pattern, which may hold an “on” too, all have to be known."""
    said = [word[0].lower() for word in words]
    at = max((n for n, word in enumerate(said) if word == ON), default=len(said))
    named = [name for word in said[at + 1 :] for name in word.split(",") if name]
    unknown = next((name for name in named if name not in OUTCOMES), None)
    if at < len(said) and (unknown or not named):
        if FOR in said[:at]:
            return len(said), frozenset()
        raise replies.not_an_end(unknown or ON, OUTCOMES)
    return at, frozenset(map(Outcome, named))


def _nobody(text: str) -> tuple[Wish, ...]:
    raise replies.nobody_named(text)


async def changes(text: str, of: Subscription, asked: Asked, services: Services) -> Changes:
    """Find out what a channel's rules become, for the runs that a subscription means. Raises `UserError`, `ServiceError`."""
    there = [rule for rule in await services.store.mention_rules(of.channel) if not rule.from_settings]
    made: list[MentionRule] = []
    ended: list[MentionRule] = []
    notes: list[Line] = []
    for wish in read(text):
        if wish.off:
            ended += _ended(wish, [await _known_as(typed, asked, there) for typed in wish.who], of, there)
            continue
        who = [await _found(typed, asked) for typed in wish.who]
        if gone := next((each for each in who if each.gone), None):
            raise replies.gone(gone)
        pattern = await _pattern(wish, of, asked, services)
        notes += [replies.trouble(each) for each in who if each.problem]
        notes += await _unknown(pattern, of, services)
        outcomes = wish.outcomes or mentioning.default_outcomes(pattern)
        made += [_rule(each, pattern, outcomes, of) for each in who]
    if len({rule.wants for rule in (*there, *made)}) > MOST_RULES:
        raise replies.too_many(MOST_RULES)
    if made and any(each.keeps for each in await services.store.channel_settings(of.channel)):
        notes.append(of_channel.AT_ONCE)
    return Changes(made=tuple(made), ended=tuple(ended), notes=tuple(notes))


async def keep(changes: Changes, asked: Asked, services: Services) -> None:
    """Write what becomes of the rules, and note it. Raises `StoreError`."""
    for rule in changes.made:
        await services.store.add_mention(rule, services.clock.now())
    for rule in changes.ended:
        await services.store.end_mention(rule)
    who, where = asked.invocation.actor, asked.invocation.place
    for word, rules in (("mentions", changes.made), ("mentions no longer", changes.ended)):
        if rules:
            await services.note(
                who, where, "watch", "done", f"{word} {', '.join(rule.who for rule in rules)}"
            )


async def _found(typed: str, asked: Asked) -> Addressee:
    """Return who is meant. Raises `UserError` for nobody."""
    actor = asked.invocation.actor
    if typed.lower() == ME:
        return Addressee(id=actor.id, name=actor.name)
    if asked.find_addressee is None:
        raise replies.nobody_there(typed)
    return await asked.find_addressee(typed)


async def _known_as(typed: str, asked: Asked, there: Sequence[MentionRule]) -> Addressee:
    """Return whom a rule is to mention no longer: nobody has to be asked of an id that has one, whoever that is by now."""
    rule = next((rule for rule in there if rule.who == typed), None)
    return Addressee(id=rule.who, name=rule.name) if rule is not None else await _found(typed, asked)


def _ended(
    wish: Wish, who: Sequence[Addressee], of: Subscription, there: Sequence[MentionRule]
) -> list[MentionRule]:
    """Return the rules that a wish ends: of these people, or of everybody, for the same runs."""
    ids = {each.id for each in who}
    ended = [
        rule
        for rule in there
        if rule.runs == of.runs and (not ids or rule.who in ids) and wish.pattern in {None, rule.pattern}
    ]
    if not ended:
        raise replies.not_there(", ".join(each.name or each.id for each in who))
    return ended


async def _pattern(wish: Wish, of: Subscription, asked: Asked, services: Services) -> str | None:
    """Return the pattern; one that says nothing is asked about. Raises `UserError`."""
    pattern = wish.pattern
    if pattern is None:
        return None
    if mentioning.contradicts(pattern, wish.outcomes):
        raise replies.contradiction(services.terms.check)
    known = await _known(of, services)
    if mentioning.fits_everything(pattern, known) and not asked.flag("keep"):
        raise replies.fits_all(pattern, len(known), services.terms.check)
    return pattern


async def _unknown(pattern: str | None, of: Subscription, services: Services) -> list[Line]:
    known = await _known(of, services) if pattern is not None else ()
    if pattern is None or not known or any(mentioning.matches(pattern, name) for name in known):
        return []
    return [replies.unknown_so_far(pattern, services.terms.check)]


async def _known(of: Subscription, services: Services) -> tuple[str, ...]:
    """Return the names of the checks on record of the launcher that is meant; none where all launchers are."""
    if of.launcher is None:
        return ()
    names: list[str] = []
    for platform in services.meant_by(of):
        for run in await services.store.newest(platform.connection, RunQuery(launcher=of.launcher), 1):
            names += [c.name for c in await services.store.known_checks(platform.connection, run.series[0])]
    return tuple(names)


def _rule(who: Addressee, pattern: str | None, outcomes: frozenset[Outcome], of: Subscription) -> MentionRule:
    return MentionRule(
        channel=of.channel, connection=of.connection, launcher=of.launcher, source=of.source,
        who=who.id, name=who.name, pattern=pattern, outcomes=outcomes,
    )  # fmt: skip
