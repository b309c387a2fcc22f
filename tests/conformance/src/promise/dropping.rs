//! What becomes of an operation whose future is dropped, and what others have to do with it: nothing.

use crate::bench::{Bench, fails};
use couchbase_core::{ErrorKind, OperationResult, Result, ValueResult};
use futures::future::{FutureExt, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use std::time::Duration;

/// Operations are lazy.
pub async fn an_unsent_operation_does_nothing(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    drop(cb.set(&key, 1));
    drop(cb.set_multi([(&key, 1)]));
    fails(cb.get(&key).await, ErrorKind::NotFound);
}

/// Only the answer is lost.
pub async fn a_sent_operation_goes_on_unheard(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    drop(cb.set(&key, 1).send());
    cb.incr(&key).send().detach();
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 2);
}

/// They are `Send + Unpin + 'static` futures, without ceremony.
pub async fn operations_are_futures_for_every_combinator(bench: Bench) {
    fn is_free<T: Send + Unpin + 'static>(operation: T) -> T {
        operation
    }
    let cb = bench.connect().await;
    let key = bench.key("k");
    is_free(cb.set(&key, 7)).await.unwrap();
    let (a, b) = futures::try_join!(cb.get(&key).value::<u64>(), cb.get(&key).optional()).unwrap();
    assert!(a == 7 && b.is_some());
    let mut unordered: FuturesUnordered<_> = (0..10).map(|_| is_free(cb.get(&key))).collect();
    while let Some(read) = unordered.next().await {
        read.unwrap();
    }
    let (first, other) = select(cb.get(&key), cb.get(&key)).await.factor_first();
    assert_eq!(first.unwrap().cas(), other.await.unwrap().cas());
    let boxed: Vec<std::pin::Pin<Box<dyn Future<Output = Result<ValueResult>> + Send>>> =
        vec![Box::pin(cb.get(&key)), Box::pin(cb.get(&key).send())];
    assert!(join_all(boxed).await.iter().all(Result::is_ok));
}

/// Awaited operations that are dropped half-way take nobody else's answer with them.
pub async fn a_dropped_wait_harms_nobody(bench: Bench) {
    let cb = bench.connect().await.with_timeout(Duration::from_secs(100));
    let keys = bench.keys_on(0, 30);
    for (n, key) in keys.iter().enumerate() {
        cb.set(key, n).await.unwrap();
    }
    bench.cluster().node(0).hang();
    let mut waiting: Vec<_> = keys.iter().map(|key| Some(cb.get(key).value::<usize>())).collect();
    for get in waiting.iter_mut().flatten() {
        assert!(get.now_or_never().is_none());
    }
    bench.until(|| bench.cluster().node(0).unread() > 0).await;
    for dropped in waiting.iter_mut().step_by(3) {
        *dropped = None;
    }
    let more: Vec<_> = keys.iter().map(|key| cb.get(key).value::<usize>().send()).collect();
    bench.cluster().node(0).release();
    for (n, get) in waiting.into_iter().enumerate() {
        if let Some(get) = get {
            assert_eq!(get.await.unwrap(), n);
        }
    }
    for (n, get) in more.into_iter().enumerate() {
        assert_eq!(get.await.unwrap(), n);
    }
}

/// What has not left yet does not leave any more; what waits behind it is not held up.
pub async fn a_cancelled_operation_is_withdrawn(bench: Bench) {
    for node in bench.cluster().nodes() {
        node.hang();
    }
    let cb = bench.open_with(bench.config().connect_timeout(Duration::from_secs(100))).unwrap();
    let keys = ["cancelled", "dropped", "kept"].map(|name| bench.key(name));
    let cancelled = cb.set(&keys[0], 1).send();
    let mut dropped = cb.set(&keys[1], 1);
    assert!((&mut dropped).now_or_never().is_none());
    let kept = cb.set(&keys[2], 1).send();
    let behind: Vec<_> = keys.iter().map(|key| cb.get(key).optional().send()).collect();
    cancelled.cancel();
    drop::<couchbase_core::ops::Set>(dropped);
    for node in bench.cluster().nodes() {
        node.release();
    }
    let stored: Result<OperationResult> = kept.await;
    stored.unwrap();
    let found: Vec<bool> =
        join_all(behind).await.into_iter().map(|outcome| outcome.unwrap().is_some()).collect();
    assert_eq!(found, [false, false, true]);
}
