from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from discord.http import Route
from typer.testing import CliRunner, Result

from adapters.main import app
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from tests.answers import answer, card
from tests.walk.terminal.keyboard import CLEW, surroundings
from tests.walk.terminal.served import reached, served, set_up

NOWHERE = "http://127.0.0.1:9/api"


@pytest.fixture(scope="module")
def tenant() -> Iterator[SimulatedTenant]:
    """Run a tenant."""
    with served(lambda: simulated_tenant(speed=1.0)) as running:
        yield running


@pytest.fixture(autouse=True)
def place(tenant: SimulatedTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Set Clew up for the tenant, in an empty directory."""
    with set_up(reached(tenant), tmp_path, monkeypatch) as place:
        yield place


def clew(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert "Traceback" not in result.output
    assert "simulated-api-key" not in result.output
    return result


def test_ask__answered() -> None:
    """An answer stands on standard output, and how to go on beside it."""
    result = clew("ask", "status")

    assert result.exit_code == 0
    assert result.stdout.startswith("• Recent runs")
    assert "--thread" in result.stderr


def test_ask__says_how_to_get_what_has_no_room() -> None:
    """There is no button for the next page here, so its command stands beside the answer; the last page has none."""
    first = clew("ask", "status", "count=2")
    (rest,) = re.findall(r"^\(the rest: (status .*from=3)\)$", first.stderr, re.MULTILINE)
    following = clew("ask", rest)

    assert following.exit_code == 0
    assert following.stdout.startswith("• Recent runs, from 3 on")
    assert "the rest" not in clew("ask", "help").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("statsu",), "Did you mean “status”?"),
        (("status", "nosuchrun"), "nosuchrun"),
        (("status", "x?y#z"), "That did not work"),
        (("logs",), "Which moment?"),
        (("logs", "moment=1"), "moment"),
        (("launch", "basic_test", "duration=soon"), "duration="),
        (("--yes", "launch", "../x", "duration=30"), "launcher="),
        (("launch", "basic_test", "duration=30"), "Run it again with --yes"),
        (("status", "nonsense=1"), "nonsense="),
        (("a" * 5_000,), "Unknown command"),
        (("\u202e\x1b[31m",), "Unknown command"),
    ],
)
def test_ask__mistake(words: tuple[str, ...], said: str) -> None:
    """A mistake is answered with a sentence and 1."""
    result = clew("ask", *words)

    assert result.exit_code == 1
    assert said in " ".join(result.output.split())


def test_ask__an_option_that_is_none() -> None:
    """It does not take the verb for its value, and a script reads as data what is wrong."""
    typed = clew("ask", "--exit-statsu", "status", "latest")
    read = clew("ask", "--json", "--exit-statsu", "status", "latest")

    assert (typed.exit_code, read.exit_code) == (2, 2)
    assert "No such option: --exit-statsu. `clew ask --help` shows what it takes." in " ".join(
        typed.output.split()
    )
    assert "No such option: --exit-statsu." in json.loads(read.stdout)["error"]["message"]


def test_ask__launch_with_yes(tenant: SimulatedTenant) -> None:
    """Confirmed beforehand, a launch is sent once."""
    tenant.forget()

    result = clew("ask", "--yes", "launch", "basic_test", "duration=30")

    assert result.exit_code == 0
    assert "basic_test is launched" in result.stdout
    assert len(tenant.requests("POST", "/api/v1/launch/.*")) == 1
    assert tenant.violations() == []


def test_ask__one_word_of_the_shell_is_one_value(tenant: SimulatedTenant) -> None:
    """A text from elsewhere (a commit's title, say) never becomes parameters of the launch."""
    tenant.forget()
    title = "Bump worker images=registry.example.com/evil/app:1 recipients=mallory@evil.example"

    result = clew("ask", "--yes", "launch", "launcher=basic_test", "duration=30", f"description={title}")

    assert result.exit_code == 0
    (sent,) = tenant.requests("POST", "/api/v1/launch/.*")
    params = json.loads(sent.body)["params"]
    assert params["antithesis.description"] == title
    assert not {"antithesis.images", "antithesis.report.recipients"} & params.keys()


def test_ask__one_quoted_word_is_a_whole_command() -> None:
    """`clew ask "status latest"` says what one would type in a chat."""
    result = clew("ask", "status latest launcher=x")

    assert result.exit_code == 1
    assert "The launcher “x” has no runs" in " ".join(result.output.split())


def test_ask__takes_a_moment_and_options_as_words_of_the_shell() -> None:
    """An input hash begins with a sign: neither it nor an option of the command is an option of `clew ask`."""
    facts = {
        f["label"]: f["value"] for f in card(clew("ask", "--json", "logs", "basic_test").stdout)["facts"]
    }
    input_hash, vtime = facts["Moment"].split()

    result = clew("ask", "logs", facts["Run"], input_hash, vtime, "--window", "5")

    assert result.exit_code == 0
    assert f"{input_hash} {vtime}" in result.stdout
    assert "5 virtual seconds" in result.stdout


def test_ask__thread_goes_on() -> None:
    """In the thread of an earlier answer nothing has to be named again."""
    clew("ask", "--thread", "t1", "status", "latest", "Search", "Canary")

    result = clew("ask", "--thread", "t1", "failing")

    assert result.exit_code == 0
    assert "Search Canary" in result.stdout


def test_ask__json() -> None:
    """As JSON the card is data, and says which run it is about."""
    result = clew("ask", "--json", "status", "latest")

    found = answer(result.stdout)

    assert (result.exit_code, found["exit_code"], found["verb"]) == (0, 0, "status")
    assert {"title", "text", "tone", "facts", "run"} <= found["card"].keys()
    assert found["thread"]


def test_ask__wrong_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is refused is a failure, with what to check."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "wrong")

    result = clew("ask", "status")

    assert result.exit_code == 2
    assert "Check the API key and the tenant of this connection." in " ".join(result.output.split())


def test_ask__no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that cannot be reached is a failure."""
    monkeypatch.setenv("ANTITHESIS_BASE_URL", "http://127.0.0.1:9")

    result = clew("ask", "status")

    assert result.exit_code == 2
    assert "No connection" in result.output


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all/clew.db", "mysql://x"])
def test_ask__database_unusable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be opened is a failure, said with what to do."""
    monkeypatch.setenv("DATABASE_URL", url)

    result = clew("ask", "status")

    assert result.exit_code == 2
    assert "DATABASE_URL" in result.output


def test_ask__settings_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that cannot be used are said before anything is opened."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme/x")
    monkeypatch.setenv("CLEW_POLL_SECONDS", "0")

    result = clew("ask", "status")

    assert result.exit_code == 2
    assert "2 settings must be corrected" in result.output


def test_ask__as_a_process(tenant: SimulatedTenant, place: Path) -> None:
    """As scripts call it: the answer alone on standard output, wide enough to read."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("ANTITHESIS_")}

    result = subprocess.run(
        (*CLEW, "ask", "help"),
        cwd=place,
        env=surroundings(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0
    assert result.stdout.startswith("• What Clew can do\n")


def test_doctor__well() -> None:
    """Where all is well every line says so."""
    result = clew("doctor")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert all(line.startswith("ok") for line in lines)
    assert [line.split(":")[0].removeprefix("ok   ") for line in lines] == [
        "settings",
        "roles",
        "database",
        "programs",
        "platform default",
        "clock of default",
        "slack",
        "discord",
    ]


def test_doctor__says_where_the_page_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how one gets in."""
    (place / "clew.toml").write_text("[web]\npage = true\n", encoding="utf-8")
    before = clew("doctor").stdout
    monkeypatch.setenv("CLEW_PAGE_TOKEN", "0123456789abcdef01234567")
    after = clew("doctor").stdout

    page = "ok   page: http://127.0.0.1:8080/operator while Clew runs, for whoever"
    assert f"{page} is on this machine\n" in before
    assert f"{page} has CLEW_PAGE_TOKEN\n" in after


@pytest.mark.parametrize(
    ("roles", "bad"), [("", True), ("read = []", True), ('read = ["slack:team:T01"]', False)]
)
@pytest.mark.parametrize(
    "chat",
    [
        {
            "SLACK_BOT_TOKEN": "xoxb-1234567890",
            "SLACK_APP_TOKEN": "xapp-1234567890",
            "SLACK_API_URL": NOWHERE,
        },
        {"DISCORD_TOKEN": "MTE0.loopback.fake-token", "DISCORD_API_URL": NOWHERE},
    ],
    ids=["slack", "discord"],
)
def test_doctor__misses_roles_where_a_chat_is_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, chat: dict[str, str], roles: str, bad: bool
) -> None:
    """In a chat somebody has to say who may do what; at the terminal nobody has to."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)  # what is set during the test is put back
    (place / "clew.toml").write_text(f"[roles]\n{roles}\n", encoding="utf-8")
    for name, value in chat.items():
        monkeypatch.setenv(name, value)

    lines = clew("doctor").stdout.splitlines()

    (line,) = [line for line in lines if line.split(": ")[0].endswith(" roles")]
    assert line.startswith("BAD") is bad
    assert ("[roles] in clew.toml" in line) is bad


def test_doctor__everything_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is marked and comes with its hint."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "wrong")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all/clew.db")

    result = clew("doctor")

    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines() if line.startswith("BAD")] == [
        "BAD  database",
        "BAD  platform default",
    ]


def test_doctor__a_watch_that_fits_no_run_is_named(place: Path) -> None:
    """A slip in the file would be silence for ever, so the nearest name is offered."""
    watch = '[[watch]]\nchannel = "terminal:channel:local"\n'
    (place / "clew.toml").write_text(
        f'{watch}launcher = "Serach Canary"\n{watch}launcher = "Search Canary"\n'
    )

    (named,) = [line for line in clew("doctor").stdout.splitlines() if "watch" in line]

    assert named.startswith("warn watch ")
    assert "runs has the launcher “Serach Canary”" in named
    assert "Did you mean “Search Canary”?" in named


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            '[[watch]]\nchannel = "terminal:channel:local"\nlauncher = "Search Canary"\nsource = "release-2.4"\n',
            "runs of Search Canary has the source “release-2.4”.",
        ),
        ('[[preset]]\nname = "p"\nlauncher = "Serach Canary"\n', "Did you mean “Search Canary”?"),
    ],
    ids=["source of another launcher", "preset"],
)
def test_doctor__what_else_fits_no_run(place: Path, table: str, said: str) -> None:
    """A source is looked for among the launcher's own runs, and the launcher of a preset among all."""
    (place / "clew.toml").write_text(table)

    (named,) = [line for line in clew("doctor").stdout.splitlines() if "None of the last" in line]

    assert named.startswith("warn ")
    assert said in named


def test_doctor__names_a_preset_that_cannot_be_launched(place: Path) -> None:
    """As it stands in the settings, whoever would use it: the others are not spoken of."""
    table = '[[preset]]\nname = "{}"\nlauncher = "basic_test"\nfree = ["{}"]\nvalues = {{ duration = 30 }}\n'
    (place / "clew.toml").write_text(table.format("good", "source") + table.format("bad", "sauce"))

    result = clew("doctor")

    assert "Its “free” names sauce, which a launch does not take." in result.stdout
    assert "preset good" not in result.stdout
    assert result.exit_code == 1


def test_doctor__warns_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that works and that somebody should look at is not called well; nothing has to be corrected."""
    monkeypatch.setenv("CLEW_POLL_SECONDS", "30")

    result = clew("doctor")

    assert "warn settings: CLEW_POLL_SECONDS is 30" in result.stdout
    assert result.exit_code == 0


def test_doctor__settings_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that cannot be used are one line each."""
    monkeypatch.setenv("CLEW_POLL_SECONDS", "0")

    result = clew("doctor")

    assert result.exit_code == 1
    assert result.stdout.startswith("BAD  settings: CLEW_POLL_SECONDS:")


def test_run__nothing_to_serve() -> None:
    """Without a chat and without a terminal there is nothing to do, and that is said."""
    result = clew("run")

    assert result.exit_code == 2
    assert "No chat is set up." in result.output


def test_ask__a_session_that_is_not_confirmed_leaves_its_moment_in_the_thread() -> None:
    """Run, property and moment are known there, so that `logs` needs nothing more."""
    listed = clew("ask", "--thread", "T", "failing", "latest")
    name = next(line.partition("1. ")[2] for line in listed.stdout.splitlines() if "1. " in line)

    asked = clew("ask", "--thread", "U", "debug", "latest", "1")
    logs = clew("ask", "--thread", "U", "logs", "lines=1")

    assert (asked.exit_code, logs.exit_code) == (1, 0)
    assert name in " ".join(asked.stdout.split())
    assert name in " ".join(logs.stdout.split())


def test_ask__a_moment_that_is_not_the_first_stays_in_the_thread() -> None:
    """What a question was about is not the run's first property again, but what was asked about."""
    failing = card(clew("ask", "--json", "failing", "latest").stdout)
    run = next(word for word in failing["buttons"][0]["words"].split() if "/" in word)
    moment = "moment=-5,12.5"

    asked = clew("ask", "--thread", "V", "debug", run, moment)
    again = clew("ask", "--thread", "V", "debug")

    assert (asked.exit_code, again.exit_code) == (1, 1)
    assert "12.5" in again.stdout


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_ask__version_as_an_option(option: str) -> None:
    """What asks any program for its version is the command `version`, and not one that nobody knows."""
    result = clew("ask", option)

    assert (result.exit_code, result.stdout) == (0, clew("ask", "version").stdout)
    assert card(clew("ask", "--json", option).stdout)["title"] == "Version"


def test_version__and_help() -> None:
    """Both answer at once."""
    assert clew("--version").stdout.startswith("clew 0.")
    assert "simulate" in clew("--help").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulate__says_how_to_reach_it_until_stopped(number: signal.Signals, place: Path) -> None:
    """The simulated tenant prints the settings of a client, and ends well when told to."""
    process = subprocess.Popen(
        (*CLEW, "simulate", "--port", "0"), cwd=place, env=surroundings({}), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    shown = [process.stdout.readline() for _ in range(4)]
    process.send_signal(number)

    assert process.wait(30) == 0
    process.stdout.close()
    assert [line.split("=")[0] for line in shown[2:]] == [
        "ANTITHESIS_BASE_URL",
        "ANTITHESIS_API_KEY",
    ]


def process(
    place: Path, tenant: SimulatedTenant, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `clew` as scripts do."""
    environment = {
        "ANTITHESIS_BASE_URL": tenant.base_url,
        "ANTITHESIS_API_KEY": tenant.api_key,
        **settings,
    }
    return subprocess.run(
        (*CLEW, *arguments),
        cwd=place,
        env=surroundings(environment),
        capture_output=True,
        encoding=settings.get("PYTHONIOENCODING", "utf-8"),
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "settings", "code"),
    [
        (("ask", "status"), {}, 0),
        (("ask", "statsu"), {}, 1),
        (("ask", "launch", "basic_test", "duration=30"), {}, 1),
        (("ask", "--nonsense", "status"), {}, 2),
        (("ask", "--thread"), {}, 2),
        (("run", "--nonsense"), {}, 2),
        (("ask", "status"), {"CLEW_POLL_SECONDS": "0"}, 2),
        (("ask", "status"), {"ANTITHESIS_API_KEY": "wrong"}, 2),
        (("ask", "status"), {"ANTITHESIS_BASE_URL": "http://127.0.0.1:9"}, 2),
        (("ask", "status"), {"DATABASE_URL": "sqlite:////nowhere/at/all/clew.db"}, 2),
        (("ask", "status"), {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/clew?sslmode=require"}, 2),
        (("run",), {}, 2),
        (("doctor",), {}, 0),
        (("doctor",), {"CLEW_POLL_SECONDS": "0"}, 1),
    ],
)
def test_exit_code__as_the_readme_says(
    arguments: tuple[str, ...], settings: dict[str, str], code: int, tenant: SimulatedTenant, place: Path
) -> None:
    """Real processes leave with the codes that scripts go by, a sentence and no stack trace."""
    done = process(place, tenant, *arguments, **settings)

    assert code == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("words", [("help",), ("--json", "help")])
def test_ask__reader_that_leaves(words: tuple[str, ...], tenant: SimulatedTenant, place: Path) -> None:
    """`clew ask … | head -1` is no failure of anybody."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            (*CLEW, "ask", *words),
            cwd=place, env=surroundings(reached(tenant)), stdout=writing, stderr=subprocess.PIPE, text=True,
            timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)

    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_ask__json_for_a_reader_of_ascii(tenant: SimulatedTenant, place: Path) -> None:
    """Where output takes ASCII alone, JSON has a way to write the rest."""
    done = process(place, tenant, "ask", "--json", "statsu", PYTHONIOENCODING="ascii")

    assert done.returncode == 1
    assert card(done.stdout)["text"]


@pytest.mark.parametrize(
    ("encoding", "words", "said"),
    [
        ("ascii", ("ask", "statsu"), 'Did you mean "status"?'),
        ("cp437", ("ask", "statsu"), 'Did you mean "status"?'),
        ("ascii", ("ask", "help"), "What Clew can do"),
        ("ascii", ("--help",), "chat-ops bot"),
        ("utf-8", ("ask", "\udcff"), "Unknown command"),
    ],
)
def test_output__in_any_encoding(
    encoding: str, words: tuple[str, ...], said: str, tenant: SimulatedTenant, place: Path
) -> None:
    """A terminal that lacks a quotation mark gets a plain one: no answer is refused for a sign."""
    done = process(place, tenant, *words, PYTHONIOENCODING=encoding)

    assert "internal error" not in done.stderr
    assert said in " ".join(done.stdout.split())
    assert "\\u20" not in done.stdout + done.stderr


def test_ask__json_of_a_green_run() -> None:
    """The README's `jq` line works where nothing fails: the list is there, and empty."""
    listed = card(clew("ask", "--json", "status").stdout)
    green = next(item for item in listed["items"] if item["mark"].startswith("passed"))

    found = card(clew("ask", "--json", "failing", green["title"].split()[-1]).stdout)

    assert [item["title"] for item in found["items"]] == []
    assert found["excerpt"]["lines"] == found["files"] == []


def test_ask__report_through_a_pipe() -> None:
    """A report's link opens it for everyone: through a pipe it comes when it is asked for, and else it is said how."""
    kept, shown = clew("ask", "report", "latest"), clew("ask", "--show-link", "report", "latest")

    assert "?auth=" not in kept.output
    assert "Run it again with --show-link" in kept.stderr
    assert "/report/" in shown.stdout
    assert "?auth=" in shown.stdout


def test_ask__report_as_json() -> None:
    """The same holds for JSON, which says how to get the link just as the text does."""
    said = clew("ask", "report", "latest").stderr
    kept = answer(clew("ask", "--json", "report", "latest").stdout)
    shown = answer(clew("ask", "--json", "--show-link", "report", "latest").stdout)

    assert "?auth=" not in json.dumps(kept)
    (hint,) = kept["hints"]
    assert hint.endswith("Run it again with --show-link to get it.")
    assert hint in said
    assert shown["hints"] == []
    assert any("?auth=" in (button["link"] or "") for button in shown["card"]["buttons"])


def test_launch__shows_what_is_usual_and_what_differs() -> None:
    """A command to be copied where something lacks; before anything is sent, what the last run had otherwise."""
    lacking = " ".join(clew("ask", "launch", "Search Canary").output.split())
    asked = " ".join(clew("ask", "launch Search Canary duration=7 source=dev").output.split())
    assert "As most of its last runs were started: launch" in lacking
    assert "duration=15" in lacking
    assert "antithesis.duration is 7, it was 15; antithesis.source is dev, it was main" in asked
    assert "The source is “dev”, unlike in the last" in asked
