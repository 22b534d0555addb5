"""One Testhide server to talk to, and what proves who asks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from adapters.configuration.checks import HeaderSecret, SecretText, WebAddress, WebhookSecret
from adapters.configuration.table import Hooked, Variable, WithPassword
from adapters.configuration.tokens import is_a

API = "/api/v3"
MAKE_A_KEY = "Create an API token in Testhide under Settings → API Tokens."
KIND_OF_KEY = "a Testhide API token"
CHECK_KEY = "Check the API token of this connection, or its user and password."


def _with_api(value: str) -> str:
    """Return the address with the API's path; people copy it with that or without."""
    return value if value.endswith(API) else f"{value}{API}"


class Server(WithPassword, Hooked):
    """A connection to Testhide: an API token, or a user's name and password for sessions of eight hours.

    `projects`: the ids of those whose builds count; none: all that the token sees.
    """

    no_key: ClassVar[str] = MAKE_A_KEY

    kind: Literal["testhide"] = "testhide"
    base_url: Annotated[
        WebAddress,
        AfterValidator(_with_api),
        Variable("TESTHIDE_BASE_URL", "address of a Testhide server: `https://testhide.example.com`"),
    ]
    api_key: Annotated[
        HeaderSecret | None,
        AfterValidator(is_a(KIND_OF_KEY, MAKE_A_KEY)),
        Variable("TESTHIDE_API_TOKEN", "API token; `developer` is the role to give it"),
    ] = None
    username: Annotated[
        str | None,
        Variable("TESTHIDE_USERNAME", "user to log in as, where there is no API token", alone=False),
    ] = None
    password: Annotated[
        SecretText | None, Variable("TESTHIDE_PASSWORD", "the password of that user", alone=False)
    ] = None
    allow_http: Annotated[
        bool,
        Variable("TESTHIDE_ALLOW_HTTP", "`true`: plain http beyond this machine, too", alone=False),
    ] = False
    webhook_secret: Annotated[
        WebhookSecret | None,
        Variable("TESTHIDE_WEBHOOK_SECRET", "what signs its webhooks; see `[hooks]`", alone=False),
    ] = None
    projects: tuple[int, ...] = ()
