"""Which verbs each kind of platform is offered, written down once more: none is lost or offered by mistake."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from adapters.platforms.kind import AnyPlatform
from adapters.platforms.registry import PLATFORMS
from bot.command import adapted
from bot.commands.registry import VERBS
from tests.fakes.service import FakeRunService, a_build_server
from tests.generated import opened

EVERYWHERE = {"status", "failing", "find", "watch", "unwatch", "watching", "help", "version"}
OFFERED = {
    "antithesis": {"launch", "logs", "debug", "report", "rerun", "cancel"},
    "testhide": {"launch", "logs", "debug", "rerun", "cancel", "ask", "classify", "quarantine", "flaky"},
    "ai-test-harness": {"launch", "logs", "debug", "rerun", "readiness", "clusters"},
    "automated-future": {"launch", "logs", "cancel", "publish"},
}
MOST_IN_DISCORD = 25  # subcommands
PLANNED = 3  # verbs


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: str(kind.name))
async def test_offered__by_each_kind(kind: AnyPlatform) -> None:
    """Those whose parts it has; the others are said to be another platform's."""
    platform = await opened(kind)
    shown = {name for name, verb in VERBS.items() if not verb.hidden and verb.offered_by([platform])}

    assert shown - EVERYWHERE == OFFERED[kind.name] & set(VERBS)


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
