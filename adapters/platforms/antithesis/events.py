"""One log event into one readable line. Kinds are told apart in the order that the API's description needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from adapters.platforms.antithesis.lenient import read, read_any
from adapters.platforms.antithesis.text import one_line
from bot.model import LineKind, LogLine

Fields = Mapping[str, object]

INJECTOR = "fault_injector"
_NOISE = frozenset({"moment", "source", "IPT_bytes_out"})
_STREAMS = {"stdout": "out", "stderr": "error", "err": "error"}

WORDS = (
    "FAIL HIT CATALOG at guidance: SDK protocol setup fault injector: injector on for until s lasting dropping delaying"
    " queueing % asymmetric offset network node clock returned after test command task exit code was ended by signal"
    " pid out: error: probability of the bug: platform error Antithesis line of MB left out"
)
"""Words that a line here may hold though the event as served does not: grep for them has to decode."""


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


def source_of(fields: Fields) -> Source:
    """Return where an event comes from; every part may be missing or null."""
    source = mapping(fields.get("source"))
    stream = word(source.get("stream"))
    return Source(
        one_line(word(source.get("name")), 200),
        one_line(word(source.get("container")), 200),
        _STREAMS.get(stream, one_line(stream, 20)),
    )


def line_of(raw: bytes, vtime: str | None) -> LogLine:
    """Return one log event as a line for people."""
    fields = read_event(raw)
    if not fields:
        return LogLine(
            text=one_line(raw[:4_096].decode("utf-8", "replace")), vtime=vtime, kind=LineKind.OTHER
        )
    source = source_of(fields)
    kind, render = _recognise(fields, source)
    return LogLine(
        text=one_line(render(fields)), vtime=vtime, source=source.label, stream=source.stream, kind=kind
    )


def describe(fields: Fields) -> str:
    """Return an event's text without where and when."""
    return _recognise(fields, source_of(fields))[1](fields)


Render = Callable[[Fields], str]


def _recognise(fields: Fields, source: Source) -> tuple[LineKind, Render]:
    """Tell what an event is; the first rule that fits decides."""
    return next(
        (kind, render)
        for key, origin, kind, render in _RULES
        if _fits(fields, source, key=key, origin=origin)
    )


def _fits(fields: Fields, source: Source, *, key: str | None, origin: str | None) -> bool:
    return (key is None or fields.get(key) is not None) and origin in {None, source.name}


def _assertion(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_assert"))
    label = word(body.get("display_type")) or word(body.get("assert_type"))
    message = word(body.get("message")) or word(body.get("id"))
    outcome = verdict(body, label)
    if not (outcome and label and message):
        return word(fields.get("output_text")) or compact(body)
    place = location_of(fields)
    parts = (outcome, label, f'"{message}"', f"at {place}" if place else "", compact(body.get("details")))
    return " ".join(part for part in parts if part)


def verdict(body: Fields, label: str) -> str:
    """Return FAIL, HIT or CATALOG for one assertion event, "" where it cannot be told.

    A registration at start-up has `hit` false and is never a failure. Only `always` and `unreachable` fail
    by one event; `sometimes` and `reachable` fail by what never happened.
    """
    hit, condition = body.get("hit"), body.get("condition")
    if hit is False:
        return "CATALOG"
    if hit is not True or not isinstance(condition, bool):
        return ""
    kind = word(body.get("assert_type")).lower()
    if "unreachable" in {kind, label.lower()}:
        return "FAIL"
    always = kind == "always" or label.lower().startswith("always")
    return "FAIL" if always and not condition else "HIT"


def location_of(fields: Fields) -> str | None:
    """Return where an assertion stands ("ledger.go:42"); None where the location is empty."""
    location = mapping(mapping(fields.get("antithesis_assert")).get("location"))
    file, line = one_line(word(location.get("file")), 200), word(location.get("begin_line"))
    if not file:
        return None
    return f"{file}:{line}" if line not in {"", "0"} else file


def _guidance(fields: Fields) -> str:
    body = mapping(fields.get("antithesis_guidance"))
    return f"guidance: {word(body.get('message')) or word(body.get('id')) or compact(body)}"


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
    return f"fault injector: {word(body.get('message'))} {compact(body.get('details'))}"


def _container(fields: Fields) -> str:
    code = word(fields.get("container_exit_code"))
    return f"{word(fields.get('name'))} {word(fields.get('event'))}" + (f", exit code {code}" if code else "")


def _signal(fields: Fields) -> str:
    text = word(fields.get("output_text"))
    crash = mapping(read(text.encode("utf-8", "replace"), dict[str, object]))
    if not crash.get("executable"):
        return text
    return f"{word(crash['executable'])} was ended by signal {word(crash.get('signal'))} (pid {word(crash.get('pid'))})"


def _output(fields: Fields) -> str:
    return word(fields.get("output_text"))


def _command(fields: Fields) -> str:
    code, seconds = word(fields.get("command_return_code")), word(fields.get("command_runtime"))
    parts = (
        "test command",
        word(fields.get("command")) or word(fields.get("started_task")),
        word(fields.get("task_status")),
        f"returned {code}" if code else "",
        f"after {seconds} s" if seconds else "",
        *(f"{name}: {text}" for name, text in _outputs(fields)),
    )
    return " ".join(part for part in parts if part)


def _outputs(fields: Fields) -> list[tuple[str, str]]:
    names = (("out", "additional_stdout"), ("error", "additional_stderr"))
    return [(name, word(fields.get(key))) for name, key in names if word(fields.get(key))]


def _probability(fields: Fields) -> str:
    return f"probability of the bug: {word(fields.get('probability'))}"


def _platform_error(fields: Fields) -> str:
    code = word(fields.get("exit_code"))
    said = word(fields.get("antithesis_error")) or compact(fields.get("antithesis_error"))
    return f"Antithesis platform error {said}" + (f", exit code {code}" if code else "")


def _rest(fields: Fields) -> str:
    return compact({key: value for key, value in fields.items() if key not in _NOISE}) or "{}"


_RULES: tuple[tuple[str | None, str | None, LineKind, Render], ...] = (
    ("antithesis_assert", None, LineKind.ASSERTION, _assertion),
    ("antithesis_guidance", None, LineKind.OTHER, _guidance),
    ("antithesis_sdk", None, LineKind.SDK, _sdk),
    ("antithesis_setup", None, LineKind.SDK, _setup),
    ("fault", INJECTOR, LineKind.FAULT, _fault),
    ("info", INJECTOR, LineKind.FAULT, _injector),
    ("event", "containers_meta", LineKind.CONTAINER, _container),
    ("output_text", "processes_terminated_with_signal", LineKind.CONTAINER, _signal),
    ("output_text", None, LineKind.OUTPUT, _output),
    ("task_status", "antithesis_test_composer", LineKind.COMMAND, _command),
    ("command", "antithesis_test_composer", LineKind.COMMAND, _command),
    ("probability", "bug_probability", LineKind.OTHER, _probability),
    ("antithesis_error", None, LineKind.OTHER, _platform_error),
    (None, None, LineKind.OTHER, _rest),
)
