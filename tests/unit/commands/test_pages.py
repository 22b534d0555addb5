"""A list longer than a page is reachable whole, by one button, in every chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import pytest

from adapters.chat import pressed
from adapters.chat.content import RowKind
from adapters.chat.discord import buttons
from adapters.chat.discord import render as discord
from adapters.chat.slack import render as slack
from adapters.chat.terminal import render as terminal
from adapters.cli.card_json import card_json
from bot.access import Policy, Role
from bot.cards import FROM, Card, Command, Item, Pages, plain
from bot.replies import logs as replies
from bot.state import AuditEntry
from bot.triage import Cluster, FlakyCheck, RunFile
from tests.fakes.runs import a_run, build_results, run_id, some_results
from tests.fakes.service import a_build_server, a_harness
from tests.fakes.stage import Stage
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, Door
from tests.unit.commands.triage_stage import failed_build

CHECKS = 1_500
NUMBER = re.compile(r"(\d+)\. check ")
Shown = tuple[list[int], Command | None]


def in_slack(card: Card) -> Shown:
    """Return the entries that a message of Slack shows, and what its button asks for."""
    blocks = slack.message(card)["blocks"]
    written = "".join(text for block in blocks for text in _texts(block))
    pressable = [e for block in blocks if block["type"] == "actions" for e in block["elements"]]
    asked = [pressed.read(e["value"]) for e in pressable if e.get("text", {}).get("text") == "Next page"]
    return entries(written), command(asked)


def _texts(value: object) -> Iterator[str]:
    """Return the texts of a block, in their order."""
    if isinstance(value, dict):
        yield from (inner for name, inner in value.items() if name == "text" and isinstance(inner, str))
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def in_discord(card: Card) -> Shown:
    """Return the same of Discord, whose long commands wait in the store."""
    message = discord.message(card)
    pressable = [e for row in message["components"] for e in row["components"]]
    press = [buttons.read(e["custom_id"], None) for e in pressable if e.get("label") == "Next page"]
    kept = message[discord.OURS].get("words", {})
    asked = [pressed.read(kept[p.token]) if p.token else p.command for p in press if p]
    return entries(message["embeds"][0].get("description", "")), command(asked)


def in_terminal(card: Card) -> Shown:
    """Return the same of a terminal."""
    content = terminal.render(card)
    items = ["".join(s.text for s in row.segments) for row in content.rows if row.kind is RowKind.ITEM]
    asked = [control.command for control in content.controls if control.label == "Next page"]
    return entries(" ".join(items)), command(asked)


def entries(text: str) -> list[int]:
    """Return the numbers of the entries in a text."""
    return [int(number) for number in NUMBER.findall(text.replace("\\", ""))]


def command(asked: Sequence[object]) -> Command | None:
    """Return what the one button asks for, None where there is none."""
    assert len(asked) <= 1
    (found,) = asked or (None,)
    assert found is None or isinstance(found, Command)
    return found


@pytest.mark.parametrize("shown", [in_slack, in_discord, in_terminal])
async def test_failing__every_one_of_1500_is_reached(shown: Callable[[Card], Shown]) -> None:
    """Page after page each entry stands once, also where a chat has no room for all of a page.

    That holds from any entry on, so the first pages are read, those where numbers grow a digit, and the last, long ones.
    """
    door = Door()
    run = door.service.add_run(a_run(1))
    # What stands before is short, so that the pages with long names are few enough to be read here.
    names = tuple(f"check {n:04} {'x' * (500 if n >= CHECKS - 100 else 1)}" for n in range(CHECKS))
    door.service.set_results(some_results(run, failing=names))
    for first, last in ((1, 40), (990, 1_020), (CHECKS - 110, CHECKS)):
        wanted: Command | None = Command.of_run("failing", run.ref, **{FROM: f"{first}"})
        numbers: list[int] = []
        while wanted is not None and (last == CHECKS or last not in numbers):
            found, wanted = shown((await door.say(wanted)).card)
            assert found
            numbers += found

        assert numbers == [*range(first, max(last, numbers[-1]) + 1)]
        assert numbers[-1] <= CHECKS


def flaky_checks() -> tuple[Stage, str]:
    """Return a platform that names many flaky checks, and the words for them."""
    stage = Stage(service=a_build_server())
    stage.service.triage.shaky = tuple(FlakyCheck(name=f"check {n:02}", rate=0.1) for n in range(45))
    return stage, "flaky"


def groups() -> tuple[Stage, str]:
    """Return a platform that has many groups of failures, and the words for them."""
    stage = Stage(service=a_harness())
    stage.service.triage.groups = tuple(Cluster(count=n, category=f"cause {n:02}") for n in range(45))
    return stage, "clusters days=30"


def excused() -> tuple[Stage, str]:
    """Return a build in which many tests failed without counting, and the words for them."""
    stage = Stage(service=a_build_server())
    run = failed_build(stage)
    names = tuple(f"check {n:02}" for n in range(45))
    stage.service.set_results(build_results(run.ref.run_id, excused=names))
    return stage, f"failing {run.ref.run_id} quarantined=yes"


@pytest.mark.parametrize("of", [flaky_checks, groups, excused])
async def test_lists__every_entry_is_reached(of: Callable[[], tuple[Stage, str]]) -> None:
    """The button asks for the same list, of the same connection and with the same words."""
    stage, words = of()
    card = (await stage.say(words)).card
    titles = [plain(item.title) for item in card.items]

    while card.pages and (wanted := card.pages.after(len(card.items))):
        card = (await stage.say(wanted)).card
        titles += [plain(item.title) for item in card.items]

    assert len(titles) == len({*titles}) == 45
    if words.startswith("clusters"):
        assert {*stage.service.triage.windows} == {30}


@pytest.mark.parametrize("shown", [in_slack, in_discord, in_terminal])
async def test_audit__every_line_is_reached(
    shown: Callable[[Card], Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first, each once, also where a chat has no room for a page of long lines, and while lines are added."""
    monkeypatch.setattr(f"{__name__}.NUMBER", re.compile(r"line (\d+): "))
    door = Door(policy=Policy(roles={Role.ADMIN: frozenset({ALICE.id}), Role.DEBUG: frozenset({MALLORY.id})}))
    for number in range(1, 66):
        line = AuditEntry(at=door.clock.now(), actor=f"slack:user:T1:U{number}", channel=CHANNEL, action="watch",
                          decision="done", detail="x" * (600 if number % 3 else 5))  # fmt: skip
        await door.store.audit(line)
    wanted: Command | None = Command("audit", {"verb": "watch"})
    numbers: list[int] = []
    while wanted is not None:
        found, wanted = shown((await door.say(wanted)).card)
        assert found
        numbers += found
        await door.say("watch keep=yes", by=MALLORY)

    assert numbers == [*range(65, 0, -1)]


def test_files__every_one_is_reached() -> None:
    """Those of a check stay those of the check."""
    run, found = a_run(1), [RunFile(name=f"{n}.log") for n in range(25)]
    card = replies.files(run, "a check", found).card

    assert card.pages is not None
    following = card.pages.after(10)
    assert following == Command.of_run("logs", run.ref, list="yes", property="a check", **{"from": "11"})
    last = replies.files(run, "a check", found, 21).card
    assert [plain(item.title) for item in last.items] == [f"{n}.log" for n in range(20, 25)]
    assert last.pages is not None
    assert last.pages.after(5) is None


async def test_failing__an_entry_beyond_999_is_opened_by_its_number() -> None:
    """The number that stands in the list is understood; a longer one is part of a name, or of nothing."""
    door = Door()
    run = door.service.add_run(a_run(1))
    names = (*(f"check {n:04}" for n in range(CHECKS)), "since 2026")
    door.service.set_results(some_results(run, failing=names))

    entry = (await door.say(f"failing {run_id(1)} property=1200")).card
    by_name = (await door.say(f"failing {run_id(1)} property=2026")).card

    assert plain(entry.title) == "Failing: check 1199"
    assert plain(by_name.title) == "Failing: since 2026"


@pytest.mark.parametrize(
    ("begin", "said"),
    [("15", "from"), ("0", "from"), ("x", "from"), ("-1", "from"), ("99999999999", "from")],
)
async def test_failing__a_page_that_is_not_there(begin: str, said: str) -> None:
    """The sentence names the word and how far the list goes."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=tuple(f"check {n}" for n in range(14))))

    reply = await door.say(f"failing {run_id(1)} from={begin}")

    assert reply.failed
    assert said in plain(reply.card.text)
    assert "a whole number from 1 to" in plain(reply.card.text)


async def test_failing__a_later_page_says_where_it_begins() -> None:
    """Its title and sentence do, and name what stands on it."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=tuple(f"check {n:02}" for n in range(1, 31))))

    card = (await door.say(f"failing {run_id(1)} from=11")).card

    assert plain(card.title).endswith(", from 11 on")
    assert ", from 11 on: “check 11”, “check 12”, “check 13” and 17 more." in plain(card.text)
    assert card.items_left_out == 10
    assert plain(card.items[0].title) == "11. check 11"


def test_pages__an_entry_that_no_message_has_room_for_hides_none() -> None:
    """The next page begins behind it."""
    pages = Pages.of(Command("failing"), 12, 3, 10)

    assert pages.after(0) == Command("failing", {"from": "4"})
    assert pages.after(4) == Command("failing", {"from": "7"})
    assert pages.after(10) is None
    assert pages.after(11) is None


def test_pages__what_else_stands_on_a_card_is_no_entry() -> None:
    """A card can have an item after those of the list: the next page begins where the list goes on."""
    assert Pages.of(Command("failing"), 14, 1, 10).after(11) == Command("failing", {"from": "11"})


def test_card_json__has_the_next_page() -> None:
    """A script reads on by the same words."""
    items = tuple(Item(title=(f"{n}",)) for n in range(10))
    card = Card(title=("t",), text=("t",), items=items, pages=Pages.of(Command("flaky"), 12, 1, 10))

    assert [b["words"] for b in card_json(card)["buttons"]] == ["flaky from=11"]
