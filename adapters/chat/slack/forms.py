"""Form -> modal, and a modal that was sent -> values, with what is wrong at which field; pure.

A field's block is named like its parameter, its element by its kind, so a view that comes back says
all that is needed to read it, even after a restart. Limits: https://docs.slack.dev/reference/views.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapters.chat.payload import Payload
from adapters.chat.slack.markup import Json, plain
from bot.cards import LINES, Field, FieldKind, Form
from bot.commands.fields import Judge
from bot.replies import conversation
from bot.state import Invocation
from bot.suggest import Limits, Suggestion

TITLE = 24
LABEL = 150
HINT = 150
OPTION = 75
OPTION_VALUE = 150
CHOICES = 100
INPUT = 3000
SUGGESTIONS = Limits(count=100, label=OPTION, text=OPTION_VALUE, echo=True)
ASKING = frozenset({FieldKind.LAUNCHER, FieldKind.BRANCH})  # kinds with a select that asks what fits
CALLBACK = "clew_form"
WAITING = "clew_waiting"
WHERE = "clew_where"  # the block that asks for a channel where none is known
YES = "yes"
MARK = (
    ":"  # behind a kind in the name of an element: what follows tells it from the one that stood there before
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a form was opened, and the verb it says. `channel` is "" where no place was known.

    `offered`: the fields that were filled in without anybody giving what with.
    """

    verb: str
    channel: str
    thread: str | None
    offered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form's values by parameter, or what is wrong by block."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    channel: str = ""


def waiting(title: str) -> Json:
    """Build the view that opens at once, while the form is prepared: a trigger lives three seconds."""
    return _view(WAITING, title, [{"type": "section", "text": plain(conversation.PREPARING_FORM, INPUT)}])


def problem(title: str, sentences: tuple[str, ...]) -> Json:
    """Build the view that says why there is no form."""
    return _view(WAITING, title, [{"type": "section", "text": plain(s, INPUT)} for s in sentences if s])


def modal(form: Form, invocation: Invocation, *, channel: str) -> Json:
    """Build the modal of a form; without a channel it asks for one."""
    blocks = [] if channel else [_where()]
    blocks += [_input(field) for field in form.fields]
    return _modal(form, blocks, Origin(verb=form.verb, channel=channel, thread=invocation.place.thread))


def again(form: Form, view: Json, mark: str) -> Json:
    """Build the modal of a form once more, over what a view holds just now.

    Slack keeps what an element holds while its names stay, and then shows nothing else in it. So an element that is to
    hold something else gets a new one: `mark`, which none had before.
    """
    held = given(view)
    there = {str(b.get("block_id")): b for b in Payload(view).listed("blocks")}
    blocks = [_where()] if WHERE in there else []
    for field in form.fields:
        before = Payload(there.get(field.name, {})).text("element", "action_id")
        kept = before.partition(MARK)[0] == field.kind and held.get(field.name, "") == field.value
        name = before if kept else f"{field.kind.value}{MARK}{mark}"
        blocks.append(_input(field, name))
    known = origin(view)
    return _modal(form, blocks, known or Origin(verb=form.verb, channel="", thread=None))


def untouched(view: Json) -> frozenset[str]:
    """Return the fields of a view that nobody has changed, and nobody gave what they hold."""
    known = origin(view)
    offered = known.offered if known else frozenset()
    now = {name: _value(element) for name, _, element in _filled(view)}
    return frozenset(
        name
        for block in Payload(view).listed("blocks")
        if (name := str(block.get("block_id"))) != WHERE
        and (was := _initial(Payload(block))) == now.get(name, was)
        and (not was or name in offered)
    )


def picked(view: Json, block_id: str) -> bool:
    """Whether a choice in that block shapes the rest of a form of ours."""
    blocks = Payload(view).listed("blocks")
    return origin(view) is not None and any(
        block.get("block_id") == block_id and block.get("dispatch_action") is True for block in blocks
    )


def _modal(form: Form, blocks: list[Json], where: Origin) -> Json:
    offered = [field.name for field in form.fields if field.offered]
    meta = {"v": where.verb, "c": where.channel, "t": where.thread, "o": offered}
    view = _view(CALLBACK, form.title, blocks)
    return view | {"submit": plain(form.submit, TITLE), "private_metadata": json.dumps(meta)}


def origin(view: Json) -> Origin | None:
    """Read where a modal came from; None where it is not one of our forms."""
    if view.get("callback_id") != CALLBACK:
        return None
    try:
        meta = json.loads(view.get("private_metadata") or "")
        offered = frozenset(map(str, meta.get("o") or ()))
        return Origin(verb=str(meta["v"]), channel=str(meta["c"]), thread=meta.get("t"), offered=offered)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def sent(view: Json, judge: Judge) -> Sent:
    """Read a modal's values and check what can be checked at once."""
    blocks = {str(block.get("block_id")): block for block in Payload(view).listed("blocks")}
    known = origin(view)
    verb = known.verb if known else ""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, kind, element in _filled(view):
        value, block = _value(element), blocks.get(name, {})
        label = Payload(block).text("label", "text") or name
        missing = conversation.FILL_THIS_IN if block and not block.get("optional") else ""
        wrong = judge(verb, name, kind, value, label)[:INPUT] if value else missing
        if wrong:
            errors[name] = wrong
        elif value:
            values[name] = value
    return Sent(values=values, errors=errors, channel=values.pop(WHERE, ""))


def given(view: Json) -> dict[str, str]:
    """Return what a form holds just now, by parameter: what was filled in, else what it was opened with."""
    shown = ((str(block.get("block_id")), Payload(block)) for block in Payload(view).listed("blocks"))
    before = {name: _initial(block) for name, block in shown}
    now = {name: _value(element) for name, _, element in _filled(view)}
    return {name: value for name, value in {**before, **now}.items() if value}


def options(suggestions: Iterable[Suggestion]) -> Json:
    """Answer a select with what fits."""
    return {"options": [_option(s.text, s.label) for s in suggestions]}


def _view(callback: str, title: str, blocks: list[Json]) -> Json:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE),
        "close": plain("Close", TITLE),
        "blocks": blocks,
    }


def _where() -> Json:
    element = {
        "type": "conversations_select",
        "action_id": "where",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private", "im"], "exclude_bot_users": False},
    }
    return {
        "type": "input",
        "block_id": WHERE,
        "label": plain(conversation.WHERE_TO_ANSWER, LABEL),
        "element": element,
    }


def _input(field: Field, name: str = "") -> Json:
    """Build the block of a field; `name`: of its element, if not its kind alone."""
    block: Json = {
        "type": "input",
        "block_id": field.name,
        "label": plain(field.label, LABEL),
        "element": _ELEMENTS.get(field.kind, _text)(field) | {"action_id": name or field.kind.value},
        "optional": not field.required,
    }
    if field.shapes:
        block["dispatch_action"] = True
    return block | {"hint": plain(field.hint, HINT)} if field.hint else block


def _text(field: Field) -> Json:
    element: Json = {"type": "plain_text_input", "max_length": INPUT}
    if field.kind in LINES:
        element["multiline"] = True
    return element | {"initial_value": field.value[:INPUT]} if field.value else element


def _asking(field: Field) -> Json:
    """Build a select that asks what fits; a value that no option can hold is edited as text."""
    if len(field.value) > OPTION_VALUE:
        return _text(field)
    element: Json = {"type": "external_select", "min_query_length": 0}
    return element | {"initial_option": _option(field.value)} if field.value else element


def _choice(field: Field) -> Json:
    if not field.choices:
        return _text(field)
    element: Json = {"type": "static_select", "options": [_option(c) for c in field.choices[:CHOICES]]}
    return element | {"initial_option": _option(field.value)} if field.value in field.choices else element


def _flag(field: Field) -> Json:
    option = {"text": plain(field.label, OPTION), "value": YES}
    element: Json = {"type": "checkboxes", "options": [option]}
    yes = field.value.lower() in {"true", "yes", "on", "1"}
    return element | {"initial_options": [option]} if yes else element


def _option(value: str, label: str = "") -> Json:
    return {"text": plain(label or value, OPTION), "value": value[:OPTION_VALUE]}


_ELEMENTS: dict[FieldKind, Callable[[Field], Json]] = {
    **dict.fromkeys(ASKING, _asking),
    FieldKind.CHOICE: _choice,
    FieldKind.FLAG: _flag,
}


def _filled(view: Json) -> Iterator[tuple[str, str, Payload]]:
    """Yield each field's name, its kind, and what it holds."""
    fields = Payload(Payload(view).inner("state", "values"))
    for name in fields.body:
        for kind in fields.inner(name):
            yield name, kind.partition(MARK)[0], Payload(fields.inner(name, kind))


def _initial(block: Payload) -> str:
    element = Payload(block.inner("element"))
    return element.text("initial_option", "value") or element.text("initial_value")


def _value(element: Payload) -> str:
    """Return what an element holds as text, "" where it is empty."""
    if several := element.listed("selected_options"):
        return ",".join(str(option.get("value")) for option in several)
    value = element.text("value") or element.text("selected_conversation")
    return element.text("selected_option", "value") or value.strip()
