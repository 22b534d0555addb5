"""What the bot says of accounts in several chats that are one person's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.cards import Button, Card, Command, Line, Reply, Tone, Untrusted
from bot.errors import UserError
from bot.replies.wording import duration

_WHAT = "Properties that you own in one chat are then yours in the other. It gives you no role there."


def code(shown: str, others: Sequence[tuple[str, str]], lives: timedelta) -> Reply:
    """Show a code, and which accounts are linked already, by id and name."""
    half = len(shown) // 2
    typed = f"help link {shown[:half]}-{shown[half:]}"
    how: Line = ("In your other chat, give Clew the command ", Untrusted(typed, code=True),
                 f" within {duration(lives)}. The code works once.")  # fmt: skip
    known = (_known(others),) if others else ()
    card = Card(
        title=("Link your accounts",),
        text=how,
        body=(how, (_WHAT,), ("Do not type a code that somebody else gave you.",), *known),
        buttons=(_end(),) if others else (),
    )
    return Reply(card=card, private=True)


def linked(other: str, name: str) -> Reply:
    """Confirm a link, with whom: whoever typed a stranger's code sees it now."""
    who = _account(other, name)
    told: Line = ("This account and ", *who, " are one person now.")
    card = Card(
        title=("Accounts linked",),
        text=told,
        tone=Tone.GOOD,
        body=(told, (_WHAT,), ("If that is not you, unlink it.",)),
        buttons=(_end(),),
    )
    return Reply(card=card, private=True)


def unlinked(*, in_settings: bool) -> Reply:
    """Confirm that an account stands for itself again, as far as that can be said in a chat."""
    told = "This account is no longer linked by a code."
    rest = " The settings file still links it: see [people] there." if in_settings else ""
    line: Line = (told + rest,)
    return Reply(card=Card(title=("Accounts unlinked",), text=line, body=(line,)), private=True)


def no_code(said: str) -> UserError:
    """Answer what is no code."""
    return UserError(
        f"“{said[:40]}” is not a code.",
        "Use “help link” in your other chat, and type the code from there here.",
    )


def unknown_code() -> UserError:
    """Answer a code that links nothing, without a word on why: whoever guesses learns nothing."""
    return UserError(
        "This code is wrong, used, too old, or from this same account.",
        "“help link” in your other chat shows a new one.",
    )


def not_linked() -> UserError:
    """Answer whoever ends a link that there is not."""
    return UserError(
        "This account is not linked by a code.", "Links of the settings file end there, under [people]."
    )


def _known(others: Sequence[tuple[str, str]]) -> Line:
    parts: list[Line] = [_account(other, name) for other, name in others]
    listed = [span for number, part in enumerate(parts) for span in ((", ", *part) if number else part)]
    return ("Linked with ", *listed, ".")


def _account(actor: str, name: str) -> Line:
    if not name:
        return (Untrusted(actor),)
    return (Untrusted(name), " (", Untrusted(actor), ")")


def _end() -> Button:
    return Button(label="Unlink", command=Command("link", {"code": "off"}))
