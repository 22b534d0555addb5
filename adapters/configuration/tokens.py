"""What a secret is by its shape, so that one in a wrong place is named before anybody is asked.

https://docs.slack.dev/authentication/tokens · https://docs.discord.com/developers/reference#authentication
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from adapters.configuration.checks import secret
from adapters.configuration.problems import wrong

SHAPES: Mapping[str, re.Pattern[str]] = MappingProxyType({
    "Slack's bot token": re.compile(r"(?:xoxe\.)?xoxb-.*"),
    "Slack's app token": re.compile(r"xapp-.*"),
    "a person's token of Slack": re.compile(r"(?:xoxe\.)?xoxp-.*"),
    "a token of Slack": re.compile(r"xox[a-z]-.*"),
    "Slack's signing secret or client secret": re.compile(r"[0-9a-f]{32}"),
    "Discord's bot token": re.compile(r"[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}", re.ASCII),
    "Discord's public key": re.compile(r"[0-9a-f]{64}"),
    "an id of Discord": re.compile(r"[0-9]{15,20}"),
    "Discord's client secret": re.compile(r"[A-Za-z0-9_-]{32}"),
})  # fmt: skip
"""Kinds of secrets, the first that fits counts. Anthing else may be right, so it is left for its owner to judge."""

BOT, APP, SIGNING, DISCORD = (
    "Slack's bot token",
    "Slack's app token",
    "Slack's signing secret or client secret",
    "Discord's bot token",
)


def kind_of(value: str) -> str | None:
    """Return what a secret is, as far as its shape tells."""
    return next((kind for kind, shape in SHAPES.items() if shape.fullmatch(value)), None)


def _wants(kind: str, hint: str, *, always: bool = False) -> Callable[[SecretStr], SecretStr]:
    """Check that a secret is of a kind; with `always` also where its shape tells nothing."""

    def check(value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if kind == DISCORD and text.lower().startswith("bot "):
            raise wrong("It begins with “Bot”.", "Give the token alone.")
        found = kind_of(secret(value).get_secret_value())
        if found not in {None, kind}:
            raise wrong(f"That looks like {found}.", hint)
        if found is None and always:
            raise wrong(f"That is not {kind}.", hint)
        return value

    return check


def platform_key(value: SecretStr) -> SecretStr:
    """Accept a test platform's key: not a token of a chat."""
    found = kind_of(secret(value).get_secret_value())
    if found in {BOT, APP, DISCORD, "a person's token of Slack", "a token of Slack"}:
        raise wrong(f"That looks like {found}.", "Make a key on the tenant's settings page.")
    return value


SlackBotToken = Annotated[
    SecretStr,
    AfterValidator(
        _wants(
            BOT, "Give the one that begins with xoxb-, from the app's page OAuth & Permissions.", always=True
        )
    ),
]
SlackAppToken = Annotated[
    SecretStr,
    AfterValidator(
        _wants(
            APP, "Give the one that begins with xapp-, from the app's page Basic Information.", always=True
        )
    ),
]
SlackSigningSecret = Annotated[
    SecretStr,
    AfterValidator(_wants(SIGNING, "Give the Signing Secret of the app's page Basic Information.")),
]
DiscordToken = Annotated[
    SecretStr,
    AfterValidator(_wants(DISCORD, "Give the token of the application's page Bot.")),
]
PlatformKey = Annotated[SecretStr, AfterValidator(platform_key)]
