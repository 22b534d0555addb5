"""The layers of the code are held by contracts that no module escapes: a stray one, a circle or an import upwards is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the code with its contracts."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("bot", "adapters"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """Hold the contracts of a copy against its code."""
    command = [str(LINT), "--no-cache"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("planted", "content", "refusals"),
    [
        pytest.param("bot/loose.py", '"""Stray."""\n', ("- bot.loose",), id="a stray module of the core"),
        pytest.param("adapters/loose.py", '"""Stray."""\n', ("- adapters.loose",), id="a stray adapter"),
        pytest.param(
            "bot/replies/loose.py",
            "from bot.handler import Handler\n",
            ("bot.replies is not allowed to import bot.handler", "No cycles are allowed in bot."),
            id="an import upwards",
        ),
        pytest.param(
            "adapters/store/loose.py",
            "from adapters.web import health\n",
            ("adapters.store is not allowed to import adapters.web",),
            id="an island that knows another one",
        ),
    ],
)
def test_contracts__refuse(house: Path, planted: str, content: str, refusals: tuple[str, ...]) -> None:
    """What is planted is named."""
    place = house / planted
    place.write_text(content, encoding="utf-8")
    try:
        ran = lint(house)
    finally:
        place.unlink()

    assert ran.returncode == 1
    said = " ".join(ran.stdout.split())
    assert [refusal for refusal in refusals if refusal not in said] == []


def test_contracts__are_kept(house: Path) -> None:
    """The code as it is breaks none: what the others refuse is what they planted."""
    ran = lint(house)

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("side_by_side", ["adapters.chat", "adapters.platforms"])
def test_folders__of_one_kind_do_not_know_each_other(side_by_side: str) -> None:
    """Whatever chats and platforms there are, without a list that one has to be put on; nor does what they share."""
    graph = grimp.build_graph("adapters", cache_dir=None)
    folders = [name for name in graph.find_children(side_by_side) if graph.find_descendants(name)]
    kinds = [name for name in folders if f"{name}.kind" in graph.modules]
    modules = {name: {name, *graph.find_descendants(name)} for name in folders}

    assert kinds
    assert [
        (importer, imported)
        for one, other in permutations(folders, 2)
        if other in kinds
        for importer in sorted(modules[one])
        for imported in sorted(graph.find_modules_directly_imported_by(importer) & modules[other])
    ] == []
