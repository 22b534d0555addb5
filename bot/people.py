"""Which ids are the same person's, in whatever chats: as the settings say, or by a code that was said in both chats.

Never by name, which anybody can take. To be the same person gives no right: a role is held by an id, in the chat where the
settings gave it to that id, as whoever gave it knew who that is there; a link is only what two accounts say of each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Protocol

from bot.access import reaches
from bot.ports import Links

CODE_LIVES = timedelta(minutes=10)
SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without those that read alike
LENGTH = 10  # signs of a code: 50 bits, far more than can be tried in ten minutes


class People:
    """Who is who. `groups`: ids of one person each; those that share an id are one group."""

    def __init__(self, groups: Iterable[Collection[str]]) -> None:
        self._ids: dict[str, frozenset[str]] = {}
        for group in groups:
            whole = frozenset(group).union(*(self._ids.get(one, frozenset()) for one in group))
            self._ids.update(dict.fromkeys(whole, whole))

    def ids(self, actor: str) -> frozenset[str]:
        """Return all ids of the person with this one."""
        return self._ids.get(actor, frozenset({actor}))

    def same(self, one: str, other: str) -> bool:
        """Whether two ids are one person's; nobody's id is nobody."""
        return bool(one) and other in self.ids(one)

    def reachable(self, actor: str, channel: str) -> str | None:
        """Return the id by which a person can be mentioned in a channel, the one of the channel's own workspace first."""
        there = sorted(one for one in self.ids(actor) if _is_person(one) and reaches(one, channel))
        whole = channel.split(":")[2:3]
        return next((one for one in there if one.split(":")[2:3] == whole), next(iter(there), None))


def _is_person(principal: str) -> bool:
    return principal.split(":")[1:2] == ["user"]


class Knowing(Protocol):
    """What has the groups of the settings, and the store with those that people made."""

    @property
    def people(self) -> Iterable[Collection[str]]:
        """The ids of each person that the settings name."""
        ...

    @property
    def store(self) -> Links:
        """Where links are kept."""
        ...


async def people_of(services: Knowing) -> People:
    """Return who is who just now. Raises `StoreError`."""
    return People([*services.people, *await services.store.links()])


def code_of(key: str) -> str:
    """Return a code that people can read and type, made of a key that nobody can guess."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    return "".join(SIGNS[number >> 5 * place & 31] for place in range(LENGTH))


def digest_of(code: str) -> str:
    """Return what is kept of a code, however it was typed: whoever reads the database learns no code from it."""
    return hashlib.sha256(signs_of(code).encode("utf-8", "replace")).hexdigest()


def signs_of(code: str) -> str:
    """Return what counts of a code that somebody typed."""
    return "".join(sign for sign in code.upper() if sign.isalnum())
