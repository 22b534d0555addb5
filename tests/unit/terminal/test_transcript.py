from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from adapters.chat.content import Content, Control, Segment
from adapters.chat.terminal.transcript import KEPT_LINES, Transcript
from bot.cards import Command
from tests.fakes.runs import EPOCH


def a_content(*labels: str, title: str = "t") -> Content:
    return Content(
        title=(Segment(title),),
        summary=title,
        controls=tuple(Control(label=n, command=Command(n)) for n in labels),
    )


def test_add__ids_are_what_people_see() -> None:
    """Messages count up, and replies count inside their thread."""
    transcript = Transcript()

    ids = [
        transcript.add(a_content(), key=f"k{number}", at=EPOCH, thread=thread).posted.id
        for number, thread in enumerate([None, None, "1", "1", None, "2"])
    ]

    assert ["1", "2", "1.1", "1.2", "3", "2.1"] == ids


def test_numbers__unique_and_kept() -> None:
    """A button has a number of its own, and keeps it when its message is drawn again."""
    transcript = Transcript()
    first = transcript.add(a_content("Logs", "Debug"), key="a", at=EPOCH)
    second = transcript.add(a_content("Logs"), key="b", at=EPOCH)

    assert (1, 2) == transcript.numbers(first)
    assert (3,) == transcript.numbers(second)

    edited = transcript.edit("1", a_content("Debug", "Report"))

    assert edited is not None
    assert (2, 4) == transcript.numbers(edited)


def test_pressed__gone() -> None:
    """A number whose button is gone, or never was, presses nothing."""
    transcript = Transcript()
    message = transcript.add(a_content("Launch"), key="a", at=EPOCH)
    transcript.numbers(message)
    transcript.edit("1", a_content("Status"))

    assert transcript.pressed(1) is None
    assert transcript.pressed(0) is None
    assert transcript.pressed(99) is None


def test_find__across_sessions(tmp_path: Path) -> None:
    """What a session before this one posted is found by its key, and numbers go on after it."""
    file = tmp_path / "transcript"
    before = Transcript(file)
    before.add(a_content(), key="k1", at=EPOCH)
    before.add(a_content(), key="k2", at=EPOCH, thread="1")

    after = Transcript(file)

    assert after.find(thread=None, key="k1", since=EPOCH) == "1"
    assert after.find(thread="1", key="k2", since=EPOCH) == "1.1"
    assert after.find(thread=None, key="k2", since=EPOCH) is None
    assert after.find(thread=None, key="k1", since=EPOCH + timedelta(seconds=1)) is None
    assert after.add(a_content(), key="k3", at=EPOCH).posted.id == "2"
    assert after.has_thread("1")
    assert not after.has_thread("1.1")


def test_load__line_cut_short(tmp_path: Path) -> None:
    """A line that a crash cut short is left out, and the others count."""
    file = tmp_path / "transcript"
    Transcript(file).add(a_content(), key="k1", at=EPOCH)
    with file.open("ab") as stream:
        stream.write(b'{"id":"2","thr')

    after = Transcript(file)

    assert after.find(thread=None, key="k1", since=EPOCH) == "1"
    assert after.add(a_content(), key="k2", at=EPOCH).posted.id == "2"
    assert Transcript(file).find(thread=None, key="k2", since=EPOCH) == "2"


def test_load__long_file_is_shortened(tmp_path: Path) -> None:
    """The file does not grow for ever, and the newest keys stay."""
    file = tmp_path / "transcript"
    line = '{{"id":"{0}","thread":null,"key":"k{0}","at":"2026-05-14T03:00:00Z"}}\n'
    file.write_text("".join(line.format(number) for number in range(1, 3 * KEPT_LINES)))

    Transcript(file)
    after = Transcript(file)

    assert KEPT_LINES >= len(file.read_text().splitlines())
    assert after.find(thread=None, key=f"k{3 * KEPT_LINES - 1}", since=EPOCH) == str(3 * KEPT_LINES - 1)


def test_edit__unknown() -> None:
    """A message that this session did not show cannot be edited."""
    assert Transcript().edit("7", a_content()) is None
