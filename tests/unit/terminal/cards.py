"""Cards for the golden files; `python -m tests.unit.terminal.cards` writes the files anew, to be looked at."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from adapters.chat.terminal.screen import Screen
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Transcript
from bot.cards import (
    Button,
    Card,
    Chart,
    Command,
    Context,
    Excerpt,
    Fact,
    Field,
    FieldKind,
    Form,
    Item,
    Link,
    Progress,
    Style,
    Tone,
    Untrusted,
)
from tests.fakes.clock import ManualClock
from tests.fakes.runs import a_run

GOLDEN = Path(__file__).parent / "golden"

FAILED = Card(
    title=("FAILED: ", Untrusted("Payments Nightly"), " ", Untrusted("9043254f", code=True)),
    text=("Run Payments Nightly 9043254f FAILED: 2 of 40 properties fail; 1 newly failing.",),
    tone=Tone.BAD,
    body=((Untrusted("nightly on main"),),),
    facts=(
        Fact("Run", (Untrusted("9043254f0000000000000000000000aa-62-14", code=True),)),
        Fact("Properties", ("2 failing, 38 passing",)),
        Fact("Compared with", ("the run of ", Link("13 May", "https://acme.antithesis.com/runs?x=1"))),
    ),
    items=(
        Item(
            mark="new",
            title=(Untrusted("Money is never created or destroyed, not even when the ledger is cut off"),),
            lines=(("at ", Untrusted("398.489 s", code=True), " in ledger.go:42"),),
            buttons=(
                Button(label="Logs", command=Command("logs", {"property": "1"})),
                Button(label="Debug", command=Command("debug", {"property": "1"}), style=Style.DANGER),
            ),
        ),
        Item(mark="still failing", title=(Untrusted("Every order is paid once"),)),
    ),
    items_left_out=3,
    buttons=(
        Button(label="Failing properties", command=Command("failing", {"run": "9043254f"})),
        Button(label="Open report", command=Command("report", {"run": "9043254f"}), report=a_run().ref),
        Button(label="All runs", page="https://acme.antithesis.com/runs"),
        Button(label="Only when something changes", command=Command("watch", {"outcomes": "changes"})),
    ),
    footer=("Runs are compared by launcher, source and test name.",),
    context=Context(run=a_run().ref),
)

LOGS = Card(
    title=("Logs before 398.489 s",),
    text=("Logs before 398.489 s: 3 of 1,204 lines.",),
    excerpt=Excerpt(
        title="the last lines of 1,204",
        left_out=1_201,
        lines=(
            "398.101  etcd0  raft: stopped heartbeat",
            "398.470  etcd0  " + "a long line that goes on and on and has to be wrapped somewhere " * 3,
            '398.489  client  {"antithesis_assert":{"hit":true}}',
        ),
    ),
    tone=Tone.WARNING,
)

RUNNING = Card(
    title=("basic_test 322e4dde is in progress",),
    text=("Run basic_test 322e4dde is in progress.",),
    tone=Tone.RUNNING,
    progress=Progress(fraction=0.62, text="18 min of 30 min"),
    buttons=(Button(label="Status", command=Command("status", {"run": "322e4dde"})),),
)

CHART = Card(
    title=("FAILED: ", Untrusted("Payments Nightly")),
    text=("Run Payments Nightly 9043254f FAILED: 2 of 40 properties fail.",),
    tone=Tone.BAD,
    items=(Item(mark="newly failing", title=(Untrusted("Every order is paid once"),)),),
    chart=Chart(
        title="Failing properties, last 14 runs",
        values=(0, 0, 1, 1, 0, 0, 3, 1_204, 640, 3, 0, 0, 0, 2),
        labels=tuple(f"{n:08x}" for n in range(14)),
        text="Failing properties in the last 14 runs of Payments Nightly on main, oldest first: 0, 0, 1.",
    ),
    buttons=(Button(label="Failing", command=Command("failing", {"run": "9043254f"})),),
)

HOSTILE = Card(
    title=(Untrusted("[bold]not bold[/bold] \x1b[31mred\x1b[0m \u202eesrever"),),
    text=(Untrusted("[link=https://evil]x[/link]"),),
    body=(
        (Untrusted("first line\nsecond line\r\nthird \x1b]8;;https://evil\x07link\x1b]8;;\x07 end"),),
        (Untrusted("code\nstays on one line", code=True),),
        (Untrusted("語" * 60),),
        ("x" * 200,),
    ),
    facts=(Fact("[9] Launch", (Untrusted("[9] Launch :smile: \u200bhidden\x00"),)),),
    items=(Item(title=(Untrusted("\ud800 lone"),), mark="[new]"),),
    excerpt=Excerpt(lines=("[red]a[/red]\x07", "tab\tstop", "")),
)

FORM = Card(
    title=("What should be launched?",),
    text=("To launch a run, Clew needs a launcher.",),
    body=(("To launch a run, Clew needs a launcher.",),),
    form=Form(
        verb="launch",
        title="Launch",
        submit="Launch",
        fields=(Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER, required=True),),
    ),
)

CARDS: Mapping[str, Card] = MappingProxyType({
    "failed": FAILED,
    "logs": LOGS,
    "running": RUNNING,
    "chart": CHART,
    "hostile": HOSTILE,
    "form": FORM,
})  # fmt: skip


def a_screen(*, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> tuple[Screen, io.StringIO]:
    """Return a screen that writes into memory."""

    class Stream(io.StringIO):
        pass

    stream = Stream()
    stream.__class__.encoding = encoding
    console = Console(
        file=stream, force_terminal=colour, color_system="standard" if colour else None, width=width,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    return Screen(console), stream


def a_chat(screen: Screen, folder: Path | None = None) -> Sender:
    """Return a chat on a screen."""
    return Sender(
        screen=screen, transcript=Transcript(), clock=ManualClock(), folder=folder or Path("clew-files")
    )


def drawn(card: Card, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """Return a card as it stands on the screen."""
    screen, stream = a_screen(colour=colour, width=width, encoding=encoding)
    a_chat(screen).send(card, key="k", thread=None)
    return stream.getvalue()


if __name__ == "__main__":
    for name, card in CARDS.items():
        (GOLDEN / f"{name}.txt").write_text(drawn(card), encoding="utf-8")
