"""One person in two chats: a code that Slack shows to one alone, said in Discord; what they own in one is theirs in the other."""

from __future__ import annotations

import json
import re
from pathlib import Path

from adapters.store.store import open_store
from bot.earlier import checks_of, stored
from bot.model import RunRef
from bot.state import PollStep
from tests.fakes import discord_bot, slack_bot
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_world import ALICE, MAIN

X = "no torn page"


async def test_link__makes_what_is_owned_in_slack_yours_in_discord(tmp_path: Path) -> None:
    """The code is read by nobody else in either chat, and stands in no database; without the link it is somebody else's."""
    database = tmp_path / "clew.db"
    service, run = FakeRunService(), a_run(1)
    results = some_results(run, failing=(X,))
    service.add_run(run, results)
    async with (
        open_store(f"sqlite:///{database}") as store,
        serve() as slack,
        slack_bot.running_bot(slack, store=store, service=service) as bot,
        discord_bot.simulated(store=store, service=service) as world,
    ):
        kept, checks = stored(run, results), checks_of(run, results)
        assert checks is not None
        await store.record(
            PollStep(connection="demo", now=EPOCH, runs=(run,), results=(kept,), checks=(checks,),
                     results_known=(run.ref,))
        )  # fmt: skip
        await slack.command(f'mark "{X}" own run="{run.launcher}"')
        await slack.world.answer("owned by")
        before = discord_bot.said(discord_bot.answer(await own(world, run.ref)))

        await slack.command("help link")
        shown = await slack.world.ephemeral(ALICE)
        code = re.search(r"help link ([A-Z0-9]{5}-[A-Z0-9]{5})", json.dumps(shown.blocks))
        assert code is not None
        written = all_of(tmp_path)
        linked = discord_bot.answer(await world.say("help", verb=f"link {code[1]}"))
        after = discord_bot.said(discord_bot.answer(await own(world, run.ref)))

        assert discord_bot.initial_responses(world)[1] == {"type": 5, "data": {"flags": 64}}
        assert "are one person now" in discord_bot.said(linked)
        assert not any(code[1] in m.words for m in slack.world.of(MAIN) if m.only_for is None)
        assert not any(code[1] in discord_bot.said(m) for m in world.main.history())
        assert slack.world.violations == []
        await bot.answered(2)
    assert "u01alice" in before.lower()
    assert "already" in after
    assert not any(typed.encode() in written for typed in (code[1], code[1].replace("-", "")))


def all_of(folder: Path) -> bytes:
    """Return all that the database wrote, its journal included."""
    return b"".join(path.read_bytes() for path in folder.glob("clew.db*"))


async def own(world: discord_bot.World, ref: RunRef) -> object:
    return await world.say("mark", **{"property": X, "as": "own", "run": ref.run_id})
