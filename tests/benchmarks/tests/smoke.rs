//! Every row works and counts what it says: a few hundred operations each, and nothing timed.

use benchmarks::counted::Writes;
use benchmarks::process::Responder;
use benchmarks::rows::{self, ALONE, ROWS, Under, What};
use benchmarks::{IN_FLIGHT, table};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process: one test at a time.
static ALONE_HERE: Mutex<()> = Mutex::new(());

fn allocations() -> (usize, usize) {
    let stats = ALLOCATOR.stats();
    (stats.allocations + stats.reallocations, stats.bytes_allocated)
}

fn responder() -> Responder {
    let program = Command::new(env!("CARGO_BIN_EXE_benchmarks"));
    Responder::start_program(program, None).expect("the responder starts")
}

#[test]
fn every_row_is_answered_and_writes_as_often_as_it_must() {
    let _alone = ALONE_HERE.lock().unwrap_or_else(PoisonError::into_inner);
    let responder = responder();
    for row in ROWS.iter().chain(ALONE) {
        let writes = Arc::new(Writes::default());
        let mut running = row.start(responder.address(), &writes);
        let before = writes.get();
        let right = running.run(640);
        let written = writes.get() - before;
        assert!((640..640 + IN_FLIGHT).contains(&right), "{}: {right} right answers", row.name());
        match row.what {
            What::Wakes | What::Machine | What::Answers => assert_eq!(written, 0),
            _ if row.in_flight == 1 => assert!(written >= 640, "{}: {written} writes", row.name()),
            // How many go together is up to the system's scheduler; each may go alone, but none in two writes.
            _ if row.under == Under::TwoThreads => {
                assert!((5..=right).contains(&written), "{}: {written} writes", row.name());
            }
            // On one thread those that are sent together go together.
            _ => assert!((5..640).contains(&written), "{}: {written} writes", row.name()),
        }
    }
}

#[test]
fn names_find_their_rows() {
    for row in ROWS.iter().chain(ALONE) {
        let found = rows::find(&row.name()).expect("a row's own name finds it");
        assert_eq!((found.under, found.what, found.in_flight), (row.under, row.what, row.in_flight));
    }
    assert!(rows::find("no such row").is_none());
}

/// A value of 256 bytes is copied out, into blocks that are used again; what is left are boxes of callbacks.
#[test]
fn operations_allocate_nothing_but_boxes_of_callbacks() {
    let _alone = ALONE_HERE.lock().unwrap_or_else(PoisonError::into_inner);
    let responder = responder();
    let most = |under, what, in_flight| {
        let row = ROWS.iter().find(|row| (row.under, row.what, row.in_flight) == (under, what, in_flight));
        let mut running = row.expect("there is such a row").start(responder.address(), &Arc::default());
        // Every key's text becomes shared when it is first cloned.
        running.run(2048);
        let (before, _) = allocations();
        running.run(2048);
        (allocations().0 - before) as f64 / 2048.0
    };
    for (what, in_flight, limit) in [
        (What::Batch, IN_FLIGHT, 0.02),
        (What::Callbacks, IN_FLIGHT, 1.02),
        // 128 tasks are spawned for 2,048 operations, with a few allocations each.
        (What::Futures, IN_FLIGHT, 0.25),
        (What::Batch, 1, 0.02),
        (What::Callbacks, 1, 1.02),
        (What::Futures, 1, 0.02),
    ] {
        let counted = most(Under::Tokio, what, in_flight);
        assert!(counted <= limit, "{what:?} with {in_flight} in flight: {counted} allocations each");
    }
}

#[test]
fn the_table_has_every_row() {
    let _alone = ALONE_HERE.lock().unwrap_or_else(PoisonError::into_inner);
    let responder = responder();
    let measured = table::measure(responder.address(), 1, 256, allocations).expect("every answer is right");
    assert_eq!(measured.len(), ROWS.len());
    assert!(measured.iter().all(|(_, cost)| cost.cpu > 0.0 && cost.wall > 0.0));
    table::print(&measured);
}

#[test]
fn wrong_arguments_are_told() {
    let out = Command::new(env!("CARGO_BIN_EXE_benchmarks")).arg("--faster").output().expect("it runs");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--faster"));
}
