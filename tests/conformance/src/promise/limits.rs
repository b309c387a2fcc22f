//! The limit of what is under way at a time.

use crate::bench::{Bench, fails};
use couchbase_core::{Connection, ErrorKind};
use futures::future::{FutureExt, join_all};
use std::time::Duration;

const LIMIT: usize = 4;

/// A connection with few places, all of whose nodes hang.
async fn narrow(bench: &Bench, queued: usize) -> Connection {
    let config = bench.config().max_in_flight(LIMIT).max_queued(queued).timeout(Duration::from_secs(100));
    let cb = bench.open_with(config).unwrap();
    cb.connect().await.unwrap();
    for node in bench.cluster().nodes() {
        node.hang();
    }
    cb
}

fn release(bench: &Bench) {
    for node in bench.cluster().nodes() {
        node.release();
    }
}

/// So many and not one more; afterwards all is as before.
pub async fn the_limit_refuses_exactly_there(bench: Bench) {
    let cb = narrow(&bench, 100).await;
    let key = bench.key("k");
    for _ in 0..3 {
        let sent: Vec<_> = (0..LIMIT).map(|n| cb.set(&key, n).send()).collect();
        let error = fails(cb.set(&key, "too many").send().await, ErrorKind::Overloaded);
        assert!(error.is_transient() && !error.is_ambiguous());
        assert_eq!(error.attempts(), 0);
        let (tell, told) = futures::channel::oneshot::channel();
        cb.callbacks().get(&key).then(|outcome| tell.send(outcome).unwrap());
        fails(told.await.unwrap(), ErrorKind::Overloaded);
        let mut done = couchbase_core::CompletionQueue::with_capacity(8);
        fails(cb.callbacks().get(&key).send_to(&mut done, ()), ErrorKind::Overloaded);
        assert_eq!(done.in_flight(), 0);
        release(&bench);
        for outcome in join_all(sent).await {
            outcome.unwrap();
        }
        assert_eq!(cb.get(&key).value::<usize>().await.unwrap(), LIMIT - 1);
        for node in bench.cluster().nodes() {
            node.hang();
        }
    }
}

/// `.await` is patient, up to its deadline.
pub async fn awaited_operations_wait_in_line(bench: Bench) {
    let cb = narrow(&bench, 100).await;
    let keys: Vec<String> = (0..50).map(|n| bench.key(&format!("{n}"))).collect();
    let mut all = join_all(keys.iter().map(|key| cb.set(key, 1)));
    assert!((&mut all).now_or_never().is_none());
    let error = fails(cb.get(&keys[0]).timeout(Duration::from_millis(50)).await, ErrorKind::Timeout);
    assert_eq!(error.attempts(), 0, "it never had its turn");
    release(&bench);
    assert!(all.await.iter().all(Result::is_ok));
}

/// While anyone waits, those who do not wait are refused, also when there is a place for a moment.
pub async fn nobody_passes_those_in_line(bench: Bench) {
    let cb = narrow(&bench, 100).await;
    let key = bench.key("k");
    let sent: Vec<_> = (0..LIMIT).map(|n| cb.set(&key, n).send()).collect();
    let mut in_line = cb.set(&key, "in line");
    assert!((&mut in_line).now_or_never().is_none());
    fails(cb.set(&key, "passing").send().await, ErrorKind::Overloaded);
    let mut last = cb.get(&key).value::<String>();
    assert!((&mut last).now_or_never().is_none());
    release(&bench);
    assert_eq!(last.await.unwrap(), "in line");
    in_line.await.unwrap();
    for outcome in join_all(sent).await {
        outcome.unwrap();
    }
}

/// The line itself is bounded.
pub async fn the_line_has_an_end_too(bench: Bench) {
    let cb = narrow(&bench, 2).await;
    let key = bench.key("k");
    let sent: Vec<_> = (0..LIMIT).map(|n| cb.set(&key, n).send()).collect();
    let mut in_line = join_all((0..2).map(|n| cb.set(&key, n)));
    assert!((&mut in_line).now_or_never().is_none());
    fails(cb.set(&key, "one too many").await, ErrorKind::Overloaded);
    release(&bench);
    assert!(in_line.await.iter().all(Result::is_ok));
    for outcome in join_all(sent).await {
        outcome.unwrap();
    }
}
