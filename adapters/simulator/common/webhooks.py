"""Webhooks out: real HTTP deliveries, signed in every form that receivers meet, and every way to spoil one.

No platform here documents how it signs: HMAC-SHA256 over the raw body is what all of them are read as.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from adapters.simulator.common.clock import SimulatedClock

PATIENCE = aiohttp.ClientTimeout(total=10)
OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How deliveries go out. Times are in seconds of the caller's clock.

    `header`, `form`: where the signature stands and how: "hex", "sha256" ("sha256=" and hex), "base64", or "none".
    `secret`: signs with this one in the place of the receiver's own. `forged`: the signature is of another body.
    `copies`: how often each is sent, 0 is not at all. `delay`: later by so much. `held`: kept until `release`.
    `padding`: bytes that the body is made longer by.
    """

    header: str = "X-Hub-Signature-256"
    form: str = "sha256"
    secret: str | None = None
    forged: bool = False
    copies: int = 1
    delay: float = 0.0
    held: bool = False
    padding: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a delivery; no status where nobody answered."""

    status: int | None
    error: str
    took: float

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status in OK


Report = Callable[[Attempt], None]
"""Is told of each attempt."""

Parcel = tuple[str, bytes, dict[str, str], Report]
"""Where to, what, with which headers, and who wants to know."""

FORMS: Mapping[str, Callable[[bytes], str]] = {
    "hex": lambda digest: digest.hex(),
    "sha256": lambda digest: "sha256=" + digest.hex(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
}


def signature(secret: str, body: bytes, form: str) -> str:
    """Return a body's HMAC-SHA256 in a form of `FORMS`."""
    return FORMS[form](hmac.digest(secret.encode(), body, hashlib.sha256))


class Webhooks:
    """Sends what happens to whoever registered; `manner` holds for every delivery from now on."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.manner = Manner()
        self._clock = clock
        self._held: list[Parcel] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def deliver_as(self, **changes: Any) -> None:
        """Change how deliveries go out; what is not named is as usual. Raises TypeError, ValueError."""
        manner = replace(Manner(), **changes)
        if manner.form not in {*FORMS, "none"}:
            raise ValueError(f"there is no form {manner.form!r}; there are: {', '.join(FORMS)}, none")
        self.manner = manner

    def send(self, url: str, secret: str | None, body: object, report: Report = lambda _: None) -> None:
        """Deliver JSON in the present manner, beside everything else."""
        manner = self.manner
        content, headers = self._written(manner, secret, body)
        parcels = [(url, content, headers, report)] * manner.copies
        if manner.held:
            self._held += parcels
        else:
            self._begin(parcels, manner.delay)

    async def send_now(self, url: str, secret: str | None, body: object) -> Attempt:
        """Deliver JSON once, and return what became of it."""
        return await self._post(url, *self._written(self.manner, secret, body))

    def release(self) -> int:
        """Send what was held, one after the other, newest first; return how many."""
        held, self._held = self._held[::-1], []
        self._begin(held, 0.0)
        return len(held)

    async def settled(self) -> None:
        """Return once nothing is on its way."""
        while self._sending:
            await asyncio.gather(*self._sending)

    async def close(self) -> None:
        """Give up what is on its way."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _written(self, manner: Manner, secret: str | None, body: object) -> tuple[bytes, dict[str, str]]:
        content = json.dumps(body).encode() + b" " * manner.padding
        headers = {"Content-Type": "application/json", "User-Agent": "simulated-platform"}
        key = manner.secret or secret
        if key is not None and manner.form != "none":
            signed = content + b"forged" if manner.forged else content
            headers[manner.header] = signature(key, signed, manner.form)
        return content, headers

    def _begin(self, parcels: Sequence[Parcel], delay: float) -> None:
        async def deliver() -> None:
            if delay:
                await self._clock.sleep(delay)
            for url, content, headers, report in parcels:
                report(await self._post(url, content, headers))

        task = asyncio.get_running_loop().create_task(deliver())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _post(self, url: str, content: bytes, headers: dict[str, str]) -> Attempt:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=PATIENCE)
        began = self._clock.monotonic()
        try:
            async with self._session.post(
                url, data=content, headers=headers, allow_redirects=False
            ) as answer:
                await answer.read()
                status, error = answer.status, "" if answer.status in OK else f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as failure:
            status, error = None, type(failure).__name__
        return Attempt(status, error, self._clock.monotonic() - began)
