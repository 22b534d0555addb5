"""One log event into one readable line. Kinds are told apart in the order that the API's description needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from adapters.platforms.http.lenient import read, read_any
from adapters.platforms.http.text import LONGEST, one_line
from bot.model import LineKind, LogLine, Rule

Fields = Mapping[str, object]

INJECTOR, CONTAINERS = "fault_injector", "containers_meta"
_NOISE = frozenset({"moment", "source", "IPT_bytes_out"})
_STREAMS = {"stdout": "out", "stderr": "error", "err": "error"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where an event comes from, as served."""

    name: str = ""
    container: str = ""
    stream: str = ""

    @property
    def label(self) -> str:
        """Return what people call it: the container, else the source's name."""
        return self.container or self.name.removeprefix("antithesis_")


def read_event(raw: bytes | msgspec.Raw) -> Fields:
    """Decode one event, {} where it is no object."""
    value = read_any(raw)
    return mapping(value)


def mapping(value: object) -> Fields:
    """Return a JSON object, {} for any other value."""
    return value if isinstance(value, dict) else {}


def word(value: object) -> str:
    """Return a text or number as text, "" for any other value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def compact(value: object) -> str:
    """Return any value as short JSON, "" for null and empty ones."""
    return "" if value in (None, {}, [], "") else msgspec.json.encode(value).decode("utf-8", "replace")


def text_of(value: object) -> str:
    """Return what somebody wrote: a text as it is, any other value as JSON, so that none is lost."""
    return word(value) or compact(value)


def source_of(fields: Fields) -> Source:
    """Return where an event comes from; every part may be missing or null."""
    source = mapping(fields.get("source"))
    return Source(
        one_line(word(source.get("name")), 200),
        one_line(word(source.get("container")), 200),
        stream_of(word(source.get("stream"))),
    )


def stream_of(name: str | None) -> str:
    """Return a stream by its one name: all spellings of standard output and standard error are one each."""
    return _STREAMS.get(name or "", one_line(name or "", 20))


def line_of(raw: bytes, vtime: str | None, *, size: int | None = None) -> LogLine:
    """Return one log event as a line for people; `size`: bytes that the line has, where `raw` is not all of it."""
    fields = read_event(raw)
    if not fields:
        return LogLine(
            text=one_line(raw[:4_096].decode("utf-8", "replace")), vtime=vtime, kind=LineKind.OTHER
        )
    source = source_of(fields)
    kind, render = _recognise(fields, source)
    text = render(fields)
    text = (
        one_line(text) if size is None else f"{one_line(text[:LONGEST])}… (cut, the line has {size:,} bytes)"
    )
    return LogLine(text=text, vtime=vtime, source=source.label, stream=source.stream, kind=kind)


def describe(fields: Fields) -> str:
    """Return an event's text without where and when."""
    return _recognise(fields, source_of(fields))[1](fields)


Render = Callable[[Fields], str]


def _recognise(fields: Fields, source: Source) -> tuple[LineKind, Render]:
    """Tell what an event is; the first rule that fits decides."""
    return next(
        (kind, render)
        for key, origin, kind, render in _RULES
        if (key is None or fields.get(key) is not None) and origin in {None, source.name}
    )


def _assertion(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_assert"))
    label = word(body.get("display_type")) or word(body.get("assert_type"))
    message = word(body.get("message")) or word(body.get("id"))
    outcome = verdict(body, label)
    if not (outcome and label and message):
        return text_of(fields.get("output_text")) or compact(body)
    place = location_of(fields)
    parts = (outcome, label, f'"{message}"', f"at {place}" if place else "", compact(body.get("details")))
    return " ".join(part for part in parts if part)


def verdict(body: Fields, label: str) -> str:
    """Return FAIL, HIT or CATALOG for one assertion event, "" where it cannot be told.

    A registration at start-up has `hit` false and is never a failure. Only `always` and `unreachable` fail
    by one event; `sometimes` and `reachable` fail by what never happened.

    A condition counts by its truth: the SDK for Python (0.4.0) writes what it was given as it is, `[]` or
    null too, and judges by truth itself.
    """
    hit = body.get("hit")
    if hit is False:
        return "CATALOG"
    if hit is not True or "condition" not in body:
        return ""
    kind = word(body.get("assert_type")).lower()
    if "unreachable" in {kind, label.lower()}:
        return "FAIL"
    always = kind == "always" or label.lower().startswith("always")
    return "FAIL" if always and not body["condition"] else "HIT"


def rule_of(fields: Fields) -> Rule | None:
    """Return when an assertion fails, by its label; numeric and boolean variants follow the type they begin with."""
    body = mapping(fields.get("antithesis_assert"))
    label = (word(body.get("display_type")) or word(body.get("assert_type"))).casefold()
    return next((rule for rule in Rule if label.startswith(rule.value)), None)


def location_of(fields: Fields) -> str | None:
    """Return where an assertion stands ("ledger.go:42"); None where the location is empty."""
    location = mapping(mapping(fields.get("antithesis_assert")).get("location"))
    file, line = one_line(word(location.get("file")), 200), word(location.get("begin_line"))
    if not file:
        return None
    return f"{file}:{line}" if line not in {"", "0"} else file


def function_of(fields: Fields) -> str:
    """Return the function that an assertion stands in; "" where it is not named."""
    location = mapping(mapping(fields.get("antithesis_assert")).get("location"))
    return one_line(word(location.get("function")), 200)


def _guidance(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_guidance"))
    name = word(body.get("message")) or word(body.get("id"))
    if not name:
        return f"guidance: {compact(body)}"
    numbers = ", ".join(
        f"{key} {text_of(value)}" for key, value in mapping(body.get("guidance_data")).items()
    )
    maximize = body.get(
        "maximize"
    )  # the exploration is led to a larger difference of the two numbers, or a smaller
    leads = f"; {'maximize' if maximize else 'minimize'}" if isinstance(maximize, bool) else ""
    return f"guidance: {name}" + (f" ({numbers}{leads})" if numbers else "")


def _sdk(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_sdk"))
    language = mapping(body.get("language"))
    known = (language.get("name"), language.get("version"), body.get("sdk_version"))
    protocol = word(body.get("protocol_version"))
    return " ".join(
        ["SDK", *(word(part) for part in known if part), f"protocol {protocol}" if protocol else ""]
    )


def _setup(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_setup"))
    return f"setup {word(body.get('status'))} {compact(body.get('details'))}"


def _fault(fields: Fields) -> str:
    body = mapping(fields.get("fault"))
    nodes = body.get("affected_nodes")
    where = ", ".join(word(node) for node in nodes) if isinstance(nodes, list) else ""
    lasting = word(body.get("max_duration"))
    parts = (
        f"{word(body.get('type'))} fault",
        word(body.get("name")),
        f"on {where}" if where else "",
        f"for {lasting} s" if lasting not in {"", "0"} else "",
        fault_detail(mapping(body.get("details"))),
    )
    return " ".join(part for part in parts if part.strip())


_DISRUPTIONS = {"Stopped": "dropping", "Slowed": "delaying", "Jammed": "queueing"}


def fault_detail(details: Fields) -> str:
    """Return what a fault does, in brackets, "" where the platform does not say."""
    kind = word(details.get("disruption_type"))
    drop, latency = word(details.get("drop_rate")), mapping(details.get("latency"))
    known = (
        _DISRUPTIONS.get(kind, kind),
        f"{drop} of packets" if drop not in {"", "0", "0.0"} else "",
        f"by {word(latency.get('mean'))} ms" if word(latency.get("mean")) else "",
        "asymmetric" if details.get("asymmetric") is True else "",
        f"offset {word(details.get('offset'))} s" if word(details.get("offset")) else "",
    )
    said = ", ".join(part for part in known if part)
    return f"({said})" if said else ""


def _injector(fields: Fields) -> str:
    body = mapping(fields.get("info"))
    return f"fault injector: {text_of(body.get('message'))} {compact(body.get('details'))}"


def _container(fields: Fields) -> str:
    code = word(fields.get("container_exit_code"))
    return f"{word(fields.get('name'))} {word(fields.get('event'))}" + (f", exit code {code}" if code else "")


def _signal(fields: Fields) -> str:
    text = text_of(fields.get("output_text"))
    crash = mapping(read(text.encode("utf-8", "replace"), dict[str, object]))
    if not crash.get("executable"):
        return text
    return f"{word(crash['executable'])} was ended by signal {word(crash.get('signal'))} (pid {word(crash.get('pid'))})"


def _command(fields: Fields) -> str:
    code, seconds = word(fields.get("command_return_code")), word(fields.get("command_runtime"))
    parts = (
        "test command",
        word(fields.get("command")) or word(fields.get("started_task")),
        word(fields.get("task_status")),
        f"returned {code}" if code else "",
        f"after {seconds} s" if seconds else "",
        f"out: {out}" if (out := text_of(fields.get("additional_stdout"))) else "",
        f"error: {error}" if (error := text_of(fields.get("additional_stderr"))) else "",
    )
    return " ".join(part for part in parts if part)


_SDK_TROUBLE = {
    "6001": "details of “{}” could not be serialised",
    "6002": "details of “{}” could not be serialised as they are: non-finite numbers became text",
    "6003": "details of “{}” could not be serialised exactly: integers beyond ±2^53 may be rounded",
    "6004": "the numbers of “{}” could not be serialised as guidance: one is not finite",
}
"""What the SDK's own codes say of the details that a user's code handed to it; seen in the SDK for Python 0.4.0."""


def _error(fields: Fields) -> str:
    body = fields.get("antithesis_error")
    code = word(mapping(body).get("code"))
    if (
        code and fields.get("exit_code") is None
    ):  # the platform's own come with an exit code, the SDK's with a code
        return _sdk_trouble("error", mapping(body))
    ended = word(fields.get("exit_code"))
    return f"Antithesis platform error {text_of(body)}" + (f", exit code {ended}" if ended else "")


def _warning(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_warning"))
    return (
        _sdk_trouble("warning", body) if body else f"SDK warning {text_of(fields.get('antithesis_warning'))}"
    )


def _sdk_trouble(what: str, body: Fields) -> str:
    code, message, context = (word(body.get(key)) for key in ("code", "message", "context"))
    known = _SDK_TROUBLE.get(code)
    if known is None or not context:
        return f"SDK {what}{f' {code}' if code else ''}: {message or compact(body)}"
    _, quoted, cause = message.partition(f'details for "{context}": ')  # an exception's own words, with 6001
    return f"SDK {what} {code}: {known.format(context)}" + (f": {cause}" if quoted else "")


_RULES: tuple[tuple[str | None, str | None, LineKind, Render], ...] = (
    ("antithesis_assert", None, LineKind.ASSERTION, _assertion),
    ("antithesis_guidance", None, LineKind.OTHER, _guidance),
    ("antithesis_sdk", None, LineKind.SDK, _sdk),
    ("antithesis_setup", None, LineKind.SDK, _setup),
    ("fault", INJECTOR, LineKind.FAULT, _fault),
    ("info", INJECTOR, LineKind.FAULT, _injector),
    ("event", CONTAINERS, LineKind.CONTAINER, _container),
    ("output_text", "processes_terminated_with_signal", LineKind.CONTAINER, _signal),
    ("output_text", None, LineKind.OUTPUT, lambda fields: text_of(fields.get("output_text"))),
    ("task_status", "antithesis_test_composer", LineKind.COMMAND, _command),
    ("command", "antithesis_test_composer", LineKind.COMMAND, _command),
    (
        "probability",
        "bug_probability",
        LineKind.OTHER,
        lambda fields: f"probability of the bug: {word(fields.get('probability'))}",
    ),
    ("antithesis_error", None, LineKind.OTHER, _error),
    ("antithesis_warning", None, LineKind.SDK, _warning),
    (
        None,
        None,
        LineKind.OTHER,
        lambda fields: compact({key: value for key, value in fields.items() if key not in _NOISE}) or "{}",
    ),
)
