//! Operations with callbacks.

use crate::in_memory::{InMemory, settle};
use couchbase_core::{ErrorKind, Event};
use futures::FutureExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

/// What callbacks have written down.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[test]
fn callbacks_come_on_the_driver_and_never_inside_the_call() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let log = Log::default();
    let (a, b, c, d) = (log.clone(), log.clone(), log.clone(), log.clone());
    cb.set("k", 7).on_ok(move |stored| a.add(format!("stored {}", stored.key())));
    cb.get("k").then(move |outcome| b.add(format!("got {}", outcome.unwrap().value::<u64>().unwrap())));
    cb.get("none").on_err(move |error| c.add(format!("{:?}", error.kind())));
    // What is wrong with the arguments comes later, too.
    cb.get("").on_ok(|_| unreachable!()).on_err(move |error| d.add(format!("{:?}", error.kind())));
    cb.delete("none").send();
    assert!(log.take().is_empty());
    settle(&mut driver);
    let mut calls = log.take();
    calls.sort();
    assert_eq!(calls, ["Argument", "NotFound", "got 7", "stored k"]);
}

#[test]
fn each_callback_gets_the_outcome_attached_early_or_late() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let log = Log::default();
    let say = |text: &'static str| {
        let log = log.clone();
        move |_| log.add(text)
    };
    let mut set = cb.set("k", 1).on_ok(say("1")).on_ok(say("2")).on_ok(say("3"));
    assert_eq!(set.remaining(), 1);
    settle(&mut driver);
    assert_eq!(log.take(), ["1", "2", "3"]);
    assert_eq!(set.remaining(), 0);
    set = set.on_ok(say("4"));
    let error = log.clone();
    set = set.on_err(move |_| error.add("never"));
    assert!(log.take().is_empty(), "not inside the call");
    settle(&mut driver);
    assert_eq!(log.take(), ["4"]);
    // The outcome is still there for a future.
    assert!(cb.defer(set).now_or_never().unwrap().unwrap().success());
}

#[test]
fn an_async_result_becomes_a_future() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let set = cb.defer(cb.set("k", 1).send());
    let get = cb.defer(cb.get_multi(["k"]).send());
    let closed = cb.defer(cb.register_event(Event::Connect));
    settle(&mut driver);
    assert!(set.now_or_never().unwrap().is_ok());
    assert_eq!(get.now_or_never().unwrap().unwrap().len(), 1);
    assert!(closed.now_or_never().unwrap().is_ok());
}

#[test]
fn a_panicking_callback_harms_nobody() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let log = Log::default();
    let (before, after) = (log.clone(), log.clone());
    cb.set("a", 1).on_ok(move |_| before.add("before"));
    cb.set("b", 1).on_ok(|_| panic!("a panic that belongs to this test"));
    cb.set("c", 1).on_ok(move |_| after.add("after"));
    cb.connect().on_ok(|()| panic!("a panic that belongs to this test"));
    let late = cb.set("d", 1).send();
    settle(&mut driver);
    assert_eq!(log.take(), ["before", "after"]);
    late.then(|_| panic!("a panic that belongs to this test"));
    settle(&mut driver);
    let last = log.clone();
    cb.get("a").on_ok(move |_| last.add("still here"));
    settle(&mut driver);
    assert_eq!(log.take(), ["still here"]);
}

#[test]
fn what_a_callback_panics_with_may_panic_too() {
    struct Again;
    impl Drop for Again {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("a panic that belongs to this test");
            }
        }
    }
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let log = Log::default();
    let after = log.clone();
    cb.callbacks().set("a", 1).on_ok(|_| std::panic::panic_any(Again));
    cb.callbacks().set("b", 1).on_ok(move |_| after.add("after"));
    settle(&mut driver);
    assert_eq!(log.take(), ["after"]);
}

#[test]
fn a_callback_may_send_the_next_operation() {
    fn count(cb: &couchbase_core::AsyncConnection, left: u64, done: Arc<AtomicUsize>) {
        let again = cb.clone();
        cb.incr("n").initial(1).on_ok(move |_| {
            done.fetch_add(1, Ordering::SeqCst);
            if left > 1 {
                count(&again, left - 1, done);
            }
        });
    }
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let done = Arc::new(AtomicUsize::new(0));
    count(&cb.callbacks(), 100, done.clone());
    settle(&mut driver);
    assert_eq!(done.load(Ordering::SeqCst), 100);
    assert_eq!(world.change(|model, now| model.document("default", b"n", now).unwrap().to_vec()), b"100");
}

#[test]
fn what_is_attached_while_the_driver_ends_is_called_behind_the_rest() {
    let world = InMemory::with_nodes(1);
    let (futures, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let cb = futures.callbacks();
    drop(futures);
    let log = Log::default();
    let say = |text: &'static str| {
        let log = log.clone();
        move || log.add(text)
    };
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel();
    cb.get("a").then(move |_| {
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
    });
    let (first, second, gone) = (say("first"), say("second"), say("gone"));
    let get = cb.get("b").on_err(move |_| first());
    drop(cb.register_event(Event::Dtor).on_ok(move |()| gone()));
    settle(&mut driver);
    let ending = thread::spawn(move || drop(driver));
    has_begun.recv().unwrap();
    drop(get.on_err(move |_| second()));
    drop(cb);
    go_on.send(()).unwrap();
    ending.join().unwrap();
    assert_eq!(log.take(), ["first", "second", "gone"]);
}

#[test]
fn a_chain_of_callbacks_does_not_nest_when_the_driver_is_gone() {
    /// Callbacks that run now, the deepest so far, and those that are left.
    #[derive(Default)]
    struct Depth {
        now: AtomicUsize,
        deepest: AtomicUsize,
        left: AtomicUsize,
    }
    fn next(cb: &couchbase_core::AsyncConnection, depth: Arc<Depth>) {
        let again = cb.clone();
        cb.get("k").then(move |_| {
            let now = depth.now.fetch_add(1, Ordering::SeqCst) + 1;
            depth.deepest.fetch_max(now, Ordering::SeqCst);
            if depth.left.fetch_sub(1, Ordering::SeqCst) > 1 {
                next(&again, depth.clone());
            }
            depth.now.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let depth = Arc::new(Depth::default());
    depth.left.store(100, Ordering::SeqCst);
    next(&cb.callbacks(), depth.clone());
    driver.turn();
    drop(driver);
    assert_eq!(depth.left.load(Ordering::SeqCst), 0);
    depth.left.store(100, Ordering::SeqCst);
    next(&cb.callbacks(), depth.clone());
    assert_eq!(depth.left.load(Ordering::SeqCst), 0, "each has been called before it returns");
    assert_eq!(depth.deepest.load(Ordering::SeqCst), 1);
}

#[test]
fn without_a_driver_callbacks_come_at_once_with_the_error() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    world.change(|model, _| model.hang(0));
    let log = Log::default();
    let say = |text: &'static str| {
        let log = log.clone();
        move |error: couchbase_core::Error| log.add(format!("{text} {:?}", error.kind()))
    };
    let early = cb.get("k").on_err(say("early"));
    settle(&mut driver);
    drop(driver);
    assert_eq!(log.take(), ["early Closed"]);
    early.on_err(say("late")).on_err(say("later"));
    assert_eq!(log.take(), ["late Closed", "later Closed"], "on the thread that attaches");
    cb.get("k").on_err(say("afterwards"));
    assert_eq!(log.take(), ["afterwards Closed"]);
    let panics = cb.get("k").on_err(|_| panic!("a panic that belongs to this test"));
    assert_eq!(cb.defer(panics).now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
}
