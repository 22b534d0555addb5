"""Working on failures, from card to card by buttons, forms and threads: the same in Slack and in Discord."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.model import RunStatus, Says
from bot.triage import Classification, QuarantineRequest, RerunRequest, RerunScope
from tests.fakes import discord_bot, slack_bot
from tests.fakes.discord_bot import answer, said
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.slack import serve
from tests.fakes.slack_world import Message

REFRESH = "tests/test_auth.py::test_token_refresh"
REFUND = "tests/test_payment.py::TestRefund::test_refund_twice[eur]"
HOSTILE = (
    "see <https://evil.example/x|the fix> or [the fix](https://evil.example/y) <!channel> @everyone <@U01BOB>\n"
    "*bold* `code`"
)


def a_server() -> FakeRunService:
    """Return a server with a failed build and one that goes on."""
    service = a_build_server()
    service.add_run(
        a_build(1026, says=Says.FAILED, status_text="failed"),
        build_results(1026, failing=(REFRESH, REFUND), passing=("b",)),
    )
    service.add_run(a_build(1027, status=RunStatus.IN_PROGRESS, status_text="running"))
    service.triage.says = HOSTILE
    return service


async def test_slack__from_the_failing_tests_to_all_that_can_be_done() -> None:
    """Forms open with what the button knows; what costs is confirmed; the thread goes on with the talk."""
    service = a_server()
    async with serve() as slack, slack_bot.running_bot(slack, service=service) as bot:
        said_at = await slack.mention("failing 1026")
        await bot.answered(1)
        card = slack.world.ours()[-1]

        await slack.press(card, "Classify 2")
        view = await slack.view("Classify")
        assert _filled(view)["property"] == REFUND
        await slack.submit(view, {"kind": "infra", "note": "disk full"})
        await bot.answered(2)
        kept = slack.world.ours()[-1]

        await slack.press(card, "Quarantine 1")
        await slack.submit(await slack.view("Quarantine"), {"reason": "flaky"})
        await bot.answered(3)
        await slack.press(slack.world.ours()[-1], "Quarantine")
        await bot.answered(4)

        await slack.press(card, "Rerun failed")
        await bot.answered(5)
        await slack.press(slack.world.ours()[-1], "Rerun")
        await bot.answered(6)
        living = slack.world.ours()[-1]

        await slack.press(card, "Diagnose")
        await bot.answered(7)
        diagnosis = slack.world.ours()[-1]
        await slack.mention("ask why test=1 only --on agent-01?", thread=said_at.ts)
        await bot.answered(8)
        await slack.mention("ask and since when?", thread=said_at.ts)
        await bot.answered(9)
        answers = slack.world.ours()[-2:]

        assert slack.world.violations == []
    _all_was_done(service)
    assert "disk full" in kept.words
    assert set(living.labels) == {"Status", "Log", "Stop"}
    assert "OOM in test worker" in diagnosis.words
    assert {message.thread_ts for message in (diagnosis, *answers)} == {said_at.ts}
    for message in answers:
        _is_text(message)


def _filled(view: Any) -> dict[str, str]:
    return {b["block_id"]: b["element"].get("initial_value", "") for b in view["blocks"]}


def _is_text(message: Message) -> None:
    """Nothing of a model's answer is a link, a mention or formatting: it stands in elements of plain text."""
    assert not {"<https://evil.example", "<!channel>", "<@U01BOB>"} & set(message.text.split())
    assert {"link", "user", "broadcast"} & set(_types(message.blocks)) == set()
    assert not any("evil" in text for text in _formatted(message.blocks))
    assert "A model's answer" in message.words


def _parts(blocks: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a message's blocks."""
    if isinstance(blocks, dict):
        yield blocks
    for inner in blocks.values() if isinstance(blocks, dict) else blocks if isinstance(blocks, list) else ():
        yield from _parts(inner)


def _types(blocks: Any) -> Iterator[str]:
    return (part["type"] for part in _parts(blocks) if isinstance(part.get("type"), str))


def _formatted(blocks: Any) -> Iterator[str]:
    """Yield the texts in which Slack reads markup."""
    return (part["text"] for part in _parts(blocks) if part.get("type") == "mrkdwn")


async def test_discord__from_the_failing_tests_to_all_that_can_be_done() -> None:
    """As in Slack: the forms, the confirmations, the thread."""
    service = a_server()
    async with discord_bot.simulated(service=service) as world:
        (card,) = await world.mention("failing 1026")

        opened = await world.press(card, "Classify 2")
        assert REFUND in str(opened.modal)
        named = {"run": "demo/1026", "property": REFUND}
        await _submitted(world, opened, {**named, "kind": ["infra"], "note": "disk full"})
        thread = world.main.threads[0]
        kept = thread.history()[-1]

        opened = await world.press(card, "Quarantine 1")
        await _submitted(world, opened, {"run": "demo/1026", "property": REFRESH, "reason": ["flaky"]})
        await world.press(thread.history()[-1], "Quarantine")

        await world.press(card, "Rerun failed")
        await world.press(thread.history()[-1], "Rerun")

        await world.press(card, "Diagnose")
        diagnosis = said(thread.history()[-1])
        (first,) = await world.mention("ask why test=1 only --on agent-01?", channel=thread)
        (second,) = await world.mention("ask and since when?", channel=thread)
    _all_was_done(service)
    assert "disk full" in said(kept)
    assert "OOM in test worker" in diagnosis
    for message in (first, second):
        shown = " ".join(embed.description or "" for embed in message.embeds) + message.content
        assert "](https://evil.example" not in shown
        assert not message.mention_everyone
        assert "A model's answer" in " ".join(embed.footer.text or "" for embed in message.embeds) + said(
            message
        )


async def _submitted(world: Any, opened: Any, filled: dict[str, Any]) -> Any:
    result = await world.alice.submit_modal(opened, filled)
    await world.env.settle()
    return result


def _all_was_done(service: FakeRunService) -> None:
    """Each of it once, as it was asked for."""
    triage = service.triage
    assert [(c.check, c.kind, c.note.split(" (")[0]) for c in triage.classified] == [
        (REFUND, "infra", "disk full")
    ]
    assert all(isinstance(c, Classification) for c in triage.classified)
    assert triage.changes == [
        QuarantineRequest(
            launcher="Regression Suite", launcher_key="55", check=REFRESH, reason="flaky", run_id="1026"
        )
    ]
    assert triage.reruns == [
        RerunRequest(run_id="1026", scope=RerunScope.FAILED, launcher="Regression Suite", launcher_key="55")
    ]
    assert triage.diagnosed == ["1026"]
    assert [(q.text, q.conversation) for q in triage.questions] == [
        ("why test=1 only --on agent-01?", None),
        ("and since when?", "talk-1"),
    ]
    assert service.violations == []


async def test_both__stop_from_the_living_card() -> None:
    """A launched build is stopped by its own card's button, asked for first, once."""
    for chat in ("slack", "discord"):
        service = a_server()
        if chat == "slack":
            async with serve() as slack, slack_bot.running_bot(slack, service=service) as bot:
                await slack.command("rerun 1026")
                await bot.answered(1)
                await slack.press(slack.world.ours()[-1], "Rerun")
                await bot.answered(2)
                await slack.press(slack.world.ours()[-1], "Stop")
                await bot.answered(3)
                assert service.cancelled == []
                await slack.press(slack.world.ours()[-1], "Stop")
                await bot.answered(4)
        else:
            async with discord_bot.simulated(service=service) as world:
                asked = await world.say("rerun", run="1026")
                living = await world.press(answer(asked), "Rerun")
                card = living.response or answer(asked)
                await world.press(card, "Stop")
                assert service.cancelled == []
                await world.press(world.main.threads[0].history()[-1], "Stop")

        assert service.cancelled == ["1028"], chat
