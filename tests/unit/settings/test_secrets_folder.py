"""A folder whose files are secrets, as containers and service managers give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError
from adapters.configuration.secret_file import FileSecret


@pytest.fixture
def secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder of secrets."""
    found = folder / "secrets"
    found.mkdir()
    monkeypatch.setenv("CLEW_SECRETS", str(found))
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    return found


def test_secrets__are_named_as_variables(secrets: Path) -> None:
    """Each stays a file that is read again; what is beside them, as a mount has it, is nothing of ours."""
    (secrets / "ANTITHESIS_API_KEY").write_text("canary-key\n")
    (secrets / "database_url").write_text("sqlite:///other.db")
    (secrets / "prod").write_text("of another connection")
    (secrets / "..data").mkdir()

    found = settings.load()
    (secrets / "ANTITHESIS_API_KEY").write_text("canary-next\n")
    key = found.connections[0].api_key  # type: ignore[attr-defined]
    assert isinstance(key, FileSecret)
    before = key.reveal()
    key.renew()

    assert (before, key.reveal()) == ("canary-key", "canary-next")
    assert found.database_url.reveal() == "sqlite:///other.db"


def test_secrets__as_links(secrets: Path, folder: Path) -> None:
    """An orchestrator mounts links that it turns to a new folder when a secret changes."""
    for name, key in (("1", "canary-key"), ("2", "canary-next")):
        (folder / name).mkdir()
        (folder / name / "ANTITHESIS_API_KEY").write_text(key)
    (secrets / "..data").symlink_to(folder / "1")
    (secrets / "ANTITHESIS_API_KEY").symlink_to("..data/ANTITHESIS_API_KEY")

    key = settings.load().connections[0].api_key  # type: ignore[attr-defined]
    (secrets / "..data").unlink()
    (secrets / "..data").symlink_to(folder / "2")
    key.renew()

    assert key.reveal() == "canary-next"


def test_secrets__a_file_that_is_named_wins(
    secrets: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a variable names is meant; a variable without a value names nothing."""
    (secrets / "ANTITHESIS_API_KEY").write_text("canary-folder")
    (folder / "key").write_text("canary-named")
    for path, expected in ((str(folder / "key"), "canary-named"), ("", "canary-folder")):
        monkeypatch.setenv("ANTITHESIS_API_KEY_FILE", path)

        assert settings.load().connections[0].api_key.reveal() == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("ANTITHESIS_API_KYE", "Did you mean ANTITHESIS_API_KEY_FILE?"),
        ("CLEW_PAGE_TOKE", "Did you mean CLEW_PAGE_TOKEN_FILE?"),
        (
            "ANTITHESIS_TENANT",
            "It is no secret, so it is not read from a file. Set ANTITHESIS_TENANT, in the",
        ),
        (
            "CLEW_POLL_SECONDS",
            "It is no secret, so it is not read from a file. Set CLEW_POLL_SECONDS, in the",
        ),
    ],
)
def test_secrets__misspelt(secrets: Path, file: str, said: str) -> None:
    """A file that is nearly named as a variable is a slip, not somebody else's."""
    (secrets / file).write_text("canary")

    with pytest.raises(SettingsError) as error:
        settings.load()

    assert said in str(error.value)
    assert "canary" not in str(error.value)


def test_secrets__given_twice(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of both is meant nobody can tell; the sentence names the file."""
    (secrets / "ANTITHESIS_API_KEY").write_text("canary-folder")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-plain")

    with pytest.raises(SettingsError) as error:
        settings.load()

    assert f"the file is {secrets}/ANTITHESIS_API_KEY" in str(error.value)
    assert "canary" not in str(error.value)


def test_secrets__no_folder(secrets: Path) -> None:
    """A folder that is not there says so."""
    secrets.rmdir()

    with pytest.raises(SettingsError) as error:
        settings.load()

    assert "CLEW_SECRETS: The folder cannot be read (No such file or directory)." in str(error.value)
