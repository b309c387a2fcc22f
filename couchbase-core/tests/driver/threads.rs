//! Many threads on one connection, whose driver runs on a thread of its own.

use crate::in_memory::InMemory;
use couchbase_core::{CompletionQueue, Connection, Driver, ErrorKind, Event};
use futures::FutureExt;
use futures::executor::block_on;
use futures::future::join_all;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

const ROUNDS: usize = 100;

/// Everything that one thread may do with a connection, over and over.
fn work(cb: &Connection, name: &str) {
    let callbacks = cb.callbacks();
    let called = Arc::new(AtomicUsize::new(0));
    let mut queue = CompletionQueue::with_capacity(16);
    let (last, is_last) = mpsc::channel();
    for round in 0..ROUNDS {
        let key = format!("{name}::{}", round % 7);
        block_on(cb.set(&key, round)).unwrap();
        assert_eq!(block_on(cb.get(&key).value::<usize>()).unwrap(), round);
        // Dropped when it was polled, and while others are under way.
        drop(cb.get("shared").optional().now_or_never());
        let mut left = cb.set_multi([("shared", round), ("other", round)]);
        assert!((&mut left).now_or_never().is_none_or(|outcome| outcome.is_ok()));
        drop(left);
        cb.incr("shared::count").initial(1).send().detach();
        cb.incr(format!("{name}::lost")).initial(1).send().cancel();
        let count = called.clone();
        callbacks.touch(&key).then(move |touched| {
            assert!(touched.is_ok());
            count.fetch_add(1, Ordering::SeqCst);
        });
        for n in 0..16 {
            callbacks.get(&key).send_to(&mut queue, n).unwrap();
        }
        while queue.in_flight() > 0 {
            assert!(queue.wait(Duration::from_secs(60)));
            assert!(queue.drain().all(|c| c.result.is_ok()));
        }
        let gets = block_on(join_all((0..8).map(|_| cb.get(&key).value::<usize>())));
        assert!(gets.into_iter().all(|value| value.unwrap() == round));
    }
    callbacks.touch(format!("{name}::0")).then(move |_| last.send(()).unwrap());
    is_last.recv().unwrap();
    // Callbacks of one link come in order, those of others are over by the answers above.
    block_on(cb.get_multi((0..7).map(|n| format!("{name}::{n}")))).unwrap();
    assert_eq!(called.load(Ordering::SeqCst), ROUNDS);
}

fn run_threads(run_driver: impl FnOnce(Driver) + Send + 'static) {
    let world = InMemory::with_nodes(3);
    let (cb, driver) = world.open_parts();
    let gone = cb.register_event(Event::Dtor);
    let driving = thread::spawn(move || run_driver(driver));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let cb = cb.clone();
            thread::spawn(move || work(&cb, &format!("thread{n}")))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let count: usize = block_on(cb.get("shared::count").value()).unwrap();
    assert_eq!(count, 4 * ROUNDS);
    drop(cb);
    block_on(gone).unwrap();
    driving.join().unwrap();
}

#[test]
fn all_threads_get_all_their_answers_from_a_polled_driver() {
    run_threads(block_on);
}

#[test]
fn all_threads_get_all_their_answers_from_a_turned_driver() {
    run_threads(|mut driver| {
        while (&mut driver).now_or_never().is_none() {
            driver.turn_for(Duration::from_secs(60));
        }
    });
}

/// Connected, and a panic has been under the machine's lock.
fn poisoned() -> (Connection, Driver) {
    let world = InMemory::with_nodes(1);
    let (cb, driver) = world.connected();
    world.world().panics_of_the_clock = 1;
    let sent = catch_unwind(AssertUnwindSafe(|| cb.get("k").send().detach()));
    assert!(sent.is_err(), "the clock is asked under the lock");
    (cb, driver)
}

#[test]
fn a_lock_that_a_panic_has_poisoned_serves_on() {
    let (cb, mut driver) = poisoned();
    let mut queue = CompletionQueue::with_capacity(1);
    cb.callbacks().set("k", 0).send_to(&mut queue, ()).unwrap();
    let sets: Vec<_> = (1..2000).map(|n| cb.set("k", n).send()).collect();
    crate::in_memory::settle(&mut driver);
    assert!(sets.into_iter().all(|set| set.now_or_never().unwrap().is_ok()));
    assert!(queue.drain().all(|c| c.result.is_ok()));
    drop(driver);
    assert_eq!(cb.get("k").send().now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
}
