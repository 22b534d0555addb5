"""Clew in a container: what the image is built from, how compose runs it, and that it can live as it does there."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose

from adapters.tables import Web
from tests.links import ROOT
from tests.walk.deploy.company import company

DEPLOY = ROOT / "deploy"
DOCKERFILE = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
INSTRUCTIONS = [
    (words[0], words[2]) for line in DOCKERFILE.splitlines() if (words := line.partition(" "))[0].isupper()
]
COMPOSE, WITH_POSTGRESQL = DEPLOY / "compose.yaml", DEPLOY / "compose.postgresql.yaml"

# As a container has it: nobody's capabilities, a root that is read-only, and two folders to write to. No privilege is needed
# for it where a person may make namespaces.
AS_IN_A_CONTAINER = """
set -e
mount --bind "$1" /mnt
mount -o remount,ro,bind /
mount -t tmpfs -o mode=1777 tmpfs /tmp
cd /mnt
shift
exec unshare --user --map-user=10001 --map-group=10001 "$@"
"""
CONTAINED = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", AS_IN_A_CONTAINER, "sh")
LOOKS = "import os; os.getuid() == 10001 or exit(1); os.access('/', os.W_OK) and exit(1); open('/tmp/x', 'x')"


def instructions(name: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == name]


# The image -----------------------------------------------------------------------------------------


def test_image__is_of_one_base_that_a_build_can_pin() -> None:
    """Each stage begins with the same base, which a build gives by its digest; nothing is fetched from anywhere else."""
    assert DOCKERFILE.count("\nFROM ") == len(instructions("FROM")) == 2
    assert all(rest.split()[0] == "${BASE}" for rest in instructions("FROM"))
    assert instructions("ADD") == []
    assert not re.search(r"\b(curl|wget|git|apt-get)\b", " ".join(instructions("RUN")))
    installs = re.findall(r"pip install (.*?)(?:&&|$)", " && ".join(instructions("RUN")))
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-deps --no-build-isolation ." in one for one in installs)


def test_image__copies_what_reaches_the_build() -> None:
    """Each file that is copied is there, and `.dockerignore` lets it through; secrets and databases are not let through."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {name for rest in instructions("COPY") if "--from" not in rest for name in rest.split()[:-1]}

    assert ignored[0] == "*"
    assert copied <= let_in
    assert all((ROOT / name).exists() for name in copied)
    assert not any(fnmatch(name, pattern) for name in (".env", "clew.db", "clew.toml") for pattern in let_in)


def test_image__runs_as_nobody_and_is_asked_how_it_is() -> None:
    """The last user is a number that is not root's; the health check asks where Clew listens by default; labels say what it is."""
    (_, port) = Web().listen or ("", 0)
    labels = dict(re.findall(r'([\w.]+)="([^"]*)"', " ".join(instructions("LABEL"))))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert instructions("USER") == ["10001:10001"]
    assert f"http://127.0.0.1:{port}/healthz" in " ".join(instructions("HEALTHCHECK"))
    assert instructions("EXPOSE") == [str(port)]
    assert labels["org.opencontainers.image.licenses"] == project["license"]
    assert f"VERSION={project['version']}" in instructions("ARG")
    assert json.loads(instructions("ENTRYPOINT")[0]) == list(project["scripts"])


# Compose -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [COMPOSE, WITH_POSTGRESQL], ids=lambda file: file.name)
def test_compose__is_understood(file: Path) -> None:
    """Every key and value is one of the Compose Specification, and every volume is one that is declared."""
    found = PyCompose.from_yaml(file.read_text(encoding="utf-8"))

    if file == COMPOSE:
        found.validate_volumes()
    assert "clew" in found.service_names()


def test_compose__gives_each_service_the_least() -> None:
    """Read-only, without capabilities that are not said why, and no port is open on the host."""
    services = {
        name: service
        for file in (COMPOSE, WITH_POSTGRESQL)
        for name, service in yaml.safe_load(file.read_text(encoding="utf-8"))["services"].items()
        if "image" in service
    }

    assert set(services) == {"clew", "postgresql"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.keys() & {"ports", "privileged", "network_mode", "pid"}, name
    assert "cap_add" not in services["clew"]


def test_readme__names_files_that_are_there() -> None:
    """What an operator copies, builds or starts is there; two folders are what they make themselves."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w./])(deploy/[\w./-]*\w)", text))
    own = {name for name in named if name.startswith(("deploy/secrets", "deploy/settings"))}

    assert len(named - own) > 3
    assert [name for name in sorted(named - own) if not (ROOT / name).exists()] == []


def test_compose__mounts_folders_of_settings() -> None:
    """A file that is replaced, as editors do, would stay the old one in a container that mounts the file alone."""
    (mounts,) = [yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["clew"]["volumes"]]

    assert [mount for mount in mounts if mount.startswith("./") and "." in mount.split(":")[0][2:]] == []


# A process as it lives there -----------------------------------------------------------------------


def contained(folder: Path) -> bool:
    """Whether this machine lets a test make what a container is made of."""
    if not shutil.which("unshare"):
        return False
    command = [*CONTAINED, str(folder), shutil.which("python3") or "python3", "-c", LOOKS]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_process__lives_in_a_container(tmp_path: Path) -> None:
    """With the example of the settings: from tokens in files to an answer, and away at SIGTERM, without a word of complaint."""
    if not contained(tmp_path):
        pytest.skip("this machine makes no namespaces")
    async with company(tmp_path) as operator:
        example = (DEPLOY / "clew.example.toml").read_text(encoding="utf-8")
        example = example.replace("0.0.0.0:8080", "off")  # a port that somebody else takes would be warned of
        (tmp_path / "clew.toml").write_text(example.replace("# read", "read").replace("T01ABCDEF", "T01"))
        operator.environment |= {
            "HOME": "/mnt",
            "CLEW_SECRETS": "/mnt/secrets",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        async with operator.running("run", "--no-terminal", through=(*CONTAINED, str(tmp_path))) as clew:
            await operator.slack.gate.connected(1)
            await operator.slack.command("status latest")
            await operator.slack.world.answer("Run")
            code = await clew.ends(signal.SIGTERM)

    assert code == 0, clew.printed
    assert "arning" not in clew.printed
    assert (tmp_path / "clew.db").exists()
