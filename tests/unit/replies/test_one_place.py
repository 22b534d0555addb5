"""Whatever people read in a chat is written in `bot/replies`: no error, card or sentence is worded anywhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
REPLIES = Path("bot/replies")
CHECKED = ("bot", "adapters")
SHOWN = frozenset({"UserError", "WrongValue", "Correction", "Card", "Denied"})
SENTENCE = re.compile(r"[A-Z{“][^\n]*\s[^\n]*\s[^\n]*[.!?…]\s*", re.DOTALL)  # of three words or more
CONSOLE = "what an operator reads on the console, in a log, or of a setting"
REASON = "why a chat or a platform did not do something, from its own codes: quoted, never a card or an error"
ELSEWHERE = {
    "adapters/chat/*/outcomes.py": REASON,
    "adapters/chat/*/history.py": REASON,
    "adapters/chat/*/sender.py": REASON,
    "adapters/chat/*/responses.py": REASON,
    "adapters/chat/*/surface.py": REASON,
    "adapters/chat/*/addresses.py": REASON,
    "adapters/chat/*/budget.py": REASON,
    "adapters/chat/*/gateway.py": REASON,
    "adapters/chat/*/sockets.py": REASON,
    "adapters/chat/*/app.py": REASON,
    "adapters/chat/*.py": REASON,
    "adapters/platforms/*/*.py": REASON,
    "adapters/store/*.py": REASON,
    "adapters/chat/*/checkup.py": CONSOLE,
    "adapters/chat/*/settings.py": CONSOLE,
    "adapters/chat/*/manifest.py": CONSOLE,
    "adapters/cli/*.py": CONSOLE,
    "adapters/configuration/*.py": CONSOLE,
    "adapters/simulator/*.py": CONSOLE,
    "adapters/simulator/*/*.py": CONSOLE,
    "adapters/web/*.py": CONSOLE,
    "adapters/*.py": CONSOLE,
}
"""Where whole sentences may stand outside, and why; errors and cards may not, but for `ERRORS`."""
ERRORS = {
    "adapters/configuration/database.py": CONSOLE,
    "adapters/simulator/common/serving.py": CONSOLE,
    "adapters/simulator/registry.py": CONSOLE,
    "adapters/cli/run.py": CONSOLE,
}


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the texts in a piece of code with their lines, docstrings left out; {} stands for a value in one."""
    inside: set[int] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant):
            inside.add(id(part.value))
        if isinstance(part, ast.JoinedStr):
            inside |= {id(value) for value in part.values}
            yield part.lineno, "".join(_text(value) for value in part.values)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in inside:
            yield part.lineno, part.value


def _text(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def called(source: str) -> list[tuple[int, str]]:
    """Return the texts that a module gives to errors and cards."""
    calls = [call for call in ast.walk(ast.parse(source)) if isinstance(call, ast.Call)]
    shown = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in SHOWN]
    parts = (part for call in shown for part in (*call.args, *(keyword.value for keyword in call.keywords)))
    return sorted({text for part in parts for text in texts(part) if " " in text[1].strip()})


def sentences(source: str) -> list[tuple[int, str]]:
    """Return the whole sentences in a module."""
    return sorted({text for text in texts(ast.parse(source)) if SENTENCE.fullmatch(text[1])})


def matches(path: Path, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names this very file: a star stands for one name."""
    return any(len(path.parts) == len(Path(p).parts) and path.match(p) for p in patterns)


def modules() -> list[Path]:
    """Return the modules that must not word anything, from the root."""
    below = [path.relative_to(ROOT) for part in CHECKED for path in (ROOT / part).rglob("*.py")]
    return sorted(path for path in below if REPLIES not in path.parents and "migrations" not in path.parts)


@pytest.mark.parametrize("path", modules(), ids=str)
def test_sentences__stand_in_replies(path: Path) -> None:
    """A verb, the grammar and a chat raise and show what a function of `bot/replies` returns."""
    source = (ROOT / path).read_text()

    assert matches(path, ERRORS) or called(source) == []
    assert matches(path, ELSEWHERE) or sentences(source) == []


@pytest.mark.parametrize(("judge", "patterns"), [(called, ERRORS), (sentences, ELSEWHERE)])
def test_exceptions__are_needed(
    judge: Callable[[str], list[tuple[int, str]]], patterns: dict[str, str]
) -> None:
    """An exception ends with what it was made for."""
    for pattern in patterns:
        assert any(judge((ROOT / p).read_text()) for p in modules() if matches(p, [pattern])), pattern


@pytest.mark.parametrize(
    ("planted", "times"),
    [
        ('raise UserError("no run")', 1),
        ('raise UserError(f"no {what}", hint)', 1),
        ('what = "is “x”; no number"\nraise WrongValue(name, what)', 0),  # no sentence, and not seen in the call
        ('what = f"It is “{x}”, which is no number."\nraise WrongValue(name, what)', 1),
        ('Card(title=("Working on it",), text=(text,))', 1),
        ('"""A docstring. It has sentences."""', 0),
        ('log.warning("a form was not opened: %s", error)', 0),
        ('TOO_LATE = "Press the button once more."', 1),
        ("raise UserError(problems.FAULT)", 0),
        ('x = d["some key"]', 0),
    ],
)  # fmt: skip
def test_judge__finds_what_is_planted(planted: str, times: int) -> None:
    """The judge itself: it finds texts in errors and cards, and sentences wherever they stand."""
    assert len({*called(planted), *sentences(planted)}) == times
