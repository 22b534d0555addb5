"""Judges every message and view that a loopback Slack is sent: limits, control sequences, manners.

The limits that slack_sdk's own models know are checked with them; what they let through is checked by hand.
Sources: https://docs.slack.dev/reference/block-kit, /reference/views, /messaging/formatting-message-text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

Json = dict[str, Any]

MESSAGE_CHARACTERS = 13_200
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
TEXT = 4000
FORBIDDEN = ("link_names", "parse", "reply_broadcast", "markdown_text", "attachments")
_OWN_LINK = re.compile(r"<https?://[^\s<>|]+\|[^<>|]*>")
_OWN_MENTIONS = re.compile(
    r"(?:Launched by|For|Reopened, owned by) <(?:@U|!subteam\^S)\w+>(?:, <(?:@U|!subteam\^S)\w+>)*"
)  # a whole line of ours, never beside text from outside
_SIGNED = re.compile(r"[?&]auth=|v[1-4]\.(?:public|local)\.")
_FILE_ID = re.compile(r"F[A-Z0-9]{8,}")
_PLAIN_ONLY = {
    "button": ("text",),
    "header": ("text",),
    "image": ("title",),
    "option": ("text", "description"),
}
_KNOWN_TO_SDK = ["section", "header", "context", "actions", "image", "rich_text", "input", "divider", "table"]


def message(body: Json, *, update: bool = False, pictures: frozenset[str] = frozenset()) -> list[str]:
    """Return what is wrong with the arguments of a post, or of an edit or a private answer.

    `pictures`: files that are there and are pictures; only such may be shown.
    """
    blocks = body.get("blocks") or []
    text = str(body.get("text") or "")
    rules = {
        "no text: screen readers and notifications have nothing": not text.strip(),
        "msg_blocks_too_long": sum(len(_escaped(t)) for t in _strings(blocks)) > MESSAGE_CHARACTERS,
        "a text that an update refuses or Slack cuts": len(text) > TEXT,
        "only_one_table_allowed": sum(b.get("type") == "table" for b in blocks) > 1,
        "a signed link in text": any(_SIGNED.search(t) for t in (text, *_texts_only(blocks))),
        "links would be unfurled": not update and not _never_unfurled(body),
        "somebody is mentioned again": update
        and any(_mentions(text.get("text")) for text in _objects(blocks, "mrkdwn")),
    }
    wrong = [*_blocks(blocks, MESSAGE_BLOCKS), *_text(text, "text")]
    wrong += [w for block in _objects(blocks, "image") for w in _picture(block, pictures)]
    wrong += [rule for rule, broken in rules.items() if broken]
    return wrong + [f"{name} must not be used" for name in FORBIDDEN if body.get(name)]


def unfurled(blocks: list[Json]) -> list[str]:
    """Return what is wrong with the blocks beside somebody's link; whatever can be pressed is not ours to answer there."""
    refused = [
        b.get("type") for b in blocks if b.get("type") not in {"section", "context", "header", "divider"}
    ]
    wrong = [*_blocks(blocks, MESSAGE_BLOCKS), *(f"{kind} beside a link" for kind in refused)]
    if sum(len(_escaped(t)) for t in _strings(blocks)) > TEXT:
        wrong.append("too much beside a link")
    if any(_SIGNED.search(text) for text in _strings(blocks)):
        wrong.append("a signed link beside a link")
    return wrong if blocks else ["no blocks beside a link"]


def status(text: str) -> list[str]:
    """Return what is wrong with the status of a thread, "" takes it away."""
    rules = {
        "a signed link in a status": bool(_SIGNED.search(text)),
        "a status of more than one line": not text.isprintable(),
    }
    return [*_text(text, "a status"), *(rule for rule, broken in rules.items() if broken)]


def view(body: Json) -> list[str]:
    """Return what is wrong with a modal or a home."""
    blocks = body.get("blocks") or []
    wrong = _blocks(blocks, VIEW_BLOCKS)
    if (
        any(b.get("type") == "input" for b in blocks)
        and body.get("type") == "modal"
        and not body.get("submit")
    ):
        wrong.append("input without submit")
    if any(b.get("type") == "table" for b in blocks):
        wrong.append("a table in a view")
    try:
        if not View(**body).to_dict():
            wrong.append("an empty view")
    except SlackObjectFormationError as error:
        wrong.append(str(error))
    return wrong


def initial(element: Json) -> str | None:
    """Return what an element of a form begins with."""
    chosen = [element.get("initial_option"), *element.get("initial_options", ())]
    values = [option["value"] for option in chosen if option]
    return ",".join(values) or element.get("initial_value")


def _never_unfurled(body: Json) -> bool:
    return body.get("unfurl_links") is False and body.get("unfurl_media") is False


def _blocks(blocks: list[Json], most: int) -> list[str]:
    wrong = [f"{len(blocks)} blocks"] if len(blocks) > most else []
    action_ids = [
        e["action_id"]
        for b in blocks
        for e in b.get("elements", ())
        if isinstance(e, dict) and "action_id" in e
    ]
    if len(action_ids) != len(set(action_ids)):
        wrong.append("an action_id twice")
    for block in blocks:
        wrong += _by_sdk(block)
        wrong += _by_hand(block)
        for text in _objects(block, "mrkdwn"):
            wrong += [] if _mentions(text.get("text")) else _text(text.get("text"), "mrkdwn")
    return wrong


def _mentions(text: object) -> bool:
    """Whether a text only says whom a message notifies."""
    return _OWN_MENTIONS.fullmatch(str(text or "")) is not None


def _by_sdk(block: Json) -> list[str]:
    if block.get("type") not in _KNOWN_TO_SDK:
        return [f"a block of unknown type {block.get('type')!r}"]
    try:
        parsed = Block.parse(block)
        again = parsed.to_dict() if parsed is not None else None
    except Exception as error:  # noqa: BLE001 - the models raise several kinds
        return [f"{block.get('type')}: {error}"]
    return [] if again == block else [f"{block.get('type')}: the SDK would drop something: {block}"]


def _by_hand(block: Json) -> list[str]:
    wrong = ["a field over 2000" for field in block.get("fields") or () if len(field["text"]) > 2000]
    for kind, names in _PLAIN_ONLY.items():
        for thing in _objects(block, kind):
            wrong += [f"mrkdwn in a {kind}" for n in names if thing.get(n, {}).get("type") == "mrkdwn"]
    for element in (*(block.get("elements") or ()), block.get("element", {})):
        wrong += _options(element)
    if block.get("type") == "table":
        wrong += _table(block)
    if block.get("type") == "rich_text":
        wrong += _rich(block)
    return wrong


def _picture(image: Json, pictures: frozenset[str]) -> list[str]:
    file = image.get("slack_file", {}).get("id", "")
    rules = {
        f"a file that is no picture of ours: {file!r}": file not in pictures,
        f"not the id of a file: {file!r}": not _FILE_ID.fullmatch(file),
        "a picture without words": not str(image.get("alt_text") or "").strip(),
        "alt_text over 2000": len(image.get("alt_text", "")) > 2000,
        "a picture's title over 2000": len(image.get("title", {}).get("text", "")) > 2000,
        "a picture from elsewhere": "image_url" in image,
    }
    return [rule for rule, broken in rules.items() if broken]


def _options(element: Json) -> list[str]:
    wrong = []
    options = element.get("options") or ()
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(str(element.get("type")), 100)
    if len(options) > most:
        wrong.append(f"{len(options)} options in {element.get('type')}")
    fits = (len(o["text"]["text"]) <= 75 and 0 < len(o["value"]) <= 150 for o in options)
    return wrong if all(fits) else [*wrong, "an option over its limits"]


def _table(block: Json) -> list[str]:
    rows = block.get("rows") or []
    wrong = [] if 0 < len(rows) <= 100 else [f"{len(rows)} table rows"]
    if any(not 0 < len(row) <= 20 for row in rows):
        wrong.append("a table row over its limits")
    if sum(len(cell.get("text", "")) for row in rows for cell in row) > 10_000:
        wrong.append("a table over 10,000 characters")
    if any(not cell.get("text") for row in rows for cell in row):
        wrong.append("an empty table cell")
    return wrong


def _rich(block: Json) -> list[str]:
    allowed = {"text", "link"}
    return [
        f"a rich text element of type {element.get('type')}"
        for section in block.get("elements", ())
        for element in section.get("elements", ())
        if element.get("type") not in allowed or not element.get("text")
    ]


def _text(text: object, where: str) -> list[str]:
    """Find control sequences: only links of ours may stand in angle brackets."""
    rest = _OWN_LINK.sub("", str(text or ""))
    return [f"a live sequence in {where}: {rest[:80]!r}"] if "<" in rest or ">" in rest else []


def _objects(value: object, kind: str) -> Iterator[Json]:
    if isinstance(value, dict):
        if value.get("type") == kind:
            yield value
        for inner in value.values():
            yield from _objects(inner, kind)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, kind)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name != "type":
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _texts_only(blocks: list[Json]) -> Iterator[str]:
    """Yield all strings but the addresses behind buttons."""
    for block in blocks:
        for button in block.get("elements", ()) if block.get("type") == "actions" else ():
            yield str(button.get("value", "")) + str(button.get("text"))
        if block.get("type") != "actions":
            yield from _strings(block)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
