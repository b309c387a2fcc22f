//! What is refused before anything is sent, and how much may be under way.

use crate::rig::{Rig, TIMEOUT, text};
use couchbase_core::machine::Request;
use couchbase_core::{Encoded, ErrorKind, Expiry, Flags};
use std::time::Duration;

#[test]
fn arguments_that_no_server_takes_are_refused_with_the_request() {
    let mut rig = Rig::connected(1);
    let long = "k".repeat(251);
    let large = Encoded::new(vec![0; 20 * 1024 * 1024 + 1], Flags::BYTES);
    let rows = [
        (Request::get(""), ErrorKind::Argument, "empty"),
        (Request::get(&long), ErrorKind::Argument, "251"),
        (Request::set("k", large), ErrorKind::TooBig, "20 MiB"),
        (Request::get("k").with_timeout(Duration::ZERO), ErrorKind::Argument, "zero"),
        (Request::touch("k", Duration::ZERO), ErrorKind::Argument, "Expiry::NEVER"),
        (Request::touch("k", Expiry::at_unix_seconds(1 << 33)), ErrorKind::Argument, "2106"),
    ];
    for (request, kind, words) in rows {
        let name = request.key().clone();
        let refused = rig.client.submit(request, TIMEOUT, rig.now).expect_err(words);
        assert_eq!(refused.error.kind(), kind, "{}", refused.error);
        assert!(format!("{}", refused.error).contains(words), "{}", refused.error);
        assert_eq!(refused.error.key(), Some(&name));
        assert_eq!(refused.request.key(), &name);
    }
    let no_time = rig.client.submit(Request::get("k"), Duration::ZERO, rig.now).expect_err("no time");
    assert_eq!(no_time.error.kind(), ErrorKind::Argument);
    assert_eq!(rig.client.in_flight(), 0);
    let longest = rig.submit(Request::get("k".repeat(250)));
    let largest = rig.submit(Request::set("k", Encoded::new(vec![0; 20 * 1024 * 1024], Flags::BYTES)));
    rig.run();
    assert!(rig.error(longest).is_not_found());
    rig.ok(largest);
}

#[test]
fn the_limit_of_bytes_counts_and_lets_one_large_operation_through() {
    let mut rig = Rig::with(1, |config| config.max_in_flight_bytes(10));
    rig.run();
    let large = rig.set("k", "a value of more than ten bytes");
    let refused = rig.client.submit(Request::get("k"), TIMEOUT, rig.now).expect_err("full");
    assert_eq!(refused.error.kind(), ErrorKind::Overloaded);
    assert!(refused.error.is_transient());
    rig.run();
    rig.ok(large);
    let small = rig.get("k");
    rig.run();
    rig.ok(small);
}

#[test]
fn a_ticket_that_reaches_its_deadline_was_never_sent() {
    let mut rig = Rig::with(1, |config| config.max_in_flight(1));
    rig.run();
    rig.model.hang(0);
    rig.set("a", "1");
    let now = rig.now;
    let ticket = rig.client.submit_in_line(Request::set("b", text("1")), Duration::from_millis(100), now);
    let ticket = ticket.expect("stands in line");
    rig.pass(Duration::from_millis(116));
    let error = rig.error(ticket);
    assert!(error.is_timeout() && !error.is_ambiguous() && error.attempts() == 0, "{error}");
    assert_eq!(rig.client.metrics().in_line, 0);
}

#[test]
fn a_node_that_takes_nothing_cannot_fill_our_memory() {
    let mut rig = Rig::with(1, |config| config.max_in_flight(100));
    rig.run();
    rig.model.hang(0);
    let mut most = 0;
    for _ in 0..50 {
        for n in 0..100 {
            let _ = rig.client.submit(Request::get(format!("k{n}")), Duration::from_millis(16), rig.now);
        }
        // Nothing is pulled: the socket is full.
        let (at, _) = rig.client.poll_timeout().expect("deadlines");
        rig.now = at;
        rig.client.handle_timeout(rig.now);
        most = most.max(rig.client.metrics().orphans);
    }
    assert!(most <= 400, "{most} orphans of 100 in flight");
}

#[test]
fn many_cancelled_operations_cost_no_link_and_hold_up_nobody_for_long() {
    let mut rig = Rig::with(1, |config| config.max_in_flight(2));
    rig.run();
    for n in 0..50 {
        let now = rig.now;
        let op = rig.client.submit_in_line(Request::get(format!("k{n}")), TIMEOUT, now).expect("accepted");
        rig.client.cancel(op, now);
    }
    assert!(rig.client.metrics().orphans <= 8, "{:?}", rig.client.metrics());
    // Nothing was answered yet, so these wait, each on its own key.
    let (a, b) = (rig.set("a", "1"), rig.set("b", "1"));
    assert!(rig.is_open(a) && rig.is_open(b));
    rig.run();
    rig.ok(a);
    rig.ok(b);
    assert!(!rig.log.contains(&"close".into()), "{:?}", rig.log);
}

#[test]
fn an_operation_that_found_a_node_full_of_unanswered_requests_says_so() {
    let mut rig = Rig::with(1, |config| config.max_in_flight(1));
    rig.run();
    rig.model.hang(0);
    for n in 0..4 {
        let op = rig.get(&format!("k{n}"));
        rig.client.cancel(op, rig.now);
    }
    let op = rig.set("k", "1");
    rig.pass(TIMEOUT + Duration::from_millis(16));
    let error = rig.error(op);
    assert!(error.is_timeout() && !error.is_ambiguous() && error.attempts() == 0, "{error}");
    assert!(format!("{error}").contains("4 requests unanswered"), "{error}");
}

#[test]
fn a_place_that_comes_too_late_is_given_to_the_next_one() {
    let mut rig = Rig::with(1, |config| config.max_in_flight(1));
    rig.run();
    let first = rig.set("a", "1");
    let now = rig.now;
    let mut in_line = |key: &str, millis| {
        let set = Request::set(key, text("1"));
        rig.client.submit_in_line(set, Duration::from_millis(millis), now).expect("stands in line")
    };
    let (late, next) = (in_line("b", 10), in_line("c", 1000));
    // The answer comes after the deadline, and before anybody has looked at it.
    rig.now = rig.now + Duration::from_millis(10);
    rig.run();
    rig.ok(first);
    rig.ok(next);
    let error = rig.error(late);
    assert!(error.is_timeout() && !error.is_ambiguous() && error.attempts() == 0, "{error}");
    assert!(rig.history("b").is_empty());
    assert_eq!((rig.client.metrics().in_line, rig.client.in_flight()), (0, 0));
}
