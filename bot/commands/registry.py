"""Every verb, in the order that help shows them; adding one means one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from bot.actions import confirm
from bot.command import Verb
from bot.commands import (
    again,
    debug,
    failing,
    find,
    launch,
    logs,
    report,
    status,
    unwatch,
    version,
    watch,
    watching,
)
from bot.commands import help as help_

VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        launch.VERB,
        status.VERB,
        failing.VERB,
        logs.VERB,
        debug.VERB,
        report.VERB,
        find.VERB,
        watch.VERB,
        unwatch.VERB,
        watching.VERB,
        help_.VERB,
        version.VERB,
        confirm.CONFIRM,
        confirm.DECLINE,
        again.CHECK,
        again.AGAIN,
    )
}
