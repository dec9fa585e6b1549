"""The tests that also run in Debian's Firefox: what a hand does, and what engines do each in their own way.

Its ESR emulates no media, no touch and no page without scripts, so what needs them stays with Chromium.
"""

TESTS = {
    "test_console": (
        "test_a_search_filters_the_list_and_stays_in_the_address",
        "test_a_node_is_chosen_in_the_tree_and_the_back_button_returns",
        "test_settings_keep_what_was_typed_beside_the_error",
    ),
    "test_drag": (
        "test_a_user_is_dragged_to_another_node",
        "test_several_chosen_users_are_one_drag",
        "test_unassigned_users_get_a_home_and_lose_it",
        "test_a_target_that_refuses_says_why_and_nothing_changes",
        "test_escape_gives_a_drag_up",
        "test_a_hand_that_trembles_does_not_drag",
        "test_all_users_of_a_node_by_its_handle_after_a_question",
        "test_everyone_who_matches_a_search_is_one_drag",
        "test_a_drop_is_undone_with_one_click",
        "test_a_range_reaches_beyond_the_rows_of_the_page",
    ),
    "test_drag_nodes": (
        "test_a_node_is_dragged_onto_a_subcluster_and_out_again",
        "test_a_node_is_moved_by_key_alone",
    ),
    "test_drag_without_mouse": ("test_a_move_by_key_alone", "test_the_same_without_dragging"),
    "test_failover": ("test_a_node_loses_power_its_peer_takes_over_and_all_come_home",),
    "test_incident": ("test_spans_are_those_of_the_clusters_clock_with_the_wall_in_brackets",),
    "test_live": ("test_another_browser_shows_a_drop_without_reloading",),
    "test_nothing_lost": ("test_settings_that_are_not_saved_say_so_and_ask_before_they_are_thrown_away",),
    "test_people": ("test_details_open_for_one_user_by_button_and_by_key",),
    "test_whatif_page": (
        "test_from_the_catalogue_to_any_instant",
        "test_lines_are_added_removed_and_kept_when_something_is_wrong",
        "test_a_fork_begins_with_what_was_run_and_a_viewer_only_looks",
    ),
}
ALWAYS = {("test_drag", "test_a_user_is_dragged_to_another_node")}  # the others in `make torture`
IN_FIREFOX = {(module, name) for module, names in TESTS.items() for name in names}
