"""One tenant to talk to: its address and the key that opens everything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from adapters.configuration.checks import (
    BaseUrl,
    HeaderSecret,
    ProxyUrl,
    is_ip,
    loopback,
)
from adapters.configuration.problems import Unusable, wrong
from adapters.configuration.table import Reporting, Variable
from adapters.configuration.tokens import no_other

PLATFORM = ".antithesis.com"
FORM = "Give it like https://acme.antithesis.com."
MAKE_A_KEY = "Create a key on the tenant's settings page."
CHECK_KEY = "Check the API key and the tenant of this connection."
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TENANT = re.compile(_LABEL, re.ASCII)
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)


def _tenant(value: str) -> str:
    """Return what can be the first part of `TENANT.antithesis.com`, also from its whole address.

    Anything else could send the key elsewhere.
    """
    label = value.lower()
    host = label.removeprefix("https://").rstrip("/")
    if host.endswith(PLATFORM):
        label = host.removesuffix(PLATFORM)
    if not _TENANT.fullmatch(label):
        raise wrong(
            "A tenant name has only letters, digits and hyphens, no dot.",
            'Give only the first part of the address: "acme" for https://acme.antithesis.com.',
        )
    return label


def _origin(value: str) -> str:
    """Cut an address down to scheme, host and port; nothing but the API's own path may follow them."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.path not in {"", "/api", "/api/v0", "/api/v1"}:
        raise wrong("The address must end after the host.", FORM)
    if not _HOST.fullmatch(host) and not is_ip(host):
        raise wrong("This is not a host name.", FORM)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


class Tenant(Reporting):
    """A connection to Antithesis: `tenant`, or `base_url` where requests go to another address, or both.

    With both, pages and reports are the tenant's, whoever passes the requests on. Proxies of the environment are
    never used by themselves.
    """

    kind: Literal["antithesis"] = "antithesis"
    notified_by_default: bool = True
    tenant: Annotated[
        Annotated[str, AfterValidator(_tenant)] | None,
        Variable("ANTITHESIS_TENANT", "tenant name: `acme` for https://acme.antithesis.com"),
    ] = None
    base_url: Annotated[
        Annotated[BaseUrl, AfterValidator(_origin)] | None,
        Variable(
            "ANTITHESIS_BASE_URL",
            "API address, if not the tenant's own (a proxy, `clew simulate`)",
        ),
    ] = None
    api_key: Annotated[
        HeaderSecret,
        AfterValidator(no_other(MAKE_A_KEY)),
        Variable("ANTITHESIS_API_KEY", "API key for reading, launching and debugging"),
    ]
    proxy: Annotated[
        ProxyUrl | None,
        Variable(
            "ANTITHESIS_HTTPS_PROXY",
            "HTTP proxy to use; proxies from the environment are never used automatically",
            alone=False, empty_is_wrong=True,
        ),
    ] = None  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _enough(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Say what is missing beside what is wrong."""
        found = dict(given)
        if not (found.get("tenant") or found.get("base_url")):
            found["tenant"] = Unusable("It is missing.", "Give the tenant name or an address.")
        if found.get("api_key") is None:
            found["api_key"] = Unusable("It is missing.", MAKE_A_KEY)
        return found

    @property
    def address(self) -> str:
        """The scheme, host and port that every request goes to, without a slash at the end."""
        return self.base_url or self._own

    @property
    def home(self) -> str:
        """The scheme, host and port at which people open pages and reports."""
        return self._own if self.tenant else self.address

    @property
    def _own(self) -> str:
        return f"https://{self.tenant}{PLATFORM}"

    def warnings(self, key: Callable[[str], str]) -> Iterator[str]:
        """Say where the tenant cannot be known: report links then lead to an address that nobody vouches for."""
        host = urlsplit(self.address).hostname or ""
        if not self.tenant and not host.endswith(PLATFORM) and not loopback(host):
            yield (
                f"{key('tenant')} is not set and the address is not the tenant's own, so report links cannot be "
                "checked and are not shown. Set it too."
            )
