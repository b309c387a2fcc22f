//! Models of what several threads do with the driver, of which `loom` tries every interleaving and every reordering
//! that the orderings of the atomics allow. A wake-up that is lost is a deadlock, which loom reports; where the process
//! ends with it, `-- --nocapture` shows the report.
//!
//! ```sh
//! RUSTFLAGS="--cfg models" cargo test -p couchbase-sansio --lib models
//! ```

mod whole;

use super::front::Front;
use super::leftovers::Leftovers;
use super::park::Parker;
use super::signal::{Signal, SourceWaker};
use super::{Sink, Submission, enter};
use crate::Instant;
use crate::machine::Request;
use crate::sync::{Arc, Mutex};
use bytes::Bytes;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};
use std::task::Waker;
use std::time::Duration;
use std::vec::Vec;

/// Tries all interleavings in which threads are interrupted so often at most where they need not be.
fn model(interruptions: usize, run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    let run = Arc::new(run);
    model.check(move || {
        let run = run.clone();
        spawn(move || run()).join().expect("no panic");
    });
}

/// A thread with a larger stack than loom's, which has no room for a whole driver.
fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new().stack_size(1 << 16).spawn(run).expect("loom has as many as a model needs")
}

/// A driver's passes, asleep in between, until one of them says that it has seen all.
fn drive(signal: &Signal, mut pass: impl FnMut(&[usize]) -> bool) {
    let parker = Arc::<Parker>::default();
    let waker = parker.waker();
    let mut ready = Vec::new();
    loop {
        signal.begin(&waker, &mut ready);
        if pass(&ready) {
            return;
        }
        ready.clear();
        if signal.has_ready() {
            waker.wake_by_ref();
        }
        parker.park_until(None);
    }
}

#[test]
fn work_of_two_threads_is_found() {
    model(4, || {
        let signal = Arc::<Signal>::default();
        let work = Arc::new(Mutex::new(0));
        for _ in 0..2 {
            let (signal, work) = (signal.clone(), work.clone());
            spawn(move || {
                *enter(&work) += 1;
                signal.raise();
            });
        }
        drive(&signal, |_| {
            signal.lower();
            *enter(&work) == 2
        });
    });
}

#[test]
fn an_operation_at_the_front_is_found() {
    model(4, || {
        let signal = Arc::<Signal>::default();
        let front = Arc::<Front>::default();
        let (sender, its_front) = (signal.clone(), front.clone());
        spawn(move || {
            for _ in 0..2 {
                let mut submission = Submission {
                    request: &mut Request::get("k"),
                    timeout: Duration::MAX,
                    in_line: false,
                    is_held: false,
                    waker: None,
                    sink: Sink::Slot,
                };
                assert!(its_front.put(&mut submission, Instant::ZERO).is_some());
                sender.raise();
            }
        });
        let mut taken = Vec::new();
        let mut count = 0;
        drive(&signal, |_| {
            signal.lower();
            if front.is_any_waiting() {
                front.take_waiting(&mut taken);
                count += taken.drain(..).count();
            }
            count == 2
        });
    });
}

#[test]
fn what_a_source_has_is_found() {
    model(4, || {
        let signal = Arc::<Signal>::default();
        let listed = SourceWaker::new(&signal, 0);
        let waker = Waker::from(listed.clone());
        let has = Arc::new(AtomicUsize::new(0));
        let its_own = has.clone();
        spawn(move || {
            for n in 1..=2 {
                its_own.store(n, Ordering::Release);
                waker.wake_by_ref();
            }
        });
        let mut seen = 0;
        drive(&signal, |ready| {
            if !ready.is_empty() {
                listed.unlist();
                seen = has.load(Ordering::Acquire);
            }
            signal.lower();
            seen == 2
        });
    });
}

#[test]
fn what_is_put_aside_is_dropped_by_somebody() {
    struct Owner(Arc<Mutex<usize>>);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &[]
        }
    }
    impl Drop for Owner {
        fn drop(&mut self) {
            *enter(&self.0) += 1;
        }
    }
    model(4, || {
        let leftovers = Arc::<Leftovers>::default();
        let dropped = Arc::new(Mutex::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let leftovers = leftovers.clone();
                let lent = leftovers.lend(Bytes::from_owner(Owner(dropped.clone())));
                spawn(move || {
                    drop(lent);
                    leftovers.clear();
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(*enter(&dropped), 2);
    });
}
