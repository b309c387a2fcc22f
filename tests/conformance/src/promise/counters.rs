//! Numbers that the server counts.

use crate::bench::{Bench, fails};
use couchbase_core::{ErrorKind, Text};
use futures::future::join_all;

/// Up, down, by any step; all that count at once are counted.
pub async fn counters_count(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let first = cb.incr(&key).initial(10).await.unwrap();
    assert_eq!((first.value(), first.key().as_str()), (10, &key[..]));
    assert_eq!(cb.incr(&key).await.unwrap().value(), 11);
    assert_eq!(cb.incr(&key).by(9).initial(1000).await.unwrap().value(), 20);
    assert_eq!(cb.decr(&key).await.unwrap().value(), 19);
    assert_eq!(cb.decr(&key).by(9).await.unwrap().value(), 10);
    assert_eq!(cb.counter(&key, -3).await.unwrap().value(), 7);
    assert_eq!(cb.counter(&key, 5).await.unwrap().value(), 12);
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 12);

    let counted = join_all((0..50).map(|_| cb.incr(&key))).await;
    let mut values: Vec<u64> = counted.into_iter().map(|result| result.unwrap().value()).collect();
    values.sort_unstable();
    assert!(values.into_iter().eq(13..63));
}

/// Without a beginning nothing is created.
pub async fn a_counter_must_exist_or_have_a_beginning(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    fails(cb.incr(&key).await, ErrorKind::NotFound);
    fails(cb.decr(&key).by(2).await, ErrorKind::NotFound);
    fails(cb.get(&key).await, ErrorKind::NotFound);
    assert_eq!(cb.decr(&key).by(2).initial(0).await.unwrap().value(), 0);
}

/// There is nothing below zero; above the largest comes zero.
pub async fn counters_stop_at_zero_and_wrap_at_the_top(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.incr(&key).initial(3).await.unwrap();
    assert_eq!(cb.decr(&key).by(5).await.unwrap().value(), 0);
    assert_eq!(cb.incr(&key).by(u64::MAX).await.unwrap().value(), u64::MAX);
    assert_eq!(cb.incr(&key).await.unwrap().value(), 0);
}

/// A number as text counts; anything else is an error of its own kind.
pub async fn other_documents_do_not_count(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 41).await.unwrap();
    assert_eq!(cb.incr(&key).await.unwrap().value(), 42);
    cb.set(&key, Text("many")).await.unwrap();
    let error = fails(cb.incr(&key).await, ErrorKind::DeltaBadValue);
    assert_eq!(error.rc(), 0x03);
    assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "many");
}
