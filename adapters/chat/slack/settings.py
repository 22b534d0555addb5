"""What Slack's table and variables say, and what its secrets look like.

https://docs.slack.dev/authentication/tokens
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, model_validator

from adapters.configuration.checks import BaseUrl, HeaderSecret, listening
from adapters.configuration.problems import Unusable, wrong
from adapters.configuration.table import Table, Variable
from adapters.configuration.tokens import Shape, Shapes, is_a

ID = r"[A-Z0-9]{2,24}"
BOT, APP, SIGNING = ("Slack's bot token", "Slack's app token", "Slack's signing secret or client secret")
SHAPES: Shapes = {
    BOT: Shape(re.compile(r"(?:xoxe\.)?xoxb-.*")),
    APP: Shape(re.compile(r"xapp-.*")),
    "a person's token of Slack": Shape(re.compile(r"(?:xoxe\.)?xoxp-.*")),
    "a token of Slack": Shape(re.compile(r"xox[a-z]-.*")),
    SIGNING: Shape(re.compile(r"[0-9a-f]{32}"), sure=False),
}


def _workspace(value: str) -> str:
    """Accept a workspace's id."""
    if not re.fullmatch(ID, value, re.ASCII):
        raise wrong("This is not a workspace id.", 'Give it like "T0123ABCD".')
    return value


Workspace = Annotated[str, AfterValidator(_workspace)]
BotToken = Annotated[
    HeaderSecret,
    AfterValidator(
        is_a(BOT, "Use the one that starts with xoxb-, from the app's OAuth & Permissions page.", SHAPES[BOT])
    ),
]
AppToken = Annotated[
    HeaderSecret,
    AfterValidator(
        is_a(APP, "Use the one that starts with xapp-, from the app's Basic Information page.", SHAPES[APP])
    ),
]
SigningSecret = Annotated[
    HeaderSecret,
    AfterValidator(is_a(SIGNING, "Use the Signing Secret from the app's Basic Information page.")),
]


class Slack(Table):
    """How to reach Slack: with an app token by Socket Mode, else by signed HTTP.

    `workspaces` are served; none means the one that the token belongs to. `listen` is for signed HTTP only. `unfurl`: links
    to reports that people share get a card beside them. `thread_status`: work in a thread is shown
    by Slack's own status, not by a message. `thread_replies`: “mine” and the like are heard in threads without a mention.
    """

    bot_token: Annotated[
        BotToken, Variable("SLACK_BOT_TOKEN", "bot token (`xoxb-…`); without it Slack is off")
    ]
    app_token: Annotated[
        AppToken | None, Variable("SLACK_APP_TOKEN", "app token (`xapp-…`) for Socket Mode")
    ] = None
    signing_secret: Annotated[
        SigningSecret | None,
        Variable("SLACK_SIGNING_SECRET", "signing secret, for HTTP instead of Socket Mode"),
    ] = None
    api_url: Annotated[
        BaseUrl | None, Variable("SLACK_API_URL", "alternative Slack API address", alone=False)
    ] = None
    workspaces: frozenset[Workspace] = frozenset()
    unfurl: bool = False
    listen: Annotated[tuple[str, int], BeforeValidator(listening("127.0.0.1:3000", off=False))] = (
        "127.0.0.1",
        3000,
    )
    thread_status: bool = False
    thread_replies: bool = False

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Refuse one half of a set-up: Clew could speak and not hear, or hear and not speak."""
        beside = {"app_token": "an app token", "signing_secret": "a signing secret"}
        found = [what for name, what in beside.items() if given.get(name)]
        if given.get("bot_token") and not found:
            hint = "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP."
            what = "Slack has a bot token, but no way to receive messages."
            return {**given, "app_token": Unusable(what, hint)}
        if found and not given.get("bot_token"):
            what = f"Slack has {' and '.join(found)}, but no bot token."
            return {**given, "bot_token": Unusable(what, "Set SLACK_BOT_TOKEN too.")}
        return given
