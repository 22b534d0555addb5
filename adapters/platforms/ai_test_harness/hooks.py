"""Webhooks out of AI Test Harness: they can be registered and neither listed nor changed, so a person does it once."""

from __future__ import annotations

import json

from adapters.platforms.ai_test_harness.settings import Account

EVENTS = ("test.failed", "execution.completed")
"""They name every execution that fails or ends; one delivery for each test that passes would be polled for in vain."""

KEY, SECRET = "AI_TEST_HARNESS_API_KEY", "AI_TEST_HARNESS_WEBHOOK_SECRET"  # variables of the shell


def registration(own: Account, url: str) -> str:
    """Return the request that registers an address, for a shell, and how to send it. It holds no secret."""
    shown = json.dumps({"url": url, "events": EVENTS, "secret": SECRET})
    body = shown.replace(
        f'"{SECRET}"', f'"\'"${SECRET}"\'"'
    )  # between single quotes the shell puts nothing in
    return "\n".join([
        "AI Test Harness lists no webhooks, so Clew cannot look whether this one is registered.",
        f"Send this once, with the connection's api_key in {KEY}",
        f"and its webhook_secret in {SECRET}:",
        "",
        f"curl -X POST '{own.address}/webhooks' \\",
        f'  -H "Authorization: Bearer ${KEY}" \\',
        '  -H "Content-Type: application/json" \\',
        f"  -d '{body}'",
    ])  # fmt: skip
