"""Judges everything that is sent to a Discord of the tests: Discord's own description, and what it leaves out.

The schemas are Discord's (tests/samples/discord). By hand are the limits that they have too wide or not at
all, and our own manners: no pings, no unfurling, a nonce on every message, nothing live in outside text.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

Json = dict[str, Any]

SPEC = Path(__file__).parent.parent / "samples" / "discord" / "requests.json"
CONTENT, EMBEDS, NONCE, MODAL, COMMAND = 2000, 6000, 25, 5, 8000
BODILESS = {"/channels/{channel_id}/typing"}
MESSAGES = re.compile(r"/channels/\d+/messages")
MESSAGE = re.compile(r"/channels/\d+/messages/\d+")

_LINK = r"\[(?:\\.|[^\]\\])*\]\(<https?://[^\s<>]+>\)"
_CODE = r"```\n[\s\S]*?\n```|`[^`\n]*`"
_SIGN = r"\\[!-/:-@\[-`{-~]"
_TIME = r"<t:[0-9]{9,11}:R>"  # our own; hostile texts in tests hold shorter ones
_DEAD = re.compile(f"{_SIGN}|{_LINK}|{_CODE}|{_TIME}")  # read from the left, as Discord does
_ESCAPED = re.compile(_SIGN)
_LEADS = re.compile(r"^The answer is in <#\d+>\.$")
_NOTIFIED = re.compile(
    r"^(?:(?:Launched by|For|Reopened, owned by) <@&?\d+>(?:, <@&?\d+>)*(?:\n|$))+"
)  # whom a message notifies: our own lines, never text from outside
_MENTION = re.compile(r"<@(&?)(\d+)>")
_LIVE = re.compile(r"<[@#:/at]|@everyone|@here|https?://|discord\.gg/|\]\(|\|\||~~")
_SIGNED = re.compile(r"[?&]auth=|v[1-4]\.(?:public|local)\.")


def all_of(requests: Iterable[tuple[str, str, Any]]) -> list[str]:
    """Return what is wrong with requests: method, path without the version, and body."""
    return [wrong for method, path, body in requests for wrong in request(method, path, body)]


def request(method: str, path: str, body: Any) -> list[str]:
    """Return what is wrong with one request."""
    if method not in {"POST", "PUT", "PATCH"} or body is None:
        return []
    found = _schema(method, path)
    if found is None:
        return [f"{method} {path} is not described"]
    wrong = [f"{method} {path}: {error}" for error in _errors(body, found)]
    wrong += [f"{method} {path}: {error}" for error in _by_hand(method, path, body)]
    return wrong


@functools.cache
def _spec() -> Json:
    loaded: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Return the described paths, those with the fewest placeholders first."""
    named = sorted(_spec()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in named]


def _schema(method: str, path: str) -> str | None:
    for pattern, name in _paths():
        if pattern.fullmatch(path) and method.lower() in _spec()["paths"][name]:
            return f"{name} {method.lower()}"
    return None


@functools.cache
def _validator(found: str) -> Draft202012Validator:
    name, method = found.split(" ")
    schema = _spec()["paths"][name][method] | {"components": _spec()["components"]}
    return Draft202012Validator(schema)


def _errors(body: Any, found: str) -> Iterator[str]:
    for error in _validator(found).iter_errors(body):
        deepest = max(_leaves(error), key=lambda e: len(e.absolute_path))
        where = "/".join(map(str, deepest.absolute_path))
        if not re.fullmatch(r"(?:(?:data|message)/)?attachments/\d+/id", where):  # numbers do there as well
            yield f"{where or 'body'}: {deepest.message[:200]}"


def _leaves(error: Any) -> Iterator[Any]:
    yield error
    for inner in error.context or ():
        yield from _leaves(inner)


def _by_hand(method: str, path: str, body: Any) -> list[str]:
    if isinstance(body, list):
        return [wrong for command in body for wrong in _command(command)]
    if path.endswith("/callback"):
        return _callback(body)
    if path.endswith("/threads"):
        return _message(body["message"]) if "message" in body else []
    if path.startswith("/webhooks/") or MESSAGE.fullmatch(path):
        return [
            *_message(body),
            *(["an edit with flags brings previews back"] if _edit_flags(method, body) else []),
            *(["somebody is mentioned again"] if _NOTIFIED.match(body.get("content") or "") else []),
        ]
    return _message(body) + _nonce(body) + _pings(body) if MESSAGES.fullmatch(path) else []


def _edit_flags(method: str, body: Json) -> bool:
    return method == "PATCH" and "flags" in body


def _callback(body: Json) -> list[str]:
    data = body.get("data") or {}
    if body["type"] == 9:
        parts = data["components"]
        ids = [p["component"]["custom_id"] for p in parts]
        wrong = [f"{len(parts)} components in a modal"] if not 0 < len(parts) <= MODAL else []
        return wrong + (["an input twice"] if len(ids) != len(set(ids)) else [])
    if body["type"] == 8:
        return [f"{len(data['choices'])} choices"] if len(data["choices"]) > 25 else []
    return _message(data) if body["type"] == 4 else []


def _message(body: Json) -> list[str]:
    content = body.get("content") or ""
    embeds = body.get("embeds") or []
    hidden = bool(int(body.get("flags") or 0) & (1 << 6))
    ids = [
        c["custom_id"] for row in body.get("components") or () for c in row["components"] if "custom_id" in c
    ]
    rules = {
        "nothing in it": not content and not embeds,
        f"content of {_units(content)}": _units(content) > CONTENT,
        f"embeds of {_size(embeds)}": _size(embeds) > EMBEDS,
        "it may ping": body.get("allowed_mentions", {}).get("parse") != [],
        "a custom_id twice": len(ids) != len(set(ids)),
        "a signed link in what many see": not hidden
        and any(_SIGNED.search(t) for t in _texts(content, embeds)),
        "a link in the content would unfurl": "http" in _ESCAPED.sub("", content) and "://" in content,
    }
    wrong = [rule for rule, broken in rules.items() if broken]
    return wrong + [f"live: {text[:120]!r}" for text in _texts(content, embeds) if live(text)]


def live(text: str) -> bool:
    """Whether Discord would read a mention, link, time stamp or invitation into a text."""
    if _LEADS.fullmatch(text):
        return False
    rest = _DEAD.sub("", _NOTIFIED.sub("", text))
    return bool(_LIVE.search(rest)) or rest.count("```") % 2 == 1


def _pings(body: Json) -> list[str]:
    """Find a message that notifies others than those whom it says it is for."""
    lines = _NOTIFIED.match(body.get("content") or "")
    said = {("roles" if role else "users", one) for role, one in _MENTION.findall(lines[0] if lines else "")}
    allowed = body.get("allowed_mentions", {})
    may = {(kind, one) for kind in ("users", "roles") for one in allowed.get(kind, ())}
    return [] if said == may else [f"it says {sorted(said)} and notifies {sorted(may)}"]


def _nonce(body: Json) -> list[str]:
    nonce = body.get("nonce")
    good = isinstance(nonce, str) and 0 < len(nonce) <= NONCE and body.get("enforce_nonce") is True
    return [] if good else ["no nonce that Discord enforces"]


def _texts(content: str, embeds: list[Json]) -> Iterator[str]:
    yield content
    for embed in embeds:
        yield embed.get("title", "")
        yield embed.get("description", "")
        for field in embed.get("fields", ()):
            yield field["name"]
            yield field["value"]


def _size(embeds: list[Json]) -> int:
    footers = sum(_units(e.get("footer", {}).get("text", "")) for e in embeds)
    return footers + sum(_units(text) for text in _texts("", embeds))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def _command(command: Json) -> list[str]:
    total = sum(len(text) for text in _said(command))
    wrong = [f"a command of {total} characters"] if total > COMMAND else []
    return wrong + ([] if command.get("contexts") == [0] else ["a command outside of servers"])


def _said(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (str(v) for k, v in value.items() if k in {"name", "description", "value"})
        for inner in value.values():
            yield from _said(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _said(inner)
