from __future__ import annotations

from pathlib import Path

import pytest

from tests import links


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "there.md").write_text("# One thing\n\n## One thing\n\n```\n# no heading\n```\n")
    (tmp_path / "code.py").touch()
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "text",
    [
        "[a](there.md)",
        "[a](there.md#one-thing)",
        "[a](there.md#one-thing-1)",
        "[a](code.py)",
        "[a](#here)\n\n# Here",
        "[a](https://example.com/gone)",
        "[a](mailto:ann@example.com)",
        "`[a](gone.md)`",
        "```\n[a](gone.md)\n```",
    ],
)
def test_dead_links__alive(text: str, page: Path) -> None:
    """Links that lead somewhere, out to the web, or that are code, are no problem."""
    page.write_text(text)

    assert list(links.dead_links(page, page.parent)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a](gone.md)", "page.md: gone.md: there is no such file"),
        ("![a](gone.png)", "page.md: gone.png: there is no such file"),
        ("[a]: gone.md", "page.md: gone.md: there is no such file"),
        ("[a](there.md#gone)", "page.md: there.md#gone: there is no such heading"),
        ("[a](there.md#no-heading)", "page.md: there.md#no-heading: there is no such heading"),
        ("[a](#gone)", "page.md: #gone: there is no such heading"),
        ("[a](code.py#L1)", "page.md: code.py#L1: there is no such heading"),
        ("[a](../elsewhere.md)", "page.md: ../elsewhere.md: it leads out of the repository"),
    ],
)
def test_dead_links__dead(text: str, said: str, page: Path) -> None:
    """A link that leads nowhere is named with its file."""
    page.write_text(text)

    assert [said] == list(links.dead_links(page, page.parent))
