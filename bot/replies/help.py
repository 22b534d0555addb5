"""Help, generated from the registry: what can be said, with examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.cards import Button, Card, Command, FieldKind, Item, Line, Reply, Untrusted
from bot.command import Parameter, Verb
from bot.terms import Terms, worded


def usage(verb: Verb) -> str:
    """Write a verb's grammar on one line: `logs [RUN] [window=SECONDS]`."""
    return " ".join([verb.name, *(_slot(p) for p in verb.parameters)])


def overview(verbs: Iterable[Verb], terms: Terms) -> Reply:
    """List every verb with what it does."""
    shown = [v for v in verbs if not v.hidden]
    items = tuple(Item(title=(Untrusted(v.name, code=True), f"  {v.summary}")) for v in shown)
    body: tuple[Line, ...] = (
        (worded("A run can be an id, ", terms), Untrusted("latest", code=True),
         worded(", a launcher's name for its latest run, or what was pasted. In a run's thread you can leave it out.", terms)),
        ("Put a value with spaces in quotes: ", Untrusted('description="retry fix"', code=True), "."),
    )  # fmt: skip
    names = [v.name for v in shown]
    card = Card(
        title=("What Clew can do",),
        text=(f"Commands: {', '.join(names)}. Use “help COMMAND” for details.",),
        body=body,
        items=items,
        buttons=tuple(
            Button(label=f"Help: {n}", command=Command("help", {"verb": n}))
            for n in ("launch", "logs", "watch")
            if n in names
        ),
        footer=("“help COMMAND” shows how a command is used, with examples.",),
    )
    return Reply(card=card, private=True)


def of_verb(verb: Verb) -> Reply:
    """Explain one verb: grammar, parameters, examples."""
    items = tuple(
        Item(title=(Untrusted(p.name, code=True), f"  {_explained(p, verb)}")) for p in verb.parameters
    )
    examples = tuple(Item(title=(Untrusted(e, code=True),), mark="example") for e in verb.examples)
    card = Card(
        title=(Untrusted(verb.name, code=True), f": {verb.summary}"),
        text=(f"{verb.name}: {verb.summary}. Usage: ", Untrusted(usage(verb))),
        body=((Untrusted(usage(verb), code=True),),),
        items=items + examples,
        footer=(f"Needs the role {verb.role.word}.",),
    )
    return Reply(card=card, private=True)


def version(own: str, releases: Mapping[str, str | None]) -> Reply:
    """Tell Clew's version, and the release of each platform; None: it does not answer."""
    lines: list[Line] = [(f"Clew {own or '(unknown version)'}",)]
    for connection, release in releases.items():
        said = "does not answer" if release is None else f"release {release or 'not named'}"
        lines.append((Untrusted(connection), ": ", Untrusted(said)))
    text = tuple(span for line in lines for span in (*line, ". "))
    return Reply(card=Card(title=("Version",), text=text, body=tuple(lines)), private=True)


def _slot(parameter: Parameter) -> str:
    choices = ("yes", "no") if parameter.kind is FieldKind.FLAG else parameter.choices
    if choices and not parameter.positional:
        shown = f"{parameter.name}={'|'.join(choices)}"
    elif parameter.positional:
        shown = parameter.name.upper()
    else:
        kind = FieldKind.TEXT if parameter.kind is FieldKind.LONG_TEXT else parameter.kind
        shown = f"{parameter.name}={kind.value.upper()}"
    return shown if parameter.required else f"[{shown}]"


def _explained(parameter: Parameter, verb: Verb) -> str:
    others = [f"“{noun}=”" for noun, name in verb.nouns.items() if name == parameter.name]
    also = f" Or {' or '.join(others)}." if others else ""
    example = f" Example: {parameter.example}" if parameter.example else ""
    return f"{parameter.summary}.{also}{example}"
