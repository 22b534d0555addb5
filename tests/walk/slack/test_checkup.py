"""`clew doctor` and the start look at the tokens and at every permission."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from adapters.chat.slack.checkup import check
from adapters.chat.slack.manifest import SCOPES
from adapters.chat.slack.settings import Slack
from bot.model import Secret
from bot.state import MentionRule
from tests.fakes import slack_api as faults
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import running_bot
from tests.fakes.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, GONE

GRANTED = ",".join(scope for scope in SCOPES if scope != "files:write")


async def look(
    slack: FakeSlack,
    *,
    bot: str = BOT_TOKEN,
    app: str | None = APP_TOKEN,
    rules: tuple[MentionRule, ...] = (),
    **more: object,
) -> list[tuple[str, str]]:
    settings = Slack(
        bot_token=Secret(bot),
        app_token=Secret(app) if app else None,
        signing_secret=Secret("s"),
        api_url=slack.api_url,
        **more,  # type: ignore[arg-type]  # the test's own fields
    )
    return [found async for found in check(settings, rules)]


async def test_check__says_that_all_is_well(slack: FakeSlack) -> None:
    """Both tokens, and nothing to fix."""
    slack.api.scopes = ",".join(SCOPES)

    found = await look(slack)

    assert found == [("bot token accepted, workspace T01", ""), ("app token accepted, Socket Mode is on", "")]


async def test_check__names_whom_no_mention_reaches(slack: FakeSlack) -> None:
    """Who left and what was disabled, with where that is said; what Slack does not tell is no fault."""
    slack.world.usergroups["S02"] = []
    slack.world.disabled_groups.add("S02")
    who = (f"user:T01:{ALICE}", f"user:T01:{GONE}", "usergroup:T01:S01", "usergroup:T01:S02")
    rules = [MentionRule(channel="slack:channel:T01:C01", who=f"slack:{each}") for each in who]
    rules[1] = replace(rules[1], from_settings=True)

    _, *found, _ = await look(slack, rules=tuple(rules))

    left = "Mention somebody else, and end this under [[mention]] in clew.toml."
    off = "Mention somebody else, and end this there with “watching”."
    assert [hint for _, hint in found] == ["", left, "", off]
    assert "They have left" in found[1][0]
    assert "The group is disabled." in found[3][0]
    slack.api.fault("users.info", faults.error("internal_error"))
    assert [hint for _, hint in await look(slack, rules=(rules[1],))] == [""] * 3


async def test_check__names_the_token_that_is_wrong(slack: FakeSlack) -> None:
    """Each token for itself, with what helps, and never the token."""
    (bot, bot_mend), (app, app_mend) = await look(slack, bot="xoxb-wrong", app="xapp-wrong")

    assert "SLACK_BOT_TOKEN" in bot
    assert "SLACK_APP_TOKEN" in app
    assert bot_mend
    assert app_mend
    assert "wrong" not in bot + app


async def test_check__names_the_permission_that_is_lacking(slack: FakeSlack) -> None:
    """And what it is for."""
    slack.api.scopes = GRANTED

    (bot, hint), _ = await look(slack)

    assert bot == f"the app lacks files:write ({SCOPES['files:write']})"
    assert "clew manifest slack" in hint


async def test_check__of_a_slack_that_does_not_answer(slack: FakeSlack) -> None:
    """The network, or the address."""
    slack.api.fault("auth.test", faults.HTML_502)

    (bot, hint), _ = await look(slack)

    assert "does not answer" in bot
    assert "SLACK_API_URL" in hint


async def test_check__of_a_workspace_that_is_not_served(slack: FakeSlack) -> None:
    """The token belongs elsewhere than the settings say."""
    (bot, hint), _ = await look(slack, workspaces=frozenset({"T98"}))

    assert "T01" in bot
    assert hint == "Add T01 to it."


async def test_check__over_http(slack: FakeSlack) -> None:
    """Without an app token it says where it would listen."""
    found = await look(slack, app=None)

    assert found[1] == ("HTTP mode, on 127.0.0.1:3000", "")


async def test_start__names_the_permission_that_is_lacking(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    """It serves all the same, and the log says what will not work."""
    slack.api.scopes = GRANTED
    caplog.set_level(logging.WARNING)

    async with running_bot(slack):
        pass

    assert "lacks files:write" in caplog.text


async def test_check__of_the_status_in_threads(slack: FakeSlack) -> None:
    """Where it is wanted, it is tried in a thread that is nowhere: shown it is to nobody."""
    well = await look(slack, thread_status=True)
    slack.api.fault("assistant.threads.setStatus", faults.error("missing_scope"))
    (_, refused, _) = await look(slack, thread_status=True)

    assert well[1] == ("Slack lets the app set a status in threads", "")
    assert "refuses to show a status in threads (missing_scope)" in refused[0]
    assert "Progress messages are posted instead" in refused[1]
    assert slack.world.statuses == {}
    assert len(await look(slack)) == 2
