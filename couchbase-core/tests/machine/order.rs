//! The order on a key, on each path that could lose it. Values tell who came when: the model logs what took effect.

use crate::rig::{Rig, text};
use couchbase_core::ErrorKind;
use couchbase_core::machine::Request;
use couchbase_core::wire::{Opcode, Status};
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_refused_write_whose_successor_is_in_flight_is_overtaken_when_that_succeeds() {
    let mut rig = Rig::connected(2);
    rig.answer_next(1, Opcode::SET, Status::ETMPFAIL);
    let first = rig.set("k", "1");
    let second = rig.set("k", "2");
    rig.run();
    assert_eq!(rig.ok(second).key(), "k");
    let overtaken = rig.error(first);
    assert!(overtaken.is_overtaken() && !overtaken.is_ambiguous(), "{overtaken}");
    assert!(!overtaken.is_transient(), "repeating it would undo the later one");
    assert!(overtaken.node().is_some() && overtaken.status() == Some(Status::ETMPFAIL.0), "{overtaken}");
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.history("k"), ["2"]);
}

#[test]
fn a_refused_write_whose_successor_is_refused_too_goes_first_again() {
    let mut rig = Rig::connected(2);
    rig.answer_next(2, Opcode::SET, Status::EBUSY);
    let first = rig.set("k", "1");
    let second = rig.set("k", "2");
    rig.run();
    assert!(rig.is_open(first) && rig.is_open(second));
    rig.pass(100 * MILLISECOND);
    rig.ok(first);
    rig.ok(second);
    assert_eq!(rig.history("k"), ["1", "2"]);
}

#[test]
fn a_refused_write_is_overtaken_by_a_definitive_refusal_too() {
    let mut rig = Rig::connected(1);
    rig.answer_next(1, Opcode::SET, Status::ETMPFAIL);
    let first = rig.set("k", "1");
    let second = rig.submit(Request::replace("k", text("2")));
    rig.run();
    assert!(rig.error(second).is_not_found());
    assert!(rig.error(first).is_overtaken());
}

#[test]
fn reads_pass_reads_but_no_writes() {
    let mut rig = Rig::connected(1);
    rig.set("k", "0");
    rig.run();
    rig.answer_next(1, Opcode::GET, Status::ETMPFAIL);
    let refused = rig.get("k");
    let passing = rig.get("k");
    rig.run();
    assert_eq!(rig.ok(passing).value::<String>().unwrap(), "0");
    assert!(rig.is_open(refused), "reads do not overtake reads");
    let write = rig.set("k", "1");
    rig.run();
    assert!(rig.is_open(write), "a write waits for the earlier read");
    rig.pass(20 * MILLISECOND);
    assert_eq!(rig.ok(refused).value::<String>().unwrap(), "0");
    rig.ok(write);
}

#[test]
fn not_my_vbucket_in_the_middle_of_a_pipeline_keeps_the_order() {
    let mut rig = Rig::connected(2);
    let (from, to) = (rig.home("k"), rig.other_node("k"));
    let before: Vec<_> = (0..3).map(|n| rig.set("k", &format!("{n}"))).collect();
    rig.deliver(from);
    rig.model.move_vbucket(rig.model.vbucket_of(b"k"), to);
    let after: Vec<_> = (3..8).map(|n| rig.set("k", &format!("{n}"))).collect();
    rig.run();
    for op in before.into_iter().chain(after) {
        rig.ok(op);
    }
    assert_eq!(rig.history("k"), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(rig.home("k"), to);
}

#[test]
fn what_waits_between_two_maps_goes_as_soon_as_the_second_one_comes() {
    let mut rig = Rig::connected(2);
    let (from, to) = (rig.home("k"), rig.other_node("k"));
    let vbucket = rig.model.vbucket_of(b"k");
    rig.model.hand_over(vbucket, to);
    let first = rig.set("k", "1");
    let second = rig.set("k", "2");
    // Refused again and again: by now each waits for half a second or more.
    rig.pass(Duration::from_millis(900));
    assert!(rig.is_open(first) && rig.is_open(second));
    rig.model.announce(vbucket);
    learn_map_over(&mut rig, from);
    let before = rig.now;
    rig.run();
    assert_eq!(rig.now, before, "no time has passed");
    rig.ok(first);
    rig.ok(second);
    assert_eq!(rig.history("k"), ["1", "2"]);
}

#[test]
fn a_map_that_moves_the_vbucket_holds_back_until_the_old_link_has_answered() {
    let mut rig = Rig::connected(2);
    let (from, to) = (rig.home("k"), rig.other_node("k"));
    let unanswered = rig.set("k", "1");
    rig.deliver(from);
    rig.model.move_vbucket(rig.model.vbucket_of(b"k"), to);
    let later = rig.set("k", "2");
    rig.pull();
    learn_map_over(&mut rig, to);
    let latest = rig.set("k", "3");
    rig.deliver(to);
    assert!(rig.is_open(unanswered) && rig.is_open(later) && rig.is_open(latest));
    assert_eq!(rig.history("k"), ["1"], "nothing has gone to the new node");
    rig.run();
    for op in [unanswered, later, latest] {
        rig.ok(op);
    }
    assert_eq!(rig.history("k"), ["1", "2", "3"]);
}

#[test]
fn a_map_that_moves_the_vbucket_while_the_old_node_hangs_waits_for_the_deadline() {
    let mut rig = Rig::connected(2);
    let (from, to) = (rig.home("k"), rig.other_node("k"));
    rig.model.hang(from);
    let stuck = rig.set("k", "1");
    rig.deliver(from);
    rig.model.move_vbucket(rig.model.vbucket_of(b"k"), to);
    learn_map_over(&mut rig, to);
    let later = rig.client.submit(Request::set("k", text("2")), Duration::from_secs(60), rig.now).unwrap();
    rig.run();
    assert!(rig.is_open(stuck) && rig.is_open(later), "the old node may still carry the first one out");
    rig.pass(Duration::from_millis(2520));
    let error = rig.error(stuck);
    assert!(error.is_timeout() && error.is_ambiguous(), "{error}");
    rig.ok(later);
    assert_eq!(rig.history("k"), ["2"]);
}

#[test]
fn a_lost_link_ends_writes_ambiguously_and_sends_reads_and_the_unwritten_again_in_order() {
    let mut rig = Rig::connected(1);
    let applied = rig.set("k", "1");
    let read = rig.get("k");
    rig.deliver(0);
    let lost = rig.set("k", "2");
    rig.pull();
    let unwritten = rig.set("k", "3");
    let last = rig.set("k", "4");
    rig.cut(0);
    for op in [applied, lost] {
        let error = rig.error(op);
        assert!(error.kind() == ErrorKind::Network && error.is_ambiguous(), "{error}");
        assert!(error.node().is_some() && error.key().is_some_and(|key| *key == "k"));
    }
    assert!(rig.is_open(read) && rig.is_open(unwritten));
    rig.pass(100 * MILLISECOND);
    assert_eq!(rig.ok(read).value::<String>().unwrap(), "1");
    rig.ok(unwritten);
    rig.ok(last);
    assert_eq!(rig.history("k"), ["1", "3", "4"]);
}

#[test]
fn operations_before_the_first_connection_keep_their_order() {
    let mut rig = Rig::new(3);
    let sets: Vec<_> = (0..10).map(|n| rig.set("k", &format!("{n}"))).collect();
    let read = rig.get("k");
    assert!(!rig.client.is_connected());
    rig.run();
    for op in sets {
        rig.ok(op);
    }
    assert_eq!(rig.ok(read).value::<String>().unwrap(), "9");
    assert_eq!(rig.history("k").len(), 10);
    assert!(rig.history("k").is_sorted());
}

#[test]
fn the_line_for_a_place_keeps_the_order_and_nobody_passes() {
    let mut rig = Rig::with(1, |config| config.max_in_flight(2));
    rig.run();
    let now = rig.now;
    let mut line: Vec<_> = (0..6)
        .map(|n| {
            let set = Request::set("k", text(&format!("{n}")));
            rig.client.submit_in_line(set, crate::rig::TIMEOUT, now).expect("stands in line")
        })
        .collect();
    assert_eq!((rig.client.in_flight(), rig.client.metrics().in_line), (2, 4));
    let refused = rig.client.submit(Request::set("k", text("passing")), crate::rig::TIMEOUT, now);
    assert_eq!(refused.expect_err("others stand in line").error.kind(), ErrorKind::Overloaded);
    // One of those in line gives up; the others move on.
    rig.client.cancel(line.remove(3), now);
    rig.run();
    for op in line {
        rig.ok(op);
    }
    assert_eq!(rig.history("k"), ["0", "1", "2", "4", "5"]);
    assert_eq!(rig.client.in_flight(), 0);
}

/// Has the client take the newest map from a node: another key has left that node too, and the refusal brings it.
fn learn_map_over(rig: &mut Rig, node: usize) {
    let herald = (0..).map(|n| format!("herald{n}")).find(|key| rig.home(key) == node).expect("one of many");
    rig.model.move_vbucket(rig.model.vbucket_of(herald.as_bytes()), 1 - node);
    rig.get(&herald);
    rig.deliver(node);
    assert!(rig.answer(node));
    let known = rig.client.map().expect("connected").revision().rev;
    assert_eq!(u64::try_from(known), Ok(rig.model.revision()), "the newest map is in force");
}
