"""What may go wrong, case by case, and the tests that hold what is right then.

The first letter names the kind: C crashes and concurrency, N network, L launching, P what a platform sends, I what
comes in from chats, S security, O operations. `tests/unit/test_catalogue.py` sees to it that each test is there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One case in a few words, and its tests as pytest names them, without their parameters."""

    words: str
    tests: tuple[str, ...]


def held_by(words: str, **tests: tuple[str, ...]) -> Case:
    """Return a case; its tests by file, whose folders stand as `__` between their names."""
    files = {f"tests/{name.replace('__', '/')}.py": names for name, names in tests.items()}
    return Case(words, tuple(f"{file}::test_{name}" for file, names in files.items() for name in names))


CASES: dict[str, Case] = {
    "C8": held_by(
        "somebody deletes an announcement before it is known to be there: sent once more at most",
        walk__test_deleted_message=(
            "slack__sends_it_once_more_at_most",
            "discord__knows_by_its_nonce_that_it_was_there",
        ),
        unit__delivery__test_deliver=("step__marks_a_possible_repeat_where_nobody_can_find_out",),
        walk__slack__test_announcing=("post__a_repeat_says_so",),
    ),
    "C13": held_by(
        "the disk is full: nothing is posted, not ready, and well again by itself",
        faults__test_database_trouble=(
            "disk_full__no_post_not_ready_and_well_by_itself",
            "disk_full__the_end_of_a_run_is_told_once_there_is_room",
        ),
        contract__store__test_sqlite_file=("file__disk_full",),
    ),
    "C15": held_by(
        "the clock is set an hour on or back: nothing is repeated, no wait is longer or shorter for it",
        unit__watch__test_poll=("tick__announces_once_although_the_clock_was_set",),
        unit__delivery__test_deliver=(
            "step__lets_a_channel_wait_by_the_time_that_really_passes",
            "step__tries_again_although_the_clock_was_set_back",
            "step__drops_a_claim_that_only_the_wall_clock_calls_old",
            "step__is_not_held_back_by_a_clock_that_jumps",
        ),
        unit__watch__test_launches=("tick__looks_although_the_clock_was_set",),
        unit__watch__test_live=("tick__waits_by_the_time_that_really_passes",),
        unit__adapters__test_scheduler=("every__keeps_its_interval_when_the_clock_is_set",),
        unit__adapters__store__test_columns=("utc_time__other_zone",),
        contract__store__test_outbox=("claim__waits_by_another_clock",),
        faults__test_operator=("operator__the_machines_clock_was_set",),
    ),
    "N7": held_by(
        "Discord fails, asks for a pause in any of its ways, or refuses the token: obeyed, with few requests",
        walk__discord__test_limits=(
            "pause__is_passed_on_and_nothing_is_asked_before",
            "token__that_is_refused_ends_all_calls",
        ),
        walk__discord__test_answering=("command__is_answered_once", "mention__is_answered_once"),
        walk__discord__test_permissions=("post__every_answer_has_its_meaning",),
        unit__discord__test_outcomes=("classify__by_what_happened",),
        unit__delivery__test_deliver=("step__asks_seldom_where_it_is_refused_again_and_again",),
    ),
    "N8": held_by(
        "a chat is down for an hour while hundreds of runs end: one summary a channel, the other chat unaffected",
        unit__delivery__test_digest=(
            "step__an_hour_of_silence_ends_in_one_message",
            "step__sums_up_a_deep_backlog",
        ),
        unit__delivery__test_deliver=("step__keeps_two_posts_to_a_channel_apart",),
    ),
    "L7": held_by(
        "a confirmation pressed twice, by somebody else, too late, after the role was taken away, or read-only",
        walk__slack__test_rights=(
            "press__twice_is_one_launch",
            "press__of_somebody_else_is_denied",
            "press__after_five_minutes_is_too_late",
            "press__after_the_role_was_removed",
            "press__while_slack_does_not_tell",
            "press__while_read_only_is_denied",
        ),
        walk__discord__test_rights=(
            "press__twice_is_one_launch",
            "press__of_somebody_else_is_denied",
            "press__after_five_minutes_is_too_late",
            "press__after_the_role_was_removed",
            "press__while_read_only_is_denied",
            "restart__asks_discord_who_pressed",
        ),
        faults__test_launching=("confirm__pressed_by_twenty_at_once",),
    ),
    "L8": held_by(
        "one command delivered several times acts once; the same launch again soon after is asked about",
        walk__slack__test_receiving=(
            "command__delivered_three_times_acts_once",
            "command__delivered_at_the_same_moment_acts_once",
        ),
        walk__discord__test_deadlines=("event__replayed_by_the_gateway_acts_once",),
        faults__test_launching=("take__delivered_three_times",),
        unit__commands__test_again=(
            "launch__the_same_after_40_seconds_is_asked_about",
            "confirm__what_somebody_else_confirmed_meanwhile_is_asked_about_anew",
        ),
    ),
    "P7": held_by(
        "thousands of failing properties, names of a megabyte, names that repeat, groups that turn in circles",
        walk__test_many_failures=(
            "slack__shows_the_first_of_thousands_and_counts_the_rest",
            "discord__shows_the_first_of_thousands_and_counts_the_rest",
        ),
        unit__antithesis__test_properties=("property__bounded",),
    ),
    "P11": held_by(
        "nested, endless, doubled or unprintable values cost their own item only, and spoil no database",
        unit__antithesis__test_decode=("page__a_bad_item_hides_no_other", "lenient__any_bytes"),
        contract__store__test_hostile_text=(
            "hostile__through_the_outbox",
            "hostile__through_a_step",
            "hostile__through_everything_else",
        ),
        unit__delivery__test_deliver=(
            "step__gives_up_one_bad_message_only",
            "step__gives_up_a_row_over_which_the_sender_breaks",
        ),
    ),
    "P13": held_by(
        "a first start among old runs tells nothing; a database restored from last week ends in a summary",
        unit__watch__test_poll=(
            "tick__takes_a_baseline_and_tells_nothing",
            "tick__bounds_the_baseline",
            "tick__loses_nothing_in_an_outage",
        ),
        unit__watch__test_catch_up=("tick__more_pages_than_it_may_read_lose_no_run",),
        unit__delivery__test_digest=("step__sums_up_a_deep_backlog",),
    ),
    "I6": held_by(
        "a flood of one person's commands, megabytes of arguments, names that only look like a command's",
        walk__slack__test_lanes=(
            "flood__of_commands_is_left_out_with_a_sentence",
            "length__that_is_too_much_is_refused",
            "name__that_only_looks_like_one_is_none",
        ),
        walk__discord__test_lanes=(
            "flood__of_commands_is_left_out_with_a_sentence",
            "length__that_is_too_much_is_refused",
            "name__that_only_looks_like_one_is_none",
        ),
    ),
    "S5": held_by(
        "secrets that are typed, pasted or served: in no table, answer, log, metric or error",
        walk__test_secrets=(
            "slack__keeps_no_secret_that_is_typed",
            "slack__keeps_no_secret_of_forms_and_buttons",
            "discord__keeps_no_secret_that_is_typed",
            "discord__keeps_no_secret_of_forms_and_buttons",
        ),
        walk__slack__test_sockets=("log__holds_no_token_and_no_ticket",),
        faults__test_antithesis_hostile=("secrets__in_no_error_and_no_log",),
        contract__store__test_database=("store_error__shows_no_value",),
        unit__test_logs=(
            "set_up__no_secret_in_text_fields_or_traces",
            "set_up__libraries_that_would_tell_too_much",
        ),
        unit__discord__test_outcomes=("named__holds_no_text_of_discords",),
    ),
    "S7": held_by(
        "the link to a report goes to whoever may have it, alone, and is in nothing that is kept or previewed",
        unit__commands__test_door=(
            "report__gives_a_fresh_link_to_one_person_and_notes_it",
            "report__a_guest_gets_a_link_by_name_only",
        ),
        unit__watch__test_poll=("tick__says_where_the_report_link_may_go",),
        unit__fakes__test_fake_slack=("judge__minds",),
        walk__slack__test_announcing=("post__report_link_is_filled_in_at_sending",),
        walk__slack__test_belonging=("connect__a_person_of_another_organisation_launches_nothing",),
        walk__slack__test_ways_in=(
            "report__between_two_people_is_for_one_of_them",
            "report__signed_link_only_for_the_person",
        ),
        walk__discord__test_answering=("report__is_filled_in_at_sending_only",),
    ),
    "S8": held_by(
        "every verb, by every role, in every kind of place, read-only or not: denied by default, and noted",
        unit__commands__test_access_table=(
            "table__has_every_verb",
            "door__decides_by_role_and_place_and_notes_it",
        ),
        walk__slack__test_belonging=("access__is_the_same_whatever_the_way_in",),
        walk__discord__test_belonging=("access__of_everybody_in_every_place",),
    ),
    "S9": held_by(
        "borrowed names, accounts that are gone, ids that look alike, roles that were taken away: denied",
        unit__test_access=(
            "decide__compares_ids_whole",
            "decide__forgets_a_role_that_was_taken_away",
        ),
        walk__slack__test_rights=(
            "press__after_the_right_was_taken_away",
            "command__that_changes_something_after_the_role_was_removed",
        ),
        walk__slack__test_belonging=(
            "workspace__that_is_not_served_is_refused_and_noted",
            "connect__somebody_slack_tells_nothing_of_is_a_guest",
        ),
        walk__discord__test_rights=("command__after_the_role_was_removed",),
    ),
    "O5": held_by(
        "a message that does not move stops the heartbeat and is told; so is a heartbeat that nobody takes",
        faults__test_operator=(
            "heartbeat__a_stuck_message_stops_it",
            "heartbeat__an_address_that_does_not_answer",
            "heartbeat__nobody_there",
            "operator__once_when_it_begins_and_once_when_it_is_over",
        ),
    ),
}
