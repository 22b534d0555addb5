"""One account of AI Test Harness to talk to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from adapters.configuration.checks import HeaderSecret, RequestRate, WebAddress, WebhookSecret
from adapters.configuration.problems import Unusable
from adapters.configuration.table import Hooked, HttpConnection, Variable
from adapters.configuration.tokens import is_a

VENDORS = "https://api.aitestharness.com/v1"
MAKE_A_KEY = "Create an API key in AI Test Harness."
KIND_OF_KEY = "an AI Test Harness API key"
CHECK_KEY = "Check the API key of this connection."
STARTER = 100  # requests a minute of the smallest plan


class Account(HttpConnection, Hooked):
    """A connection to AI Test Harness; `debug_agent` and `debug_task` are what `debug` takes where nothing is said."""

    kind: Literal["ai-test-harness"] = "ai-test-harness"
    base_url: Annotated[
        WebAddress,
        Variable("AI_TEST_HARNESS_BASE_URL", "whole address of the API, if not the vendor's", alone=False),
    ] = VENDORS
    api_key: Annotated[
        HeaderSecret,
        AfterValidator(is_a(KIND_OF_KEY, MAKE_A_KEY)),
        Variable("AI_TEST_HARNESS_API_KEY", "API key for reading and starting executions"),
    ]
    requests_per_minute: RequestRate | None = STARTER
    webhook_secret: Annotated[
        WebhookSecret | None,
        Variable("AI_TEST_HARNESS_WEBHOOK_SECRET", "what signs its webhooks; see `[hooks]`", alone=False),
    ] = None
    debug_agent: str = ""
    debug_task: str = ""

    @model_validator(mode="before")
    @classmethod
    def _key_is_there(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Say that the key is missing, beside what is wrong."""
        if given.get("api_key") is not None:
            return given
        return {**given, "api_key": Unusable("It is missing.", MAKE_A_KEY)}
