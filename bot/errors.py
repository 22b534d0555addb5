"""Every error of the core, in one tree; the type says what to do.

ClewError
├── UserError            the person can fix it; its sentences are shown as they are
│   ├── WrongValue       a parameter's value cannot be read
│   └── Forbidden        a rule of the settings does not allow it to this person, or to anybody
├── ServiceError         a test platform did not do what was asked
│   ├── Unreachable      no answer came; safe to try a read again later
│   ├── AccessRefused    401 or 403: the key is wrong or lacks the right; stop asking
│   ├── RateLimited      asked too often; wait `retry_after` seconds
│   ├── NotFound         there is no such run, launcher or moment
│   ├── NotAvailable     the run exists, what was asked of it does not
│   ├── Rejected         any other 4xx: the request was wrong
│   ├── ServiceFailed    5xx: the platform failed
│   └── UnexpectedAnswer the answer was not understood
│       ├── ListCut      a list could not be read to its end
│       └── TooLarge     the answer is larger than what is read
└── StoreError           the database refused or could not be reached
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClewError(Exception):
    """The root; `str()` is a plain sentence without secrets."""


class Part(StrEnum):
    """Which part of a command a correction changes."""

    VERB = "verb"
    NAME = "name"  # of a parameter
    VALUE = "value"  # of a parameter
    FLAG = "flag"  # a parameter that says yes; `to` names what that does


@dataclass(frozen=True, slots=True)
class Correction:
    """One change that makes a command right: the verb, the name of the parameter `name`, or its value, becomes `to`."""

    part: Part
    to: str
    name: str = ""


class UserError(ClewError):
    """Something a person can put right: what is wrong, how to give it right, and the changes that would do.

    All may quote what the person gave; they are shown as text from outside, never as markup.
    """

    def __init__(self, problem: str, hint: str = "", *, corrections: tuple[Correction, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.corrections = corrections


class WrongValue(UserError):
    """A parameter's value that cannot be read: said of the name where it was typed, of the label where it was filled in.

    `what` goes on behind either ("is “x”; it must be a whole number."); `examples` are values.
    """

    def __init__(self, name: str, what: str, *examples: str, hint: str = "") -> None:
        shown = ", ".join(f"{name}={example}" for example in examples)
        super().__init__(f"{name}= {what}", f"{hint} {_examples(shown, examples)}".strip())
        self.name = name
        self._parts = (what, *examples)
        self._hint = hint
        self._at_field = f"{what} {hint} {_examples(', '.join(examples), examples)}"

    def of(self, name: str) -> WrongValue:
        """Say the same of another name of the parameter."""
        return WrongValue(name, *self._parts, hint=self._hint)

    def with_example(self, example: str) -> WrongValue:
        """Say the same with one example more, of what the parameter takes besides."""
        return WrongValue(self.name, *self._parts, example, hint=self._hint)

    def as_setting(self) -> tuple[str, str]:
        """Return what is wrong and what helps where the value is one of the settings file."""
        what, *examples = self._parts
        shown = ", ".join(f'{self.name} = "{example.strip(chr(34))}"' for example in examples)
        return f"It {what}", f"{self._hint} {_examples(shown, tuple(examples))}".strip()

    def at_field(self, label: str) -> str:
        """Return the sentence for a form's field."""
        return " ".join(f"{label} {self._at_field}".split())


class Forbidden(UserError):
    """What a rule of the settings does not allow: answered as a refusal that names the rule and whom to ask, and audited.

    `rule`: its name as in the settings; `about`: what it does not allow, for the audit trail, without a person's address.
    """

    def __init__(self, problem: str, hint: str, *, rule: str, about: str = "") -> None:
        super().__init__(problem, hint)
        self.rule = rule
        self.about = about

    @property
    def noted(self) -> str:
        """What the audit trail says of it."""
        return f"{self.rule}: {self.about}" if self.about else self.rule


def _examples(shown: str, examples: tuple[str, ...]) -> str:
    return f"{'Example' if len(examples) == 1 else 'Examples'}: {shown}" if examples else ""


class ServiceError(ClewError):
    """A test platform did not do what was asked; `detail` is the platform's own cleaned text."""

    def __init__(self, problem: str, *, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


class Unreachable(ServiceError):
    """No usable connection, or no answer before the deadline."""


class AccessRefused(ServiceError):
    """The key was not accepted, or lacks the right."""


class RateLimited(ServiceError):
    """Too many requests; `retry_after` in seconds, None where the platform did not say."""

    def __init__(self, problem: str, *, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(problem, detail=detail)
        self.retry_after = retry_after


class NotFound(ServiceError):
    """There is no such thing; `what` is "run", "launcher", "moment" or "page"."""

    def __init__(self, problem: str, *, what: str, detail: str = "") -> None:
        super().__init__(problem, detail=detail)
        self.what = what


class NotAvailable(ServiceError):
    """The run exists, but not what was asked of it: too early, too old, or never written."""


class Rejected(ServiceError):
    """The platform says that the request was wrong."""


class ServiceFailed(ServiceError):
    """The platform failed."""


class UnexpectedAnswer(ServiceError):
    """The answer was not understood: another page, or a shape that no document describes."""


class ListCut(UnexpectedAnswer):
    """A list repeats itself or does not end; what was read of it stands, and nobody knows what comes after."""


class TooLarge(UnexpectedAnswer):
    """The answer is larger than any that is read."""


class StoreError(ClewError):
    """The database refused or could not be reached; nothing was half written."""
