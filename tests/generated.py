"""What is written from the code: the README's tables, `.env.example`, Slack's manifest: `python -m tests.generated`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from adapters import settings
from adapters.chat.registry import CHATS
from adapters.clock import SystemClock
from adapters.configuration import environment
from adapters.configuration.example import env_example, settings_table
from adapters.platforms.kind import AnyPlatform
from adapters.platforms.registry import PLATFORMS
from adapters.platforms.unwritten import EmptyLedger
from bot.commands.registry import VERBS
from bot.platform import Platform
from bot.terms import Terms

ROOT = Path(__file__).parents[1]


def files(root: Path = ROOT) -> dict[Path, str]:
    """Return each file's text as it should be; what stands around a table in the README stays."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    for table in (verbs_table(), platforms_table(), settings_table(settings.SECTIONS)):
        head = table[: table.index("|", 1)]  # its first cell; a further column changes the rest of the line
        before, _, rest = readme.partition(head)
        readme = before + table + rest[rest.index("\n\n") :]
    manifests = {
        root / f"deploy/{chat.name}-manifest.json": chat.manifest(VERBS, None, (), replies=False)
        for chat in CHATS
        if chat.manifest
    }
    example = {root / ".env.example": env_example(settings.SECTIONS)}
    return {root / "README.md": readme, **example, **manifests}


def verbs_table() -> str:
    """Write the README's table of verbs."""
    rows = [f"| `{verb.name}` | {verb.summary} |" for verb in VERBS.values() if not verb.hidden]
    return "\n".join(["| verb | does |", "|---|---|", *rows])


def platforms_table() -> str:
    """Write the README's table of platforms: what each calls things, and which verbs and ways it has."""
    with asyncio.Runner() as runner:
        platforms = {kind.title: runner.run(opened(kind)) for kind in PLATFORMS}
    rows = [
        (
            "run, launcher, check",
            *(f"{t.run.one}, {t.launcher.one}, {t.check.one}" for t in _terms(platforms)),
        ),
        *(
            (f"`{verb.name}`", *(_sign(verb.offered_by(2 * [platform])) for platform in platforms.values()))
            for verb in VERBS.values()
            if verb.needs and not verb.hidden
        ),
        ("finds runs that others started", *(_sign(p.lists is not None) for p in platforms.values())),
        ("notifies by default", *(_sign(p.notified_by_default) for p in platforms.values())),
    ]
    head = ("what a platform has", *platforms)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)).replace(
        " --- ", "---"
    )


def _terms(platforms: Mapping[str, Platform]) -> Iterable[Terms]:
    return (platform.terms for platform in platforms.values())


def _sign(has: bool) -> str:
    return "yes" if has else "no"


async def opened(kind: AnyPlatform) -> Platform:
    """Return a platform of a kind as its least settings make it; nothing is sent."""
    values = {name: "https://example.com" if name.endswith("_URL") else "example" for name in kind.least}
    own = kind.connection(name=kind.default, **environment.given(kind.connection, values))
    async with kind.open(own, SystemClock(), EmptyLedger()) as platform:
        return platform


def main(root: Path = ROOT) -> None:
    """Write what differs."""
    for path, text in files(root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(root)}")  # noqa: T201 - a tool for the command line


if __name__ == "__main__":
    main()
