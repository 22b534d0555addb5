"""Whatever people read in a chat is written in `bot/replies`: no error, card or sentence is worded anywhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
REPLIES = Path("bot/replies")
CHECKED = ("bot",)
SHOWN = frozenset({"UserError", "WrongValue", "Correction", "Card", "Denied"})
SENTENCE = re.compile(r"[A-Z{“][^\n]*\s[^\n]*\s[^\n]*[.!?…]\s*", re.DOTALL)  # of three words or more


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


def worded(source: str) -> list[tuple[int, str]]:
    """Return what is worded in a module for people: the text of an error or card, and every whole sentence."""
    tree = ast.parse(source)
    found = {text for text in texts(tree) if SENTENCE.fullmatch(text[1])}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SHOWN:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            found |= {text for part in given for text in texts(part) if " " in text[1].strip()}
    return sorted(found)


def modules() -> list[Path]:
    """Return the modules that must not word anything, from the root."""
    below = [
        path
        for part in CHECKED
        for path in ([ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*.py"))
    ]
    return sorted(path.relative_to(ROOT) for path in below if REPLIES not in path.relative_to(ROOT).parents)


@pytest.mark.parametrize("path", modules(), ids=str)
def test_sentences__stand_in_replies(path: Path) -> None:
    """A verb, the grammar and a chat raise and show what a function of `bot/replies` returns."""
    assert worded((ROOT / path).read_text()) == []


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
def test_worded__finds_what_is_planted(planted: str, times: int) -> None:
    """The judge itself: it finds texts in errors and cards, and sentences wherever they stand."""
    assert len(worded(planted)) == times
