"""What is said on pages in a browser, beside the labels that stand in their templates."""

from __future__ import annotations

from typing import Final

from bot.replies.wording import count

NOT_THIS_NAME: Final = (
    "Clew does not answer to that name. Open it as localhost, or by the name that its settings have."
)
HOW_IN: Final = "Give the token to read this page."
NOT_THE_RIGHT_ONE: Final = "This is not the token."
SESSION_OVER: Final = "You are signed out: 12 hours are over, or the token was changed. Give the token."
NO_USER: Final = "The proxy before this page named no user. Sign in there."
NO_PROXY: Final = "This page is read through its proxy alone. Open it by the address that the proxy has."
NO_WAY_IN: Final = "The token was taken away while others can reach this page, so nobody can read it. Set CLEW_PAGE_TOKEN, or restart Clew."
SEVERAL_USERS: Final = "The request names several users, so nobody knows which one is meant. Check the proxy."
NOT_READ: Final = "What was sent could not be read. Nothing was done."
NO_SUCH_PAGE: Final = "There is no such page."
TRY_LATER: Final = "Clew goes on as far as it can and tries again; load this page again in a minute."


def too_slow(seconds: float) -> str:
    """Say that the database does not answer."""
    return f"The database does not answer within {seconds:g} s."


TRAIL_NOT_CHECKED: Final = (
    "This program has not checked yet whether the trail was changed: it does so at its start and once a day."
)
MASKED: Final = "set, masked"


def trail_holds(at: str) -> str:
    """Say that nobody changed the audit trail, and how far that is known."""
    return f"Checked {at}: no line was changed or removed. Lines since then are checked within a day."


def never_polled(since: str) -> str:
    """Say that there was no good poll since the start."""
    return f"never, in {since} since the start"


def program(host: str, process: int, *, here: bool) -> str:
    """Name a program that runs on the database."""
    return f"{host}, process {process}{' (this one)' if here else ''}"


def polls_every(seconds: float) -> str:
    """Say how often platforms are polled."""
    return f"every {seconds:g} s"


def way_in(*, token: bool, header: str | None) -> str:
    """Say how one gets to see the operator's page."""
    by_header = f"whoever the proxy names in {header}" if header else ""
    by_token = "whoever has CLEW_PAGE_TOKEN" if token else ""
    return " or ".join(filter(None, (by_token, by_header))) or "whoever is on this machine"


WITHOUT_DATABASE: Final = "What is shown here is what this program knows without the database."
AS_IT_WAS: Final = "This is how it was when it could be read last:"
WHAT_IT_IS: Final = "It is what CLEW_PAGE_TOKEN is set to where Clew runs. You stay signed in for 12 hours."


def not_posted(messages: int) -> str:
    """Say how many messages need an operator."""
    return f"{count(messages, 'message')} cannot be posted"


def not_known_whether_posted(messages: int) -> str:
    """Say of how many messages nobody knows whether they arrived."""
    return f"{count(messages, 'message')} may or may not have arrived"


def need_a_person(notices: int) -> tuple[str, ...]:
    """Count what an operator or a channel was notified of."""
    return (f"{count(notices, 'notice')} not over yet",) if notices else ()


def used_of(used: int, limit: int | None) -> str:
    """Say how much of a limit is used."""
    return f"{used:,}" if limit is None else f"{used:,} of {limit:,}"
