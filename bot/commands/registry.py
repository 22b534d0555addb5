"""Every verb, in the order that help shows them; adding one means one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from bot import grammar, reading
from bot.cards import Command
from bot.command import Verb

FILES = (
    "bot.commands.launch",
    "bot.commands.status",
    "bot.commands.failing",
    "bot.commands.history",
    "bot.commands.mark",
    "bot.commands.logs",
    "bot.commands.debug",
    "bot.commands.ask",
    "bot.commands.classify",
    "bot.commands.quarantine",
    "bot.commands.flaky",
    "bot.commands.readiness",
    "bot.commands.clusters",
    "bot.commands.rerun",
    "bot.commands.cancel",
    "bot.commands.report",
    "bot.commands.find",
    "bot.commands.publish",
    "bot.commands.watch",
    "bot.commands.unwatch",
    "bot.commands.watching",
    "bot.commands.audit",
    "bot.commands.link",
    "bot.commands.help",
    "bot.commands.version",
    "bot.actions.confirm",
    "bot.actions.approve",
    "bot.commands.again",
)


def _verbs(file: str) -> tuple[Verb, ...]:
    """Return what a file offers: its `VERB`, or its `VERBS` where it has several."""
    module = import_module(file)
    found: tuple[Verb, ...] = module.VERBS if hasattr(module, "VERBS") else (module.VERB,)
    return found


VERBS: Mapping[str, Verb] = {verb.name: verb for file in FILES for verb in _verbs(file)}


def text_of(command: Command) -> str:
    """Write a button's command as a person can type it."""
    verb, values = VERBS.get(command.verb), command.values
    return reading.written(verb, values) if verb else grammar.written(command.verb, "", values)
