"""What the bot says where a platform does not offer what a verb needs, or did not do what was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.errors import UserError
from bot.platform import (
    AGENTS,
    ASKS,
    CANCELS,
    CLASSIFIES,
    CLUSTERS,
    DEBUGS,
    DIAGNOSES,
    FINDS_FLAKY,
    INSTANCES,
    LAUNCHES,
    LAUNCHES_AGAIN,
    MOMENT_LOGS,
    PUBLISHES,
    QUARANTINES,
    RATES_RELEASES,
    REPORT_FILES,
    REPORTS,
    RERUNS,
    RUN_LOGS,
    Need,
    Platform,
)
from bot.replies.wording import listed

NOT_CONFIGURED = "The connection is no longer configured."
SENDING_FAILED = "Sending failed unexpectedly."
RUN_NOT_NAMED = "The platform accepted it without naming the run."

NOUNS: Mapping[Need[object], str] = {
    LAUNCHES: "launches",
    MOMENT_LOGS: "logs",
    INSTANCES: "a search for events",
    RUN_LOGS: "build logs",
    DEBUGS: "debugging sessions",
    REPORTS: "triage reports",
    CANCELS: "a way to stop runs",
    RERUNS: "reruns",
    LAUNCHES_AGAIN: "reruns",
    DIAGNOSES: "diagnoses",
    ASKS: "answers to questions",
    AGENTS: "agents",
    CLASSIFIES: "classifications of failures",
    QUARANTINES: "a quarantine",
    REPORT_FILES: "report files",
    FINDS_FLAKY: "a list of flaky tests",
    RATES_RELEASES: "ratings of releases",
    CLUSTERS: "failure clusters",
    PUBLISHES: "a place to publish runs",
}


def lacking(platform: Platform, need: Need[object], having: Sequence[str] = ()) -> UserError:
    """Say that a connection does not offer something, and the way on; `having`: the connections that do."""
    way = (
        f"Add connection=NAME for one that does: {listed(list(having))}."
        if having
        else _instead(platform, need)
    )
    return UserError(f"The connection “{platform.connection}” does not offer {NOUNS[need]}.", way)


def nowhere(need: Need[object], platforms: Collection[Platform]) -> UserError:
    """Say that no connection offers something, or only the one that there is, which has nothing to bring there."""
    if any(need.of(platform) is not None for platform in platforms):
        only = listed([f"“{platform.connection}”" for platform in platforms])
        return UserError(f"That takes two connections, and {only} is the only one.")
    if len(platforms) == 1:
        return lacking(next(iter(platforms)), need)
    return UserError(f"None of the connections offers {NOUNS[need]}.")


def _instead(platform: Platform, need: Need[object]) -> str:
    """Return the way on where nobody offers it: what a failure can be looked into with."""
    looking = need in {DEBUGS, DIAGNOSES, AGENTS} and (platform.run_logs or platform.moment_logs)
    return "“logs” shows what is kept of a failure there." if looking else ""
