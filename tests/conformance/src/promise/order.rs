//! Two operations on one key, at least one of them a write, that both succeed took effect in the order in which they
//! were sent, whatever happens in between.

use crate::bench::{Bench, fails};
use couchbase_core::wire::{Opcode, Status};
use couchbase_core::{Connection, Deferred, Error, ErrorKind, OperationResult, Result, ValueResult};
use futures::future::{FutureExt, join_all};
use std::time::Duration;

/// One key's writes, each with the read that was sent behind it.
struct Pipeline {
    key: String,
    sent: Vec<(u64, Deferred<OperationResult>, Deferred<ValueResult>)>,
}

impl Pipeline {
    fn new(key: String) -> Self {
        Self { key, sent: Vec::new() }
    }

    fn send(&mut self, cb: &Connection, rounds: u64) {
        for _ in 0..rounds {
            let n = self.sent.len() as u64;
            self.sent.push((n, cb.set(&self.key, n).send(), cb.get(&self.key).send()));
        }
    }

    /// Waits for all of it. No read may see an older write than the last that had succeeded before it, nor one that
    /// was sent after it, nor one that an earlier read has left behind; the document is what the last success left.
    async fn holds(self, cb: &Connection) -> Vec<Error> {
        let mut errors = Vec::new();
        let mut at_least = None;
        let mut may_be = Vec::new();
        for (n, set, get) in self.sent {
            match set.await {
                Ok(_) => {
                    at_least = Some(n);
                    may_be.clear();
                }
                Err(error) => {
                    if error.is_ambiguous() {
                        may_be.push(n);
                    }
                    errors.push(error);
                }
            }
            let seen = get.await.and_then(|doc| doc.value::<u64>());
            match seen {
                Ok(seen) => assert!(
                    Some(seen) == at_least || may_be.contains(&seen),
                    "read behind write {n} saw {seen}: {at_least:?} was the last to succeed, {may_be:?} may have"
                ),
                Err(error) if error.is_not_found() => assert_eq!(at_least, None, "behind write {n}"),
                Err(error) => errors.push(error),
            }
        }
        let last: Option<u64> = cb.get(&self.key).optional().value().await.unwrap();
        assert!(last == at_least || last.is_some_and(|last| may_be.contains(&last)), "{last:?} is left");
        errors
    }
}

fn no_errors(errors: &[Error]) {
    assert!(errors.is_empty(), "{errors:?}");
}

/// On a calm cluster all succeed, and each read sees the write before it.
pub async fn a_pipeline_of_one_key_runs_in_order(bench: Bench) {
    let cb = bench.connect().await;
    let mut pipelines: Vec<Pipeline> = (0..5).map(|n| Pipeline::new(bench.key(&format!("{n}")))).collect();
    for _ in 0..20 {
        for pipeline in &mut pipelines {
            pipeline.send(&cb, 3);
        }
    }
    for pipeline in pipelines {
        no_errors(&pipeline.holds(&cb).await);
    }
}

/// What waits for the connection goes out in its order.
pub async fn order_holds_before_the_connection(bench: Bench) {
    let cb = bench.open();
    let mut pipeline = Pipeline::new(bench.key("k"));
    pipeline.send(&cb, 50);
    cb.connect().await.unwrap();
    pipeline.send(&cb, 50);
    no_errors(&pipeline.holds(&cb).await);
}

/// Clones, handles with other defaults and both faces are one connection.
pub async fn clones_and_faces_share_one_order(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let (other, callbacks) = (cb.with_timeout(Duration::from_secs(60)), cb.callbacks());
    for round in 0..50_u64 {
        let first = cb.set(&key, "first").send();
        drop(callbacks.set(&key, "second").send());
        let third = other.set(&key, round).send();
        let read = cb.clone().get(&key).send();
        assert_eq!(read.await.unwrap().value::<u64>().unwrap(), round);
        first.await.unwrap();
        third.await.unwrap();
    }
}

/// NOT_MY_VBUCKET in the middle of a pipeline, announced and unannounced.
pub async fn order_holds_while_the_vbucket_moves(bench: Bench) {
    // Order is promised, not speed, where a vbucket moves every millisecond.
    let cb = bench.connect().await.with_timeout(Duration::from_secs(100));
    let mut pipeline = Pipeline::new(bench.key("k"));
    let vbucket = bench.cluster().vbucket_of(&pipeline.key);
    for step in 0..30 {
        pipeline.send(&cb, 10);
        match step % 3 {
            0 => bench.cluster().move_vbucket(vbucket, step / 3 % 3),
            1 => bench.cluster().hand_over(vbucket, (step / 3 + 1) % 3),
            _ => bench.cluster().announce(vbucket),
        }
        pipeline.send(&cb, 10);
        bench.pass(Duration::from_millis(1)).await;
    }
    let errors = pipeline.holds(&cb).await;
    // A node that gets the vbucket between two requests refuses the first and carries the second out.
    let other = errors.iter().find(|error| !error.is_overtaken() || error.is_ambiguous());
    assert!(other.is_none(), "{} errors, among them {other:?}", errors.len());
}

/// The old node still owes answers when the new one begins; it may even carry requests out late.
pub async fn order_holds_while_the_old_node_hangs(bench: Bench) {
    let patient = bench.connect().await.with_timeout(Duration::from_secs(100));
    let cb = patient.with_timeout(Duration::from_millis(300));
    let cluster = bench.cluster();
    let [key, informer] = [0, 1].map(|node| bench.keys_on(node, 1).remove(0));
    let mut pipeline = Pipeline::new(key);
    pipeline.send(&patient, 5);
    patient.get(&pipeline.key).await.unwrap();

    cluster.node(0).hang();
    pipeline.send(&cb, 10);
    bench.until(|| cluster.node(0).unread() > 0).await;
    cluster.move_vbucket(cluster.vbucket_of(&pipeline.key), 2);
    cluster.move_vbucket(cluster.vbucket_of(&informer), 2);
    // The answer to this one brings the map.
    fails(patient.get(&informer).await, ErrorKind::NotFound);
    pipeline.send(&patient, 10);
    let key = pipeline.key.clone();
    let errors = pipeline.holds(&patient).await;
    assert!(!errors.is_empty() && errors.iter().all(Error::is_timeout), "{errors:?}");
    cluster.node(0).release();
    assert_eq!(patient.get(&key).value::<u64>().await.unwrap(), 24, "what the old node does now is in vain");
}

/// The earlier is refused for the moment, the later carried out: the earlier must not be tried again.
pub async fn order_holds_when_the_earlier_must_be_retried(bench: Bench) {
    let cb = bench.connect().await;
    for round in 0..20 {
        let key = bench.key(&format!("{round}"));
        bench.cluster().answer_next(1, Opcode::SET, Status::ETMPFAIL);
        let earlier = cb.set(&key, "earlier").send();
        let later = cb.set(&key, "later").send();
        later.await.unwrap();
        // Either it was tried again before the later one was let out, or never.
        if let Err(error) = earlier.await {
            assert!(error.is_overtaken() && !error.is_ambiguous(), "{error}");
        }
        assert_eq!(cb.get(&key).value::<String>().await.unwrap(), "later");
    }
}

/// The later is refused for good: that is an answer too.
pub async fn order_holds_when_the_later_is_refused(bench: Bench) {
    let cb = bench.connect().await;
    for round in 0..20 {
        let key = bench.key(&format!("{round}"));
        cb.set(&key, "there").await.unwrap();
        bench.cluster().answer_next(1, Opcode::SET, Status::ETMPFAIL);
        let earlier = cb.set(&key, "earlier").send();
        let later = cb.add(&key, "later").send();
        assert_eq!(later.await.unwrap_err().kind(), ErrorKind::KeyExists);
        let expected = match earlier.await {
            Ok(_) => "earlier",
            Err(error) => {
                assert!(error.is_overtaken() && !error.is_ambiguous(), "{error}");
                "there"
            }
        };
        assert_eq!(cb.get(&key).value::<String>().await.unwrap(), expected);
    }
}

/// Writes that were under way end truthfully, reads are asked again, the rest goes over the next link in order.
pub async fn order_holds_over_a_lost_link(bench: Bench) {
    let cb = bench.connect().await;
    let mut pipeline = Pipeline::new(bench.key("k"));
    pipeline.send(&cb, 5);
    cb.get(&pipeline.key).await.unwrap();
    for _ in 0..5 {
        let node = bench.cluster().node_of(&pipeline.key);
        node.hang();
        pipeline.send(&cb, 5);
        bench.until(|| node.unread() > 0).await;
        node.cut_links();
        pipeline.send(&cb, 5);
        node.release();
        cb.get(&pipeline.key).await.ok();
    }
    let errors = pipeline.holds(&cb).await;
    assert!(
        errors.iter().all(|error| error.kind() == ErrorKind::Network && error.is_ambiguous()),
        "{errors:?}"
    );
    assert!(!errors.is_empty(), "five links were lost with writes under way");
}

/// Those who wait for a place keep their order among themselves.
pub async fn order_holds_in_the_line_for_a_place(bench: Bench) {
    let cb = bench.open_with(bench.config().max_in_flight(3)).unwrap();
    cb.connect().await.unwrap();
    let key = bench.key("k");
    let mut sets: Vec<_> = (0..100_u64).map(|n| cb.set(&key, n)).collect();
    let mut gets: Vec<_> = (0..100).map(|_| cb.get(&key).value::<u64>()).collect();
    // The first poll takes the place in line.
    for (set, get) in sets.iter_mut().zip(&mut gets) {
        assert!(set.now_or_never().is_none());
        assert!(get.now_or_never().is_none());
    }
    let (sets, gets) = futures::join!(join_all(sets), join_all(gets));
    assert!(sets.iter().all(Result::is_ok));
    assert!(gets.into_iter().map(Result::unwrap).eq(0..100));
}
