"""The heartbeat: a GET to an address whose owner tells somebody when it stops coming.

The address is a secret (whoever knows it can keep the alarm silent), so nothing here names it.
"""

from __future__ import annotations

import asyncio

import httpx

from bot.model import Secret

PATIENCE = 10.0  # seconds for all of it


class Heartbeat:
    """Pings one address; a redirect is not followed, and of the answer only the status is read."""

    def __init__(self, address: Secret, *, patience: float = PATIENCE) -> None:
        self._address = address
        self._patience = patience

    async def __call__(self) -> str:
        """Ping once; return why that failed, "" where it did not. Never raises but for cancelling."""
        try:
            async with (
                asyncio.timeout(self._patience),
                httpx.AsyncClient(timeout=self._patience) as http,
                http.stream("GET", self._address.reveal()) as answer,
            ):
                return "" if answer.is_success else f"it answers with {answer.status_code}"
        except TimeoutError:
            return f"no answer within {self._patience:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"it cannot be reached ({type(error).__name__})"
