//! The promises, by subject, and the macro that lists them. Each is a black-box test of the public face.

pub mod bad_input;
pub mod callbacks;
pub mod cas;
pub mod counters;
pub mod documents;
pub mod dropping;
pub mod expiry;
pub mod formats;
pub mod limits;
pub mod many;
pub mod opening;
pub mod order;
pub mod queue;
pub mod quiet;
pub mod recovery;
pub mod threads;
pub mod timing;
pub mod views;

/// Expands to one test for each promise, on this host.
#[macro_export]
macro_rules! suite {
    ($host:ty) => {
        $crate::suite! { $host; anywhere:
            documents {
                what_is_set_can_be_read
                set_replaces_what_was_there
                add_stores_only_what_is_missing
                replace_needs_a_document
                delete_removes
                touch_needs_a_document
                append_and_prepend_extend
                append_and_prepend_need_a_document
                a_missing_document_is_an_error_that_says_all
                keys_may_be_any_text
                values_may_be_large
                arguments_are_refused_before_anything_is_sent
            }
            cas {
                the_right_cas_passes
                a_stale_cas_is_refused
                a_cas_without_document_is_not_found
                the_optimistic_loop_loses_no_update
            }
            expiry {
                a_document_expires
                touch_and_get_change_the_expiry
                far_expiries_are_dates
                no_time_left_is_an_argument_error
            }
            formats {
                json_comes_back_typed
                bytes_come_back_as_they_were
                text_is_text
                flags_come_back_as_they_were
                ones_own_format
                the_wrong_type_is_a_format_error
                what_cannot_be_encoded_is_not_sent
            }
            counters {
                counters_count
                a_counter_must_exist_or_have_a_beginning
                counters_stop_at_zero_and_wrap_at_the_top
                other_documents_do_not_count
            }
            quiet {
                optional_makes_absence_a_value
                quiet_keeps_the_type
                quiet_is_inherited_and_overruled
                quiet_is_only_about_absence
            }
            many {
                many_are_stored_and_read
                results_come_in_the_order_of_the_call
                one_error_has_all_results
                quiet_multi_tells_each
                one_bad_argument_stops_all
                no_keys_is_an_argument_error
            }
            opening {
                connect_waits_until_connected
                open_returns_at_once
                events_resolve_for_everyone_who_asks
                other_event_names_are_refused
                close_ends_the_work_first
                after_close_operations_end
                a_wrong_configuration_is_refused_at_once
            }
            order {
                a_pipeline_of_one_key_runs_in_order
                order_holds_before_the_connection
                clones_and_faces_share_one_order
            }
            callbacks {
                callbacks_get_the_outcome
                callbacks_never_run_inside_the_call
                callbacks_may_come_late
                a_panicking_callback_harms_nobody
                nobody_needs_to_listen
                a_callback_operation_can_be_awaited
                callbacks_may_use_the_connection
                events_call_back
                multi_operations_call_back
            }
            queue {
                every_token_comes_back_with_its_result
                a_full_queue_refuses
                tokens_may_stay_on_one_thread
                argument_errors_come_through_the_queue
            }
            dropping {
                an_unsent_operation_does_nothing
                a_sent_operation_goes_on_unheard
                operations_are_futures_for_every_combinator
            }
        }
        $crate::suite! { $host; embedded:
            bad_input {
                every_wrong_place_is_told
                every_wrong_configuration_is_told
                every_wrong_argument_is_told
                every_wrong_query_is_told
            }
            timing {
                a_read_times_out_unambiguously
                a_write_times_out_ambiguously
                deadlines_are_per_operation
                late_answers_go_to_nobody
                the_deadline_starts_with_the_connection
                connecting_has_a_deadline
            }
            opening {
                a_wrong_password_is_told_at_once_and_not_retried
                a_missing_bucket_is_told
                waiting_operations_fail_with_the_connection
                the_last_handle_closes_the_connection
                one_node_that_answers_is_enough
            }
            order {
                order_holds_while_the_vbucket_moves
                order_holds_while_the_old_node_hangs
                order_holds_when_the_earlier_must_be_retried
                order_holds_when_the_later_is_refused
                order_holds_over_a_lost_link
                order_holds_in_the_line_for_a_place
            }
            recovery {
                a_moved_vbucket_is_followed
                a_handed_over_vbucket_is_waited_for
                temporary_failures_are_retried
                a_busy_server_is_retried
                endless_temporary_failure_ends_with_the_deadline
                cut_links_come_back
                a_node_that_returns_is_found_again
                a_failed_over_node_is_left
                an_unknown_status_is_told
            }
            dropping {
                a_dropped_wait_harms_nobody
                a_cancelled_operation_is_withdrawn
            }
            threads {
                threads_share_a_connection
                threads_meet_the_end_at_any_moment
            }
            views {
                all_rows_come_at_once
                rows_stream_into_a_sink
                a_closure_sees_each_row
                options_choose_the_rows
                queries_wait_for_the_connection
                design_documents_are_documents
                rows_that_end_early_are_an_error
                a_query_may_end_at_any_time
                close_ends_queries_first
                after_close_queries_end
            }
            limits {
                the_limit_refuses_exactly_there
                awaited_operations_wait_in_line
                nobody_passes_those_in_line
                the_line_has_an_end_too
            }
        }
    };
    ($host:ty; $where:ident: $($subject:ident { $($promise:ident)* })*) => {
        $($(
            #[test]
            fn $promise() {
                $crate::bench::$where::<$host, _>($crate::promise::$subject::$promise);
            }
        )*)*
    };
}
