//! What the client makes good by itself.

use crate::bench::{Bench, fails};
use couchbase_core::wire::{Opcode, Status};
use couchbase_core::{Connection, ErrorKind};
use std::time::Duration;

async fn eventually(bench: &Bench, cb: &Connection, key: &str) {
    while let Err(error) = cb.set(key, 1).await {
        assert!(error.is_transient(), "{error}");
        bench.pass(Duration::from_millis(10)).await;
    }
}

/// One wrong node is asked once; the map in its answer is believed.
pub async fn a_moved_vbucket_is_followed(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 0).await.unwrap();
    for to in [0, 1, 2, 0] {
        bench.cluster().move_vbucket(bench.cluster().vbucket_of(&key), to);
        assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 0);
        let before = bench.cluster().requests(Opcode::GET);
        assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 0);
        assert_eq!(bench.cluster().requests(Opcode::GET), before + 1, "the new node is asked at once");
    }
}

/// The vbucket is elsewhere already and no map says so yet: patience.
pub async fn a_handed_over_vbucket_is_waited_for(bench: Bench) {
    let cb = bench.connect().await.with_timeout(Duration::from_secs(60));
    let key = bench.key("k");
    let cluster = bench.cluster();
    let to = (cluster.node_of(&key).index() + 1) % 3;
    cluster.hand_over(cluster.vbucket_of(&key), to);
    let waiting = cb.set(&key, 1).send();
    bench.until(|| cluster.requests(Opcode::SET) >= 2).await;
    cluster.announce(cluster.vbucket_of(&key));
    waiting.await.unwrap();
}

async fn is_retried(bench: &Bench, status: Status) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    bench.cluster().answer_next(3, Opcode::SET, status);
    cb.set(&key, 1).await.unwrap();
    assert_eq!(bench.cluster().requests(Opcode::SET), 4);
    bench.cluster().answer_next(2, Opcode::GET, status);
    assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 1);
    bench.cluster().answer_next(1, Opcode::INCREMENT, status);
    assert_eq!(cb.incr(&key).await.unwrap().value(), 2);
}

/// TMPFAIL means later.
pub async fn temporary_failures_are_retried(bench: Bench) {
    is_retried(&bench, Status::ETMPFAIL).await;
}

/// BUSY means later.
pub async fn a_busy_server_is_retried(bench: Bench) {
    is_retried(&bench, Status::EBUSY).await;
}

/// Retries end with the deadline.
pub async fn endless_temporary_failure_ends_with_the_deadline(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    cb.set(&key, 1).await.unwrap();
    bench.cluster().answer_next(u64::MAX, Opcode::GET, Status::ETMPFAIL);
    let began = bench.now();
    let error = cb.get(&key).timeout(Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::TemporaryFail), "{error}");
    assert!(bench.now() - began >= Duration::from_millis(200));
    assert!(error.attempts() > 1 && !error.is_ambiguous() && error.is_transient(), "{error}");
    assert_eq!(error.key().unwrap().as_str(), key);
    assert_eq!(cb.incr(&key).await.unwrap().value(), 2, "others go on");
}

/// Reads wait for the next link; the connection is good again by itself.
pub async fn cut_links_come_back(bench: Bench) {
    let cb = bench.connect().await.with_timeout(Duration::from_secs(60));
    let key = bench.key("k");
    cb.set(&key, 0).await.unwrap();
    for _ in 0..3 {
        bench.cluster().node_of(&key).cut_links();
        assert_eq!(cb.get(&key).value::<u64>().await.unwrap(), 0);
        eventually(&bench, &cb, &key).await;
        cb.set(&key, 0).await.unwrap();
    }
}

/// While a node is away its keys fail within their deadline, the others' do not; when it is back, all is well.
pub async fn a_node_that_returns_is_found_again(bench: Bench) {
    let cb = bench.connect().await;
    let [away, near] = [0, 1].map(|node| bench.keys_on(node, 1).remove(0));
    for key in [&away, &near] {
        cb.set(key, 1).await.unwrap();
    }
    bench.cluster().node(0).stop();
    let error = cb.get(&away).timeout(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.is_network() && error.is_transient() && !error.is_ambiguous(), "{error}");
    assert_eq!(cb.get(&near).value::<u64>().await.unwrap(), 1);
    bench.cluster().node(0).start();
    assert_eq!(cb.get(&away).timeout(Duration::from_secs(60)).value::<u64>().await.unwrap(), 1);
}

/// Its replicas take over, and nothing is lost.
pub async fn a_failed_over_node_is_left(bench: Bench) {
    let cb = bench.connect().await.with_timeout(Duration::from_secs(60));
    let keys = bench.keys_on(0, 20);
    cb.set_multi(keys.iter().map(|key| (key, 1))).await.unwrap();
    bench.cluster().node(0).fail_over();
    assert!(cb.get_multi(&keys).await.unwrap().all_ok());
    for key in &keys {
        cb.set(key, 2).await.unwrap();
        assert_ne!(bench.cluster().node_of(key).index(), 0);
    }
}

/// What the client has no word for, it says with the server's number, and does not try again.
pub async fn an_unknown_status_is_told(bench: Bench) {
    let cb = bench.connect().await;
    bench.cluster().answer_next(1, Opcode::SET, Status(0x7a7a));
    let error = fails(cb.set(bench.key("k"), 1).await, ErrorKind::Other);
    assert_eq!(error.status(), Some(0x7a7a));
    assert!(error.to_string().contains("0x7a7a"), "{error}");
    assert_eq!(bench.cluster().requests(Opcode::SET), 1);
}
