from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.chat.lanes import SHARE
from adapters.chat.terminal.app import TerminalChat
from bot.access import Policy
from bot.cards import Form
from bot.errors import StoreError
from bot.lengths import LONGEST
from bot.replies.load import WAITING_FOR_OWN
from bot.state import Invocation, Owner
from tests.fakes.held import HeldService
from tests.fakes.runs import MOMENT, a_line, a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import Stage
from tests.fakes.store import MemoryStore
from tests.unit.terminal.cards import a_chat, a_screen

Values = Mapping[str, str] | None


class Talk:
    """A terminal over a whole core in memory; `shown` is what stands on its screen."""

    def __init__(
        self,
        folder: Path,
        *,
        fill: Values = None,
        store: MemoryStore | None = None,
        service: FakeRunService | None = None,
    ) -> None:
        self.stage = Stage(
            policy=Policy(), memory=store or MemoryStore(), service=service or FakeRunService()
        )
        self.forms: list[Form] = []
        self._filled = fill
        screen, self._stream = a_screen()
        self.chat = a_chat(screen, folder)
        self.running = TerminalChat(self.chat, self.stage.handler, self.stage.clock)
        self.terminal = self.running.receiver
        self.terminal.fill = self._fill

    @property
    def shown(self) -> str:
        """All that stands on the screen."""
        return self._stream.getvalue()

    async def _fill(self, form: Form) -> Values:
        self.forms.append(form)
        return self._filled

    async def say(self, *lines: str) -> str:
        """Type lines and return what was shown for them."""
        before = len(self._stream.getvalue())
        for line in lines:
            await self.terminal.line(line)
        return self._stream.getvalue()[before:]


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path / "files")


def failing_run(talk: Talk) -> str:
    run = talk.stage.service.add_run(a_run(1))
    talk.stage.service.set_results(some_results(run, failing=("Money is kept",), passing=("b",)))
    return run.ref.run_id


async def test_line__answers(talk: Talk) -> None:
    """A verb is answered by a numbered message."""
    shown = await talk.say("help")

    assert shown.startswith("#1 • What Clew can do")


@pytest.mark.parametrize("length", [4001, LONGEST])
async def test_line__long_is_read_whole(length: int, talk: Talk) -> None:
    """A long command is read to its end."""
    shown = await talk.say("status run=".ljust(length - 2, "x") + " z")

    assert "status got both “z” and" in shown


async def test_line__too_long_is_refused(talk: Talk) -> None:
    """What was pasted by mistake is refused with a sentence, never cut in silence."""
    shown = " ".join((await talk.say("status " + "x" * LONGEST)).split())

    assert "Your command exceeds the limit of 12,000 characters." in shown
    assert talk.stage.service.calls == []


async def test_line__that_waits_for_others_says_so(tmp_path: Path) -> None:
    """Whoever has much under way sees why the next answer does not come; then all come."""
    service = HeldService(run_id(1))
    service.add_run(a_run(1))
    talk = Talk(tmp_path / "files", service=service)
    lines = [asyncio.create_task(talk.say(f"status {run_id(1)}")) for _ in range(SHARE + 1)]
    await service.until(waiting=SHARE)
    waiting = talk.shown
    service.gate.set()
    await asyncio.gather(*lines)

    assert waiting == f"… {WAITING_FOR_OWN}\n"
    assert talk.shown.count("Payments Nightly") == SHARE + 1
    assert service.most_waiting == SHARE


@pytest.mark.parametrize("line", ["quit", "exit"])
async def test_line__quit(line: str, talk: Talk) -> None:
    """Leaving ends the conversation, and nothing else does."""
    assert await talk.terminal.line("help")
    assert await talk.terminal.line("")
    assert not await talk.terminal.line(line)


async def test_line__thread_keeps_its_run(talk: Talk) -> None:
    """In the thread of a run a verb needs no argument, whether said into it or inside it."""
    failing_run(talk)
    await talk.say("status latest")

    assert "Money is kept" in await talk.say("#1 failing")

    await talk.say("#1")

    assert talk.terminal.thread == "1"
    assert (await talk.say("failing")).startswith("#1 > ✗ ")

    await talk.say("#")

    assert talk.terminal.thread is None


@pytest.mark.parametrize("line", ["#7", "#7 logs"])
async def test_line__unknown_thread(line: str, talk: Talk) -> None:
    """A thread that is not there is said, and one stays where one was."""
    assert await talk.say(line) == "There is no message #7.\n"
    assert talk.terminal.thread is None


async def test_press__unknown_button(talk: Talk) -> None:
    """A number that nothing has is said."""
    assert await talk.say("3") == "There is no button 3 now.\n"


async def test_press__says_its_words_in_the_thread(talk: Talk) -> None:
    """A button answers in the thread of its message."""
    failing_run(talk)
    shown = await talk.say("status latest")
    number = shown.split("] Failing")[0].rpartition("[")[2]

    assert (await talk.say(number)).startswith("#1 > ✗ 1 failing property")


async def test_press__confirmed_launch_replaces_its_question(talk: Talk) -> None:
    """Confirming changes the message that asked, so its button cannot be pressed again."""
    await talk.say("launch basic_test duration=30")

    shown = await talk.say("1")

    assert "#1 ▸ basic_test is launched" in shown
    assert talk.stage.service.count("launch") == 1
    assert await talk.say("1") == "There is no button 1 now.\n"
    assert talk.stage.service.count("launch") == 1


async def test_line__form(tmp_path: Path) -> None:
    """Where arguments are missing, the form is asked, and its fields are the command."""
    talk = Talk(tmp_path, fill={"launcher": "basic_test", "duration": "30"})

    shown = await talk.say("launch")

    assert ["launch"] == [form.verb for form in talk.forms]
    assert "Launch basic_test?" in shown


async def test_line__form_given_up(tmp_path: Path) -> None:
    """A form that is given up asks for nothing."""
    talk = Talk(tmp_path, fill=None)

    shown = await talk.say("launch")

    assert len(talk.forms) == 1
    assert "Launch basic_test?" not in shown


async def test_line__file_is_saved_and_named(talk: Talk, tmp_path: Path) -> None:
    """The whole window stands in the folder of the person, under the name that is shown."""
    talk.stage.service.spool = tmp_path
    run = talk.stage.service.add_run(a_run(1))
    talk.stage.service.set_results(some_results(run, failing=("Money is kept",)))
    talk.stage.service.set_log(run, MOMENT, *[a_line(f"line {n}", f"{390 + n}.5") for n in range(8)])
    await talk.say("status latest")

    shown = await talk.say("#1 logs")

    (saved,) = (tmp_path / "files").iterdir()
    assert saved.name in "".join(shown.split())  # wrapped, as the path is longer than the screen is wide
    assert "line 7" in saved.read_text(encoding="utf-8")


async def test_say__database_down(tmp_path: Path) -> None:
    """A command that cannot be kept is answered at once with a sentence."""

    class Down(MemoryStore):
        async def accept(self, source: str, dedupe_id: str, invocation: Invocation, owner: Owner) -> bool:
            raise StoreError("The database cannot be written.")

    talk = Talk(tmp_path, store=Down())

    assert "The database cannot be written." in await talk.say("help")


async def test_begin__after_a_restart(talk: Talk) -> None:
    """What was taken and never answered is answered when Clew is there again, once."""
    from adapters.chat.terminal.events import invocation

    asked = invocation("help", thread=None, key="k1", at=talk.stage.clock.now())
    await talk.stage.handler.accept(asked, Owner(id="the one before"))

    for _ in range(2):
        await talk.running.begin()
        await talk.running.close()

    assert ["What Clew can do"] == [m.content.heading for m in talk.chat.transcript.messages]


async def test_answered__thread_of_the_message(talk: Talk) -> None:
    """What a message speaks of is remembered under the number that people see."""
    run_id = failing_run(talk)

    await talk.say("status latest")

    context = await talk.stage.services.store.context("terminal:channel:local", "1")
    assert context is not None
    assert context.run is not None
    assert run_id == context.run.run_id
