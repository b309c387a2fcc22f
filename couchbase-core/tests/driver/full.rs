//! At the limits: those who await stand in line, the rest is told.

use crate::in_memory::{InMemory, settle};
use couchbase_core::{CompletionQueue, ErrorKind};
use futures::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn awaited_operations_stand_in_line_and_sent_ones_are_refused() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(world.config().max_in_flight(2));
    settle(&mut driver);
    world.change(|model, _| model.hang(0));
    let held = [cb.set("a", 1).send(), cb.set("b", 1).send()];
    settle(&mut driver);

    let refused = cb.set("c", 1).send().now_or_never().expect("at once").unwrap_err();
    assert_eq!((refused.kind(), refused.key().unwrap().as_str()), (ErrorKind::Overloaded, "c"));
    let told = Arc::new(AtomicBool::new(false));
    let tell = told.clone();
    cb.callbacks().get("d").on_err(move |e| tell.store(e.kind() == ErrorKind::Overloaded, Ordering::SeqCst));
    assert!(!told.load(Ordering::SeqCst), "never inside the call");
    let mut queue = CompletionQueue::with_capacity(4);
    let refused = cb.callbacks().get("e").send_to(&mut queue, ()).unwrap_err();
    assert_eq!((refused.kind(), queue.in_flight()), (ErrorKind::Overloaded, 0));

    let mut first = cb.set("c", 2);
    let mut second = cb.get("c").value::<u64>();
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    settle(&mut driver);
    assert!(told.load(Ordering::SeqCst));
    // One of those who stand in line gives up: nobody else is harmed.
    let mut third = cb.set("c", 3);
    assert!((&mut third).now_or_never().is_none());
    drop(third);
    world.change(|model, now| model.release(0, now));
    settle(&mut driver);
    assert!(held.into_iter().all(|set| set.now_or_never().unwrap().is_ok()));
    assert!(first.now_or_never().unwrap().is_ok());
    assert_eq!(second.now_or_never().unwrap().unwrap(), 2);
    assert!(cb.set("d", 1).send().now_or_never().is_none(), "there are places again");
}

#[test]
fn standing_in_line_counts_as_time() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(world.config().max_in_flight(1));
    settle(&mut driver);
    world.change(|model, _| model.hang(0));
    let held = cb.get("a").timeout(Duration::from_secs(60)).send();
    let mut waits = cb.set("b", 1).timeout(Duration::from_millis(100));
    assert!((&mut waits).now_or_never().is_none());
    settle(&mut driver);
    world.advance(Duration::from_millis(120));
    settle(&mut driver);
    let error = waits.now_or_never().expect("its time is over").unwrap_err();
    assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::Timeout, false));
    assert!(!held.is_finished());
}

#[test]
fn what_is_due_when_another_is_withdrawn_is_told_whoever_comes_next() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(world.config().max_in_flight(1));
    settle(&mut driver);
    world.change(|model, _| model.hang(0));
    let held = cb.get("a").timeout(Duration::from_secs(60)).send();
    let mut waits = cb.set("b", 1).timeout(Duration::from_millis(100));
    assert!((&mut waits).now_or_never().is_none());
    let mut withdrawn = cb.get("c").timeout(Duration::from_secs(60));
    assert!((&mut withdrawn).now_or_never().is_none());
    settle(&mut driver);
    world.advance(Duration::from_millis(120));
    // The driver has not run since.
    drop(withdrawn);
    let mut next = cb.get("d").timeout(Duration::from_secs(60));
    assert!((&mut next).now_or_never().is_none());
    settle(&mut driver);
    let error = waits.now_or_never().expect("its time is over").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!held.is_finished() && (&mut next).now_or_never().is_none());
    world.change(|model, now| model.release(0, now));
    settle(&mut driver);
    assert!(held.is_finished());
    assert_eq!(next.now_or_never().expect("its turn").unwrap_err().kind(), ErrorKind::NotFound);
}
