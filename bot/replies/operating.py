"""What an operator is notified of, and the cards in the operator's channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import Card, Tone, Untrusted
from bot.errors import UserError
from bot.model import RunRef
from bot.replies.confirming import WORDS
from bot.replies.wording import clock_time, count, duration, listed, stopped
from bot.state import BEGINNING, Cause, Intent, Stretch

NEW_KEY = "Create a new API key on the platform's settings page and set it; `clew doctor` tests it."
OUTBOX_COMMANDS = "`clew outbox list` shows them, `retry` sends them again, `drop` discards them."


TITLES = {
    Cause.DEAD: "Messages cannot be delivered",
    Cause.UNKNOWN: "Messages may not have arrived",
    Cause.STUCK: "Messages are waiting",
    Cause.LOST: "A channel cannot be reached",
    Cause.CROWDED: "Messages were summarised",
    Cause.HALTED: "A chat refuses Clew",
    Cause.RECEIVING: "A chat is not connected",
    Cause.STRANGERS: "A token is used twice",
    Cause.POLL: "Runs are not watched",
    Cause.LAUNCH: "A launch may have been started",
    Cause.GUARD: "A limit was reached",
    Cause.CLOCK: "The clock was changed",
    Cause.AUDIT: "The audit trail is damaged",
    Cause.HEARTBEAT: "The heartbeat fails",
    Cause.DATABASE: "The database has a problem",
    Cause.MISSING: "A run did not start",
    Cause.LONG: "A run takes unusually long",
    Cause.UNREAD: "Runs cannot be read",
}


def begun(cause: Cause, problem: str, *, elsewhere: bool = False) -> Card:
    """Say what is wrong and how to fix it; `elsewhere`: not in the operator's channel."""
    title = TITLES[cause]
    return Card(
        title=(title,),
        text=(f"{title}: ", Untrusted(problem)),
        tone=Tone.WARNING,
        body=((Untrusted(problem),),),
        footer=("This channel is notified because no operator's channel can be.",) if elsewhere else (),
    )


def over(cause: Cause, problem: str, since: datetime, now: datetime) -> Card:
    """Announce that something reported earlier is over."""
    lasted = f"It lasted {duration(now - since)}, since {clock_time(since)}."
    return Card(
        title=(f"Resolved: {TITLES[cause]}",),
        text=(f"Resolved: {TITLES[cause]}. {lasted} It was: ", Untrusted(problem)),
        tone=Tone.NEUTRAL,
        body=(("It was: ", Untrusted(problem)), (lasted,)),
    )


def dead(channel: str, rows: int, reason: str) -> str:
    """Say that messages to a channel can never be posted as they are."""
    return f"{count(rows, 'message')} to {channel} cannot be posted: {stopped(reason)} {OUTBOX_COMMANDS}"


def unknown(channel: str, rows: int, reason: str) -> str:
    """Say that nobody can tell whether messages arrived."""
    return (
        f"{count(rows, 'message')} to {channel} may or may not have been posted: {stopped(reason)} "
        f"Check there. {OUTBOX_COMMANDS}"
    )


def stuck(channel: str, rows: int, since: datetime, reason: str) -> str:
    """Say that messages wait and none of them goes out."""
    why = f" Last attempt: {stopped(reason)}" if reason else ""
    return f"{count(rows, 'message')} to {channel} unsent since {clock_time(since)}.{why} {OUTBOX_COMMANDS}"


def one_message(channel: str, key: str, reason: str, *, unknown: bool) -> str:
    """Say what became of one message that is not delivered; `unknown`: nobody can tell whether it was."""
    fate = "may or may not have been posted" if unknown else "cannot be posted"
    return f"A message to {channel} {fate}: {stopped(reason)} Its key is {key}."


def not_found_out_yet(channel: str, reason: str) -> str:
    """Say that the chat's history cannot be read to see whether a message arrived."""
    return f"It is not yet known whether a message to {channel} was posted: {stopped(reason)}"


def posted_once_more(channel: str, reason: str) -> str:
    """Say that the chat's history will never tell, and what is done."""
    return (
        f"It cannot be determined whether a message to {channel} was posted: {stopped(reason)} "
        "It is posted again, marked as a possible repeat."
    )


def waits_less(seconds: float) -> str:
    """Say that a wait longer than any that is sensible is not kept."""
    return f"Clew does not wait that long; it polls once every {seconds / 60:.0f} min until then."


def chat_off(channel: str, rows: int, chat: str) -> str:
    """Say that messages wait for a chat that is not served."""
    return f"{count(rows, 'message')} to {channel} cannot be sent because {chat} is off. Set its token or drop them. {OUTBOX_COMMANDS}"


def lost(channel: str, reason: str) -> str:
    """Say that a channel refuses us, and what becomes of what is for it."""
    return (
        f"Nothing can be posted to {channel} for now: {stopped(reason)} "
        "Its messages wait and are sent when that is fixed."
    )


def halted(chat: str, reason: str) -> str:
    """Say that a chat takes nothing from us."""
    return (
        f"{chat} refuses Clew: {stopped(reason)} Nothing is lost: its messages wait for a working token. "
        "Set one and restart Clew."
    )


def not_connected(chat: str, seconds: float, reason: str) -> str:
    """Say that nothing comes from a chat."""
    if reason:
        return f"{chat} is off: {stopped(reason)}"
    return (
        f"{chat} has not been connected for {seconds / 60:.0f} min. Clew keeps trying; the log has details."
    )


def others_connected(chat: str, connections: int) -> str:
    """Say that a chat counts connections that are none of ours, each of which takes a part of the commands."""
    return (
        f"{chat} counts {count(connections, 'connection')} of this app beside those of this Clew. Each gets a part of the "
        "commands. If another Clew or a test set-up uses the same tokens, give it an app of its own."
    )


def others_began(chat: str, sessions: int) -> str:
    """Say that a chat counts sessions that are none of ours, in each of which all commands are answered."""
    return (
        f"{chat} counts {count(sessions, 'session')} of this bot within a day that this Clew did not begin, and another "
        "program answers its commands. If another Clew or a test set-up uses the same token, give it an application of "
        "its own. If you know of none, reset the token."
    )


def not_watched(connection: str, problem: str, *, refused: bool) -> str:
    """Say that a connection's runs are not seen, and that nothing is lost by it."""
    why = problem or "No poll of its runs has finished recently."
    hint = f" {NEW_KEY}" if refused else ""
    return f"{connection} cannot be watched: {stopped(why)}{hint} Runs that end in the meantime are announced later."


def launch_unknown(intent: Intent) -> str:
    """Say that nobody knows whether something costly was started, and that it is not sent again."""
    words = WORDS[intent.kind]
    by = (
        f"{intent.actor} confirmed in {intent.channel}"
        if intent.channel
        else "a rule of the settings asked for"
    )
    return (
        f"It is not known whether a {words.noun} that {by} was {words.done} on "
        f"{intent.connection}. It is not sent again. Look for it on the platform."
    )


def clock_jumped(seconds: float) -> str:
    """Say that the wall clock was set."""
    way = "forward" if seconds > 0 else "back"
    return (
        f"This machine's clock jumped {way} by {abs(seconds):.0f} s. Waits are not affected, but displayed times are. "
        "Synchronise the clock."
    )


def not_beating(reason: str) -> str:
    """Say that the heartbeat's address does not answer."""
    return f"The address of `[operator] heartbeat` does not answer as expected: {stopped(reason)} Check it."


def behind(connection: str, left: Stretch) -> str:
    """Say that more runs are new than one look can read, and what that means until they are read."""
    return (
        f"{connection} has more new runs than can be read at once; those created {_between(left)} are still to be"
        " read. Clew continues with the next poll and announces finished runs when all of them are read."
    )


def caught_up(connection: str) -> str:
    """Say that all new runs were read."""
    return f"All new runs of {connection} have been read."


def not_listed(connection: str, stretch: Stretch) -> str:
    """Say which part of the platform's list cannot be read."""
    return (
        f"The run list of {connection} repeats itself or stops early, so runs created {_between(stretch)}"
        " may be missing. Nobody is notified of those; look for them on the platform."
    )


def too_many_new(connection: str, number: int) -> str:
    """Say that a list without times has more new runs than can be read at once."""
    return (
        f"{connection} has more than {number:,} new runs, and its list says not when they were created. Older ones were"
        " not read: nobody is notified of those; look for them on the platform."
    )


def too_large(ref: RunRef) -> str:
    """Name a run that the platform's answer is too large for."""
    return (
        f"Run {ref.run_id} of {ref.connection} cannot be read: the platform's answer is too large. Nobody is notified of"
        " its end; look for it on the platform. All other runs are watched as before."
    )


def summed_up(channel: str, number: int) -> str:
    """Say that a channel got one message for many."""
    return (
        f"{number} messages were waiting for {channel}. Clew posts one summary instead, which also covers what arrives"
        " in the meantime."
    )


def _between(stretch: Stretch) -> str:
    until = clock_time(stretch.until)
    if stretch.since == BEGINNING:
        return f"until {until}"
    return f"between {clock_time(stretch.since)} and {until}"


def no_webhooks(connection: str) -> UserError:
    """Say that a connection has nothing to register."""
    return UserError(
        f"The platform of the connection “{connection}” sends no webhooks.",
        "There is nothing to register: Clew polls it without them.",
    )


def own_tool(problem: str, command: str) -> UserError:
    """Leave something to the tool that a database has for it."""
    return UserError(problem, f"PostgreSQL has its own tool: {command}")


def no_backup(file: str, what: str) -> UserError:
    """Refuse a file that no database can be restored from."""
    return UserError(f"{file} {what}.", "Give the file that `clew db backup` made.")


NOTHING_CHANGED = "The settings were read again; nothing changed."


def settings_changed(changes: str) -> str:
    """Say what is in force from now on."""
    return f"The settings changed and are in force: {changes}."


def settings_refused(problem: str) -> str:
    """Say that a changed file is not used."""
    return f"The settings changed and have a mistake, so what was in force stays. {problem}"


def needs_restart(names: Sequence[str]) -> str:
    """Say which settings are read at the start alone."""
    return f"The settings {listed([*names])} changed. Restart Clew to use them."


def another_program(host: str, pid: int, since: datetime) -> str:
    """Name another Clew on the same database so that a person finds it."""
    return f"Another Clew (host {host}, process {pid}, since {since:%Y-%m-%d %H:%M} UTC)"


def works_instead(other: str) -> str:
    """Say why a program only waits."""
    return (
        f"{other} polls and delivers on this database already. This program answers commands that reach it, and takes "
        "over when that one ends. Give each Clew a database of its own, stop one of them, or use PostgreSQL, where "
        "several share the work."
    )
