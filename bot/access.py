"""Who may do what, and where, as values; `bot.authorization` decides by them.

Principals are immutable ids, never names: `CHAT:KIND:ID` or, inside a workspace or server, `CHAT:KIND:WHOLE:ID`.
What costs money or changes something is denied unless a role allows it; person and place have to match both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from bot.quotas import Quota
from bot.state import Actor

TERMINAL = "terminal:user:local"
"""The person at the terminal of the machine that Clew runs on; the settings cannot take a role from them."""


class Role(IntEnum):
    """What a person may do; each role includes those below it."""

    READ = 1
    DEBUG = 2
    LAUNCH = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """Its name as in the settings."""
        return self.name.lower()


def reaches(who: str, channel: str) -> bool:
    """Whether somebody can be mentioned in a channel: of the same chat, and a group or role of the same whole.

    A person may be of another workspace and read along all the same.
    """
    match who.split(":"), channel.split(":"):
        case [chat, kind, whole, _], [other, _, there, _] if kind != "user":
            return (chat, whole) == (other, there)
        case [chat, *_], [other, *_]:
            return chat == other
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who holds which role, and where verbs that need a role may be used; a role without places: anywhere.

    A channel, workspace or server among the principals of a role gives it to everyone there, guests excepted
    above `read`. Without any role members may read, as `Actor.member` and `Place.shared` say. `quotas`: how much may be
    started, by admins too, who may change the settings.
    """

    roles: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    places: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    read_only: bool = False
    quotas: tuple[Quota, ...] = ()

    @property
    def locked(self) -> Policy:
        """The same while nothing may be changed."""
        return replace(self, read_only=True)

    @property
    def configured(self) -> bool:
        """Whether anyone was given a role."""
        return any(self.roles.values())


def difference(before: Policy, after: Policy) -> str:
    """Say what changed from one policy to another, for the audit trail; "" where nothing did."""
    parts = [
        f"{what} {role.word}: {said}"
        for what, old, new in (
            ("role", before.roles, after.roles),
            ("places of", before.places, after.places),
        )
        for role in Role
        if (said := _changed(old.get(role), new.get(role)))
    ]
    rules = [{quota.written for quota in policy.quotas} for policy in (before, after)]
    parts += [
        f"quota {sign}{rule}"
        for sign, more, less in (("+", 1, 0), ("-", 0, 1))
        for rule in sorted(rules[more] - rules[less])
    ]
    if before.read_only != after.read_only:
        parts.append(f"read-only {'on' if after.read_only else 'off'}")
    return "; ".join(parts)


def _changed(before: frozenset[str] | None, after: frozenset[str] | None) -> str:
    if before is not None and after is None:
        return "not set any more"
    old, new = before or frozenset(), after or frozenset()
    if before is None and after is not None and not after:
        return "nobody"
    return ", ".join(
        [*(f"+{name}" for name in sorted(new - old)), *(f"-{name}" for name in sorted(old - new))]
    )


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go on; `rule` is for the audit trail."""

    rule: str


@dataclass(frozen=True, slots=True)
class Denied:
    """Stop; `reason` is for the person, `rule` for the audit trail."""

    reason: str
    rule: str


Decision = Allowed | Denied

Afresh = Callable[[Actor], Awaitable[Actor | Denied]]
"""Asks a chat who somebody is now, whatever it remembers; where it does not tell, nothing is allowed."""
