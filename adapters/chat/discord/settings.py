"""What Discord's table and variables say, and what its secrets look like.

https://docs.discord.com/developers/reference#authentication
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, field_validator

from adapters.configuration.checks import BaseUrl, ProxyUrl, SecretText, SocketUrl, header, proxy_given
from adapters.configuration.problems import wrong
from adapters.configuration.table import Table, Variable
from adapters.configuration.tokens import Shape, Shapes, is_a
from bot.model import Secret

ID = r"[0-9]{5,20}"
BOT = "Discord's bot token"
SHAPES: Shapes = {
    BOT: Shape(re.compile(r"[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}", re.ASCII)),
    "Discord's public key": Shape(re.compile(r"[0-9a-f]{64}"), sure=False),
    "an id of Discord": Shape(re.compile(r"[0-9]{15,20}"), sure=False),
    "Discord's client secret": Shape(re.compile(r"[A-Za-z0-9_-]{32}"), sure=False),
}


def _server(value: str) -> str:
    """Accept a server's id."""
    if not re.fullmatch(ID, value, re.ASCII):
        raise wrong("This is not a server id.", 'Give its number in quotation marks: "1104000000000000001".')
    return value


def _alone(value: Secret) -> Secret:
    """Refuse what stands in a header before the token."""
    if value.reveal().lower().startswith("bot "):
        raise wrong("It starts with “Bot”.", "Give only the token.")
    return value


class Discord(Table):
    """How to reach Discord. `guilds` are served; none means every server that the bot was invited to."""

    token: Annotated[
        SecretText,
        AfterValidator(_alone),
        AfterValidator(header),
        AfterValidator(is_a(BOT, "Use the token from the application's Bot page.")),
        Variable("DISCORD_TOKEN", "bot token; without it Discord is off"),
    ]
    api_url: Annotated[
        BaseUrl | None, Variable("DISCORD_API_URL", "alternative Discord API address", alone=False)
    ] = None
    gateway_url: Annotated[
        SocketUrl | None, Variable("DISCORD_GATEWAY_URL", "alternative Discord gateway address", alone=False)
    ] = None
    proxy: Annotated[
        ProxyUrl | None,
        Variable(
            "DISCORD_HTTPS_PROXY", "HTTP proxy for all traffic to Discord",
            alone=False, empty_is_wrong=True,
        ),
    ] = None  # fmt: skip
    guilds: frozenset[Annotated[str, AfterValidator(_server)]] = frozenset()

    _proxy_is_given = field_validator("proxy", mode="before")(proxy_given)
