//! Locked documents, with and without extended errors.

use super::*;

fn lock(seconds: u32) -> Outgoing<'static> {
    Outgoing { extras: seconds.to_be_bytes().to_vec().leak(), ..about(Opcode::GET_LOCKED) }
}

fn unlock(cas: u64) -> Outgoing<'static> {
    Outgoing { cas, ..about(Opcode::UNLOCK_KEY) }
}

fn attempts() -> [Outgoing<'static>; 7] {
    [
        set(b"w"),
        Outgoing { opcode: Opcode::REPLACE, ..set(b"w") },
        Outgoing { value: b"w", ..about(Opcode::APPEND) },
        delete(),
        Outgoing { extras: &[0; 4], ..about(Opcode::TOUCH) },
        Outgoing { extras: &[0; 4], ..about(Opcode::GAT) },
        Outgoing { extras: &[0; 20], ..about(Opcode::INCREMENT) },
    ]
}

#[test]
fn nobody_changes_a_locked_document_without_its_key() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.stored(conn, b"5");
    let locked = bench.call(conn, lock(10));
    assert_eq!(locked.text(), "5");
    for frame in attempts() {
        assert_eq!(bench.status(conn, frame), Status::LOCKED, "{frame:?}");
    }
    assert_eq!(bench.status(conn, Outgoing { cas: 1, ..set(b"w") }), Status::LOCKED);
    assert_eq!(bench.status(conn, Outgoing { opcode: Opcode::ADD, ..set(b"w") }), Status::KEY_EEXISTS);
    assert_eq!(bench.status(conn, lock(10)), Status::LOCKED);
    assert_eq!(bench.call(conn, get()).cas, u64::MAX);
    assert_eq!(bench.status(conn, Outgoing { cas: locked.cas, ..set(b"w") }), Status::SUCCESS);
    assert_eq!(bench.status(conn, set(b"x")), Status::SUCCESS, "the write ended the lock");
}

#[test]
fn what_is_no_number_is_found_before_the_lock() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.stored(conn, b"text");
    bench.call(conn, lock(10));
    let [.., increment] = attempts();
    assert_eq!(bench.status(conn, increment), Status::DELTA_BADVAL);
}

#[test]
fn unlocking() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(bench.status(conn, unlock(1)), Status::KEY_ENOENT);
    let stored = bench.stored(conn, b"v");
    assert_eq!(bench.status(conn, unlock(stored)), Status::NOT_LOCKED);
    let locked = bench.call(conn, lock(10)).cas;
    assert_ne!(locked, stored);
    assert_eq!(bench.status(conn, unlock(locked + 1)), Status::LOCKED);
    assert_eq!(bench.status(conn, unlock(0)), Status::EINVAL);
    let unlocked = bench.call(conn, unlock(locked));
    assert_eq!((unlocked.status, unlocked.cas), (Status::SUCCESS, 0));
    assert_eq!(bench.call(conn, get()).cas, locked);
}

#[test]
fn a_lock_ends_by_itself() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.stored(conn, b"v");
    for (asked, holds) in [(3, 3), (0, 15), (30, 30), (31, 15)] {
        bench.call(conn, lock(asked));
        bench.pass(holds - 1);
        assert_eq!(bench.status(conn, set(b"v")), Status::LOCKED, "asked for {asked}");
        bench.pass(1);
        assert_eq!(bench.status(conn, set(b"v")), Status::SUCCESS, "asked for {asked}");
    }
}

#[test]
fn without_extended_errors_it_is_told_otherwise() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[]);
    let stored = bench.stored(conn, b"5");
    assert_eq!(bench.status(conn, unlock(stored)), Status::ETMPFAIL);
    bench.call(conn, lock(10));
    assert_eq!(bench.status(conn, lock(10)), Status::ETMPFAIL);
    for frame in attempts() {
        assert_eq!(bench.status(conn, frame), Status::KEY_EEXISTS, "{frame:?}");
    }
}
