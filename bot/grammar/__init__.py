"""How people write commands: words, `name=value`, quotes; and the values that parameters take."""

from bot.grammar.command_text import (
    first_verb,
    is_plain,
    named,
    of_arguments,
    one_word,
    quoted,
    split,
    written,
)
from bot.grammar.lists import image, images, recipients, registry, repository
from bot.grammar.names import by_one_name, flag, is_launcher, launcher, run_id
from bot.grammar.quantities import (
    MOST_MINUTES,
    MOST_VIRTUAL_SECONDS,
    length,
    minutes,
    virtual_seconds,
    whole_number,
)
from bot.grammar.schedules import schedule
from bot.grammar.texts import harmless, plain_text
from bot.grammar.times import hours, since, time_of_day, until, weekdays, zone

__all__ = [
    "MOST_MINUTES",
    "MOST_VIRTUAL_SECONDS",
    "by_one_name",
    "first_verb",
    "flag",
    "harmless",
    "hours",
    "image",
    "images",
    "is_launcher",
    "is_plain",
    "launcher",
    "length",
    "minutes",
    "named",
    "of_arguments",
    "one_word",
    "plain_text",
    "quoted",
    "recipients",
    "registry",
    "repository",
    "run_id",
    "schedule",
    "since",
    "split",
    "time_of_day",
    "until",
    "virtual_seconds",
    "weekdays",
    "whole_number",
    "written",
    "zone",
]
