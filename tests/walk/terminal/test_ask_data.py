"""`clew ask --json` as scripts use it: data, errors and exit codes of real processes; all answers fit the schema."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from adapters.cli.answer_json import KINDS, SCHEMA
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.answers import answer
from tests.walk.terminal.keyboard import CLEW, surroundings
from tests.walk.terminal.served import reached, served

COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7])(?:;[0-9;]*)?m")


@pytest.fixture(scope="module")
def tenant() -> Iterator[SimulatedTenant]:
    """Run a tenant."""
    with served(lambda: simulated_tenant(speed=1.0)) as running:
        yield running


def environment(tenant: SimulatedTenant, **more: str) -> dict[str, str]:
    return surroundings({**reached(tenant), **more})


def clew(
    tenant: SimulatedTenant, place: Path, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `clew`; nothing that opens a report or a tenant is in what it writes."""
    done = subprocess.run(
        (*CLEW, *arguments), cwd=place, env=environment(tenant, **more),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    written = done.stdout + done.stderr
    assert "Traceback" not in written
    assert "\x1b" not in written
    assert "?auth=" not in written
    assert tenant.api_key not in written
    return done


@pytest.fixture(scope="module")
def failed(tenant: SimulatedTenant, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name a run with moments in which something newly fails."""
    place = tmp_path_factory.mktemp("looked")
    listed = answer(clew(tenant, place, "ask", "--json", "status", "count=30").stdout)["data"]
    news = [each["run"]["id"] for each in listed["runs"] if each["newly_failing"]]
    for run in news:
        found = answer(clew(tenant, place, "ask", "--json", "failing", run).stdout)["data"]
        if any(check["moment"] for check in found["checks"]):
            return str(run)
    raise AssertionError


def test_json__a_run_with_its_diff_and_moments(failed: str, tenant: SimulatedTenant, tmp_path: Path) -> None:
    """What fails, since when, and at which moments: digit by digit as the platform serves them."""
    found = answer(clew(tenant, tmp_path, "ask", "--json", "failing", failed).stdout)["data"]
    headers = {"Authorization": f"Bearer {tenant.api_key}"}
    path = f"{tenant.base_url}/api/v0/runs/{found['run']['id']}/properties"
    served_texts = httpx.get(path, headers=headers, params={"limit": 100, "status": "Failing"}).text

    moments = [
        each["moment"] for check in found["checks"] for each in check["counterexamples"] if each["moment"]
    ]
    assert found["kind"] == "run"
    assert moments
    assert all(f'"{moment["input_hash"]}"' in served_texts for moment in moments)
    assert all(moment["vtime"] in served_texts for moment in moments)
    changed = found["diff"]
    if changed["baseline"]:
        named = [*changed["newly_failing"], *changed["counts_again"], *changed["fails_again"],
                 *(each["name"] for each in changed["still_failing"])]  # fmt: skip
        assert sorted(named) == sorted(c["name"] for c in found["checks"] if not c["environment"])


def test_json__a_list_says_of_a_run_what_the_run_says(tenant: SimulatedTenant, tmp_path: Path) -> None:
    """Verdict and news of each run of a list are those of its own answer."""
    listed = answer(clew(tenant, tmp_path, "ask", "--json", "status", "count=20").stdout)["data"]
    compared = next(run for run in listed["runs"] if run["newly_failing"])
    own = answer(clew(tenant, tmp_path, "ask", "--json", "status", compared["run"]["id"]).stdout)["data"]

    assert (listed["kind"], listed["whole"], listed["unread"]) == ("runs", True, [])
    assert own["verdict"]["kind"] == compared["verdict"]["kind"]
    assert own["diff"]["newly_failing"] == compared["newly_failing"]
    assert own["diff"]["baseline"]["id"] == compared["baseline"]["id"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("logs {run}", "log"),
        ("logs {run} property=1 events=yes", "events"),
        ("failing {run} property=1", "check"),
        ("status {run} changes=yes", "run"),
    ],
)
def test_json__each_verb_has_its_data(
    words: str, kind: str, failed: str, tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """Beside the card stands what it was made of."""
    found = answer(clew(tenant, tmp_path, "ask", "--json", words.format(run=failed)).stdout)

    assert found["data"]["kind"] == kind, found["error"]
    assert found["card"]["title"]


def test_json__an_action_until_it_is_sent(tenant: SimulatedTenant, tmp_path: Path) -> None:
    """What would be sent is a draft, which leaves with 1; what was sent names the run that it became."""
    launch = ("launch", "basic_test", "duration=30")
    asked = clew(tenant, tmp_path, "ask", "--json", *launch)
    sent = clew(tenant, tmp_path, "ask", "--json", "--yes", *launch)

    draft, action = answer(asked.stdout), answer(sent.stdout)
    assert (asked.returncode, draft["data"]["state"], draft["data"]["run"]) == (1, "draft", None)
    assert "--yes" in draft["hints"][0]
    assert (sent.returncode, action["data"]["state"]) == (0, "accepted")
    assert action["data"]["run"]["id"]


def test_json__what_needs_a_second_person_is_not_started(tenant: SimulatedTenant, tmp_path: Path) -> None:
    """A script is one person, and nobody else reads along: its yes starts nothing, and it says so."""
    preset = "[[preset]]\nname = 'nightly'\nlauncher = 'basic_test'\nvalues = { duration = 30 }\napprove = 'launch'\n"
    (tmp_path / "clew.toml").write_text(preset)
    done = clew(tenant, tmp_path, "ask", "--json", "--yes", "launch", "nightly")
    trail = clew(tenant, tmp_path, "audit", "list", "launch")

    found = answer(done.stdout)
    assert (done.returncode, found["data"]) == (1, None)
    assert "needs a second person, and nobody else could approve it here." in found["error"]["message"]
    assert [line.split()[4] for line in trail.stdout.splitlines()] == ["allowed"]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"CLEW_POLL_SECONDS": "0"}, "settings"),
        ({"ANTITHESIS_API_KEY": "wrong"}, "access refused"),
        ({"ANTITHESIS_BASE_URL": "http://127.0.0.1:9"}, "unreachable"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all/clew.db"}, "database"),
    ],
)
def test_json__errors_are_data(
    more: dict[str, str], kind: str, tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """Also of what keeps a command from being begun; the sentence is the one that people read."""
    done = clew(tenant, tmp_path, "ask", "--json", "status", **more)

    found = answer(done.stdout)
    assert (done.returncode, found["exit_code"], found["error"]["kind"]) == (2, 2, kind)
    assert found["error"]["message"].endswith(".")
    assert found["data"] is None


def test_schema__is_printed_and_names_every_error(tenant: SimulatedTenant, tmp_path: Path) -> None:
    """It is a schema, and what answers are made with cannot say what it does not know."""
    printed = json.loads(clew(tenant, tmp_path, "ask", "--schema").stdout)
    Draft202012Validator.check_schema(printed)
    named = set(printed["properties"]["error"]["anyOf"][0]["properties"]["kind"]["enum"])

    assert printed == json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert named == {kind for _, kind in KINDS} | {"internal"}


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_terminal__colours(
    more: dict[str, str], coloured: bool, tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """On a terminal there are colours, unless NO_COLOR is set."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        (*CLEW, "ask", "status"), cwd=tmp_path, stdout=theirs, stderr=subprocess.DEVNULL,
        env=environment(tenant, TERM="xterm-256color", **more),
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65_536):
                shown += piece
        except OSError:  # what Linux answers once the other side is closed
            pass
        os.close(ours)

    assert process.returncode == 0
    assert b"Recent runs" in shown
    assert bool(COLOUR.search(shown)) == coloured


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["ask help", "ask --json help", "ask --json statsu"])
def test_output__closed(words: str, closed: str, tenant: SimulatedTenant, tmp_path: Path) -> None:
    """Nobody reads a stream: the exit code is what it would be, and what belongs there stands nowhere else."""
    line = f'"$@" {words} {closed}'
    done = subprocess.run(
        ("sh", "-c", line, "sh", *CLEW), cwd=tmp_path, env=environment(tenant),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == (1 if "statsu" in words else 0), done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "--thread" not in done.stdout
    assert "2>&-" in closed or "--json" in words or "--thread" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("ask --json statsu", 1),
        ("ask statsu", 1),
        ("ask --exit-status status nosuch", 5),
        ("wait nosuch", 5),
        ("wait --json nosuch", 5),
        ("wait --json", 2),
        ("access explain slack:user:T01:U01 slack:channel:T01:C01 launch", 1),
    ],
)
@pytest.mark.parametrize("both", [False, True])
def test_pipe__that_closes_keeps_the_exit_code(
    words: str, code: int, both: bool, tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """A script that takes the first line alone is not told that all is well, and never that the run passed."""
    reading, writing = os.pipe()
    os.close(reading)
    if words.startswith("access"):
        assert clew(tenant, tmp_path, "ask", "status").returncode == 0  # which makes the database
    try:
        done = subprocess.run(
            (*CLEW, *words.split()), cwd=tmp_path, env=environment(tenant),
            stdout=writing, stderr=writing if both else subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)

    assert done.returncode == code
    assert "Broken" not in (done.stderr or "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "--json", "--thread"), "--thread"),
        (("ask", "--yes=3", "--json", "status"), "--yes"),
        (("wait", "--json"), "run"),
        (("wait", "latest", "--timeout", "soon", "--json"), "--timeout"),
        (("wait", "latest", "--every", "0", "--json"), "--every"),
        (("wait", "--json", "latest", "--nosuch"), "--nosuch"),
    ],
)
def test_json__mistakes_of_the_command_line_are_data(
    words: tuple[str, ...], said: str, tenant: SimulatedTenant, tmp_path: Path
) -> None:
    """What the options get wrong a script reads where it reads everything else; people read it as before."""
    done = clew(tenant, tmp_path, *words)
    plain = clew(tenant, tmp_path, *(word for word in words if word != "--json"))

    found = answer(done.stdout)
    assert (done.returncode, found["exit_code"], found["error"]["kind"]) == (2, 2, "mistake")
    assert said in found["error"]["message"]
    assert f"clew {words[0]} --help" in found["error"]["message"]
    assert (plain.returncode, plain.stdout) == (2, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("clew ask sta", "status"), ("clew ask status lau", "launcher="), ("clew ask --exit", "--exit-status"), ("clew wa", "wait")],
)  # fmt: skip
def test_completion(typed: str, offered: str, shell: str, tenant: SimulatedTenant, tmp_path: Path) -> None:
    """Verbs, their parameters and options, without a platform being asked; each shell has its own way to ask."""
    script = Path(sys.executable).with_name("clew")
    asked = {
        "bash": {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": typed},
        "fish": {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    done = subprocess.run(
        (script,), cwd=tmp_path, env=environment(tenant, _CLEW_COMPLETE=f"complete_{shell}", **asked[shell]),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert offered in re.findall(r"[\w=-]+", done.stdout)
