from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from adapters.chat.terminal.complete import Completing
from bot.cards import Field, FieldKind
from bot.errors import StoreError
from bot.state import PollStep
from tests.fakes.runs import EPOCH, a_run
from tests.fakes.stage import Stage
from tests.fakes.store import MemoryStore


async def completing(stage: Stage | None = None) -> Completing:
    stage = stage or Stage()
    run = a_run(1, launcher="Payments Nightly")
    await stage.memory.record(PollStep(connection="demo", now=EPOCH, runs=(run,)))
    return Completing(stage.handler, lambda: ("2", "1"), lambda: None)


async def offered(line: str, completer: Completing | None = None) -> list[str]:
    completer = completer or await completing()
    document = Document(line, len(line))
    return [c.text async for c in completer.get_completions_async(document, CompleteEvent())]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sta", ["status"]),
        ("STA", ["status"]),
        ("#", ["#2", "#1"]),
        ("#2 fai", ["failing"]),
        ("help lau", ["launch"]),
        ("status la", ["latest", "launcher="]),
        ("status launcher=P", ['launcher="Payments']),
        ("status latest cou", ["count="]),
        ("confirm", []),
        ("nonsense x", []),
    ],
)
async def test_completions__line(line: str, expected: list[str]) -> None:
    """What fits is offered, from the registry and from the runs seen."""
    found = await offered(line)

    assert expected == [text[: len(wanted)] for text, wanted in zip(found, expected, strict=True)]


async def test_completions__empty_line_offers_every_verb() -> None:
    """At the beginning every verb is offered, and none that only buttons say."""
    found = await offered("")

    assert {"launch", "status", "help"} <= set(found)
    assert not {"confirm", "decline"} & set(found)


async def test_completions__runs_by_the_start_of_their_id() -> None:
    """Runs are offered by what people read of them."""
    assert "00000000" in await offered("status ")


async def test_completions__quoted_launcher() -> None:
    """A name with a space is completed in its quotes, from inside them too."""
    assert ['"Payments Nightly"'] == await offered('launch "Pay')


async def test_completions__database_down() -> None:
    """While the database fails the rest is still offered."""

    class Down(MemoryStore):
        async def recent(self, connection: str, limit: int) -> tuple[tuple[str, str, str], ...]:
            raise StoreError("down")

    found = await offered("status ", await completing(Stage(memory=Down())))

    assert found[0] == "latest"
    assert "launcher=" in found


async def test_of_field__launcher() -> None:
    """A form's field takes names as they are, without quotes."""
    field = Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER)
    completer = (await completing()).of_field("launch", field)
    document = Document("pay", 3)

    found = [c.text async for c in completer.get_completions_async(document, CompleteEvent())]

    assert ["Payments Nightly"] == found
