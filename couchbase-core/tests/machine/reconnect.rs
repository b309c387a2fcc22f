//! Links that are lost: when they are made again, and what is said meanwhile.

use crate::script::{Received, Script, cluster};
use bytes::BytesMut;
use couchbase_core::machine::{LinkId, LinkLoss, Request};
use couchbase_core::wire::{Opcode, Outgoing, Status};
use couchbase_core::{Config, Encode, ErrorKind};
use std::time::Duration;

const HOST: &str = "couchbase://10.0.0.1/default";
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_node_that_drops_each_link_is_not_stormed() {
    let (mut script, mut link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    let start = script.now;
    while script.now < start + 10 * SECOND {
        let opened = script.opened.len();
        script.client.handle_lost(link, LinkLoss::Eof, script.now);
        while script.opened.len() == opened {
            script.pass(Duration::from_millis(1));
        }
        link = script.opened[opened].0;
        script.establish(link);
    }
    assert!(script.opened.len() < 30, "{} links in 10 s", script.opened.len());
    // One that lasts makes up for all that.
    script.requests(link);
    script.pass(2 * SECOND);
    let opened = script.opened.len();
    script.client.handle_lost(link, LinkLoss::Eof, script.now);
    script.pass(Duration::from_millis(1));
    assert_eq!(script.opened.len(), opened + 1);
}

/// Lets time pass while the first node gives its configuration and nobody listens at the second: how often that was
/// tried.
fn attempts(script: &mut Script, first: LinkId, time: Duration) -> usize {
    let (end, before) = (script.now + time, script.opened.len());
    let mut seen = before;
    while script.now < end {
        script.pass(Duration::from_millis(1));
        while let Some(&(link, _)) = script.opened.get(seen) {
            script.client.handle_lost(link, LinkLoss::Refused, script.now);
            script.events();
            seen += 1;
        }
        for Received { opcode, opaque, .. } in script.requests(first) {
            let config = script.config.clone();
            let answer = Outgoing::response(opcode, Status::SUCCESS);
            script.say(first, Outgoing { opaque, value: config.as_bytes(), ..answer });
        }
    }
    seen - before
}

#[test]
fn a_node_that_leaves_the_map_and_comes_back_is_not_tried_more_often() {
    let (both, one) = (["10.0.0.1", "10.0.0.2"], ["10.0.0.1"]);
    let (mut script, first) = Script::connected(HOST, cluster(1, &both, &[0, 1]));
    attempts(&mut script, first, 10 * SECOND);
    let before = attempts(&mut script, first, 20 * SECOND);
    assert!(before > 10, "{before} attempts in 20 s");
    for rev in 2..22 {
        script.config = if rev % 2 == 0 { cluster(rev, &one, &[0, 0]) } else { cluster(rev, &both, &[0, 1]) };
        // While the timer that was to try it again has not come yet.
        while script.client.map().is_none_or(|map| map.revision().rev != i64::from(rev)) {
            attempts(&mut script, first, SECOND / 10);
        }
    }
    attempts(&mut script, first, 10 * SECOND);
    let after = attempts(&mut script, first, 20 * SECOND);
    assert!(after <= before + before / 4, "{before} attempts in 20 s before, {after} after");
}

#[test]
fn a_node_has_ten_seconds_however_long_the_first_connection_may_take() {
    for connect_timeout in [SECOND / 10, 600 * SECOND] {
        let config = Config::new(HOST).connect_timeout(connect_timeout);
        let (mut script, first) = Script::connected(config, cluster(1, &["10.0.0.1", "10.0.0.2"], &[0, 1]));
        let (silent, _) = script.opened[1];
        script.client.handle_connected(silent, script.now);
        attempts(&mut script, first, 10 * SECOND - SECOND / 100);
        assert!(!script.closed.contains(&silent), "{connect_timeout:?}");
        attempts(&mut script, first, SECOND / 100);
        assert!(script.closed.contains(&silent), "{connect_timeout:?}");
    }
}

#[test]
fn what_a_link_refused_for_its_own_sake_is_sent_over_the_next_one_and_counted_once() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    let op = script.submit(Request::delete("k"), 60 * SECOND);
    let behind = script.submit(Request::delete("k"), 60 * SECOND);
    let mut bytes = BytesMut::new();
    for asked in script.requests(link) {
        let mut frame = Vec::new();
        let lost = Outgoing::response(Opcode::DELETE, Status::NO_BUCKET);
        Outgoing { opaque: asked.opaque, ..lost }.write_to(&mut frame);
        bytes.extend_from_slice(&frame);
    }
    script.client.handle_input(link, &mut bytes, script.now);
    script.events();
    assert_eq!(script.closed, [link]);
    assert!(script.results.is_empty(), "both were refused: {:?}", script.results);
    script.pass(SECOND);
    let next = script.opened.last().expect("opened again").0;
    script.establish(next);
    for (op, asked) in [op, behind].into_iter().zip(script.requests(next)) {
        assert_eq!(asked.opcode, Opcode::DELETE);
        let refused = Outgoing::response(Opcode::DELETE, Status::KEY_ENOENT);
        script.say(next, Outgoing { opaque: asked.opaque, ..refused });
        assert_eq!(script.error(op).attempts(), 2);
    }
}

#[test]
fn what_was_never_written_counts_as_no_attempt() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    let op = script.submit(Request::delete("k"), 5 * SECOND);
    script.client.handle_lost(link, LinkLoss::Reset, script.now);
    script.pass(6 * SECOND);
    let error = script.error(op);
    assert!(error.is_timeout() && !error.is_ambiguous() && error.attempts() == 0, "{error}");
}

#[test]
fn what_is_due_is_not_sent_when_its_link_comes_at_last() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    script.client.handle_lost(link, LinkLoss::Reset, script.now);
    script.pass(Duration::from_millis(1));
    let next = script.opened.last().expect("opened again").0;
    let op = script.submit(Request::delete("k"), Duration::from_millis(100));
    // Whoever drives the machine was asleep.
    script.now = script.now + SECOND;
    script.establish(next);
    assert!(script.requests(next).iter().all(|asked| asked.opcode != Opcode::DELETE));
    script.pass(Duration::from_millis(16));
    let error = script.error(op);
    assert!(error.is_timeout() && !error.is_ambiguous() && error.attempts() == 0, "{error}");
}

#[test]
fn many_operations_of_one_vbucket_all_go_over_its_next_link() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    script.client.handle_lost(link, LinkLoss::Reset, script.now);
    script.pass(Duration::from_millis(1));
    let next = script.opened.last().expect("opened again").0;
    for n in 0..4096 {
        script.submit(Request::get(format!("key number {n}")), SECOND);
    }
    script.establish(next);
    assert_eq!(script.requests(next).len(), 4096);
}

/// The answers to a handshake in which the user is refused.
fn refuse_user(script: &mut Script, link: LinkId) {
    script.client.handle_connected(link, script.now);
    for Received { opcode, opaque, .. } in script.requests(link) {
        let status = match opcode {
            Opcode::HELLO | Opcode::GET_ERROR_MAP => Status::UNKNOWN_COMMAND,
            _ => Status::AUTH_ERROR,
        };
        script.say(link, Outgoing { opaque, ..Outgoing::response(opcode, status) });
    }
}

#[test]
fn a_user_who_is_refused_twice_is_told_and_the_node_is_asked_seldom() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    let read = script.submit(Request::get("k"), 600 * SECOND);
    script.requests(link);
    let opened = script.opened.len();
    script.client.handle_lost(link, LinkLoss::Eof, script.now);
    script.events();
    let waits = script.submit(Request::set("k", 1.encode().unwrap()), 600 * SECOND);
    script.pass(SECOND / 10);
    assert!(script.results.is_empty(), "it may be only the link");
    let next = script.opened[opened].0;
    refuse_user(&mut script, next);
    assert!(script.results.is_empty(), "the node may have left the cluster a moment ago");
    script.pass(2 * SECOND);
    let next = script.opened[opened + 1].0;
    refuse_user(&mut script, next);
    for op in [read, waits] {
        let error = script.error(op);
        assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::Auth, false));
        let words = error.to_string();
        assert!(error.node().is_some() && words.contains("AUTH_ERROR"), "{words}");
    }
    let second = Duration::from_secs(1);
    let refused = script.client.submit(Request::get("k"), second, script.now).unwrap_err().error;
    assert_eq!((refused.kind(), refused.key().unwrap().as_str()), (ErrorKind::Auth, "k"));

    let end = script.now + 600 * SECOND;
    let mut seen = script.opened.len();
    let mut attempts = 2;
    while script.now < end {
        script.pass(SECOND / 10);
        while let Some(&(link, _)) = script.opened.get(seen) {
            refuse_user(&mut script, link);
            attempts += 1;
            seen += 1;
        }
    }
    assert!((10..20).contains(&attempts), "{attempts} attempts in ten minutes");
    // The password is right again.
    while script.opened.len() == seen {
        script.pass(SECOND);
    }
    let link = script.opened[seen].0;
    script.establish(link);
    script.submit(Request::get("k"), second);
    assert_eq!(script.requests(link).len(), 1);
}
