"""The nouns that the users of one platform know: a property or a test, a run or a build."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun in the singular and the plural, in lower case."""

    one: str
    many: str

    @property
    def title(self) -> str:
        """The singular as a label: "Build"."""
        return self.one.capitalize()

    @property
    def titles(self) -> str:
        """The plural as a label: "Tests"."""
        return self.many.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one connection's platform is called, and what it calls things. `excused`: of a failure that does not count.

    `run_id`: what the id of a run looks like there. `stop`, `stopping`: what ends a run early.
    """

    platform: str = "The platform"
    run: Noun = Noun("run", "runs")
    check: Noun = Noun("check", "checks")
    launcher: Noun = Noun("launcher", "launchers")
    source: Noun = Noun("source", "sources")
    excused: str = "excused"
    run_id: str = ""
    stop: str = "stop"
    stopping: str = "stopping"

    def named(self, parameter: str) -> str:
        """Return the name that a parameter has by its noun: "branch" for "source", "test_run" for "run".

        No parameter is called by the plain noun of a check: where the platforms differ, its own name stays.
        """
        if parameter == "property" and self.check == PLAIN.check:
            return parameter
        noun: Noun = getattr(self, "check" if parameter == "property" else parameter)
        return noun.one.replace(" ", "_")


PLAIN = Terms()
"""The nouns where a platform has none of its own."""
_PLAIN_NOUN = re.compile(r"\b([Aa] )?(test )?(run|check|launcher|source)(s?)\b")


def shared(terms: Collection[Terms]) -> Terms:
    """Return the nouns that all of some platforms have in common, and plain ones where they differ."""
    values = {field.name: {getattr(each, field.name) for each in terms} for field in fields(Terms)}
    return Terms(**{name: found.pop() for name, found in values.items() if len(found) == 1})


def worded(text: str, terms: Terms) -> str:
    """Return a text of ours that is written with the plain nouns in those of a platform.

    For short texts that were written for this: a plain noun that is meant as a verb would be taken for one.
    """

    def noun(found: re.Match[str]) -> str:
        word: Noun = getattr(terms, found[3])
        one = word.many if found[4] else word.one
        named = one if one.startswith("test ") else f"{found[2] or ''}{one}"
        article = found[1] or ""
        return f"{article[0]}n {named}" if article and named[0] in "aeio" else f"{article}{named}"

    return _PLAIN_NOUN.sub(noun, text)
