//! Changes under the condition that nobody has interfered.

use crate::bench::{Bench, fails};
use couchbase_core::{Cas, ErrorKind, Text};
use futures::future::join_all;

/// Every kind of change takes a CAS, from a result or bare, and it holds.
pub async fn the_right_cas_passes(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let stored = cb.set(&key, Text("a")).await.unwrap();
    let replaced = cb.replace(&key, Text("b")).cas(&stored).await.unwrap();
    let set = cb.set(&key, Text("c")).cas(replaced.cas()).await.unwrap();
    let appended = cb.append(&key, "d").cas(&set).await.unwrap();
    let read = cb.get(&key).await.unwrap();
    assert_eq!(read.cas(), appended.cas());
    cb.delete(&key).cas(&read).await.unwrap();
    fails(cb.get(&key).await, ErrorKind::NotFound);
}

/// Whoever comes second is told, and changes nothing.
pub async fn a_stale_cas_is_refused(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let stale = cb.set(&key, Text("a")).await.unwrap();
    cb.set(&key, Text("b")).await.unwrap();
    for outcome in [
        cb.set(&key, 1).cas(&stale).await,
        cb.replace(&key, 1).cas(&stale).await,
        cb.append(&key, "x").cas(&stale).await,
        cb.prepend(&key, "x").cas(&stale).await,
        cb.delete(&key).cas(&stale).await,
    ] {
        assert!(fails(outcome, ErrorKind::KeyExists).is_cas_mismatch());
    }
    assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "b");
}

/// A condition on a document that is not there does not create it.
pub async fn a_cas_without_document_is_not_found(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    fails(cb.set(&key, 1).cas(Cas::from_u64(7)).await, ErrorKind::NotFound);
    fails(cb.get(&key).await, ErrorKind::NotFound);
}

/// Ten that read, change and write at the same time lose nothing.
pub async fn the_optimistic_loop_loses_no_update(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 0).await.unwrap();
    let add_one = async || {
        loop {
            let read = cb.get(&key).await.unwrap();
            let count: u64 = read.value().unwrap();
            match cb.replace(&key, count + 1).cas(&read).await {
                Err(error) if error.is_cas_mismatch() => {}
                outcome => return outcome.unwrap(),
            }
        }
    };
    join_all((0..10).map(|_| add_one())).await;
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 10);
}
