"""Check that links in Markdown files lead somewhere: `python -m tests.links`. Reads files only, no network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parents[1]

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def main(root: Path = ROOT) -> int:
    """Print every dead link; return 1 where there is one."""
    dead = [problem for file in markdown_files(root) for problem in dead_links(file, root)]
    for problem in dead:
        print(problem)  # noqa: T201 - a tool for the command line
    return int(bool(dead))


def markdown_files(root: Path) -> list[Path]:
    """Return the Markdown files that are in the repository, or will be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [root / name for name in sorted(set(listed.splitlines())) if (root / name).exists()]


def dead_links(file: Path, root: Path) -> Iterator[str]:
    """Yield a line for each link of a file that leads nowhere inside the repository."""
    text = _CODE.sub("", _FENCE.sub("", file.read_text(encoding="utf-8")))
    for found in _LINK.finditer(text):
        link = unquote(found[1] or found[2])
        if not re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE):
            problem = _problem(file, link, root)
            if problem:
                yield f"{file.relative_to(root)}: {link}: {problem}"


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, numbered where they repeat, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        times = seen.get(slug, 0)
        seen[slug] = times + 1
        found.add(f"{slug}-{times}" if times else slug)
    return found


def _problem(file: Path, link: str, root: Path) -> str:
    path, _, anchor = link.partition("#")
    target = (file.parent / path).resolve() if path else file
    if not target.is_relative_to(root.resolve()):
        return "it leads out of the repository"
    if not target.exists():
        return "there is no such file"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text(encoding="utf-8"))):
        return "there is no such heading"
    return ""


if __name__ == "__main__":
    sys.exit(main())
