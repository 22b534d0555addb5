"""Roles, places and read-only while Clew runs: on SIGHUP and when a file changes; a mistake changes nothing and is said."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.access import policy_of
from adapters.cli.inventory import TABLES
from adapters.cli.reloading import Reloading, hangups
from adapters.clock import SystemClock
from adapters.settings import environment_names
from bot.access import Role
from bot.commands.audit import FURTHER_ACTIONS
from bot.quotas import Quota
from bot.state import Per
from tests.fakes.stage import Stage
from tests.fakes.store import NotingStore

KEY = "canary-key-of-the-platform"
ANN, BO, ADA = (f"slack:user:T01:{name}" for name in ("U01ANN", "U02BO", "U03ADA"))
HERE = "slack:channel:T01:C01"


def toml(*, launch: tuple[str, ...] = (ANN,), more: str = "") -> str:
    return f"{more}\n[roles]\nadmin = ['{ADA}']\nlaunch = {[*launch]}\n"


@dataclass
class Program:
    """A handler that follows `clew.toml`, and what it told the operator."""

    file: Path
    stage: Stage = field(default_factory=lambda: Stage(memory=NotingStore()))
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        loaded = settings.load()
        self.stage.handler.govern(policy_of(loaded))
        self.reloading = Reloading(
            loaded, self.stage.handler, self.stage.memory, SystemClock(), tell=self.told.append
        )

    async def changed(self, text: str) -> None:
        """Write the file and let it be read."""
        self.file.write_text(text, encoding="utf-8")
        await self.reloading.reload(asked=False)

    @property
    def launchers(self) -> frozenset[str]:
        return self.stage.handler.services.policy.roles[Role.LAUNCH]

    @property
    def trail(self) -> list[tuple[str, str]]:
        """What the audit trail says of roles, places, quotas and read-only."""
        return [
            (entry.decision, entry.detail) for entry in self.stage.memory.trail if entry.action == "settings"
        ]

    @property
    def tables(self) -> list[tuple[str, str, str]]:
        """What it says of everything else in the settings."""
        noted = [e for e in self.stage.memory.trail if e.action.startswith("settings ")]
        return [(e.action.removeprefix("settings "), e.decision, e.detail) for e in noted]

    async def starts(self, text: str | None = None) -> None:
        """Let a new process begin, with this in the file."""
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        await Program(self.file, self.stage).reloading.note_what_is_in_force()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    for name in environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "clew.toml"
    file.write_text(toml(), encoding="utf-8")
    return Program(file)


async def test_reload__roles_places_and_read_only(program: Program) -> None:
    """They hold at once, the operator is told what changed, and each change is in the audit trail."""
    await program.changed(toml(launch=(BO,), more="read_only = true") + f"[places]\nlaunch = ['{HERE}']\n")
    changed = f"role launch: +{BO}, -{ANN}; places of launch: +{HERE}; read-only on"

    assert program.launchers == {BO}
    assert program.stage.handler.services.policy.read_only
    assert program.told == [f"The settings changed and are in force: {changed}."]
    in_force = f"In force: role launch: +{BO}; role admin: +{ADA}; places of launch: +{HERE}; read-only on"
    assert program.trail == [("changed", f"{changed}. {in_force}")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[roles\n", "clew.toml"),
        ("[roles]\nlaunch = ['ann']\n", "This is not the id of a person or group."),
        ("[roles]\nlanch = ['slack:user:T01:U01']\n", "Did you mean “launch”?"),
        (f"[roles]\nlaunch = ['{KEY}']\n", "This is not the id of a person or group."),
    ],
)
async def test_reload__a_mistake_changes_nothing(program: Program, text: str, said: str) -> None:
    """What was in force stays; the mistake is said and noted, no secret in either; once it is mended the file holds."""
    await program.changed(text)
    (told,) = program.told
    stays = program.launchers
    await program.changed(toml(launch=(BO,)))

    assert stays == {ANN}
    assert told.startswith("The settings changed and have a mistake, so what was in force stays.")
    assert said in told
    assert [decision for decision, _ in program.trail] == ["refused", "changed"]
    assert KEY not in repr((program.told, program.trail))
    assert program.launchers == {BO}


async def test_reload__a_file_that_is_gone_changes_nothing(program: Program) -> None:
    """It may be on its way to its place: nobody loses a role by it, and read-only stays on."""
    await program.changed(toml(more="read_only = true"))
    program.file.unlink()
    await program.reloading.reload(asked=False)

    policy = program.stage.handler.services.policy
    assert policy.read_only
    assert policy.roles[Role.LAUNCH] == {ANN}
    assert "clew.toml" in program.told[-1]
    assert [decision for decision, _ in program.trail] == ["changed", "refused"]


async def test_reload__says_what_needs_a_restart(program: Program) -> None:
    """What is read at the start alone is named, and not said to be in force."""
    await program.changed(toml(more="recipient_domains = ['example.com']"))

    assert program.told == ["The settings recipient_domains changed. Restart Clew to use them."]
    assert program.trail == []


async def test_reload__a_new_key_needs_no_restart(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform's key is read again when the old one is refused, so nothing else is said of it, nor the key."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", f"{KEY}-2")
    await program.reloading.reload(asked=True)

    assert program.told == []


async def _until(true: Callable[[], bool], program: Program) -> None:
    noted = program.stage.memory
    assert isinstance(noted, NotingStore)
    async with asyncio.timeout(20):
        while not true():
            noted.noted.clear()
            await noted.noted.wait()


@pytest.mark.parametrize("how", ["signal", "file"])
async def test_run__follows(program: Program, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal is enough where no look would see it; so is the file."""
    monkeypatch.setattr("adapters.cli.reloading.LOOK", 600.0 if how == "signal" else 0.01)
    with hangups() as hangup:
        running = asyncio.create_task(program.reloading.run(hangup))
        await _until(lambda: len(program.trail) == 1, program)
        program.file.write_text(toml(launch=(BO,)), encoding="utf-8")
        if how == "signal":
            os.kill(os.getpid(), signal.SIGHUP)
        await _until(lambda: len(program.trail) == 2, program)
        running.cancel()

    assert program.launchers == {BO}
    assert [decision for decision, _ in program.trail] == ["in force", "changed"]


async def test_run__notes_at_the_start_what_changed_while_nothing_ran(program: Program) -> None:
    """Once, and not where it is what was noted last."""
    await program.starts()
    await program.starts()
    await program.starts(toml(launch=(BO,)))

    in_force = [f"In force: role launch: +{who}; role admin: +{ADA}" for who in (ANN, BO)]
    assert program.trail == [("in force", detail) for detail in in_force]


async def test_reload__quotas(program: Program) -> None:
    """They hold at once and the audit trail says what changed; one with a mistake changes nothing."""
    await program.changed(toml(more="[[quota]]\nper = 'person'\nruns = 5\n"))
    five = program.stage.handler.services.policy.quotas
    await program.changed(toml(more="[[quota]]\nper = 'person'\nruns = -5\n"))
    refused = program.stage.handler.services.policy.quotas
    await program.changed(toml())

    assert five == refused == (Quota(per=Per.PERSON, runs=5),)
    assert program.stage.handler.services.policy.quotas == ()
    assert [said for said, _ in program.trail] == ["changed", "refused", "changed"]
    assert "quota +each person: 5 runs a day (UTC)." in program.trail[0][1]
    assert "quota 1, runs: It is negative." in program.trail[1][1]
    assert program.trail[2][1].startswith("quota -each person: 5 runs a day (UTC).")


WATCH = "[[watch]]\nchannel = '{}'\nlauncher = 'Payments Nightly'\n"
PRESET = "[[preset]]\nname = 'nightly'\nlauncher = 'Payments Nightly'\nvalues = {{ duration = {} }}\napprove = 'admin'\n"
OTHER = "slack:channel:T01:C02"
ACME = "antithesis", "in force"


async def test_start__the_first_says_what_it_found(program: Program) -> None:
    """Every table that says something has a line with all of it; the next start has none."""
    more = (
        f"recipient_domains = ['example.com']\n{WATCH.format(HERE)}outcomes = ['failures', 'recovery']\n{PRESET.format(60)}"
        f"[[channel]]\nchannel = '{HERE}'\nzone = 'Europe/Berlin'\nquiet = '22:00-07:00'\ndigest = '08:00'\n"
        f"[[expect]]\nchannel = '{HERE}'\nlauncher = 'Payments Nightly'\nby = '03:00'\ndays = 'weekdays'\n"
        f"[[mention]]\nchannel = '{HERE}'\nwho = '{ANN}'\nproperty = 'ledger*'\n"
        f"[people]\nann = ['{ANN}', 'discord:user:80351110224678912']\n[web]\nlisten = 'off'\n"
    )
    await program.starts(toml(more=more))
    await program.starts()

    assert program.tables == [
        ("watch", "in force", f'+{HERE} launcher="Payments Nightly" outcomes=failures,recovery'),
        ("channel", "in force", f"+{HERE} zone=Europe/Berlin quiet=22:00-07:00 digest=08:00"),
        ("expect", "in force", f'+{HERE} launcher="Payments Nightly" by=03:00 days=mon,tue,wed,thu,fri'),
        ("mention", "in force", f"+{HERE} who={ANN} property=ledger*"),
        ("preset", "in force", '+nightly launcher="Payments Nightly" values={duration = 60} approve=admin'),
        ("connection", "in force", "+default kind=antithesis address=https://acme.antithesis.com"),
        ("people", "in force", f"+ann discord:user:80351110224678912,{ANN}"),
        ("general", "in force", "+recipient_domains example.com; +web.listen off"),
    ]


async def test_start__says_what_changed_while_nothing_ran(program: Program) -> None:
    """What was added, removed and changed, table by table, and nothing of what stayed."""
    await program.starts(toml(more=f"{WATCH.format(HERE)}{PRESET.format(60)}"))
    before = len(program.tables)
    await program.starts(toml(more=f"{WATCH.format(OTHER)}{PRESET.format(90)}"))
    await program.starts()
    await program.starts(toml(more=PRESET.format(90)))

    sixty = 'launcher="Payments Nightly" values={duration = 60} approve=admin'
    assert program.tables[before:] == [
        ("watch", "changed", f'+{OTHER} launcher="Payments Nightly"; -{HERE} launcher="Payments Nightly"'),
        ("preset", "changed", f"nightly: {sixty} -> {sixty.replace('60', '90')}"),
        ("watch", "changed", f'-{OTHER} launcher="Payments Nightly"'),
    ]  # fmt: skip


async def test_reload__notes_what_waits_for_a_restart(program: Program) -> None:
    """At once that the file says it, and at the next start that it is in force; what was taken back meanwhile is not."""
    await program.starts()
    before = len(program.tables)
    await program.changed(toml(more=f"{WATCH.format(HERE)}{PRESET.format(60)}"))
    await program.changed(toml(more=WATCH.format(HERE)))
    await program.starts()

    watch = f'+{HERE} launcher="Payments Nightly"'
    preset = 'nightly launcher="Payments Nightly" values={duration = 60} approve=admin'
    assert program.tables[before:] == [
        ("watch", "waits for a restart", watch),
        ("preset", "waits for a restart", f"+{preset}"),
        ("preset", "waits for a restart", f"-{preset}"),
        ("watch", "changed", watch),
    ]


async def test_start__nothing_is_lost_where_it_cannot_be_noted(program: Program) -> None:
    """A database that fails meanwhile is told of it at the next start."""
    await program.starts()
    before = len(program.tables)
    program.stage.memory.failing = "The database is gone."
    await program.starts(toml(more=WATCH.format(HERE)))
    program.stage.memory.failing = None
    await program.starts()

    assert program.tables[before:] == [("watch", "changed", f'+{HERE} launcher="Payments Nightly"')]


async def test_start__no_secret_is_noted_or_kept(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, tokens, passwords and addresses that are secret, wherever the settings have them."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-canary-bot")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1-canary-app")
    monkeypatch.setenv("SLACK_HTTPS_PROXY", "http://ann:canary-proxy@proxy.example.com:3128")
    monkeypatch.setenv("DATABASE_URL", "postgresql://clew:canary-database@db.example.com/clew")
    (program.file.parent / "key").write_text("canary-of-a-file-12345678", encoding="utf-8")
    monkeypatch.setenv("CLEW_PAGE_TOKEN", "canary-token-of-the-page-123")
    more = (
        "[[connection]]\nname = 'qa'\nkind = 'testhide'\nbase_url = 'https://testhide.example.com'\napi_key_file = 'key'\n"
        "webhook_secret = 'canary-webhook-secret'\n[hooks]\nlisten = '127.0.0.1:8099'\n"
        "[[preset]]\nname = 'p'\nlauncher = 'L'\nvalues = { 'custom.password' = 'canary-value', note = 'xoxb-1-canary-note' }\n"
        f"[operator]\nchannel = '{HERE}'\nheartbeat = 'https://example.com/ping/canary-heartbeat'\n"
    )
    await program.starts(toml(more=more))
    await program.changed(toml(more=more.replace("canary-value", "canary-other").replace("'p'", "'q'")))
    said = repr((program.tables, program.stage.memory.notes, program.told))

    assert "canary" not in said
    assert "+qa kind=testhide address=https://testhide.example.com" in said
    assert "+slack on" in said
    assert "+page_token set" in said


def test_tables__can_be_asked_for_by_name() -> None:
    """The trail is asked what was done by names that are known."""
    assert {f"settings {table}" for table in TABLES} <= FURTHER_ACTIONS


async def test_beside_another_program__it_follows_and_notes_nothing(program: Program) -> None:
    """The other one notes the change, and a mistake; each is in the trail once."""
    stage = program.stage
    beside = Reloading(
        settings.load(), stage.handler, stage.memory, SystemClock(), tell=program.told.append, notes=False
    )
    program.file.write_text(toml(launch=(BO,)), encoding="utf-8")
    await beside.reload(asked=False)
    followed = program.launchers
    program.file.write_text("[roles", encoding="utf-8")
    await beside.reload(asked=False)

    assert followed == {BO}
    assert len(program.told) == 2
    assert program.trail == []
