"""What is written from the code: the README's tables, `.env.example`, Slack's manifest: `python -m tests.generated`."""

from __future__ import annotations

from pathlib import Path

from adapters import settings
from adapters.chat.registry import CHATS
from adapters.configuration.example import env_example, settings_table
from bot.commands.registry import VERBS

ROOT = Path(__file__).parents[1]


def files(root: Path = ROOT) -> dict[Path, str]:
    """Return each file's text as it should be; what stands around a table in the README stays."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    for table in (verbs_table(), settings_table(settings.SECTIONS)):
        head = table.partition("\n")[0]
        before, _, rest = readme.partition(head)
        readme = before + table + rest[rest.index("\n\n") :]
    manifests = {
        root / f"deploy/{chat.name}-manifest.json": chat.manifest(VERBS, None)
        for chat in CHATS
        if chat.manifest
    }
    example = {root / ".env.example": env_example(settings.SECTIONS)}
    return {root / "README.md": readme, **example, **manifests}


def verbs_table() -> str:
    """Write the README's table of verbs."""
    rows = [f"| `{verb.name}` | {verb.summary} |" for verb in VERBS.values() if not verb.hidden]
    return "\n".join(["| verb | does |", "|---|---|", *rows])


def main(root: Path = ROOT) -> None:
    """Write what differs."""
    for path, text in files(root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(root)}")  # noqa: T201 - a tool for the command line


if __name__ == "__main__":
    main()
