"""What a test platform did not do, in sentences that any platform's adapter and the core share."""

from __future__ import annotations

NOT_CONFIGURED = "The connection is no longer configured."
SENDING_FAILED = "Sending failed unexpectedly."
RUN_NOT_NAMED = "The platform accepted it without naming the run."
