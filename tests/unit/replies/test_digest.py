"""A digest in every chat: what its title counts stands below it, and nothing that has no room is passed over in silence."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from adapters.chat.discord import render as discord
from adapters.chat.slack import render as slack
from bot.cards import Card, Command, plain
from bot.replies import digest
from bot.standings import Standings
from tests.digests import DIGESTS, SINCE, card, end, standing, terms
from tests.unit.terminal.cards import drawn

FULL = """\
#1 ✗ Digest: 2 new failures, 1 incomplete, 2 unowned, 1 quiet and 1 run missing
   Of the runs that this channel is notified of, 5 ended since 27 May 08:00
   Europe/Berlin: 2 FAILED, 1 incomplete and 2 passed.
   2 other failures: owned, snoozed, known or not a bug.
   It is not known what fails now in Chaos Weekly on main, test payments.
   By luck means: nothing changed, and each run fails independently of the
   others, as often as before.
   • 1 new  Payments Nightly on main FAILED with 2 new failures · 00000000
     New: “Money is never created or destroyed”, “Idempotency key used for two
     payments”
     [1] Details 1   [2] Failing 1   [3] Open report 1
   • 2  Payments Main on main incomplete · 00000000
     [4] Details 2
   • 3 unowned  Stock below zero
     It fails in the newest run of Payments Nightly on main, test payments, 4
     runs in a row; it failed in 4 of 6 runs.
     [5] Own 3   [6] History 3
   • 4 unowned  test_refund__is_idempotent[eur]
     tests/pay/test_refund.py
     It fails in the newest run of Ledger on main, test payments; it failed in 2
     of 3 runs.
     [7] Own 4   [8] History 4
   • 5 quiet  A settled payment stays settled
     It is quiet in 4 runs of Payments Nightly on main, test payments; it failed
     in 3 of the 14 before, so 4 quiet runs happen by luck 38 % of the time.
     [9] History 5
   • 6 missing  Chaos Weekly did not start by 03:00 UTC.
     [10] Recent runs 6
   [11] Recent runs
"""


def marks(shown: Card) -> Counter[str]:
    """Count the entries by the word that says why they stand there."""
    return Counter(item.mark.partition(" ")[2] for item in shown.items)


def test_terminal__shows_all_at_80_columns() -> None:
    """Something of each kind, as it stands in a terminal."""
    assert FULL.strip() == drawn(card("full")).strip()


@pytest.mark.parametrize("name", DIGESTS)
def test_chats__take_it(name: str) -> None:
    """Within their limits, with the title first for whoever hears it."""
    shown = card(name)
    in_slack, in_discord = slack.message(shown), discord.message(shown)

    assert len(in_slack["blocks"]) <= 50
    assert len(in_discord["embeds"][0].get("description", "")) <= 4096
    assert plain(shown.text).startswith(f"{plain(shown.title)}. ")
    assert plain(shown.title) in in_slack["text"]
    assert all(len(line) <= 80 for line in drawn(shown).splitlines())


@pytest.mark.parametrize("name", DIGESTS)
def test_title__counts_what_stands_below(name: str) -> None:
    """Entries and what is said to have none together."""
    made, shown = DIGESTS[name](), card(name)
    title, body = plain(shown.title), " ".join(map(plain, shown.body))
    found = marks(shown)

    for word, total in (
        ("unowned", found["unowned"] + made.standings.more_unowned),
        ("quiet", found["quiet"]),
        ("missing", len(made.missing)),
    ):
        assert (word in title) is bool(total)
        assert not total or f"{total} " in title
    assert (f"{made.standings.more_unowned} more failures that nobody owns" in body) is bool(
        made.standings.more_unowned
    )
    assert (
        f"{len(made.missing) - found['missing']} more runs missing" in body
        or len(made.missing) == found["missing"]
    )


def test_news__come_first_and_name_what_has_no_entry() -> None:
    """The worst first; of the others the new failures are named all the same."""
    shown = card("crowded")

    assert [*range(1, 7)] == [int(item.mark.partition(" ")[0]) for item in shown.items[: digest.NEW]]
    assert {"new"} == {item.mark.partition(" ")[2] for item in shown.items[: digest.NEW]}
    body = " ".join(map(plain, shown.body))
    assert "24 more runs with something new: 24 FAILED." in body
    assert "New in the others: “Property 6" in body


def test_late__says_so() -> None:
    """Where it was due, and that it comes late; all that passed is no news."""
    shown = card("late")

    assert "This digest was due at 28 May 08:00 Europe/Berlin and comes late." in plain(shown.text)
    assert "Digest: nothing new" == plain(shown.title)
    assert "2 ended since 27 May 08:00 Europe/Berlin: 2 passed." in plain(shown.text)


def test_buttons__lead_where_the_entry_says() -> None:
    """Owning a failure names it and its run, whatever numbers mean in the list."""
    item = next(item for item in card("full").items if item.mark == "3 unowned")
    own, history = item.buttons
    run = f"demo/{standing('x', 'f').run.ref.run_id}"

    assert Command("mark", {"run": run, "property": "Stock below zero", "as": "own"}) == own.command
    assert Command("history", {"run": run, "property": "Stock below zero"}) == history.command
    assert ("Own 3", "History 3") == (own.text, history.text)


def test_empty__is_without_anything_to_tell() -> None:
    """A quiet failure or an unowned one is something."""
    assert DIGESTS["empty"]().empty
    for something in (
        digest.Digest(zone="UTC", since=SINCE, endings=(end(1),)),
        digest.Digest(zone="UTC", since=SINCE, standings=Standings(unowned=(standing("a", "f"),))),
        digest.Digest(zone="UTC", since=SINCE, standings=Standings(quiet=(standing("a", "pf"),))),
        digest.Digest(zone="UTC", since=SINCE, alarms=(DIGESTS["full"]().missing[0][0],)),
    ):
        assert not something.empty
        assert len(json.dumps(slack.message(digest.card(something, terms))["blocks"])) > 0
