"""What is wrong with a parameter's value, and how to give it right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import calendar
from bot.cron import Cron, Fault, NotCron
from bot.errors import Correction, Part, UserError, WrongValue
from bot.replies.meant import did_you_mean, mistaken
from bot.replies.wording import clock_time, count, day, listed

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


def not_a_registry(text: str, name: str) -> UserError:
    """Refuse what is no registry of images, nor a part of one."""
    return UserError(
        f"{name} has “{text[:_SHOWN]}”; that is not a registry.",
        "Give a host, with a port or a path where it is needed: registry.example.com:5000, ghcr.io/acme, docker.io.",
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


def not_a_zone(text: str, name: str, nearest: str | None) -> UserError:
    """Refuse what is no time zone, or one without summer time that stands for no place; offer the likeliest."""
    if nearest:
        problem = f"{name}= is “{text[:_SHOWN]}”; that is not a time zone."
        return UserError(problem, did_you_mean(nearest), corrections=(Correction(Part.VALUE, nearest, name),))
    what = f"is “{text[:_SHOWN]}”; that is not a time zone of a place."
    return WrongValue(name, what, "Europe/Berlin", "America/New_York", "UTC")


def no_such_zone(text: str, name: str, whole: str | None) -> UserError:
    """Refuse a value with something in it that is no time zone; `whole`: the value with the likeliest one."""
    problem = f"{name}= has “{text[:_SHOWN]}” as its time zone; there is none of that name."
    if whole is None:
        return UserError(problem, "Name one at the end, for example Europe/Berlin, America/New_York or UTC.")
    return UserError(problem, did_you_mean(whole), corrections=(Correction(Part.VALUE, whole, name),))


def not_a_time_of_day(text: str, name: str) -> WrongValue:
    """Refuse what is no time of day."""
    what = f"is “{text[:_SHOWN]}”; it must be a time of day, from 00:00 to 23:59."
    return WrongValue(name, what, "08:00", "8am", "22:30")


def not_hours(text: str, name: str) -> WrongValue:
    """Refuse what is no part of a day."""
    what = f"is “{text[:_SHOWN]}”; it must be two times of day."
    return WrongValue(name, what, "22:00-07:00", "12:30-13:30")


def no_hours(text: str, name: str) -> WrongValue:
    """Refuse a part of the day that ends when it starts."""
    what = f"is “{text[:_SHOWN]}”; it ends when it starts."
    return WrongValue(name, what, "22:00-07:00")


def not_days(text: str, name: str) -> WrongValue:
    """Refuse what names no days of the week."""
    what = f"is “{text[:_SHOWN]}”; it must be days of the week."
    return WrongValue(name, what, "weekdays", "mon-fri", "sat,sun", "daily")


def not_a_schedule(text: str, name: str) -> WrongValue:
    """Refuse what does not say when something is to be done again and again."""
    what = f"is “{text[:_SHOWN]}”; it must be days and one time, or the five fields of cron."
    return WrongValue(
        name,
        what,
        '"weekdays 02:00"',
        '"Mon,Thu 03:30 Europe/Berlin"',
        '"1st of the month 04:00"',
        '"0 2 * * 1-5"',
    )


def not_cron(error: NotCron, name: str) -> WrongValue:
    """Refuse a line of a crontab, and say which field is wrong."""
    part, of = error.part[:_SHOWN], error.of
    if of is None:
        given = len(part.split())
        what = f"is “{part}”; cron has five fields: minute, hour, day of the month, month, day of the week."
        hint = f"There are {given}; none is for seconds or years." if given > 1 else ""
        return WrongValue(name, what, '"0 2 * * 1-5"', hint=hint)
    why = {
        Fault.RANGE: f"it goes from {of.low} to {of.high}, and a step is 1 or more",
        Fault.ORDER: "a range ends behind where it begins",
        Fault.STEP: f"a step needs a range, for example {part.partition('/')[0]}-{of.high}/{part.rpartition('/')[2]}",
    }.get(error.fault, "it takes numbers, names, lists, ranges and steps, and nothing else")
    what = f"has “{part}” as the {of.name}; {why}."
    return WrongValue(name, what, '"0 2 * * 1-5"')


def too_often(times: Cron, name: str) -> WrongValue:
    """Refuse what would be done more than once an hour."""
    many = len(times.minutes)
    what = f"is “{times.text[:_SHOWN]}”; that is {many} times an hour, and at most one is possible."
    return WrongValue(name, what, '"0 * * * *"', hint="Give one minute.")


def never(times: Cron, name: str) -> WrongValue:
    """Refuse what never comes."""
    what = f"is “{times.text[:_SHOWN]}”; no day of the next eight years is like that."
    return WrongValue(name, what, '"1st of the month 04:00"', '"0 4 28 2 *"')


def not_a_time_to_come(text: str, name: str) -> WrongValue:
    """Refuse what says no time to come: neither a length, nor a day, nor a time that there is."""
    what = f"is “{text[:_SHOWN]}”; it must be how long, a date that exists, a weekday or a time of day."
    return WrongValue(
        name, what, '"3 h"', "2d", "2026-12-03", '"2026-12-03 09:00"', '"Friday 09:00"', "15:00"
    )


def in_the_past(text: str, name: str, meant: datetime, zone: str) -> WrongValue:
    """Refuse a time that is over."""
    what = f"is “{text[:_SHOWN]}”; that is {clock_time(meant, zone)}, which is over."
    return WrongValue(name, what, '"3 h"', "tomorrow", '"Friday 09:00"')


def too_far_away(text: str, name: str, longest: timedelta) -> WrongValue:
    """Refuse a time that is further away than may be asked for."""
    return WrongValue(name, f"is “{text[:_SHOWN]}”; {count(longest.days, 'day')} from now is the most.")


def never_shown(text: str, name: str, shown: datetime, zone: str) -> WrongValue:
    """Refuse a time that clocks leave out."""
    what = (
        f"is “{text[:_SHOWN]}”; {shown:%H:%M} does not exist on {day(shown)} in {zone}, "
        "because the clocks go forward over it."
    )
    later = calendar.local(calendar.instant(shown, zone), zone)
    return WrongValue(name, what, f'"{later:%Y-%m-%d %H:%M}"')


def shown_twice(
    text: str, name: str, shown: datetime, zone: str, both: tuple[datetime, datetime]
) -> WrongValue:
    """Refuse a time that clocks show twice; UTC tells the two apart."""
    what = (
        f"is “{text[:_SHOWN]}”; {shown:%H:%M} exists twice on {day(shown)} in {zone}, "
        "because the clocks go back over it."
    )
    return WrongValue(name, what, *(f'"{at:%Y-%m-%d %H:%M} UTC"' for at in both), hint="Give it in UTC.")


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
