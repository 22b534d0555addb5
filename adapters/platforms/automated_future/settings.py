"""One team of Automated Future: its key, and the project that runs are published into."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from adapters.configuration.checks import HeaderSecret, WebAddress
from adapters.configuration.problems import Unusable, wrong
from adapters.configuration.table import HttpConnection, Variable
from adapters.platforms.http.ids import is_opaque

ADDRESS = "https://api.automatedfuture.co/v1/test"
MAKE_A_KEY = "Create an API key on the team's settings page of Automated Future."
CHECK_KEY = "Check the API key of this connection."
MOST_RESULTS = 2_000


def _project(value: str) -> str:
    if not is_opaque(value):
        raise wrong("This is not the id of a project.", "Give the id as its page shows it: project_abc123.")
    return value


class Team(HttpConnection):
    """A connection to Automated Future. `project`: what runs are published into; `max_results`: of one run at most."""

    kind: Literal["automated-future"] = "automated-future"
    base_url: Annotated[
        WebAddress,
        Variable(
            "AUTOMATED_FUTURE_BASE_URL", "API address with its whole path, if not the vendor's", alone=False
        ),
    ] = ADDRESS
    api_key: Annotated[HeaderSecret, Variable("AUTOMATED_FUTURE_API_KEY", "API key of a team")]
    project: Annotated[
        Annotated[str, AfterValidator(_project)] | None,
        Variable("AUTOMATED_FUTURE_PROJECT", "id of the project that runs are published into", alone=False),
    ] = None
    max_results: int = Field(default=500, ge=1, le=MOST_RESULTS)

    @model_validator(mode="before")
    @classmethod
    def _enough(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Say that the key is missing beside what is wrong."""
        missing = given.get("api_key") is None
        return {**given, "api_key": Unusable("It is missing.", MAKE_A_KEY)} if missing else given
