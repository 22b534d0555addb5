"""What is sent, as values: paths keep the slash at their end where the platform has one, and add none."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from adapters.platforms.automated_future import ids
from adapters.platforms.http.text import clean, one_line, within
from adapters.platforms.http.wire import Request
from bot.model import CheckStatus, Secret
from bot.publication import PublishedCheck

LONGEST_NAME = 255  # characters
LONGEST_MESSAGE = 1_024
LARGEST_FILE = 100_000_000  # bytes; whether the platform means more is not said
TEXT = "text/plain"
PROJECTS = 100  # on a page
RUNNING, COMPLETED = "Running", "Completed"
_LONGEST = 10_000  # characters of any text that are looked at
_STATUSES: Mapping[CheckStatus, str] = {
    CheckStatus.PASSING: "Passed",
    CheckStatus.FAILING: "Failed",
    CheckStatus.SKIPPED: "Skipped",
}


def name(text: str) -> str:
    """Return a name as the platform takes it: of a long one both ends, and a hash of the whole between them."""
    plain = " ".join(clean(text, _LONGEST).split()) or "unnamed"
    if len(plain) == 1:
        return f"test {plain}"
    return within(plain, LONGEST_NAME)


def message(text: str) -> str:
    """Return a message as the platform takes it; how it begins says most."""
    plain = clean(text, _LONGEST).strip()
    return plain if len(plain) <= LONGEST_MESSAGE else f"{plain[: LONGEST_MESSAGE - 1]}…"


def status_request() -> Request:
    """Ask for the release; needs no key."""
    return Request(path="status", keyed=False)


def projects_request(after: str | None, size: int = PROJECTS) -> Request:
    """Ask for a page of projects."""
    token = (("page_token", after),) if after else ()
    return Request(path="project/", query=(("page_size", str(size)), *token))


def open_request(project: str, label: str, metadata: Mapping[str, str]) -> Request:
    """Open a record; sent once."""
    body: dict[str, object] = {"project_id": project}
    if label:
        body["label"] = name(label)
    if metadata:
        body["metadata"] = {clean(key, _LONGEST): clean(value, _LONGEST) for key, value in metadata.items()}
    return _post("run/", body)


def run_request(run_id: str, status: str) -> Request:
    """Say how far a record is; may be repeated."""
    return _post(f"run/{ids.run(run_id)}", {"status": status})


def write_request(project: str, run_id: str, check: PublishedCheck, *, timed: bool) -> Request:
    """Write a result; sent once."""
    body: dict[str, object] = {
        "project_id": project,
        "test_run_id": ids.run(run_id),
        "test_name": name(check.name),
        "status": "KnownFail" if check.excused else _STATUSES[check.status],
    }
    return _post("result/", body | (_took(check) if timed else {}))


def tell_request(result_id: str, check: PublishedCheck, *, timed: bool) -> Request:
    """Say the rest of a result; may be repeated."""
    said: dict[str, object] = {"error_message": message(check.message)} if check.message else {}
    return _post(f"result/{ids.result(result_id)}", said | ({} if timed else _took(check)))


def result_request(result_id: str) -> Request:
    """Ask for one result."""
    return Request(path=f"result/{ids.result(result_id)}")


def artifacts_request(result_id: str) -> Request:
    """Ask for the artifacts of a result."""
    return Request(path="artifact/", query=(("test_result_id", ids.result(result_id)),))


def announce_request(result_id: str, label: str, size: int) -> Request:
    """Announce a text file."""
    return _post(
        "artifact/",
        {
            "test_result_id": ids.result(result_id),
            "label": one_line(label, LONGEST_NAME)[:LONGEST_NAME],
            "kind": "Log",
            "content_type": TEXT,
            "size_bytes": size,
        },
    )


def send_request(address: Secret, content: bytes) -> Request:
    """Send the bytes of a file to where the platform wants them; the key does not go along."""
    return Request(method="PUT", elsewhere=address, body=content, content_type=TEXT, accept="*/*")


def keep_request(file_id: str) -> Request:
    """Let people see a file; may be repeated."""
    return Request(method="POST", path=f"artifact/{ids.artifact(file_id)}/confirm")


def address_request(file_id: str) -> Request:
    """Ask where the bytes of a file are."""
    return Request(path=f"artifact/{ids.artifact(file_id)}/download")


def fetch_request(address: Secret, most: int, deadline: float) -> Request:
    """Fetch the bytes of a file; the key does not go along."""
    return Request(elsewhere=address, accept="*/*", most=most, deadline=deadline, ends=True)


def _took(check: PublishedCheck) -> dict[str, object]:
    if check.took is None:
        return {}
    return {"execution_time_ms": max(0, math.floor(check.took.total_seconds() * 1000))}


def _post(path: str, body: Mapping[str, object]) -> Request:
    return Request(method="POST", path=path, body=msgspec.json.encode(body))
