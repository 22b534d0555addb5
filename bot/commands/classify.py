"""Say what a failure is: its kind, the defect it belongs to, a note.

classify [RUN] test=NAME|NUMBER KIND [defect=KEY URL] [note=TEXT] [connection=NAME]
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from bot import reading
from bot.access import Role
from bot.cards import Field, FieldKind, Form, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.choices import choices_of, chosen, spelled, with_choices
from bot.commands.parameters import CONNECTION, PROPERTY, RUN, check_field, run_field
from bot.parsed import ParsedCommand
from bot.platform import CLASSIFIES, Classifies, Platform
from bot.replies import classifying as replies
from bot.replies import finding
from bot.replies.forms import TITLES, asking
from bot.targets.moment import choose_property
from bot.targets.run import analysis_for, platform_of, require
from bot.triage import Classification

LONGEST_NOTE = 1000  # characters
LONGEST_DEFECT = 60
_WEB = ("http://", "https://")


async def handle(asked: Asked, services: Services) -> Reply:
    """Keep it on the platform, once; what it took of it is said and noted."""
    found = await analysis_for(asked, services, ended=True, depth=1)
    classifies = require(found.platform, CLASSIFIES, services)
    of_thread = asked.context.property_name if found.run.ref == asked.context.run else None
    name = asked.value("property") or of_thread
    if name is None:
        return asking(finding.which_check(found.terms), await form(asked, services))
    check = choose_property(found, name)
    if check.ref is None:
        raise replies.no_result_id(check.name, found.terms)
    if not any(asked.value(part) for part in ("kind", "defect", "url", "note")):
        return asking(replies.nothing_said(classifies.kinds), await form(asked, services))
    wanted = _wanted(asked, classifies, found.run.ref.run_id, check.name, check.ref)
    taken = await classifies.classify(wanted)
    who, where = asked.invocation.actor, asked.invocation.place
    kept = {"kind": wanted.kind, "defect": wanted.defect_key, "note": "a note" if wanted.note else ""}
    said = ", ".join(kept[part] for part in taken.taken if kept.get(part))
    await services.note(who, where, "classify", "taken", f"{found.run.ref.text} {check.name}: {said}")
    return replies.classified(wanted, taken, found, check, who.name)


def _wanted(asked: Asked, classifies: Classifies, run_id: str, check: str, ref: str) -> Classification:
    kind, note = asked.value("kind"), " ".join((asked.value("note") or "").split())
    key, url = _defect(asked)
    if len(note) > LONGEST_NOTE:
        raise replies.note_too_long(LONGEST_NOTE)
    by = asked.invocation.actor.name
    signed = f"{note} ({by}, through Clew)" if note and by else f"{note} (through Clew)" if note else ""
    return Classification(
        run_id=run_id,
        check=check,
        ref=ref,
        kind=chosen(kind, "kind", classifies.kinds) if kind else "",
        defect_key=key,
        defect_url=url,
        note=signed,
    )


def _defect(asked: Asked) -> tuple[str, str]:
    """Return the key and the address of a defect, given apart or together. Raises `UserError` where one is missing."""
    words = (asked.value("defect") or "").split()
    links = [word for word in words if word.startswith(_WEB)]
    keys = [word for word in words if word not in links]
    url = asked.value("url") or next(iter(links), "")
    key = " ".join(keys)
    if not key and not url:
        return "", ""
    if not key or not url.startswith(_WEB) or len(links) > 1 or len(key) > LONGEST_DEFECT:
        raise replies.whole_defect()
    return key, url


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, filled in with what the thread, the button or the words already say."""
    platform = await platform_of(asked, services)
    classifies = require(platform, CLASSIFIES, services)
    given = asked.value
    fields = (
        run_field(asked),
        check_field(asked, platform.terms),
        Field(name="kind", label="Kind", kind=FieldKind.CHOICE, choices=classifies.kinds, value=given("kind") or ""),
        Field(name="defect", label="Defect", kind=FieldKind.TEXT, value=given("defect") or "",
              hint="its key and its address, with a space in between"),
        Field(name="note", label="Note", kind=FieldKind.LONG_TEXT, value=given("note") or ""),
    )  # fmt: skip
    return Form(verb="classify", title=TITLES["classify"], submit="Classify", fields=fields)


def _reread(parsed: ParsedCommand, kinds: tuple[str, ...]) -> ParsedCommand:
    """Read a bare kind and a bare address as what they are: `classify property=1 product_bug defect=A-1 https://…`."""
    named, taken = dict(parsed.named), []
    for word in parsed.positional:
        kind = spelled(word, kinds)
        if kind is not None and "kind" not in named:
            named["kind"] = kind
            taken.append(word)
        elif word.startswith(_WEB) and "url" not in named:
            named["url"] = word
            taken.append(word)
    return replace(reading.without(parsed, taken), named=named) if taken else parsed


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Return the verb with the kinds of these platforms."""
    kinds = choices_of(part.kinds for p in platforms if (part := p.classifies))
    return replace(with_choices(verb, "kind", kinds), reread=partial(_reread, kinds=kinds))


VERB = Verb(
    name="classify",
    summary="say what a failure is: its kind, its defect, a note",
    handle=handle,
    needs=(CLASSIFIES,),
    parameters=(
        RUN,
        PROPERTY,
        Parameter(name="kind", summary="What kind of failure it is", kind=FieldKind.CHOICE, example="kind=product_bug"),
        Parameter(name="defect", summary="The defect's key and its address", kind=FieldKind.TEXT,
                  example='defect="AUTH-421 https://jira.example.com/browse/AUTH-421"'),
        Parameter(name="url", summary="The defect's address, where defect= has only its key", kind=FieldKind.TEXT),
        Parameter(name="note", summary="A note, signed with your name", kind=FieldKind.LONG_TEXT,
                  example='note="seen since the rollout"'),
        CONNECTION,
    ),
    examples=("classify property=1 product_bug", 'classify property=1 infra note="disk full"'),
    role=Role.DEBUG,
    changes=True,
    form=form,
    adapt=_adapted,
)  # fmt: skip
