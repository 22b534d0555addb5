"""The API (v3) without I/O: what to send for each question. Paths stand below the connection's address."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from adapters.platforms.http.wire import Request
from adapters.platforms.testhide.ids import checked_id, sent_id

PAGE = 100  # rows that are asked for; how many come is the server's affair
LINES = 500  # of a log at a time: no upper bound is documented
HISTORY = 10  # earlier results of one test
UNHEALTHY = 50  # tests whose health is asked for
QUICK = 5.0  # seconds for what is asked for while somebody types
MODEL = 120.0  # seconds that the model may take


def health_request() -> Request:
    """Ask for the release; nobody has to prove who asks."""
    return Request(path="healthz", keyed=False)


def me_request() -> Request:
    """Ask who the token's user is: it proves the token."""
    return Request(path="me")


def login_request(username: str, password: str) -> Request:
    """Ask for a session."""
    body = msgspec.json.encode({"username": username, "password": password})
    return Request(path="authenticate", method="POST", body=body, keyed=False)


def jobs_request() -> Request:
    """Ask for all jobs; the list has no pages."""
    return Request(path="jobs")


def repositories_request() -> Request:
    """Ask for the repositories of all projects; the list has no pages."""
    return Request(path="scm", deadline=QUICK)


def branches_request(repository: str, beginning: str) -> Request:
    """Ask for the branches of a repository that begin with a text."""
    query = _given((("q", beginning or None), ("limit", str(PAGE))))
    return Request(path=f"scm/{checked_id(repository, 'repository')}/branches", query=query, deadline=QUICK)


def builds_request(
    page: int, *, job: str | None = None, status: str | None = None, size: int = PAGE
) -> Request:
    """Ask for a page of builds, newest first."""
    pairs = (("job_id", job), ("status", status), ("page", str(page)), ("limit", str(size)))
    return Request(path="builds", query=_given(pairs))


def build_request(build: str) -> Request:
    """Ask for one build."""
    return Request(path=f"builds/{checked_id(build, 'build')}")


def node_request(node: str) -> Request:
    """Ask for one node."""
    return Request(path=f"nodes/{checked_id(node, 'node')}")


def report_request(build: str) -> Request:
    """Ask how many tests of a build passed, failed and were skipped."""
    return Request(path=f"report/{checked_id(build, 'build')}")


def checks_request(build: str, page: int, *, status: str | None = None, search: str | None = None) -> Request:
    """Ask for a page of a build's tests, of one status or with a text in their names. Never for all."""
    pairs = (
        ("build_id", checked_id(build, "build")), ("status", status), ("search", search),
        ("page", str(page)), ("limit", str(PAGE)),
    )  # fmt: skip
    return Request(path="tests", query=_given(pairs))


def history_request(test: str) -> Request:
    """Ask what came of a test in earlier builds, by the id of one of its results."""
    return Request(path=f"tests/{checked_id(test, 'test')}/history", query=(("limit", str(HISTORY)),))


def quarantine_request(job: str) -> Request:
    """Ask what is quarantined at a job."""
    return Request(path="quarantine", query=(("job_id", checked_id(job, "job")),))


def log_request(build: str, offset: int, lines: int) -> Request:
    """Ask for lines of the pipeline's log."""
    pairs = (("offset", str(offset)), ("limit", str(lines)))
    return Request(path=f"builds/{checked_id(build, 'build')}/pipeline_logs", query=pairs)


def stream_request(build: str) -> Request:
    """Follow a build while it runs; what came before is not sent again, and nothing can be resumed."""
    return Request(path=f"builds/{checked_id(build, 'build')}/stream", accept="text/event-stream")


def artifacts_request(build: str, *, kind: str | None = None, search: str | None = None) -> Request:
    """Ask for the files of a build; the list has no pages."""
    pairs = (("build_id", checked_id(build, "build")), ("type", kind), ("search", search))
    return Request(path="artifacts", query=_given(pairs))


def download_request(artifact: str, most: int | None = None) -> Request:
    """Ask for a file."""
    return Request(path=f"artifacts/{checked_id(artifact, 'file')}/download", accept="*/*", most=most)


def start_request(body: dict[str, object]) -> Request:
    """Start a build."""
    return Request(path="builds/start", method="POST", body=msgspec.json.encode(body))


def stop_request(build: str) -> Request:
    """Stop a build that waits or runs."""
    return Request(path=f"builds/{checked_id(build, 'build')}/stop", method="POST")


def hooks_request() -> Request:
    """Ask which webhooks are registered."""
    return Request(path="webhooks")


def add_hook_request(body: dict[str, object]) -> Request:
    """Register a webhook."""
    return Request(path="webhooks", method="POST", body=msgspec.json.encode(body))


def change_hook_request(hook: str, body: dict[str, object]) -> Request:
    """Change a webhook."""
    path = f"webhooks/{checked_id(hook, 'webhook')}"
    return Request(path=path, method="PUT", body=msgspec.json.encode(body))


def try_hook_request(hook: str) -> Request:
    """Let the server send a test of a webhook; it waits for the answer to that."""
    return Request(path=f"webhooks/{checked_id(hook, 'webhook')}/test", method="POST")


def restart_request(build: str, *, failed_only: bool) -> Request:
    """Start an ended build again."""
    body = msgspec.json.encode({"failed_only": failed_only})
    return Request(path=f"builds/{checked_id(build, 'build')}/restart", method="POST", body=body)


def retry_flaky_request(build: str) -> Request:
    """Start again what the server calls flaky in a build."""
    return Request(path=f"builds/{checked_id(build, 'build')}/retry-flaky", method="POST")


def diagnose_request(build: str) -> Request:
    """Ask the model why a build failed; it takes its time."""
    body = msgspec.json.encode({"build_id": sent_id(build, "build")})
    return Request(path="ai/diagnose", method="POST", body=body, deadline=MODEL)


def chat_request(message: str, build: str | None, session: str | None) -> Request:
    """Ask the model something, in a talk of its own or one that was begun."""
    body: dict[str, object] = {"message": message}
    if build is not None:
        body["build_id"] = sent_id(build, "build")
    if session is not None:
        body["session_id"] = session
    return Request(path="ai/chat", method="POST", body=msgspec.json.encode(body), deadline=MODEL)


def quota_request() -> Request:
    """Ask how much of what the model may use is used."""
    return Request(path="ai/quota")


def emerging_request(project: str) -> Request:
    """Ask which tests of a project fail more often than they used to."""
    return Request(path="ai/emerging/latest", query=(("project_id", checked_id(project, "project")),))


def health_of_tests_request(project: str) -> Request:
    """Ask how healthy the tests of a project are, the worst of them."""
    pairs = (("project_id", checked_id(project, "project")), ("limit", str(UNHEALTHY)))
    return Request(path="ai/tests/health", query=pairs)


def classification_request(test: str, part: str, body: dict[str, str]) -> Request:
    """Keep a part of what is said of one result: "classification", "defect" or "resolution"."""
    path = f"tests/{checked_id(test, 'test')}/{part}"
    return Request(path=path, method="POST", body=msgspec.json.encode(body))


def add_to_quarantine_request(job: str, name: str, reason: str) -> Request:
    """Quarantine a test at a job."""
    body = {"job_id": sent_id(job, "job"), "node_id": name, "reason": reason}
    return Request(path="quarantine", method="POST", body=msgspec.json.encode(body))


def take_out_request(job: str, name: str) -> Request:
    """Take a test out of the quarantine of a job; there is no other call that does."""
    body = {"job_id": sent_id(job, "job"), "action": "remove", "node_ids": [name]}
    return Request(path="quarantine/bulk", method="POST", body=msgspec.json.encode(body))


def _given(pairs: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs if value)
