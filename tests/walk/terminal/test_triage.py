"""The verbs for working on failures typed in a terminal, as a person does, against a simulated Testhide over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.main import app
from adapters.simulator.testhide import SimulatedTesthide, empty_world, simulated_testhide
from tests.answers import card as card_of
from tests.walk.terminal.served import served, set_up

REFRESH = "tests/test_auth.py::test_token_refresh"


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatedTesthide]:
    """Run a server that judges what it is asked."""
    with served(lambda: simulated_testhide(world=empty_world)) as running:
        yield running
        assert running.violations() == []


@pytest.fixture(scope="module")
def build(server: SimulatedTesthide) -> str:
    """Let a build fail."""
    job = server.add_job("Regression Suite", tests=[REFRESH, "tests/test_shop.py::test_cart"])
    return server.add_build(job, age=900, failing=[REFRESH])


@pytest.fixture(autouse=True)
def place(server: SimulatedTesthide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Set Clew up for the server, in an empty directory."""
    with set_up(server.environment(), tmp_path, monkeypatch) as place:
        yield place


def clew(server: SimulatedTesthide, *arguments: str) -> Result:
    """Run the command; nothing that the server calls secret may be in what it says."""
    result = CliRunner().invoke(app, arguments)
    assert "Traceback" not in result.output
    assert not any(secret in result.output for secret in server.secrets())
    return result


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("debug {build}", "What Testhide's model makes of Regression Suite"),
        ("ask is status=failed normal?", "Testhide's model says"),
        ("classify {build} test=1 product_bug", "is classified as product bug"),
        ("flaky Regression Suite", "in the project of Regression Suite"),
        ("logs {build} handover=yes", "What Clew knows"),
        ("--yes rerun {build} failed=yes", "was started as a rerun of"),
    ],
)
def test_verb__is_answered(server: SimulatedTesthide, build: str, words: str, said: str) -> None:
    """Each with its card, and the command ends well."""
    answer = clew(server, "ask", *words.format(build=build).split())

    assert said in " ".join(answer.stdout.split()), answer.output
    assert answer.exit_code == 0, answer.output


def test_failing__a_script_reads_on_to_the_end(server: SimulatedTesthide) -> None:
    """The words of the button are a command that answers with the next page."""
    tests = [f"tests/test_long.py::test_{number:02}" for number in range(25)]
    job = server.add_job("Long Suite", tests=tests)
    words = f"failing {server.add_build(job, age=900, failing=tests)}"
    titles: list[str] = []

    while words:
        answer = clew(server, "ask", "--json", *words.split())
        card = card_of(answer.stdout)
        titles += [item["title"] for item in card["items"]]
        words = next((b["words"] for b in card["buttons"] if b["label"] == "Next page"), "")

    assert [title.partition(". ")[0] for title in titles] == [f"{number}" for number in range(1, 26)]


def test_status__a_script_reads_on_to_the_end(server: SimulatedTesthide) -> None:
    """Each build of a job stands once, and in words the sentence tells where a page begins."""
    job = server.add_job("Paged", tests=["tests/test_a.py::test_a"])
    made = [server.add_build(job, age=7200 - 600 * number) for number in range(8)]
    words, titles = "status launcher=Paged count=3", list[str]()

    while words:
        answer = clew(server, "ask", "--json", *words.split())
        card = card_of(answer.stdout)
        titles += [item["title"] for item in card["items"]]
        words = next((b["words"] for b in card["buttons"] if b["label"] == "Next page"), "")

    assert titles == [f"Paged {build}" for build in made[::-1]]
    assert (
        "Recent builds of Paged, from 4 on"
        in clew(server, "ask", "status launcher=Paged count=3 from=4").stdout
    )


def test_quarantine__in_and_out(server: SimulatedTesthide, build: str) -> None:
    """Put in, and taken out again by the end of its name."""
    put_in = clew(server, "ask", "--yes", "quarantine", build, "test=1", "reason=infra")
    out = clew(server, "ask", "--yes", "quarantine", build, "test=token_refresh", "remove=yes")

    assert "is quarantined in Regression Suite" in " ".join(put_in.stdout.split()), put_in.output
    assert "out of quarantine" in " ".join(out.stdout.split()), out.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rerun {build}", "Run it again with --yes"),
        ("cancel {build}", "has already ended"),
        ("quarantine {build} test=1", "Add reason="),
        ("classify {build} test=1 nonsense", "nonsense"),
        ("ask", "A question is missing."),
        ("report {build}", "does not offer"),
    ],
)
def test_verb__a_mistake_is_a_sentence(server: SimulatedTesthide, build: str, words: str, said: str) -> None:
    """What is wrong and how to give it right, and the command ends with 1."""
    answer = clew(server, "ask", *words.format(build=build).split())

    assert said in " ".join(answer.output.split()), answer.output
    assert answer.exit_code == 1


REPORT = """<testsuites><testsuite failures="11"><testcase classname="test_shop" name="passed"/>{}</testsuite></testsuites>"""
FAILURE = """<testcase classname="test_shop" name="test_{:02}"><failure message="boom">line one</failure></testcase>"""


def test_failing__a_file_by_its_path(server: SimulatedTesthide, place: Path) -> None:
    """Its list page by page, one of its tests, and no request to anybody."""
    (place / "my report.xml").write_text(
        REPORT.format("".join(map(FAILURE.format, range(11)))), encoding="utf-8"
    )
    before = len(server.requests("GET"))
    first = clew(server, "ask", "--json", "failing", "file=my report.xml")
    card = card_of(first.stdout)
    following = next(b["words"] for b in card["buttons"] if b["label"] == "Next page")
    second = clew(server, "ask", following)
    one = clew(server, "ask", "failing", "file=my report.xml", "test=2")

    assert card["title"] == "11 failing tests in my report.xml"
    assert "from 11 on" in second.stdout
    assert "test_10" in second.stdout
    assert "line one" in one.stdout
    assert len(server.requests("GET")) == before


@pytest.mark.parametrize("path", ["missing.xml", ".", "/dev/zero", "a\nb"])
def test_failing__a_path_that_leads_to_no_file(server: SimulatedTesthide, path: str) -> None:
    """A sentence, and the exit code of a mistake."""
    answer = clew(server, "ask", "failing", f"file={path}")

    assert answer.exit_code == 1
    assert "is not a file that can be read" in answer.stdout
