//! Expiry: relative and absolute, kept and changed.

use super::*;
use couchbase_core::wire::framing::{FrameInfo, request};

fn set_for(expiry: u32) -> Outgoing<'static> {
    let mut extras = [0; 8];
    extras[4..].copy_from_slice(&expiry.to_be_bytes());
    Outgoing { extras: extras.to_vec().leak(), ..set(b"v") }
}

fn touch_for(expiry: u32) -> Outgoing<'static> {
    Outgoing { extras: expiry.to_be_bytes().to_vec().leak(), ..about(Opcode::TOUCH) }
}

const DAY: u64 = 24 * 60 * 60;

#[test]
fn a_time_to_live_is_never_cut_short() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, set_for(3));
    bench.pass(3);
    assert_eq!(bench.status(conn, get()), Status::SUCCESS);
    bench.pass(1);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
    assert_eq!(bench.status(conn, delete()), Status::KEY_ENOENT);
    assert_eq!(bench.model.document("default", b"k", bench.now), None);
}

#[test]
fn an_expired_document_may_be_added_again() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, set_for(1));
    bench.pass(2);
    let again = Outgoing { opcode: Opcode::ADD, ..set(b"again") };
    assert_eq!(bench.status(conn, again), Status::SUCCESS);
    bench.pass(100 * DAY);
    assert_eq!(bench.call(conn, get()).text(), "again");
}

#[test]
fn beyond_thirty_days_it_is_a_date() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, set_for(30 * DAY as u32));
    bench.pass(30 * DAY);
    assert_eq!(bench.status(conn, get()), Status::SUCCESS);
    bench.call(conn, set_for(30 * DAY as u32 + 1));
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT, "a day in 1970");
    bench.call(conn, set_for((UNIX + 60 * DAY) as u32));
    bench.pass(30 * DAY);
    assert_eq!(bench.status(conn, get()), Status::SUCCESS);
    bench.pass(1);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
}

#[test]
fn touching_changes_it_and_the_cas() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(bench.status(conn, touch_for(1)), Status::KEY_ENOENT);
    let stored = bench.call(conn, set_for(1)).cas;
    let touched = bench.call(conn, touch_for(100)).cas;
    assert!(touched > stored);
    bench.pass(50);
    let got = bench.call(conn, Outgoing { extras: &[0, 0, 0, 1], ..about(Opcode::GAT) });
    assert!(got.cas > touched);
    assert_eq!((got.text(), got.extras.len()), ("v", 4));
    bench.pass(2);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
    bench.call(conn, set_for(1));
    bench.call(conn, touch_for(0));
    bench.pass(DAY);
    assert_eq!(bench.status(conn, get()), Status::SUCCESS, "0 is never");
}

#[test]
fn touching_to_the_same_second_changes_nothing() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let gat_for = |expiry| Outgoing { opcode: Opcode::GAT, ..touch_for(expiry) };
    let date = (UNIX + 40 * DAY) as u32;
    // For ever, to a date, and for a time that ends in the same second.
    for (stored, touched) in [(0, 0), (date, date), (100, 100), (100, (UNIX + 100) as u32)] {
        let cas = bench.call(conn, set_for(stored)).cas;
        let changes = bench.model.effects().len();
        let sequence = bench.model.sequence("default", bench.now);
        assert_eq!(bench.call(conn, touch_for(touched)).cas, cas);
        let got = bench.call(conn, gat_for(touched));
        assert_eq!((got.cas, got.text()), (cas, "v"));
        assert_eq!(bench.call(conn, get()).cas, cas);
        assert_eq!(bench.model.effects().len(), changes);
        assert_eq!(bench.model.sequence("default", bench.now), sequence);
    }
}

#[test]
fn writing_ends_it_unless_it_is_to_be_preserved() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let mut framing = Vec::new();
    FrameInfo { id: request::PRESERVE_TTL, payload: &[] }.write_to(&mut framing);
    bench.call(conn, set_for(10));
    bench.call(conn, Outgoing { framing: &framing, ..set(b"kept") });
    bench.pass(11);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
    bench.call(conn, set_for(10));
    bench.call(conn, set(b"for ever"));
    bench.pass(11);
    assert_eq!(bench.call(conn, get()).text(), "for ever");
    let add = Outgoing { opcode: Opcode::ADD, framing: &framing, ..set(b"") };
    assert_eq!(bench.status(conn, add), Status::NOT_SUPPORTED);
}

#[test]
fn the_sequence_of_a_bucket_counts_the_end_by_expiry() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, set_for(1));
    let before = bench.model.sequence("default", bench.now);
    assert_eq!(bench.model.sequence("default", bench.now), before);
    bench.pass(2);
    assert_ne!(bench.model.sequence("default", bench.now), before);
    assert_eq!(bench.model.sequence("other", bench.now), 0);
}
