//! A driver that is turned by hand.

use crate::in_memory::wakes::counting_waker;
use crate::in_memory::{InMemory, settle};
use couchbase_core::CompletionQueue;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::Context;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn turn_never_blocks_and_tells_whether_anything_happened() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    assert!(!driver.turn());
    let get = cb.get("k").optional().send();
    assert!(driver.turn());
    while driver.turn() {}
    assert!(get.is_finished());
    drop((cb, get));
    while driver.turn() {}
    assert!(!driver.turn(), "at its end nothing happens any more");
    assert!(!driver.turn_for(Duration::from_secs(60)), "and it does not wait for anything");
}

#[test]
fn turn_for_sleeps_until_another_thread_sends_something() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let begin = Instant::now();
    assert!(!driver.turn_for(Duration::from_millis(20)));
    assert!(begin.elapsed() >= Duration::from_millis(20));
    let (turning, is_turning) = channel();
    let sender = thread::spawn(move || {
        is_turning.recv().unwrap();
        futures::executor::block_on(cb.set("k", 1))
    });
    turning.send(()).unwrap();
    while !sender.is_finished() {
        driver.turn_for(Duration::from_secs(1));
    }
    assert!(sender.join().unwrap().is_ok());
    assert!(begin.elapsed() < Duration::from_secs(50), "a wake each, not a sleep each");
}

#[test]
fn turn_for_ends_in_time_though_it_is_woken_without_end() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.world().is_restless = true;
    cb.touch("k").send().detach();
    let (done, is_done) = channel();
    let turning = thread::spawn(move || {
        while driver.turn_for(Duration::from_millis(1)) {}
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(Duration::from_secs(60)).is_ok(), "it does not come back");
    turning.join().unwrap();
}

#[test]
fn turn_for_sleeps_until_a_timer_fires() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let get = cb.get("k").timeout(Duration::from_millis(100)).send();
    while driver.turn() {}
    let (asleep, is_asleep) = channel();
    let time = thread::spawn(move || {
        is_asleep.recv().unwrap();
        world.advance(Duration::from_millis(120));
    });
    asleep.send(()).unwrap();
    while !get.is_finished() {
        driver.turn_for(Duration::from_secs(60));
    }
    time.join().unwrap();
}

#[test]
fn outcomes_are_delivered_even_if_the_runtime_panics_after_they_were_taken() {
    let millis = Duration::from_millis;
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let called = Arc::new(AtomicUsize::new(0));
    let tell = called.clone();
    cb.callbacks().get("a").timeout(millis(100)).then(move |_| {
        tell.fetch_add(1, Ordering::SeqCst);
    });
    let mut queue = CompletionQueue::with_capacity(1);
    cb.callbacks().get("b").timeout(millis(100)).send_to(&mut queue, ()).unwrap();
    let (wakes, waker) = counting_waker();
    let mut awaited = cb.get("c").timeout(millis(100));
    assert!(Pin::new(&mut awaited).poll(&mut Context::from_waker(&waker)).is_pending());
    // For the sake of which the timer is set anew.
    cb.get("d").timeout(millis(300)).send().detach();
    settle(&mut driver);
    world.advance(millis(130));
    world.world().timers_panic = true;
    assert!(catch_unwind(AssertUnwindSafe(move || driver.turn())).is_err());
    assert_eq!((called.load(Ordering::SeqCst), wakes.count(), queue.drain().count()), (1, 1, 1));
}
