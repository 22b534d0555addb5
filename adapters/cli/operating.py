"""What an operator types beside a Clew that runs: the groups of commands, with what each takes.

Imports stand inside the functions that need them, as in the composition root.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.finishing import finish

outbox = typer.Typer(
    name="outbox",
    help="List, resend or drop undelivered messages.",
    no_args_is_help=True,
)
Numbers = Annotated[list[str], typer.Argument(help="Message numbers, as shown by `clew outbox list`.")]


@outbox.command("list")
def list_outbox(
    *, limit: Annotated[int, typer.Option(help="How many messages to show.", min=1)] = 50
) -> None:
    """List messages that need an operator, waiting messages, and channels that get none at the moment."""
    from adapters.cli import outbox as services

    finish(services.show_all(limit))


@outbox.command("show")
def show_outbox(numbers: Numbers) -> None:
    """Show everything known about the given messages."""
    from adapters.cli import outbox as services

    finish(services.show(numbers))


@outbox.command("retry")
def retry_outbox(numbers: Numbers) -> None:
    """Resend messages; one that may have arrived is marked as a possible repeat."""
    from adapters.cli import outbox as services

    finish(services.retry(numbers))


@outbox.command("drop")
def drop_outbox(numbers: Numbers) -> None:
    """Drop messages for good."""
    from adapters.cli import outbox as services

    finish(services.drop(numbers))


audit = typer.Typer(
    name="audit",
    help="Show who did what, check that nobody changed that, and export it.",
    no_args_is_help=True,
)


@audit.command("list")
def list_audit(
    about: Annotated[
        list[str] | None, typer.Argument(help="A person, a run or a verb; none lists everything.")
    ] = None,
    *,
    person: Annotated[str, typer.Option(help="Only what this person did: an id or a name.")] = "",
    run: Annotated[str, typer.Option(help="Only what was done about this run.")] = "",
    verb: Annotated[str, typer.Option(help="Only this verb.")] = "",
    since: Annotated[str, typer.Option(help="Only since then, in UTC: 24h, yesterday, 2026-11-28.")] = "",
    until: Annotated[str, typer.Option(help="Only what was before then, in UTC.")] = "",
    limit: Annotated[int, typer.Option(help="How many lines to show.", min=1)] = 50,
) -> None:
    """List lines of the audit trail, newest first."""
    from adapters.cli import audit as services

    words = " ".join(about or ())
    finish(
        services.show(about=words, person=person, run=run, verb=verb, since=since, until=until, limit=limit)
    )


@audit.command("verify")
def verify_audit() -> None:
    """Check that no line was changed, added or removed. Exit codes: 0 it holds, 1 it was changed, 2 failed."""
    from adapters.cli import audit as services

    finish(services.verify())


@audit.command("export")
def export_audit() -> None:
    """Write the whole audit trail to standard output, oldest first, a JSON object a line."""
    from adapters.cli import audit as services

    finish(services.export())


access = typer.Typer(name="access", help="Explain who may do what.", no_args_is_help=True)


@access.command("explain")
def explain_access(
    person: Annotated[str, typer.Argument(help="Who, as an id: slack:user:T01:U01.")],
    channel: Annotated[str, typer.Argument(help="Where: slack:channel:T01:C01.")],
    verb: Annotated[str, typer.Argument(help="What: launch.")],
    *,
    group: Annotated[
        list[str] | None, typer.Option(help="A group or role that the person is in; may be repeated.")
    ] = None,
    guest: Annotated[bool, typer.Option("--guest", help="The person is a guest.")] = False,
    stranger: Annotated[bool, typer.Option("--stranger", help="The person is of another workspace.")] = False,
    shared: Annotated[
        bool, typer.Option("--shared", help="People of other organisations read the channel.")
    ] = False,
) -> None:
    """Say whether somebody may use a verb in a channel, and why. Exit codes: 0 allowed, 1 refused, 2 failed."""
    from adapters.cli import access as services

    known = services.Known(groups=tuple(group or ()), guest=guest, stranger=stranger, shared=shared)
    finish(services.explain(person, channel, verb, known))


channels = typer.Typer()


@channels.command("channels")
def show_channels() -> None:
    """Show what each channel is notified of, what waits for it, and why it gets nothing."""
    from adapters.cli import channels as services

    finish(services.show())


database = typer.Typer(
    name="db",
    help="Back up, restore and tidy the database.",
    no_args_is_help=True,
)
Backup = Annotated[Path, typer.Argument(help="The file of the backup.", show_default=False)]


@database.command("backup")
def back_up_database(file: Backup) -> None:
    """Copy the database into a new file and check the copy; Clew may run meanwhile."""
    from adapters.cli import database as services

    finish(services.back_up(file))


@database.command("restore")
def restore_database(file: Backup) -> None:
    """Put a backup in the place of the database, which is kept beside it; Clew must be stopped."""
    from adapters.cli import database as services

    finish(services.restore(file))


@database.command("prune")
def prune_database() -> None:
    """Forget now what Clew forgets by itself every few hours; it may run meanwhile."""
    from adapters.cli import database as services

    finish(services.prune())
