"""What a chat adapter hands to the composition root; see README.md in this folder."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from bot.access import Denied
from bot.ports import Chat
from bot.state import Actor, Invocation


class RunningChat(Protocol):
    """A chat that is served: it receives by itself, and announcements go out through `chat`."""

    @property
    def chat(self) -> Chat:
        """The port that announcements are delivered through."""
        ...

    @property
    def connected(self) -> bool:
        """Whether it receives at this moment; readiness asks for it."""
        ...

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return who somebody is now who did something earlier: nobody has to be there for it (`Surface.afresh`)."""
        ...

    async def run(self) -> None:
        """Receive until closed; reconnects by itself. Raises `ChatRefused` where no retry can help."""
        ...

    async def close(self) -> None:
        """Stop receiving and finish what is being answered, within 10 seconds; `run` then returns."""
        ...


@runtime_checkable
class Releasing(Protocol):
    """A chat that keeps connections for sending until nothing is sent any more."""

    async def release(self) -> None:
        """Give the connections back; the last call to it."""
        ...


@runtime_checkable
class OneReceives(Protocol):
    """A chat that would send everything to each program that receives from it, so one of several does."""

    @property
    def lease(self) -> asyncio.Future[str]:
        """The name of the right to receive, once it is known."""
        ...

    @property
    def stands_by(self) -> bool:
        """Whether it could receive and send, and has not the right to receive."""
        ...

    def receiving(self) -> AbstractAsyncContextManager[None]:
        """Receive inside the block; it ends when nothing arrives any more. Sending needs no such right."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A chat that tells whether programs elsewhere use its token."""

    def connections(self) -> int:
        """Return over how many connections this program receives: the most since it was asked before."""
        ...

    def strangers(self, elsewhere: int) -> str | None:
        """Return who else uses the token, as a sentence, "" where nobody does; None while that is not known.

        It is asked with every beat. `elsewhere`: the connections of the other programs on the database, as they last said.
        """
        ...


class ChatRefused(Exception):
    """The chat will never let us in as we are; `str()` is a full sentence that says how to fix it."""
