"""Help, generated from the registry: what can be said, with examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.access import Decision, Denied
from bot.cards import LINES, Button, Card, Command, FieldKind, Item, Line, Reply, Untrusted
from bot.command import Parameter, Preset, Verb
from bot.replies.access import short_reason
from bot.replies.wording import listed
from bot.terms import Terms, worded


def usage(verb: Verb) -> str:
    """Write a verb's grammar on one line: `logs [RUN] [window=SECONDS]`."""
    return " ".join([verb.name, *(_slot(p) for p in verb.parameters)])


def overview(
    verbs: Iterable[Verb], terms: Terms, denied: Mapping[str, Denied], left: tuple[Line, ...]
) -> Reply:
    """List what the person may use here, with what it does, then what they may not, and why; `left`: of quotas."""
    every = [v for v in verbs if not v.hidden]
    shown = [v for v in every if v.name not in denied]
    items = tuple(Item(title=(Untrusted(v.name, code=True), f"  {v.summary}")) for v in shown)
    body: tuple[Line, ...] = (
        (worded("A run can be an id, ", terms), Untrusted("latest", code=True),
         worded(", a launcher's name for its latest run, or what was pasted. In a run's thread you can leave it out.", terms)),
        ("Put a value with spaces in quotes: ", Untrusted('description="retry fix"', code=True), "."),
        ("You use Clew in two chats? ", Untrusted("help link", code=True), " links your accounts."),
    )  # fmt: skip
    names = [v.name for v in shown]
    body += (*left, *_not_here([v for v in every if v.name in denied], denied))
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


def _not_here(verbs: Sequence[Verb], denied: Mapping[str, Denied]) -> Iterator[Line]:
    """Say of verbs that somebody may not use here why not, those of one rule together."""
    for rule in dict.fromkeys(denied[verb.name].rule for verb in verbs):
        names = [verb.name for verb in verbs if denied[verb.name].rule == rule]
        yield (f"Not for you here: {', '.join(names)} ({short_reason(rule)}).",)


def of_verb(
    verb: Verb, decision: Decision | None, presets: Sequence[Preset] = (), left: tuple[Line, ...] = ()
) -> Reply:
    """Explain one verb: grammar, parameters, examples, and whether the person may use it here; None: not known.

    `presets`: those that the person may use with it. `left`: of quotas, today.
    """
    items = tuple(
        Item(title=(Untrusted(p.name, code=True), f"  {_explained(p, verb)}")) for p in verb.parameters
    )
    examples = tuple(Item(title=(Untrusted(e, code=True),), mark="example") for e in verb.examples)
    card = Card(
        title=(Untrusted(verb.name, code=True), f": {verb.summary}"),
        text=(f"{verb.name}: {verb.summary}. Usage: ", Untrusted(usage(verb))),
        body=((Untrusted(usage(verb), code=True),), *left),
        items=(*items, *examples, *map(_preset, presets)),
        footer=(f"Needs the role {verb.role.word}. {_here(verb, decision)}".rstrip(),),
    )
    return Reply(card=card, private=True)


def _preset(preset: Preset) -> Item:
    """Say what a preset launches, what can be given with it, and who else is needed."""
    free = "anything" if preset.free is None else listed(sorted(preset.free)) or "nothing"
    title: Line = (Untrusted(preset.name, code=True), "  launches ", Untrusted(preset.launcher),
                   "; ", Untrusted(free), " can be given with it",
                   f"; somebody else with the role {preset.approve.word} approves it" if preset.approve else "")  # fmt: skip
    return Item(mark="preset", title=title)


def _here(verb: Verb, decision: Decision | None) -> str:
    if decision is None:
        return ""
    if isinstance(decision, Denied):
        but = ", except what only reads" if verb.only_reads else ""
        return f"Not for you here{but}: {short_reason(decision.rule)}."
    return "You can use it here."


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
        kind = FieldKind.TEXT if parameter.kind in {*LINES, FieldKind.IMAGE} else parameter.kind
        shown = f"{parameter.name}={kind.value.upper()}"
    return shown if parameter.required else f"[{shown}]"


def _explained(parameter: Parameter, verb: Verb) -> str:
    others = [f"“{noun}=”" for noun, name in verb.nouns.items() if name == parameter.name]
    also = f" Or {' or '.join(others)}." if others else ""
    example = f" Example: {parameter.example}" if parameter.example else ""
    return f"{parameter.summary}.{also}{example}"
