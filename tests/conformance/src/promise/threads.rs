//! Many threads on one connection, whatever they do to it and whatever happens to it meanwhile: each operation ends,
//! and once.

use crate::bench::Bench;
use couchbase_core::{CompletionQueue, Connection, ErrorKind, Event, Result};
use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::{FutureExt, join_all};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const THREADS: usize = 4;
/// An operation that nobody brings to its end must not be saved by its deadline: it would be seen as one that hangs.
const FOR_EVER: Duration = Duration::from_secs(1000);

/// What the threads have done, all together.
#[derive(Default)]
struct Tally {
    rounds: AtomicUsize,
    /// Increments of one counter: those that succeeded, and those of which nobody knows.
    counted: AtomicUsize,
    perhaps: AtomicUsize,
}

impl Tally {
    fn incremented(&self, outcome: &Result<u64>) {
        match outcome {
            Ok(_) => self.counted.fetch_add(1, Ordering::SeqCst),
            Err(error) => self.perhaps.fetch_add(error.is_ambiguous().into(), Ordering::SeqCst),
        };
    }
}

/// If it failed, then for a link that was lost, or for the close, and for nothing else.
fn check<T>(outcome: &Result<T>) {
    if let Err(error) = outcome {
        let is_known = matches!(error.kind(), ErrorKind::Network | ErrorKind::Closed);
        assert!(is_known || error.is_overtaken(), "{error}");
    }
}

/// So many rounds of everything that a thread may do with a connection.
fn work(cb: &Connection, keys: &[String], thread: usize, rounds: usize, tally: &Arc<Tally>) {
    let callbacks = cb.callbacks();
    let (tell, told) = mpsc::channel();
    let mut to_be_told = 0;
    let mut queue = CompletionQueue::with_capacity(8);
    let mut held = Vec::new();
    for round in 0..rounds {
        let key = &keys[(round * 7 + thread) % keys.len()];
        match (round + thread) % 8 {
            0 => check(&block_on(cb.set(key, round))),
            1 => check(&block_on(cb.get_multi(keys).quiet(true))),
            // Polled, and dropped while it may be about to end.
            2 => drop(cb.get(key).optional().now_or_never()),
            3 => {
                let (tell, callbacks_too) = (tell.clone(), callbacks.clone());
                to_be_told += 2;
                callbacks.set(key, round).then(move |outcome| {
                    check(&outcome);
                    // The connection is this callback's too, and may be its alone by now.
                    let tell_again = tell.clone();
                    callbacks_too.touch("missing").quiet(true).then(move |touched| {
                        check(&touched);
                        tell_again.send(()).unwrap();
                    });
                    tell.send(()).unwrap();
                });
            }
            4 => {
                for n in 0..8 {
                    callbacks.get(key).quiet(true).send_to(&mut queue, n).unwrap();
                }
                while queue.in_flight() > 0 {
                    assert!(queue.wait(FOR_EVER));
                    queue.drain().for_each(|c| check(&c.result));
                }
            }
            5 => {
                let sent = (0..4).map(|_| cb.incr("count").initial(1).send());
                for outcome in block_on(join_all(sent)) {
                    check(&outcome);
                    tally.incremented(&outcome.map(|count| count.value()));
                }
            }
            6 => {
                cb.set(key, "cancelled").send().cancel();
                cb.set(key, "detached").send().detach();
            }
            _ if held.len() < 3 => held.push(cb.with_timeout(FOR_EVER)),
            _ => held.clear(),
        }
        tally.rounds.fetch_add(1, Ordering::SeqCst);
    }
    drop((tell, callbacks, held));
    // One that is dropped without having been called would be missing.
    assert_eq!(told.iter().count(), to_be_told);
}

/// All threads at once, each with a handle of its own. What is returned comes when they are done.
fn begin(cb: Connection, keys: &[String], rounds: usize, tally: &Arc<Tally>) -> oneshot::Receiver<()> {
    let (done, all_done) = oneshot::channel();
    let (keys, tally) = (keys.to_vec(), tally.clone());
    thread::spawn(move || {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (cb, keys, tally) = (cb.clone(), &keys, &tally);
                scope.spawn(move || work(&cb, keys, thread, rounds, tally));
            }
            drop(cb);
        });
        done.send(()).unwrap();
    });
    all_done
}

fn open(bench: &Bench) -> Connection {
    bench.open_with(bench.config().timeout(FOR_EVER).connect_timeout(FOR_EVER)).unwrap()
}

/// Also while links are cut under them.
pub async fn threads_share_a_connection(bench: Bench) {
    const ROUNDS: usize = 200;
    let cb = open(&bench);
    let keys: Vec<String> = (0..20).map(|n| bench.key(&format!("{n}"))).collect();
    let tally = Arc::<Tally>::default();
    let done = begin(cb.clone(), &keys, ROUNDS, &tally);
    for cut in 1..=6 {
        bench.until(|| tally.rounds.load(Ordering::SeqCst) >= cut * THREADS * ROUNDS / 8).await;
        bench.cluster().node(cut % 3).cut_links();
    }
    done.await.expect("no thread panics");
    let counted = tally.counted.load(Ordering::SeqCst);
    let at_most = counted + tally.perhaps.load(Ordering::SeqCst);
    let count: usize = cb.get("count").value().await.unwrap();
    assert!((counted..=at_most).contains(&count), "{count}, of {counted} to {at_most}");
}

/// Whether it is closed, or nobody holds it any more, in the middle of all that.
pub async fn threads_meet_the_end_at_any_moment(bench: Bench) {
    const ROUNDS: usize = 40;
    let keys: Vec<String> = (0..20).map(|n| bench.key(&format!("{n}"))).collect();
    for attempt in 0..20 {
        let cb = open(&bench);
        let gone = cb.register_event(Event::Dtor);
        let tally = Arc::<Tally>::default();
        let done = begin(cb.clone(), &keys, ROUNDS, &tally);
        bench.until(|| tally.rounds.load(Ordering::SeqCst) >= attempt * THREADS * ROUNDS / 20).await;
        if attempt % 4 != 3 {
            if attempt % 4 == 2 {
                bench.cluster().node(attempt % 3).cut_links();
            }
            cb.close().await.unwrap();
        }
        drop(cb);
        done.await.expect("no thread panics");
        gone.await.unwrap();
    }
}
