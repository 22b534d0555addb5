"""What is wrong with a parameter's value, and how to give it right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.errors import UserError, WrongValue
from bot.replies.meant import mistaken
from bot.replies.wording import listed

_SHOWN = 60  # characters of a value that a sentence quotes


def not_an_image(text: str, name: str) -> WrongValue:
    """Refuse an image without a tag or a digest."""
    what = f"has “{text[:_SHOWN]}”; that is not an image with a tag or a digest."
    return WrongValue(name, what, "app:1.4", "registry.example.com/team/app@sha256:… (64 digits)")


def not_an_address(text: str, name: str) -> WrongValue:
    """Refuse what is no mail address."""
    what = f"has “{text[:_SHOWN]}”; that is not a mail address."
    return WrongValue(name, what, "ann@example.com;bo@example.com")


def wrong_number_of_entries(number: int, most: int, name: str) -> WrongValue:
    """Refuse a list that is empty or too long."""
    what = f"has {number} entries; it must have 1 to {most}."
    return WrongValue(name, what, hint="Separate them with “;”.")


def mail_stays_inside(address: str, domains: Collection[str]) -> WrongValue:
    """Refuse an address that mail may not go to."""
    if domains:
        return WrongValue(
            "recipients",
            f"has “{address[:_SHOWN]}”; mail may only go to {', '.join(sorted(domains))}.",
            hint="Leave that address out, or ask whoever runs Clew to add its domain to recipient_domains.",
        )
    return WrongValue(
        "recipients",
        f"has “{address[:_SHOWN]}”; no mail domains are set, so mail may only go to the requester.",
        hint="Leave that address out, or ask whoever runs Clew to set recipient_domains in clew.toml.",
    )


def wrong_length(most: int, name: str) -> WrongValue:
    """Refuse an empty or overlong launcher's name."""
    return WrongValue(name, f"must be 1 to {most} characters long.", "basic_test")


def not_a_launcher(text: str, name: str) -> WrongValue:
    """Refuse a launcher's name that could bend an address."""
    what = f"is “{text[:_SHOWN]}”; that is not the name of a launcher."
    return WrongValue(
        name, what, "basic_test", hint="Names contain no / \\ .. ? # % and no invisible characters."
    )


def not_a_commit(text: str, name: str) -> WrongValue:
    """Refuse what cannot be a commit."""
    what = f"is “{text[:_SHOWN]}”; a commit has 4 to 64 hexadecimal digits."
    return WrongValue(name, what, "a1b2c3d4")


def not_yes_or_no(text: str, name: str) -> WrongValue:
    """Refuse what is neither yes nor no."""
    return WrongValue(name, f"is “{text[:_SHOWN]}”; it must be yes or no.", "yes")


def not_a_duration(text: str, name: str) -> WrongValue:
    """Refuse what is no length of time."""
    what = f"is “{text[:_SHOWN]}”; it must be a length of time in seconds, minutes or hours."
    return WrongValue(name, what, "30", "0.5", "1h30m", "10s")


def not_virtual_seconds(text: str, name: str) -> WrongValue:
    """Refuse what is no length of virtual time."""
    what = f"is “{text[:_SHOWN]}”; it must be a number of virtual seconds."
    return WrongValue(name, what, "10", "0.5", "2m")


def not_a_whole_number(text: str, name: str, most: int) -> WrongValue:
    """Refuse what is no count that can be had; the example is one that can."""
    what = f"is “{text[:_SHOWN]}”; it must be a whole number from 1 to {most:,}."
    return WrongValue(name, what, f"{min(20, most)}")


def out_of_range(text: str, name: str, most: int, unit: str) -> WrongValue:
    """Refuse a length of time that is 0 or too long."""
    return WrongValue(name, f"is “{text[:_SHOWN]}”; it must be above 0 and at most {most:,} {unit}.")


def not_a_time(text: str, name: str) -> WrongValue:
    """Refuse what says no time."""
    what = f"is “{text[:_SHOWN]}”; it must be how long ago, or a date, in UTC."
    return WrongValue(name, what, "24h", "2d", "yesterday", "2026-11-28", '"2026-11-28 14:30"')


def in_the_future(text: str, name: str) -> WrongValue:
    """Refuse a time that is still to come."""
    return WrongValue(name, f"is “{text[:_SHOWN]}”; that is in the future.", "24h")


def too_long(length: int, most: int, name: str) -> WrongValue:
    """Refuse a text with too many characters."""
    return WrongValue(name, f"has {length:,} characters; {most:,} is the most.")


def invisible_characters(name: str) -> WrongValue:
    """Refuse a text with characters that nobody sees."""
    return WrongValue(name, "contains invisible characters.", hint="Type it again instead of pasting it.")


def not_an_id(text: str, name: str, like: str = "") -> UserError:
    """Refuse what is no run id and no session id; `like`: what one looks like."""
    example = f", like {like}" if like else ""
    return UserError(
        f"{name}: “{text[:_SHOWN]}” is not a valid id.",
        f"Ids contain only letters, digits, “-” and “_”{example}.",
    )


def not_a_choice(given: str, name: str, words: Sequence[str]) -> UserError:
    """Refuse a word that is none of those there are."""
    problem = f"{name}= is “{given[:_SHOWN]}”; it must be one of {listed([*words])}."
    return mistaken(problem, given, words, "", name=name)
