"""The JSON of log events by kind, without their moment. Shapes follow what real tenants send."""

from __future__ import annotations

import json
import random
import re

from adapters.simulator.antithesis.systems import Assertion, Line, System
from adapters.simulator.common.misbehave import Json

PLACEHOLDER = re.compile(r"\{(n|hex)\}")


def assertion(of: Assertion, *, hit: bool, condition: bool, details: object = None) -> Json:
    """Return an assertion; `hit` false is the catalogue entry written at start-up, never a failure."""
    place, _, function = of.place.partition(" ")
    file, _, line = place.partition(":")
    return {
        "antithesis_assert": {
            "assert_type": of.type,
            "condition": condition,
            "details": details,
            "display_type": of.kind,
            "hit": hit,
            "id": of.name,
            "location": {
                "begin_column": 0,
                "begin_line": int(line),
                "class": "",
                "file": file,
                "function": function,
            },
            "message": of.name,
            "must_hit": of.kind != "Unreachable",
        },
        "source": {"container": of.container, "name": "antithesis_sdk", "pid": 17},
    }


def fault(
    name: str, kind: str, nodes: list[str], *, seconds: str | float, details: Json | None = None
) -> Json:
    """Return a fault; `seconds` is how long it lasts, "0" without a controlled end."""
    body = {
        "name": name,
        "type": kind,
        "affected_nodes": nodes,
        "max_duration": seconds,
        "details": details or {},
    }
    return {"fault": body, "source": {"name": "fault_injector"}}


def injector_status(*, paused: bool) -> Json:
    """Return the injector's word on whether it rests."""
    return {
        "info": {"message": "status", "details": {"paused": paused}},
        "source": {"name": "fault_injector"},
    }


def container(event: str, name: str, *, exit_code: int | None = None) -> Json:
    """Return something that happened to a container."""
    body: Json = {
        "event": event,
        "name": name,
        "id": name.encode().hex().ljust(12, "0")[:12],
        "image": f"{name}:latest",
    }
    if exit_code is not None:
        body["container_exit_code"] = exit_code
    return body | {"source": {"name": "containers_meta"}}


def command(name: str, status: str, *, code: str | int | None = None) -> Json:
    """Return a test command that started, or finished with a code that may be text or a number."""
    body: Json = {"task_status": status, "command": f"/opt/antithesis/test/v1/main/{name}"}
    if status == "finished":
        body |= {
            "command_return_code": code,
            "command_runtime": "1.25",
            "additional_stdout": "",
            "started_task": name,
        }
    return body | {"source": {"name": "antithesis_test_composer"}}


def output(system: System, container_name: str, text: str, stream: str) -> Json:
    """Return a line that a container wrote."""
    deep = container_name == system.containers[-1]
    name = f"antithesis/pods/{container_name}/commands/{container_name}.log" if deep else container_name
    return {
        "output_text": text,
        "source": {"container": container_name, "name": name, "stream": stream},
        "IPT_bytes_out": 1000 + len(text),
    }


def written(system: System, line: Line, rng: random.Random) -> Json:
    """Return a line of the system's own wording, its numbers thrown."""

    def thrown(placeholder: re.Match[str]) -> str:
        return str(rng.randint(1, 999)) if placeholder[0] == "{n}" else f"{rng.getrandbits(32):08x}"

    return output(system, line.container, PLACEHOLDER.sub(thrown, line.text), line.stream)


def signal_death(executable: str) -> Json:
    """Return a process that a signal ended; the text is JSON again."""
    text = json.dumps({"executable": executable, "signal": 6, "pid": 41})
    return {"output_text": text, "source": {"name": "processes_terminated_with_signal"}}


def guidance(name: str, value: int) -> Json:
    """Return a hint for the exploration; chatter to a reader."""
    body = {"guidance_type": "numeric", "id": name, "message": name, "hit": True, "maximize": True}
    return {
        "antithesis_guidance": body | {"guidance_data": {"left": value, "right": 100}},
        "source": {"name": "sdk"},
    }


def beginnings(system: System) -> list[Json]:
    """Return what every timeline starts with, in order."""
    sdk = {
        "language": {"name": "Go", "version": "1.24.1"},
        "sdk_version": "0.5.0",
        "protocol_version": "1.1.0",
    }
    started = [container(event, name) for name in system.containers for event in ("create", "start")]
    root: Json = {"env_setup": "complete", "source": {"name": "env_root"}}
    setup: Json = {"antithesis_setup": {"status": "complete", "details": {"system": system.name}}}
    return [
        root,
        {"output_text": "Pending: ContainerCreating", "source": {"name": "setup", "stream": "info"}},
        *started,
        {"antithesis_sdk": sdk, "source": {"container": system.containers[-1], "name": "antithesis_sdk"}},
        setup | {"source": {"container": system.containers[-1], "name": "antithesis_sdk"}},
    ]
