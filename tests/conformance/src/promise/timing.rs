//! Deadlines. They are promised to be never early and at most 16 ms late; how late a loaded machine makes them is no
//! business of these tests: the simulation measures it.

use crate::bench::{Bench, fails};
use couchbase_core::{ErrorKind, Raw};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(100);

/// A read that was not answered has changed nothing.
pub async fn a_read_times_out_unambiguously(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 1).await.unwrap();
    bench.cluster().node_of(&key).hang();
    let began = bench.now();
    let error = fails(cb.get(&key).timeout(SHORT).await, ErrorKind::Timeout);
    assert!(bench.now() - began >= SHORT);
    assert!(error.is_timeout() && error.is_transient() && !error.is_ambiguous());
    assert_eq!((error.rc(), error.attempts()), (0x17, 1));
    assert_eq!(error.key().unwrap().as_str(), key);
    let node = bench.cluster().node_of(&key).kv_address();
    assert_eq!(error.node().unwrap().as_str(), node);
    assert!(error.to_string().contains(&node), "{error}");
}

/// A write that was not answered may have happened.
pub async fn a_write_times_out_ambiguously(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 1).await.unwrap();
    bench.cluster().node_of(&key).hang();
    for outcome in [
        cb.set(&key, 2).timeout(SHORT).await.map(drop),
        cb.append(&key, "3").timeout(SHORT).await.map(drop),
        cb.incr(&key).timeout(SHORT).await.map(drop),
        cb.delete(&key).timeout(SHORT).await.map(drop),
    ] {
        assert!(fails(outcome, ErrorKind::Timeout).is_ambiguous());
    }
}

/// The configuration's default, the handle's, the operation's own: the nearest counts.
pub async fn deadlines_are_per_operation(bench: Bench) {
    let cb = bench.open_with(bench.config().timeout(SHORT)).unwrap();
    cb.connect().await.unwrap();
    let key = bench.key("k");
    bench.cluster().node_of(&key).hang();
    let patient = cb.with_timeout(LONG).get(&key).send();
    let most_patient = cb.get(&key).timeout(LONG).send();
    fails(cb.get(&key).await, ErrorKind::Timeout);
    fails(cb.with_timeout(LONG).get(&key).timeout(SHORT).await, ErrorKind::Timeout);
    let error = fails(cb.get_multi([&key]).await, ErrorKind::Timeout);
    assert_eq!(error.all_results().failures().count(), 1);
    assert!(!patient.is_finished() && !most_patient.is_finished());
    bench.cluster().node_of(&key).release();
    fails(patient.await, ErrorKind::NotFound);
    fails(most_patient.await, ErrorKind::NotFound);
}

/// Answers to operations that have ended are not taken for answers to those that came after.
pub async fn late_answers_go_to_nobody(bench: Bench) {
    let cb = bench.connect().await;
    let keys = bench.keys_on(0, 40);
    for (n, key) in keys.iter().enumerate() {
        cb.set(key, Raw(vec![n as u8; 100])).await.unwrap();
    }
    bench.cluster().node(0).hang();
    for key in &keys[..20] {
        fails(cb.get(key).timeout(Duration::from_millis(20)).await, ErrorKind::Timeout);
    }
    let waiting: Vec<_> = keys.iter().map(|key| cb.get(key).timeout(LONG).send()).collect();
    bench.cluster().node(0).release();
    for (n, get) in waiting.into_iter().enumerate() {
        assert_eq!(get.await.unwrap().bytes()[..], [n as u8; 100]);
    }
}

/// While there is no connection yet, the connect deadline rules alone.
pub async fn the_deadline_starts_with_the_connection(bench: Bench) {
    for node in bench.cluster().nodes() {
        node.hang();
    }
    let config = bench.config().timeout(Duration::from_millis(1_000)).connect_timeout(LONG);
    let cb = bench.open_with(config).unwrap();
    let waiting = cb.set(bench.key("k"), 1).send();
    bench.pass(Duration::from_millis(1_200)).await;
    assert!(!waiting.is_finished());
    for node in bench.cluster().nodes() {
        node.release();
    }
    waiting.await.unwrap();
}

/// A server that accepts and says nothing.
pub async fn connecting_has_a_deadline(bench: Bench) {
    for node in bench.cluster().nodes() {
        node.hang();
    }
    let began = bench.now();
    let cb = bench.open_with(bench.config().connect_timeout(SHORT)).unwrap();
    let error = fails(cb.connect().await, ErrorKind::Timeout);
    assert!(bench.now() - began >= SHORT);
    assert!(error.is_network(), "{error}");
}
