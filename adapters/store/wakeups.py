"""Words between the programs on one PostgreSQL database, so that nobody waits for his next look.

A word goes out with the commit that gives reason for it (`Database.tell`), and is heard on a connection that does nothing
else. Nothing rests on it: what is not heard is found by looking, as on SQLite, and behind a pooler, where nobody can listen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.configuration.database import PostgresServer
from adapters.store.database import WORDS, connecting
from adapters.store.part import Part
from bot.errors import StoreError


class SqlWakeups(Part):
    """Hears them."""

    @property
    def listens(self) -> bool:
        """Whether words can be heard: on PostgreSQL, where no pooler hands connections on after each transaction."""
        return isinstance(self._db.address, PostgresServer) and not self._db.address.pooled

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Pass on each word, "" as soon as the first could be heard, until cancelled. Raises `StoreError` where the connection is lost."""
        address = self._db.address
        if not isinstance(address, PostgresServer):
            raise StoreError("Nobody else works on this database, so nobody is heard.")
        import asyncpg  # type: ignore[import-untyped]  # it brings no types

        from adapters.store.keepalive import Watched

        lost = asyncio.Event()
        try:
            connection = await asyncpg.connect(connection_class=Watched, **connecting(address))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreError(f"No connection to hear other programs on ({type(error).__name__}).") from error
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(WORDS, lambda _connection, _pid, _channel, word: heard(word))
            heard("")
            await lost.wait()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreError(f"Other programs are not heard any more ({type(error).__name__}).") from error
        finally:
            connection.terminate()
        raise StoreError("The connection on which other programs are heard is lost.")
