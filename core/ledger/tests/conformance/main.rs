//! The same stories on both engines: SQLite in a directory of its own always, PostgreSQL in a database of its own
//! when `MINGLUO_TEST_POSTGRES` holds the address of a server (tests/private-postgres starts one).

#![expect(clippy::unwrap_used, reason = "helpers of tests stop the test where they cannot go on")]

mod cast;
mod house;
mod story;

macro_rules! stories {
    ($($file:ident: $($name:ident),* $(,)?;)*) => {
        mod sqlite {
            $($(
                #[tokio::test]
                async fn $name() {
                    let house = crate::house::House::on_sqlite().await;
                    crate::story::$file::$name(&house).await;
                }
            )*)*
        }
        mod postgres {
            $($(
                #[tokio::test]
                async fn $name() {
                    let Some(house) = crate::house::House::on_postgres().await else {
                        println!("skipped: MINGLUO_TEST_POSTGRES holds no address");
                        return;
                    };
                    crate::story::$file::$name(&house).await;
                    house.tear_down().await;
                }
            )*)*
        }
    };
}

stories! {
    change:
        change_is_all_or_nothing,
        stale_revision_conflicts,
        what_stands_released_is_found_however_much_was_written_since,
        content_comes_back_to_the_last_bit,
        drill_plan_cannot_hang_on_a_live_alert,
        an_account_is_live_or_drill_never_both;
    plan:
        plans_come_back_in_their_order,
        every_channel_has_its_plans_and_addresses_and_no_other,
        a_closed_plan_stays_closed_and_keeps_its_fold;
    log:
        fenced_append_writes_nothing,
        later_epoch_sorts_after,
        a_large_group_comes_back_whole,
        raw_receipt_is_kept_until_matched,
        a_long_reader_of_the_log_does_not_cost_the_lease,
        readers_that_take_every_connection_hold_up_no_append,
        a_restart_takes_its_lease_at_once_and_a_stranger_waits;
    receipts:
        receipts_are_read_across_restarts_and_a_drill_s_are_left_out,
        handing_on_begins_with_what_is_new_and_never_goes_back;
    edition:
        edition_is_invisible_until_sealed,
        a_restored_edition_is_current_until_another_is_sealed,
        of_two_that_replace_the_same_edition_one_is_refused,
        no_address_is_readable_in_the_database_file,
        a_column_moved_to_another_block_does_not_open;
    people:
        people_keys_and_sessions_come_back,
        who_is_changed_is_signed_out_and_nobody_else,
        an_opt_out_counts_once,
        what_residents_write_is_kept_and_heeded_by_mode,
        what_a_gateway_says_again_is_not_heeded_again,
        a_push_is_known_by_its_name_for_three_days,
        two_warnings_that_come_back_strike_a_mailbox_off,
        what_a_plan_struck_is_taken_back_where_it_is_not_believed,
        what_a_resident_wrote_is_not_readable_in_the_database_file;
    call:
        calls_come_back_with_their_steps,
        a_step_is_taken_once_and_a_call_begun_once,
        the_first_answer_stands_and_a_second_changes_nothing,
        a_code_answers_from_where_it_was_sent_to_and_in_time;
    fleet:
        boxes_that_are_written_down_come_back_and_keep_what_is_not_said_again,
        what_was_heard_of_boxes_survives_and_the_last_word_holds,
        an_order_to_boxes_is_kept_once_with_its_audit_line;
    job:
        a_job_and_its_end_are_kept_whichever_is_heard_first,
        ends_are_remembered_of_plans_that_are_open,
        what_is_used_of_jobs_is_counted_by_calls_and_by_warnings;
    speech:
        the_first_speech_of_a_content_stands_and_its_clip_comes_back;
    webhook:
        a_release_is_due_at_the_end_of_its_hold_to_who_was_known_by_then,
        the_end_of_a_hold_stays_when_the_warning_is_over,
        what_was_begun_waits_until_it_is_taken_and_each_request_is_logged,
        what_is_settled_is_sent_again_when_somebody_asks,
        the_log_of_webhooks_is_bounded_by_time_and_number;
    audit:
        audit_chain_shows_an_edit,
        audit_lines_of_many_writers_make_one_chain;
    schema:
        another_schema_is_refused_with_advice;
    scribe:
        what_the_scribe_answered_is_on_disk,
        a_scribe_that_lost_its_lease_fails_for_good,
        an_idle_scribe_keeps_its_lease,
        a_wall_clock_set_forward_costs_no_lease_that_nobody_took;
}
