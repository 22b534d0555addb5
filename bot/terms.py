"""The nouns that the users of one platform know: a property or a test, a run or a build."""

from __future__ import annotations

from dataclasses import dataclass


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
    """What one connection's platform is called, and what it calls things. `excused`: of a failure that does not count."""

    platform: str = "The platform"
    run: Noun = Noun("run", "runs")
    check: Noun = Noun("check", "checks")
    launcher: Noun = Noun("launcher", "launchers")
    source: Noun = Noun("source", "sources")
    excused: str = "excused"


PLAIN = Terms()
"""The nouns where a platform has none of its own."""
