"""What a request passes before it reaches a route: user agent, key, accepted type."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from aiohttp import web

from adapters.simulator.antithesis.answers import refuse, refuse_launch
from adapters.simulator.common.answers import Refusal

LAUNCHES = "/api/v1/launch/"
SERVED = ("*/*", "application/*", "application/json", "application/x-ndjson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the tenant takes: the key everywhere, user and password only for launches."""

    api_key: str = "simulated-api-key"
    username: str = "simulated-user"
    password: str = "simulated-password"  # noqa: S105 - made up, opens nothing

    @property
    def basic(self) -> str:
        """The Basic header's value."""
        pair = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()


def check(request: web.Request, credentials: Credentials) -> None:
    """Let a request pass, or raise what the real gateway answers."""
    if not request.headers.get("User-Agent"):
        raise refuse(400, "Bad request: missing user agent")
    _check_key(request, credentials)
    accepted = request.headers.get("Accept", "*/*").split(",")
    if not any(part.partition(";")[0].strip().lower() in SERVED for part in accepted):
        raise refuse(406, "This endpoint does not support the requested Accept type.")


def _check_key(request: web.Request, credentials: Credentials) -> None:
    given = request.headers.get("Authorization", "")
    launching = request.path.startswith(LAUNCHES)
    if not given:
        raise (
            refuse_launch(401, reached=False)
            if launching
            else refuse(401, "Invalid or expired bearer token.")
        )
    known = [f"Bearer {credentials.api_key}", *([credentials.basic] if launching else [])]
    if not any(hmac.compare_digest(given.encode(), key.encode()) for key in known):
        raise Refusal(403, None)
