"""Forms that are open on the page, and what was filled in, with what is wrong at which field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from adapters.chat.browser.events import Where
from bot.cache import Bounded
from bot.cards import Field, FieldKind, Form
from bot.commands.fields import Judge
from bot.model import NOTHING
from bot.replies import conversation

MOST = 50  # forms that are open at once, in all tabs
YES = "yes"
TRUE = frozenset({"true", "yes", "on", "1"})

# What an input is, by what its field takes; any other is a line of text.
SHAPES: Mapping[FieldKind, str] = MappingProxyType({
    FieldKind.FLAG: "flag",
    FieldKind.LONG_TEXT: "area",
    FieldKind.MINUTES: "number",
    FieldKind.SECONDS: "number",
    FieldKind.COUNT: "number",
})  # fmt: skip
SUGGESTED = frozenset(
    {FieldKind.LAUNCHER, FieldKind.BRANCH, FieldKind.RUN, FieldKind.PROPERTY, FieldKind.MOMENT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A field as it is shown. `shape`: "line", "number", "area", "flag" or "choice"; `suggested`: the page asks what fits."""

    field: Field
    value: str
    problem: str = ""

    @property
    def shape(self) -> str:
        """What it is."""
        return "choice" if self._chosen else SHAPES.get(self.field.kind, "line")

    @property
    def on(self) -> bool:
        """Whether a flag is set."""
        return self.value.lower() in TRUE

    @property
    def suggested(self) -> bool:
        """Whether there is more to choose from than stands in it."""
        return self.field.kind in SUGGESTED

    @property
    def _chosen(self) -> bool:
        return self.field.kind is FieldKind.CHOICE and bool(self.field.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A form that is open. `values`: what it holds where that is not what it was opened with."""

    name: str
    form: Form
    where: Where
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    problems: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Its fields."""
        return tuple(
            Input(field=f, value=self.values.get(f.name, f.value), problem=self.problems.get(f.name, ""))
            for f in self.form.fields
        )

    def filled(self, given: Mapping[str, str]) -> Opened:
        """Return it with what a page sent; what no field of it is called is left out."""
        return replace(self, values={f.name: given.get(f.name, "").strip() for f in self.form.fields})

    def judged(self, judge: Judge) -> Opened:
        """Return it with what is wrong at its fields."""
        wrong = {one.field.name: said for one in self.inputs if (said := self._problem(one, judge))}
        return replace(self, problems=wrong)

    def shaped(self, form: Form) -> Opened:
        """Return it as another form over what it holds."""
        return replace(self, form=form, values=NOTHING, problems=NOTHING)

    def field(self, name: str) -> Field | None:
        """Return a field."""
        return next((f for f in self.form.fields if f.name == name), None)

    @property
    def sent(self) -> dict[str, str]:
        """What is given with it."""
        return {name: value for name, value in self.values.items() if value}

    @property
    def untouched(self) -> frozenset[str]:
        """The fields that nobody has changed, and nobody gave what they hold."""
        return frozenset(
            one.field.name
            for one in self.inputs
            if one.value == one.field.value and (not one.value or one.field.offered)
        )

    def _problem(self, one: Input, judge: Judge) -> str:
        if not one.value:
            return conversation.FILL_THIS_IN if one.field.required else ""
        return judge(self.form.verb, one.field.name, one.field.kind, one.value, one.field.label)


class Forms:
    """The forms that are open; the oldest is forgotten where there are too many."""

    def __init__(self, new_key: Callable[[], str]) -> None:
        self._open: Bounded[str, Opened] = Bounded(MOST)
        self._new_key = new_key

    def open(self, form: Form, where: Where) -> Opened:
        """Open a form."""
        name = self._new_key()
        return self.put(Opened(name=name, form=form, where=where))

    def put(self, opened: Opened) -> Opened:
        """Keep a form as it is now."""
        return self._open.put(opened.name, opened)

    def get(self, name: str) -> Opened | None:
        """Return a form that is open."""
        return self._open.get(name)
