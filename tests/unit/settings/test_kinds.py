"""Connections of several kinds: each has its own keys, and whatever is wrong with any is said at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

import pytest

from adapters import settings
from adapters.chat.kind import ChatKind
from adapters.chat.registry import CHATS
from adapters.configuration.checks import BaseUrl, HeaderSecret
from adapters.configuration.example import env_example
from adapters.configuration.problems import SettingsError
from adapters.configuration.table import Hooked, Variable
from adapters.configuration.tokens import Shape
from adapters.kinds import registered
from adapters.platforms.kind import PlatformKind
from adapters.platforms.registry import PLATFORMS
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Clock, Ledger


class Lab(Hooked):
    """A platform as another one could be: its address has a path."""

    kind: Literal["lab"] = "lab"
    base_url: Annotated[BaseUrl, Variable("LAB_BASE_URL", "where it is")]
    api_key: Annotated[HeaderSecret, Variable("LAB_API_KEY", "its key")]
    project: str = ""

    @property
    def address(self) -> str:
        return self.base_url


@asynccontextmanager
async def _open(lab: Lab, clock: Clock, ledger: Ledger) -> AsyncIterator[Platform]:
    raise NotImplementedError
    yield


LAB = PlatformKind(
    name="lab", title="Lab", connection=Lab, open=_open, default="lab",
    least=("LAB_BASE_URL", "LAB_API_KEY"), clock=lambda lab: lab.address,
)  # fmt: skip


class Mill(Lab):
    """A third one, which shares a key with the second."""

    kind: Literal["mill"] = "mill"  # type: ignore[assignment]
    wheel: str = ""


MILL = PlatformKind(
    name="mill", title="Mill", connection=Mill, open=_open, default="mill",
    least=("LAB_BASE_URL",), clock=lambda mill: mill.address,
    shapes={"a key of the mill": Shape(re.compile("mill_.*"))},
)  # fmt: skip
REMOVE = "Remove it, or change “kind”."
ROW = 'name = "a"\ntenant = "acme"\napi_key = "k"\n'


@pytest.fixture(autouse=True)
def two_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever kinds there are by now, here are two."""
    antithesis = next(kind for kind in PLATFORMS if kind.name == "antithesis")
    monkeypatch.setattr(settings, "PLATFORMS", (antithesis, LAB))


def problems(toml: str = "") -> list[str]:
    Path("clew.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return [str(problem) for problem in caught.value.problems]


def test_connections__everything_wrong_is_said_at_once() -> None:
    """A key of another kind, an unknown kind, one name twice and what is missing: each with its place and hint."""
    assert problems(
        f'[[connection]]\n{ROW}project = "p"\n'
        '[[connection]]\nname = "b"\nkind = "lab"\nbase_url = "https://lab.example.com/api/v1"\ntenant = "acme"\n'
        '[[connection]]\nname = "a"\nkind = "antithesys"\n'
        '[[connection]]\nname = "c"\napi_kye = "k"\n'
    ) == [
        f"clew.toml, connection 1, project: It belongs to kind lab, but this connection is of kind antithesis. {REMOVE}",
        "clew.toml, connection 2, api_key: It is missing. Add it.",
        f"clew.toml, connection 2, tenant: It belongs to kind antithesis, but this connection is of kind lab. {REMOVE}",
        "clew.toml, connection 3, kind: Unknown kind of test platform. Did you mean “antithesis”?",
        "clew.toml, connection 4, tenant: It is missing. Give the tenant name or an address.",
        "clew.toml, connection 4, api_key: It is missing. Create a key on the tenant's settings page.",
        "clew.toml, connection 4, api_kye: Unknown key. Did you mean “api_key”?",
        "clew.toml, connection: Two connections are named “a”. Give each its own name.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[connection]]\nkind = "x"', "kind: Unknown kind of test platform. Allowed here: antithesis, lab."),
        ("[[connection]]\nkind = [1]", "kind: Unknown kind of test platform. Allowed here: antithesis, lab."),
        ('[connection]\nname = "a"', "connection: This is not a list of tables. Write [[connection]] with double"),
        ('connection = ["a"]', "connection 1: This is not a table. Write it as a table."),
        (f"[[connections]]\n{ROW}[[connection]]\n{ROW}", "connections: Unknown key. Did you mean “connection”?"),
        (f"slack = 5\n[[connection]]\n{ROW}", "slack: This is not a table. Write it as a table."),
        (f"[[connection]]\n{ROW}[slack]\nbot_token = 'x'", "slack, bot_token: It is not read from this file. Set SLACK_BOT_TOKEN"),
        (f"database_url = 'x'\n[[connection]]\n{ROW}", "database_url: It is not read from this file. Set DATABASE_URL"),
        (f"warnings = []\n[[connection]]\n{ROW}", "warnings: Unknown key."),
        (f"chats = {{}}\n[[connection]]\n{ROW}", "chats: Unknown key."),
        (f"[terminal]\n[[connection]]\n{ROW}", "terminal: Unknown key."),
        (f'[[connection]]\n{ROW}api_key_file = "/x"', "connection 1, api_key: It is given twice: as a value and as a file."),
        ("[[connection]]\nname = 'a'\ntenant = 'acme'\napi_key_file = 5", "api_key_file: This is not text."),
        ("[[connection]]\nname = 'a'\ntenant = 'acme'\napi_key = 5", "api_key: This is not text."),
        (f"[[connection]]\n{ROW}[roles]\nlunch = []", "roles, lunch: Unknown key. Did you mean “launch”?"),
        (f"[[connection]]\n{ROW}[web]\nlistens = 'off'", "web, listens: Unknown key. Did you mean “listen”?"),
    ],
)  # fmt: skip
def test_file__one_mistake(toml: str, said: str) -> None:
    """Each is named with its place in the file and with what helps."""
    found = problems(toml)

    assert any(problem.startswith("clew.toml, ") and said in problem for problem in found)
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[slack]\nguilds = ['1']", "slack, guilds: It belongs to [discord], not to [slack]. Move it there."),
        ("[discord]\nworkspaces = ['T']", "discord, workspaces: It belongs to [slack], not to [discord]. Move it there."),
        ("[discord]\nheartbeat = ''", "discord, heartbeat: It belongs to [operator], not to [discord]. Move it there."),
        ("[slack]\nreport_links = 'post'", "slack, report_links: It belongs to the top of the file, not to [slack]. Move it above the first table."),
        ("[discord]\nlisten = ''", "discord, listen: It belongs to [web] or [hooks] or [slack], not to [discord]. Move it there."),
        ("[discord]\nguids = ['1']", "discord, guids: Unknown key. Did you mean “guilds”?"),
        ("[slack]\nworkspaces = {guilds = 1}", "slack, workspaces: This is not a list."),
    ],
)  # fmt: skip
def test_file__a_key_of_another_table(toml: str, said: str) -> None:
    """It is said where it belongs."""
    (problem,) = problems(f"[[connection]]\n{ROW}{toml}\n")

    assert problem.startswith(f"clew.toml, {said}")


def test_file__a_key_above_its_table() -> None:
    """At the top of the file too."""
    (problem,) = problems(f"guilds = ['1']\n[[connection]]\n{ROW}")

    assert problem == (
        "clew.toml, guilds: It belongs to [discord], not to the top of the file. Move it there."
    )


def test_connections__a_key_of_several_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are named."""
    monkeypatch.setattr(settings, "PLATFORMS", (*PLATFORMS[:1], LAB, MILL))

    assert problems(f'[[connection]]\n{ROW}project = "p"\nwheel = "w"\n') == [
        f"clew.toml, connection 1, project: It belongs to kind lab or mill, but this connection is of kind antithesis. {REMOVE}",
        f"clew.toml, connection 1, wheel: It belongs to kind mill, but this connection is of kind antithesis. {REMOVE}",
    ]  # fmt: skip


def test_secrets__of_one_kind_in_the_place_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of another platform is recognised before it is sent to a stranger."""
    monkeypatch.setattr(settings, "PLATFORMS", (*PLATFORMS[:1], LAB, MILL))

    (problem,) = problems('[[connection]]\nname = "a"\ntenant = "acme"\napi_key = "mill_CANARY"\n')

    assert problem.startswith("clew.toml, connection 1, api_key: That looks like a key of the mill.")
    assert "CANARY" not in problem


@pytest.mark.parametrize("name", ["ANTITHESIS_USERNAME", "ANTITHESIS_PASSWORD"])
def test_variables__that_nothing_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever set them for another tool learns that they are not used here; set to nothing they are not set."""
    Path("clew.toml").write_text(f"[[connection]]\n{ROW}")
    monkeypatch.setenv(name, "")
    assert settings.load().warnings == ()

    monkeypatch.setenv(name, "canary")

    (warning,) = settings.load().warnings
    assert (
        warning == f"{name} is set, but Clew does not read it. Set ANTITHESIS_API_KEY; it is the only way in."
    )


def test_nothing__names_every_way() -> None:
    """Whoever set nothing learns what is enough, for each kind."""
    (problem,) = problems()

    assert "Set ANTITHESIS_TENANT and ANTITHESIS_API_KEY, or LAB_BASE_URL and LAB_API_KEY, in the" in problem


def test_variables__describe_a_connection_of_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are there, each under its name, and a whole address keeps its path."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")
    monkeypatch.setenv("LAB_BASE_URL", "https://lab.example.com/api/v1/")
    monkeypatch.setenv("LAB_API_KEY", "canary-lab")

    loaded = settings.load()

    assert [(c.name, c.kind, c.address) for c in loaded.connections] == [
        ("default", "antithesis", "https://acme.antithesis.com"),
        ("lab", "lab", "https://lab.example.com/api/v1"),
    ]
    assert Secret("canary-lab") in loaded.secrets


def test_variables__of_half_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named by its variable."""
    monkeypatch.setenv("LAB_API_KEY", "k")

    assert problems() == ["LAB_BASE_URL: It is missing. Add it."]


def test_example__has_the_variables_of_every_kind() -> None:
    """A kind of platform needs no line of its own there."""
    assert "# --- Lab\n# where it is\n#LAB_BASE_URL=\n# its key\n#LAB_API_KEY=\n" in env_example(
        [("Lab", Lab)]
    )


def test_registry__takes_kinds_alone() -> None:
    """A package that offers something else is found when Clew starts, not when it is used."""
    assert registered(ChatKind, "adapters.chat.slack") == CHATS[:1]
    with pytest.raises(TypeError, match=r"adapters\.chat\.slack\.kind\.KIND is no PlatformKind"):
        registered(PlatformKind, "adapters.chat.slack")


def test_connections__of_which_kind_are_notified_by_default() -> None:
    """Adding a server of another kind changes no channel, unless the settings say so."""
    lab = '[[connection]]\nname = "{}"\nkind = "lab"\nbase_url = "https://lab.example.com"\napi_key = "k"\n'
    loud = lab.format("loud") + "notified_by_default = true\n"
    Path("clew.toml").write_text(f"[[connection]]\n{ROW}{lab.format('quiet')}{loud}")

    loaded = settings.load()

    assert [c.notified_by_default for c in loaded.connections] == [True, False, True]


HOOKED = (
    '[[connection]]\nname = "qa"\nkind = "lab"\nbase_url = "https://lab.example.com"\napi_key = "k"\n'
    'webhook_secret = "canary-hook-secret"\n'
)


def test_hooks__set_up(folder: Path) -> None:
    """A secret and an address to listen on are enough; the secret is one that the redactor knows."""
    (folder / "clew.toml").write_text(
        f'{HOOKED}[hooks]\nlisten = "127.0.0.1:8081"\nurl = "https://clew.example.com/hooks/"\n'
    )

    loaded = settings.load()

    assert (loaded.hooks.listen, loaded.hooks.url) == (("127.0.0.1", 8081), "https://clew.example.com/hooks")
    assert loaded.warnings == ()
    assert Secret("canary-hook-secret") in loaded.secrets


def test_hooks__a_secret_that_nothing_listens_for(folder: Path) -> None:
    """Half of the set-up works like none, so it is said at start."""
    (folder / "clew.toml").write_text(HOOKED)

    assert settings.load().warnings == (
        "qa has a webhook_secret, but [hooks] listen is not set, so no webhook is received.",
    )


def test_hooks__a_listener_without_a_secret(folder: Path) -> None:
    """Whatever came there would be refused."""
    (folder / "clew.toml").write_text(f'[[connection]]\n{ROW}[hooks]\nlisten = "127.0.0.1:8081"\n')

    assert settings.load().warnings == (
        "[hooks] listen is set, but no connection has a webhook_secret, so every webhook is refused.",
    )


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (f'{HOOKED}[hooks]\nlisten = "127.0.0.1:8080"', "hooks, listen: This is the address of [web]."),
        (f'{HOOKED}[hooks]\nlisten = "8081"', ("hooks, listen: This is not an address to listen on. It names no host or no port. "
         'Give it like "127.0.0.1:8081", or off.')),
        (f'{HOOKED}[hooks]\nlisten = "0.0.0.0:80a"', "hooks, listen: This is not an address to listen on. Its port is no number from 1 to 65535."),
        (f'{HOOKED}[hooks]\nurl = "http://clew.example.com"', "hooks, url: It does not begin with https."),
        (f'{HOOKED}[hooks]\nurl = "https://a.example.com/?x=1"', "hooks, url: It contains a query."),
        (f'{HOOKED}[hooks]\nlisen = "off"', "hooks, lisen: Unknown key. Did you mean “listen”?"),
        (HOOKED.replace("canary-hook-secret", "short"), "connection 1, webhook_secret: It is shorter than 12 "),
        (f'[[connection]]\n{ROW}webhook_secret = "canary-hook-secret"', "connection 1, webhook_secret: It belongs"),
    ],
)  # fmt: skip
def test_hooks__bad_input(toml: str, said: str) -> None:
    """Each slip is named with its place, and no secret."""
    (problem,) = problems(toml)

    assert problem.startswith(f"clew.toml, {said}")
    assert "canary" not in problem
