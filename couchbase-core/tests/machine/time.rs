//! Deadlines, retries and their waits.

use crate::rig::{Rig, text};
use couchbase_core::machine::Request;
use couchbase_core::wire::{Opcode, Status};
use couchbase_core::{Config, ErrorKind};
use std::time::Duration;

#[test]
fn an_unanswered_operation_ends_at_its_deadline_never_early_and_at_most_16_ms_late() {
    for (request, is_ambiguous) in [(Request::get("k"), false), (Request::set("k", text("1")), true)] {
        let mut rig = Rig::connected(1);
        rig.model.hang(0);
        let start = rig.now;
        let op = rig.client.submit(request, Duration::from_millis(777), rig.now).unwrap();
        while rig.is_open(op) {
            assert!(rig.now - start < Duration::from_millis(777 + 16), "late");
            rig.pass(Duration::from_millis(1));
        }
        assert!(rig.now - start >= Duration::from_millis(777), "early");
        let error = rig.error(op);
        assert!(error.is_timeout() && error.is_ambiguous() == is_ambiguous, "{error}");
        assert!(error.node().is_some() && error.attempts() == 1, "{error}");
        assert!(format!("{error}").contains("777ms"), "{error}");
    }
}

#[test]
fn the_late_answer_of_an_ended_operation_is_swallowed_and_its_slot_comes_back() {
    let mut rig = Rig::connected(1);
    rig.model.hang(0);
    let op = rig.set("k", "1");
    rig.pass(Duration::from_secs(3));
    assert!(rig.error(op).is_ambiguous());
    assert_eq!((rig.client.in_flight(), rig.client.metrics().orphans), (0, 1));
    rig.model.release(0, rig.now);
    rig.run();
    assert_eq!(rig.client.metrics().orphans, 0);
    assert_eq!(rig.history("k"), ["1"], "it was carried out after all");
}

#[test]
fn a_link_that_owes_an_answer_for_ten_seconds_is_closed_and_made_again() {
    let mut rig = Rig::connected(1);
    rig.model.hang(0);
    rig.set("k", "1");
    rig.pass(Duration::from_secs(12));
    assert!(!rig.log.contains(&"close".into()));
    rig.pass(Duration::from_secs(2));
    assert!(rig.log.contains(&"close".into()), "{:?}", rig.log);
    rig.model.release(0, rig.now);
    rig.pass(Duration::from_secs(15));
    let again = rig.set("k", "2");
    rig.run();
    rig.ok(again);
}

#[test]
fn temporary_failures_are_tried_again_until_they_pass() {
    for status in [Status::ETMPFAIL, Status::EBUSY, Status::ENOMEM] {
        let mut rig = Rig::connected(1);
        rig.answer_next(4, Opcode::SET, status);
        let op = rig.set("k", "1");
        rig.run();
        assert!(rig.is_open(op));
        rig.pass(Duration::from_millis(1 + 2 + 4 + 8));
        rig.ok(op);
        assert_eq!((rig.history("k").len(), rig.client.metrics().retries), (1, 4));
    }
}

#[test]
fn what_never_passes_ends_at_the_deadline_unambiguously_with_the_status() {
    let mut rig = Rig::connected(1);
    rig.answer_next(1_000_000, Opcode::SET, Status::ETMPFAIL);
    let op = rig.set("k", "1");
    rig.pass(Duration::from_millis(2516));
    let error = rig.error(op);
    assert!(error.is_timeout() && !error.is_ambiguous(), "{error}");
    assert_eq!(error.status(), Some(Status::ETMPFAIL.0));
    assert!((8..30).contains(&error.attempts()), "{error}");
    assert!(rig.history("k").is_empty());
}

#[test]
fn a_cancelled_operation_is_withdrawn_while_it_waits() {
    let mut rig = Rig::new(1);
    let withdrawn = rig.set("k", "1");
    let kept = rig.set("k", "2");
    rig.client.cancel(withdrawn, rig.now);
    rig.client.cancel(withdrawn, rig.now);
    rig.run();
    rig.ok(kept);
    assert!(rig.is_open(withdrawn), "no outcome is reported");
    assert_eq!(rig.history("k"), ["2"]);
    assert_eq!(rig.client.in_flight(), 0);
}

#[test]
fn an_operation_without_its_nodes_link_says_why() {
    let mut rig = Rig::connected(2);
    let home = rig.home("k");
    rig.model.stop(home);
    rig.run();
    let op = rig.set("k", "1");
    rig.pass(Duration::from_millis(2516));
    let error = rig.error(op);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.is_ambiguous() && error.attempts() == 0, "{error}");
    let words = format!("{error}");
    assert!(words.contains("refused") && words.contains("check that the node runs"), "{words}");
}

#[test]
fn the_connect_deadline_adds_to_what_failed_before_and_says_each_remedy_once() {
    let seeds = "couchbase://app:secret@10.0.0.1,10.0.0.2/default";
    let mut rig = Rig::with(2, |_| Config::new(seeds).connect_timeout(Duration::from_secs(3)));
    rig.model.stop(0);
    rig.model.hang(1);
    let op = rig.get("k");
    rig.pass(Duration::from_secs(3));
    let words = format!("{}", rig.error(op));
    for part in [
        "node 10.0.0.1:11210",
        "refused; check that the server runs",
        "no connection within 3s (10.0.0.2:11210: no answer to HELLO)",
    ] {
        assert_eq!(words.matches(part).count(), 1, "{part}: {words}");
    }
}

#[test]
fn the_machine_wakes_nobody_when_nothing_is_due() {
    let mut rig = Rig::connected(3);
    let start = rig.now;
    let mut wakes = 0;
    while rig.now - start < Duration::from_secs(60) {
        let (at, _) = rig.client.poll_timeout().expect("the configuration is asked for");
        rig.pass(at - rig.now);
        wakes += 1;
    }
    // The configuration every 2.5 s, and a look at each link's answer every 10 s.
    assert!(wakes <= 24 + 3 * 6 + 6, "{wakes} in a minute");
}

#[test]
fn operations_that_wait_for_one_another_and_end_together_are_not_sent_at_the_last_moment() {
    let mut rig = Rig::connected(2);
    let (from, to) = (rig.home("k"), rig.other_node("k"));
    rig.model.hang(from);
    let submit = |rig: &mut Rig, value: &str, seconds| {
        let set = Request::set("k", text(value));
        rig.client.submit(set, Duration::from_secs(seconds), rig.now).expect("accepted")
    };
    let stuck = submit(&mut rig, "1", 9);
    rig.deliver(from);
    rig.model.fail_over(from);
    // The configuration is asked for, of either node.
    rig.pass(Duration::from_secs(6));
    assert_eq!(rig.client.map().map(|map| map.bucket_nodes().len()), Some(1));
    assert_eq!(rig.home("k"), to);
    let behind: Vec<_> = ["2", "3", "4"].map(|value| submit(&mut rig, value, 3)).into();
    rig.pass(Duration::from_secs(4));
    assert!(rig.error(stuck).is_ambiguous());
    for op in behind {
        let error = rig.error(op);
        assert!(error.is_timeout() && !error.is_ambiguous() && error.attempts() == 0, "{error}");
    }
    assert!(rig.history("k").is_empty(), "{:?}", rig.history("k"));
}
