"""Which verbs each kind of platform is offered, written down once more: none is lost or offered by mistake."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import pytest

from adapters.platforms.kind import AnyPlatform
from adapters.platforms.registry import PLATFORMS
from bot.command import adapted
from bot.commands.registry import VERBS
from tests.fakes.service import FakeRunService, a_build_server
from tests.generated import opened

EVERYWHERE = {
    "status",
    "failing",
    "history",
    "mark",
    "find",
    "watch",
    "unwatch",
    "watching",
    "help",
    "version",
    "audit",
}
OFFERED = {
    "antithesis": {"launch", "logs", "debug", "report", "rerun", "cancel"},
    "testhide": {"launch", "logs", "debug", "rerun", "cancel", "ask", "classify", "quarantine", "flaky"},
    "ai-test-harness": {"launch", "logs", "debug", "rerun", "readiness", "clusters"},
    "automated-future": {"launch", "logs", "cancel"},
}
BETWEEN = {
    "publish": "automated-future"
}  # verbs that take a second connection, by the kind that has their part
MOST_IN_DISCORD = 25  # subcommands
PLANNED = 1  # verb


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: str(kind.name))
async def test_offered__by_each_kind(kind: AnyPlatform) -> None:
    """Those whose parts it has; the others are said to be another platform's."""
    platform = await opened(kind)
    shown = {name for name, verb in VERBS.items() if not verb.hidden and verb.offered_by([platform])}

    assert shown - EVERYWHERE == OFFERED[kind.name] & set(VERBS)


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: str(kind.name))
async def test_offered__between_two_connections(kind: AnyPlatform) -> None:
    """What brings something from one to another is there as soon as there are two, and one of them takes it."""
    platform, other = await opened(kind), FakeRunService().platform
    alone, beside = (adapted(VERBS, platforms) for platforms in ([platform], [platform, other]))

    assert not BETWEEN.keys() & alone.keys()
    assert BETWEEN.keys() & beside.keys() == {verb for verb, of in BETWEEN.items() if of == kind.name}


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: str(kind.name))
async def test_offered__with_examples_that_its_parameters_take(kind: AnyPlatform) -> None:
    """What help shows can be typed there: no example gives a parameter that the verb does not take."""
    verbs = adapted(VERBS, [await opened(kind)])

    for verb in verbs.values():
        taken = {parameter.name for parameter in verb.parameters}
        shown = " ".join([*verb.examples, *(parameter.example for parameter in verb.parameters)])
        assert taken.issuperset(re.findall(r"(?<![\w.])(\w+)=", shown)), verb.name


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: str(kind.name))
async def test_offered__with_what_a_launch_takes_in_the_words_of_its_platform(kind: AnyPlatform) -> None:
    """No plain noun among them is taken for one of Clew's: that tests "run" at the same time is no noun."""
    platform = await opened(kind)
    launch = {
        parameter.name: parameter.summary for parameter in adapted(VERBS, [platform])["launch"].parameters
    }
    own = {each.name: each.summary for each in platform.launches.form("")} if platform.launches else {}

    assert [(name, launch[name]) for name in own if name in launch] == [
        each for each in own.items() if each[0] in launch
    ]


def test_offered__where_a_launch_runs_nothing_nothing_is_run_again() -> None:
    """A record that is made once more is no rerun."""
    platform = FakeRunService().platform

    assert VERBS["rerun"].offered_by([platform])
    assert not VERBS["rerun"].offered_by([replace(platform, runs_nothing=True)])
    assert VERBS["rerun"].offered_by([a_build_server().platform])


def test_offered__fits_into_one_discord_command() -> None:
    """All of them at once, with room for those that are to come."""
    assert sum(not verb.hidden for verb in VERBS.values()) + PLANNED <= MOST_IN_DISCORD


COMMON = {"run", "connection"}
OF_A_LOG = {*COMMON, "handover", "lines", "grep", "property"}
OF_A_CHANNEL = {"mute", "quiet", "zone", "digest", "digest_days", "digest_empty"}
OF_A_SUBSCRIPTION = {"launcher", "outcomes", "mention", "keep", "connection", *OF_A_CHANNEL}
TAKEN: dict[str, dict[str, set[str]]] = {
    "antithesis": {
        "logs": OF_A_LOG | {"moment", "window", "source", "errors", "build", "compare", "events"},
        "debug": COMMON | {"moment", "property", "session", "recipients", "description", "again"},
        "rerun": COMMON,
        "watch": OF_A_SUBSCRIPTION | {"source", "report_links", "expect"},
        "failing": COMMON | {"property", "from"},
    },
    "testhide": {
        "logs": OF_A_LOG | {"file", "artifact", "list", "from"},
        "debug": COMMON,
        "rerun": COMMON | {"failed", "flaky"},
        "watch": OF_A_SUBSCRIPTION | {"source", "expect"},
        "failing": COMMON | {"property", "from", "quarantined", "file"},
    },
    "ai-test-harness": {
        "logs": OF_A_LOG,
        "debug": COMMON | {"agent", "task", "result"},
        "rerun": COMMON,
        "watch": OF_A_SUBSCRIPTION | {"source"},
        "failing": COMMON | {"property", "from"},
    },
    "automated-future": {
        "logs": OF_A_LOG | {"file", "artifact", "list", "from"},
        "watch": OF_A_SUBSCRIPTION,
        "failing": COMMON | {"property", "from"},
    },
}
"""What the verbs that differ take on each kind of platform, written down once more."""


async def test_offered__with_what_a_platform_takes() -> None:
    """Of every set of connections each verb lists what one of them has a use for, and nothing else."""
    alone = {kind.name: adapted(VERBS, 2 * [await opened(kind)]) for kind in PLATFORMS}  # beside one like it
    names = {
        kind: {name: {p.name for p in verb.parameters} for name, verb in verbs.items()}
        for kind, verbs in alone.items()
    }
    for number in range(1, len(PLATFORMS) + 1):
        for kinds in combinations(PLATFORMS, number):
            verbs = adapted(VERBS, [await opened(kind) for kind in kinds])
            together = {name: {p.name for p in verb.parameters} for name, verb in verbs.items()}
            of_each = [names[kind.name] for kind in kinds]
            assert together == {
                name: set[str]().union(*(each.get(name, set()) for each in of_each)) for name in verbs
            }

    for kind, taken in TAKEN.items():
        assert {verb: names[kind][verb] for verb in taken} == taken


async def test_offered__with_a_summary_of_what_is_there() -> None:
    """No verb promises what none of the connections can do."""
    said = {
        kind.name: {n: v.summary for n, v in adapted(VERBS, [await opened(kind)]).items()}
        for kind in PLATFORMS
    }
    every = adapted(VERBS, [await opened(kind) for kind in PLATFORMS])

    assert said["antithesis"]["debug"] == "debugging session at a moment"
    assert said["testhide"]["debug"] == "the model's diagnosis"
    assert said["ai-test-harness"]["debug"] == "an agent at work"
    assert (
        every["debug"].summary
        == "debugging session at a moment, the model's diagnosis or an agent at work, by platform"
    )
    assert [said[kind]["rerun"] for kind in ("antithesis", "testhide", "ai-test-harness")] == [
        "start a run again; asks first",
        "start a build again, or only what failed in it; asks first",
        "start an execution again; asks first",
    ]
    assert said["testhide"]["cancel"] == "stop a build that waits or goes on; asks first"
    assert said["automated-future"]["cancel"] == "complete a test run that is reported into; asks first"
    assert (
        said["automated-future"]["launch"]
        == "open a test run to report into; shows what would be sent and asks first"
    )
