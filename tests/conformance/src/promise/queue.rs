//! Completions that wait to be fetched.

use crate::bench::{Bench, fails};
use couchbase_core::{CompletionQueue, ErrorKind};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// Ten times the queue's capacity, a batch at a time.
pub async fn every_token_comes_back_with_its_result(bench: Bench) {
    let cb = bench.connect().await.callbacks();
    let mut done = CompletionQueue::with_capacity(50);
    let mut seen = BTreeSet::new();
    for batch in 0..10_u32 {
        for n in batch * 50..(batch + 1) * 50 {
            cb.set(bench.key(&format!("{n}")), n).send_to(&mut done, n).unwrap();
        }
        assert_eq!(done.in_flight(), 50);
        while done.in_flight() > 0 {
            bench.pass(Duration::from_millis(1)).await;
            for completion in done.drain() {
                let reply = completion.result.unwrap();
                assert_eq!(reply.key().as_str(), bench.key(&format!("{}", completion.token)));
                assert!(seen.insert(completion.token));
            }
        }
    }
    assert_eq!(seen.len(), 500);
    assert!(!done.wait(Duration::ZERO), "nothing is under way");

    cb.get(bench.key("7")).send_to(&mut done, 7).unwrap();
    cb.get(bench.key("missing")).send_to(&mut done, 8).unwrap();
    cb.incr(bench.key("7")).send_to(&mut done, 9).unwrap();
    while done.in_flight() > 0 {
        bench.pass(Duration::from_millis(1)).await;
        for completion in done.drain() {
            match completion.token {
                7 => assert_eq!(completion.result.unwrap().value::<u32>().unwrap(), 7),
                8 => drop(fails(completion.result, ErrorKind::NotFound)),
                _ => assert_eq!(completion.result.unwrap().value::<u32>().unwrap(), 8),
            }
        }
    }
}

/// The capacity is a promise in both directions.
pub async fn a_full_queue_refuses(bench: Bench) {
    let cb = bench.connect().await.callbacks();
    let mut done = CompletionQueue::with_capacity(2);
    for token in 0..2 {
        assert!(!done.is_full());
        cb.set(bench.key("k"), token).send_to(&mut done, token).unwrap();
    }
    assert!(done.is_full());
    fails(cb.set(bench.key("k"), "too many").send_to(&mut done, 2), ErrorKind::Overloaded);
    while done.in_flight() > 0 {
        bench.pass(Duration::from_millis(1)).await;
        done.drain().for_each(|completion| assert!(completion.result.is_ok()));
    }
    assert!(!done.is_full());
    assert_eq!(cb.futures().get(bench.key("k")).value::<u64>().await.unwrap(), 1, "the third was not sent");
}

/// Tokens never leave the thread of the queue's owner.
pub async fn tokens_may_stay_on_one_thread(bench: Bench) {
    let cb = bench.connect().await.callbacks();
    let seen = Rc::new(Cell::new(0));
    let mut done: CompletionQueue<Box<dyn FnOnce(u32)>> = CompletionQueue::with_capacity(4);
    cb.set(bench.key("k"), 7).send();
    let also_seen = seen.clone();
    cb.get(bench.key("k")).send_to(&mut done, Box::new(move |n| also_seen.set(n))).unwrap();
    while done.in_flight() > 0 {
        bench.pass(Duration::from_millis(1)).await;
        for completion in done.drain() {
            (completion.token)(completion.result.unwrap().value().unwrap());
        }
    }
    assert_eq!(seen.get(), 7);
}

/// Mistakes arrive like every other outcome: with their token.
pub async fn argument_errors_come_through_the_queue(bench: Bench) {
    let cb = bench.connect().await.callbacks();
    let mut done = CompletionQueue::with_capacity(4);
    cb.get("").send_to(&mut done, "empty key").unwrap();
    cb.set(bench.key("k"), &vec![1_u8]).send_to(&mut done, "bytes by reference").unwrap();
    let mut kinds = Vec::new();
    while done.in_flight() > 0 {
        bench.pass(Duration::from_millis(1)).await;
        kinds
            .extend(done.drain().map(|completion| (completion.token, completion.result.unwrap_err().kind())));
    }
    kinds.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(kinds, [("bytes by reference", ErrorKind::ValueFormat), ("empty key", ErrorKind::Argument)]);
}
