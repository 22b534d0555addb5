"""Parameters and form fields that several verbs share, so that they read and behave the same everywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bot import command, grammar
from bot.cards import FROM, Field, FieldKind
from bot.command import Asked, Parameter
from bot.platform import Platform
from bot.replies import commands
from bot.terms import Terms

RUN = Parameter(
    name="run", summary="The run", kind=FieldKind.RUN, positional=True, example="latest", own_noun=True
)
MOMENT = Parameter(
    name="moment",
    summary="The moment, pasted from the report; without it, the first failing check's",
    kind=FieldKind.MOMENT,
    example="-9067336385060865277,45.334635781589895",
)
PROPERTY = Parameter(
    name="property",
    summary="The failing check that is meant, by name or number",
    kind=FieldKind.PROPERTY,
    example="property=2",
    own_noun=True,
)
FILE = Parameter(
    name=command.FILE,
    summary="A test report (junittests.xml) to read instead of a run; attach it to the message",
    kind=FieldKind.FILE,
)
MOST_ENTRIES = 100_000


def _entry(text: str, name: str) -> int:
    return grammar.whole_number(text, name, MOST_ENTRIES)


BEGIN = Parameter(
    name=FROM,
    summary="The entry that the page begins with",
    kind=FieldKind.COUNT,
    example="from=11",
    check=_entry,
)
CONNECTION = Parameter(name="connection", summary="The connection, if there are several", kind=FieldKind.TEXT)


def check_taken(parameters: Iterable[Parameter], asked: Asked, platforms: Collection[Platform]) -> None:
    """Refuse what was given by name and none of the platforms that are meant has a use for. Raises `UserError`."""
    for parameter in parameters:
        if asked.value(parameter.name) and not parameter.taken_by(platforms):
            raise commands.not_taken(
                asked.command.as_typed(parameter.name), [platform.connection for platform in platforms]
            )


def first_of(asked: Asked, entries: int) -> int:
    """Return the number of the entry that a page of a list of so many begins with. Raises `UserError`."""
    begin = asked.value(FROM)
    return grammar.whole_number(begin, FROM, entries) if begin and entries else 1


def run_field(asked: Asked) -> Field:
    """Ask for a run, prefilled with what was said, pasted, or what the thread speaks of."""
    pasted = asked.command.pasted
    said = asked.value("run", 0) or (pasted.run_id if pasted else None)
    thread = asked.context.run.text if asked.context.run else ""
    return Field(name="run", label="Run", kind=FieldKind.RUN, value=said or thread, hint="an id, or latest")


def check_field(asked: Asked, terms: Terms) -> Field:
    """Ask for a check of the run, filled in with what was said, or what the thread speaks of."""
    said = asked.value("property") or asked.context.property_name or ""
    return Field(name="property", label=terms.check.title, kind=FieldKind.TEXT, required=True, value=said,
                 hint="its name, or its number in “failing”")  # fmt: skip


def moment_field(asked: Asked) -> Field:
    """Ask for a moment, prefilled with the one that was pasted or that the thread speaks of."""
    pasted = asked.command.pasted
    moment = (pasted.moment if pasted else None) or asked.context.moment
    return Field(
        name="moment",
        label="Moment",
        kind=FieldKind.MOMENT,
        value=moment.text if moment else "",
        hint="paste the copy-moment text; empty: the first failing property",
    )
