//! What an operation allocates, counted: nothing through a completion queue, nothing when it is awaited, one box when
//! it is sent or has a callback. Encoded values and copies of small received ones come on top; so the operations here
//! have none.
//!
//! One test alone, since the count is the whole process's. The cluster's own work, inside the sockets, is left out.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "driver/in_memory.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod in_memory;

use couchbase_core::{CompletionQueue, Driver, Key};
use in_memory::{InMemory, settle};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::pin::Pin;
use std::task::{Context, Waker};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const OPERATIONS: usize = 1000;

fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// Allocations of one round, after a few rounds to warm up.
fn measure(world: &InMemory, driver: &mut Driver, mut round: impl FnMut(&mut Driver)) -> usize {
    (0..4).for_each(|_| round(driver));
    let ours = |world: &InMemory| allocations() - world.world().foreign_allocations;
    let before = ours(world);
    round(driver);
    ours(world) - before
}

#[test]
fn operations_allocate_what_they_must_and_no_more() {
    let world = InMemory::with_nodes(2);
    world.world().count_allocations = allocations;
    let (cb, mut driver) = world.connected();
    let callbacks = cb.callbacks();
    let keys: Vec<Key> = (0..OPERATIONS).map(|n| Key::from(format!("key::{n}"))).collect();

    let mut queue = CompletionQueue::with_capacity(OPERATIONS);
    let queued = measure(&world, &mut driver, |driver| {
        for (n, key) in keys.iter().enumerate() {
            callbacks.get(key).quiet(true).send_to(&mut queue, n).unwrap();
        }
        settle(driver);
        assert_eq!(queue.drain().filter(|c| c.result.is_ok()).count(), OPERATIONS);
    });

    let mut futures = Vec::with_capacity(OPERATIONS);
    let awaited = measure(&world, &mut driver, |driver| {
        futures.extend(keys.iter().map(|key| cb.touch(key).quiet(true)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(futures.iter_mut().all(|future| Pin::new(future).poll(&mut cx).is_pending()));
        settle(driver);
        assert!(futures.iter_mut().all(|future| Pin::new(future).poll(&mut cx).is_ready()));
        futures.clear();
    });

    let called = measure(&world, &mut driver, |driver| {
        keys.iter()
            .for_each(|key| callbacks.delete(key).quiet(true).then(|outcome| assert!(outcome.is_ok())));
        settle(driver);
    });

    let chained = measure(&world, &mut driver, |driver| {
        for key in &keys {
            callbacks.delete(key).quiet(true).on_err(|error| panic!("{error}"));
        }
        settle(driver);
    });

    let mut sent = Vec::with_capacity(OPERATIONS);
    let deferred = measure(&world, &mut driver, |driver| {
        sent.extend(keys.iter().map(|key| cb.get(key).quiet(true).send()));
        settle(driver);
        assert!(sent.iter().all(couchbase_core::Deferred::is_finished));
        sent.clear();
    });

    // A few for a batch of a thousand: a buffer for what is received, not yet free again.
    let few = OPERATIONS / 50;
    assert!(queued <= few, "{queued} through a queue");
    assert!(awaited <= few, "{awaited} awaited");
    assert!(called <= OPERATIONS + few, "{called} with a callback");
    assert!(chained <= OPERATIONS + few, "{chained} with a callback that was let go");
    assert!(deferred <= OPERATIONS + few, "{deferred} sent");
}
