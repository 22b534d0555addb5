from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.chat.content import decode
from adapters.chat.saved_files import with_files_saved
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Transcript
from bot.cards import Attachment, Button, Card, Progress
from bot.model import Secret
from bot.ports import Delivered, Found, Missing, Post, Undeliverable
from bot.state import MessageRef
from tests.fakes.runs import EPOCH
from tests.unit.terminal.cards import FAILED, RUNNING, a_chat, a_screen


def a_post(payload: str, **changes: object) -> Post:
    return replace(Post(channel=CHANNEL, payload=payload, key="k1"), **changes)  # type: ignore[arg-type]


def sent(chat: Sender, card: Card) -> MessageRef:
    outcome = chat.send(card, key="k", thread=None)
    assert isinstance(outcome, Delivered)
    return MessageRef(channel=CHANNEL, message_id=outcome.message_id)


async def test_post__shown_and_found_again() -> None:
    """What is posted stands on the screen, and is found by its key."""
    screen, stream = a_screen()
    chat = a_chat(screen)

    assert await chat.post(a_post(chat.render(FAILED))) == Delivered("1")
    assert "#1 ✗ FAILED: Payments Nightly" in stream.getvalue()
    assert await chat.find_posted(CHANNEL, None, "k1", EPOCH) == Found("1")
    assert await chat.find_posted(CHANNEL, None, "k2", EPOCH) == Missing()
    assert await chat.find_posted(CHANNEL, None, "k1", EPOCH + timedelta(days=1)) == Missing()
    assert await chat.find_posted("terminal:channel:other", None, "k1", EPOCH) == Missing()


async def test_post__in_a_thread() -> None:
    """A post into a thread is a reply of its message."""
    screen, stream = a_screen()
    chat = a_chat(screen)
    await chat.post(a_post(chat.render(FAILED)))

    assert await chat.post(a_post(chat.render(RUNNING), key="k2", thread="1")) == Delivered("1.1")
    assert "#1 > ▸ basic_test" in stream.getvalue()


async def test_post__marked_as_a_repeat() -> None:
    """A message that may be there already says so."""
    screen, stream = a_screen()
    chat = a_chat(screen)

    await chat.post(a_post(chat.render(FAILED), repeat=True))

    assert "This may be a repeat." in stream.getvalue()


@pytest.mark.parametrize(
    ("changes", "lost"),
    [({"channel": "terminal:channel:other"}, True), ({"thread": "9"}, False), ({"payload": "{}"}, False)],
)
async def test_post__refused(changes: dict[str, str], lost: bool) -> None:
    """What can never be shown is refused, and says whether its channel is lost."""
    chat = a_chat(a_screen()[0])

    outcome = await chat.post(replace(a_post(chat.render(FAILED)), **changes))  # type: ignore[arg-type]  # the case's fields

    assert isinstance(outcome, Undeliverable)
    assert lost == outcome.channel_lost


async def test_post__record_not_writable(tmp_path: Path) -> None:
    """A record that cannot be written stops nothing: the message is shown, and the person is told once."""
    screen, stream = a_screen()
    chat = a_chat(screen)
    chat.transcript = Transcript(tmp_path / "no" / "folder")

    outcomes = [await chat.post(a_post(chat.render(FAILED), key=f"k{n}")) for n in range(2)]

    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert stream.getvalue().count("The terminal's record cannot be written (No such file") == 1
    assert stream.getvalue().count("FAILED: Payments Nightly") == 2


def test_send__file_that_cannot_be_saved(tmp_path: Path) -> None:
    """An answer whose file has no place is shown all the same, and says so."""
    (tmp_path / "taken").touch()
    source = tmp_path / "window.ndjson"
    source.write_text("{}")
    screen, stream = a_screen()
    chat = a_chat(screen, tmp_path / "taken")
    file = Attachment(name="window.ndjson", title="Log", path=str(source), size=2)

    chat.send(replace(FAILED, files=(file,)), key="k", thread=None)

    assert "FAILED: Payments Nightly" in stream.getvalue()
    assert "The file window.ndjson could not be saved here (" in stream.getvalue()


def test_send__files_are_for_their_owner(tmp_path: Path) -> None:
    """A saved log is readable for the person alone, and so is its folder."""
    source = tmp_path / "window.ndjson"
    source.write_text("{}")
    source.chmod(0o644)
    file = Attachment(name="window.ndjson", title="Log", path=str(source), size=2)

    saved = with_files_saved(replace(FAILED, files=(file,)), tmp_path / "folder").files[0]

    assert Path(saved.path).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


async def test_edit__a_step_of_progress_is_one_line() -> None:
    """Progress adds one line; an end, or other buttons, show the message again."""
    screen, stream = a_screen()
    chat = a_chat(screen)
    ref = sent(chat, RUNNING)
    before = len(stream.getvalue())

    await chat.edit(ref, replace(RUNNING, progress=Progress(fraction=0.8, text="24 min of 30 min")))

    assert stream.getvalue()[before:] == (
        "#1 ▸ ████████████████░░░░ 80 %  24 min of 30 min  basic_test 322e4dde is in pro…\n"
    )

    before = len(stream.getvalue())
    await chat.edit(ref, FAILED)

    assert stream.getvalue()[before:].startswith("#1 ✗ FAILED")


async def test_edit__below_a_prompt() -> None:
    """Where a prompt is, progress stands in its status lines and nowhere else."""
    screen, stream = a_screen()
    screen.prompted = True
    refreshed: list[None] = []
    screen.refresh = lambda: refreshed.append(None)
    chat = a_chat(screen)
    ref = sent(chat, RUNNING)
    before = len(stream.getvalue())

    await chat.edit(ref, replace(RUNNING, progress=Progress(fraction=0.8, text="24 min of 30 min")))

    assert stream.getvalue()[before:] == ""
    assert len(refreshed) == 2
    assert ["80 %" in line for line in chat.status()] == [True]


async def test_edit__same_again_is_silent() -> None:
    """An edit that changes nothing shows nothing."""
    screen, stream = a_screen()
    chat = a_chat(screen)
    ref = sent(chat, RUNNING)
    before = stream.getvalue()

    assert await chat.edit(ref, RUNNING) == Delivered("1")
    assert before == stream.getvalue()


async def test_edit__of_a_message_of_an_earlier_session_shows_it_again(tmp_path: Path) -> None:
    """It keeps its number, and what follows is told of it as of any other."""
    file = tmp_path / "transcript.jsonl"
    Transcript(file).add(decode(a_chat(a_screen()[0]).render(RUNNING)), key="k", at=EPOCH)
    screen, stream = a_screen()
    chat = a_chat(screen)
    chat.transcript = Transcript(file)
    ref = MessageRef(channel=CHANNEL, message_id="1")

    outcomes = [await chat.edit(ref, FAILED) for _ in range(2)]

    assert outcomes == [Delivered("1"), Delivered("1")]
    assert stream.getvalue().count("#1 ✗ FAILED: Payments Nightly") == 1


async def test_edit__of_a_message_that_never_was() -> None:
    """Nothing is shown under a number that no message has."""
    outcome = await a_chat(a_screen()[0]).edit(MessageRef(channel=CHANNEL, message_id="7"), RUNNING)

    assert isinstance(outcome, Undeliverable)
    assert not outcome.channel_lost


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("logs-1.ndjson", "logs-1.ndjson"),
        ("../../etc/passwd", "-..-etc-passwd"),
        (".bashrc", "bashrc"),
        ("a b\n\x1b[31m.txt", "a-b---31m.txt"),
        ("...", "file"),
    ],
)
def test_send__file_name_leads_nowhere_else(name: str, saved: str, tmp_path: Path) -> None:
    """A file's name is made safe, and the source is gone after."""
    source = tmp_path / "source"
    source.write_text("x")
    chat = a_chat(a_screen()[0], tmp_path / "files")
    card = replace(FAILED, files=(Attachment(path=str(source), name=name, title="t"),))

    chat.send(card, key="k", thread=None)

    assert [saved] == [path.name for path in (tmp_path / "files").iterdir()]
    assert not source.exists()


def test_send__file_of_the_same_name(tmp_path: Path) -> None:
    """A second file of the same name stands beside the first."""
    chat = a_chat(a_screen()[0], tmp_path / "files")
    for number in range(3):
        source = tmp_path / str(number)
        source.write_text(str(number))
        file = Attachment(path=str(source), name="logs.ndjson", title="t")
        chat.send(replace(FAILED, files=(file,)), key=str(number), thread=None)

    found = {path.name: path.read_text() for path in (tmp_path / "files").iterdir()}

    assert {"logs.ndjson": "0", "logs-2.ndjson": "1", "logs-3.ndjson": "2"} == found


def test_send__signed_link_is_not_written_out() -> None:
    """A signed link stands in memory behind its button, and nowhere on the screen."""
    screen, stream = a_screen(colour=True)
    chat = a_chat(screen)
    card = Card(
        title=("t",), text=("t",), buttons=(Button(label="Open report", signed=Secret("https://canary")),)
    )

    chat.send(card, key="k", thread=None)

    assert "canary" not in stream.getvalue()
    assert chat.transcript.messages[0].report_url == Secret("https://canary")


def test_signed__where_no_browser_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed, the link stands behind its label on a capable terminal, and is kept back on any other."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    plain, plain_stream = a_screen()
    capable, capable_stream = a_screen(colour=True)

    plain.signed("Open report", Secret("https://canary"))
    capable.signed("Open report", Secret("https://canary"))

    assert "canary" not in plain_stream.getvalue()
    assert "\x1b]8;" in capable_stream.getvalue()
    assert "Open report (click here)" in capable_stream.getvalue()


async def test_is_shared__never() -> None:
    """One person sees this terminal."""
    assert not await a_chat(a_screen()[0]).is_shared(CHANNEL)
