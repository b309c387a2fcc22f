//! Nothing of the user's runs, or is dropped, while a lock is held: whatever comes back into the connection from
//! there would wait for itself for ever.

use crate::in_memory::{InMemory, settle};
use couchbase_core::{
    Bytes, CompletionQueue, Config, Connection, Encode, Encoded, Error, ErrorKind, Event, Raw, Result,
};
use futures::FutureExt;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

/// Comes back into the connection, in every way there is.
struct Intruder {
    cb: Connection,
    visits: Arc<AtomicUsize>,
    bytes: &'static [u8],
}

impl Intruder {
    fn new(cb: &Connection) -> (Self, Arc<AtomicUsize>) {
        let visits = Arc::new(AtomicUsize::new(0));
        (Self { cb: cb.clone(), visits: visits.clone(), bytes: b"a value with an owner" }, visits)
    }

    fn visit(&self) {
        self.visits.fetch_add(1, Ordering::SeqCst);
        let sent = self.cb.get("visited").send();
        let _ = sent.is_finished();
        sent.cancel();
        self.cb.set("visited", 1).send().detach();
        self.cb.callbacks().get("visited").on_ok(drop).on_err(drop);
        drop(self.cb.get("visited").now_or_never());
        drop(self.cb.get_multi(["a", "b"]).now_or_never());
        let _ = (self.cb.connected(), self.cb.connect().is_finished());
    }
}

impl Drop for Intruder {
    fn drop(&mut self) {
        self.visit();
    }
}

impl Wake for Intruder {
    fn wake(self: Arc<Self>) {
        self.visit();
    }
}

impl AsRef<[u8]> for Intruder {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

impl fmt::Debug for Intruder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error of the user's")
    }
}

impl fmt::Display for Intruder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visit();
        f.write_str("an error of the user's")
    }
}

impl std::error::Error for Intruder {}

fn poll<T>(future: &mut (impl Future<Output = T> + Unpin), waker: &Waker) -> bool {
    Pin::new(future).poll(&mut Context::from_waker(waker)).is_ready()
}

#[test]
fn wakers() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let (intruder, visits) = Intruder::new(&cb);
    let waker = Waker::from(Arc::new(intruder));
    let mut operations = [cb.get("a"), cb.get("b"), cb.get("c")];
    for operation in &mut operations {
        assert!(!poll(operation, &waker));
    }
    let mut sent = cb.set("d", 1).send();
    let mut many = cb.set_multi([("e", 1), ("f", 2)]);
    let mut gone = cb.register_event(Event::Dtor);
    assert!(!poll(&mut sent, &waker) && !poll(&mut many, &waker) && !poll(&mut gone, &waker));
    settle(&mut driver);
    assert_eq!(visits.load(Ordering::SeqCst), 5, "each was woken");

    // Replaced by another, and left behind by a drop: dropped where it may come back.
    for leave in [false, true] {
        let (intruder, visits) = Intruder::new(&cb);
        let waker = Waker::from(Arc::new(intruder));
        let (mut operation, mut deferred, mut event) = (
            cb.get("a").timeout(std::time::Duration::from_secs(1)),
            cb.set("b", 1).send(),
            cb.close_waiter(),
        );
        assert!(!poll(&mut operation, &waker) && !poll(&mut deferred, &waker) && !poll(&mut event, &waker));
        drop(waker);
        if leave {
            drop((operation, deferred, event));
        } else {
            for_noop(&mut operation);
            for_noop(&mut deferred);
            for_noop(&mut event);
        }
        assert_eq!(visits.load(Ordering::SeqCst), 1, "dropped once, when the last is gone");
        settle(&mut driver);
    }
}

fn for_noop<T>(future: &mut (impl Future<Output = T> + Unpin)) {
    assert!(!poll(future, Waker::noop()));
}

/// An event that does not come during these tests.
trait CloseWaiter {
    fn close_waiter(&self) -> couchbase_core::Deferred<()>;
}

impl CloseWaiter for Connection {
    fn close_waiter(&self) -> couchbase_core::Deferred<()> {
        self.register_event(Event::Dtor)
    }
}

#[test]
fn wakers_of_the_driver() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (intruder, visits) = Intruder::new(&cb);
    let waker = Waker::from(Arc::new(intruder));
    assert!(!poll(&mut driver, &waker));
    drop(waker);
    cb.set("k", 1).send().detach();
    assert!(visits.load(Ordering::SeqCst) >= 1, "woken by a submission");
    settle(&mut driver);
}

#[test]
fn callbacks() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (intruder, visits) = Intruder::new(&cb);
    let intruder = Arc::new(intruder);
    let asynchronous = cb.callbacks();
    let visitor = || {
        let intruder = intruder.clone();
        move |_| intruder.visit()
    };
    let visited = visits.load(Ordering::SeqCst);
    asynchronous.set("a", 1).on_ok(visitor()).on_ok(visitor());
    asynchronous.connect().on_ok({
        let intruder = intruder.clone();
        move |()| intruder.visit()
    });
    let late = asynchronous.set("b", 1).send();
    settle(&mut driver);
    drop(late.on_ok(visitor()));
    settle(&mut driver);
    assert_eq!(visits.load(Ordering::SeqCst) - visited, 4);
    // Dropped without a call, by the driver's end and before.
    let (dropped, visits) = Intruder::new(&cb);
    asynchronous.get("none").on_ok(move |_| drop(dropped));
    settle(&mut driver);
    assert_eq!(visits.load(Ordering::SeqCst), 1);
    let (dropped, visits) = Intruder::new(&cb);
    asynchronous.get("a").on_ok(move |_| drop(dropped));
    drop(driver);
    assert_eq!(visits.load(Ordering::SeqCst), 1);
}

#[test]
fn values() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let value = |visits: &mut Vec<Arc<AtomicUsize>>| {
        let (intruder, seen) = Intruder::new(&cb);
        visits.push(seen);
        Raw(Bytes::from_owner(intruder))
    };
    let mut visits = Vec::new();
    drop(cb.set("unsent", value(&mut visits)));
    let stored = cb.set("a", value(&mut visits)).send();
    let added = cb.add("a", value(&mut visits)).send();
    cb.append("a", value(&mut visits)).send().detach();
    let (mut empty, seen) = Intruder::new(&cb);
    empty.bytes = b"";
    visits.push(seen);
    cb.set("empty", Raw(Bytes::from_owner(empty))).send().detach();
    cb.set("cancelled", value(&mut visits)).send().cancel();
    drop(cb.set("refused", value(&mut visits)).timeout(std::time::Duration::ZERO).send());
    cb.set_multi([("m", value(&mut visits))]).send().detach();
    let mut queue = CompletionQueue::with_capacity(1);
    cb.callbacks().set("queued", value(&mut visits)).send_to(&mut queue, ()).unwrap();
    settle(&mut driver);
    assert!(stored.now_or_never().unwrap().is_ok() && added.now_or_never().unwrap().is_err());
    // Timed out, and still there when the driver ends.
    world.change(|model, _| model.hang(0));
    cb.set("late", value(&mut visits)).timeout(std::time::Duration::from_millis(100)).send().detach();
    settle(&mut driver);
    world.advance(std::time::Duration::from_millis(120));
    settle(&mut driver);
    cb.set("last", value(&mut visits)).send().detach();
    settle(&mut driver);
    cb.set("never", value(&mut visits)).send().detach();
    drop(driver);
    cb.set("closed", value(&mut visits)).send().detach();
    drop(cb);
    for (n, visits) in visits.iter().enumerate() {
        assert_eq!(visits.load(Ordering::SeqCst), 1, "value {n}");
    }
}

#[test]
fn tokens() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (first, second) = (Intruder::new(&cb), Intruder::new(&cb));
    let mut queue = CompletionQueue::with_capacity(1);
    cb.callbacks().set("a", 1).send_to(&mut queue, first.0).unwrap();
    cb.callbacks().set("b", 1).send_to(&mut queue, second.0).unwrap_err();
    assert_eq!(second.1.load(Ordering::SeqCst), 1, "the queue was full");
    drop(queue);
    assert_eq!(first.1.load(Ordering::SeqCst), 1);
    settle(&mut driver);
}

#[test]
fn errors_of_the_resolver() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(Config::new("couchbase://app:secret@nowhere/default"));
    let (intruder, visits) = Intruder::new(&cb);
    world.world().resolver_error = Some(Box::new(|| io::Error::other(intruder)));
    settle(&mut driver);
    assert_eq!(visits.load(Ordering::SeqCst), 2, "shown once, dropped once");
    let error = cb.connect().now_or_never().unwrap().unwrap_err();
    assert!(format!("{error}").contains("an error of the user's"), "{error}");
}

#[test]
fn a_queue_that_is_gone_with_what_is_in_it() {
    struct Unfit(Intruder);
    impl Encode for Unfit {
        fn encode(self) -> Result<Encoded> {
            Err(Error::new(ErrorKind::ValueFormat, self.0))
        }
    }
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (intruder, visits) = Intruder::new(&cb);
    let asynchronous = cb.callbacks();
    let (mut gone, mut other) = (CompletionQueue::with_capacity(4), CompletionQueue::with_capacity(4));
    asynchronous.set("k", Unfit(intruder)).send_to(&mut gone, ()).unwrap();
    asynchronous.get("a").send_to(&mut gone, ()).unwrap();
    asynchronous.get("b").send_to(&mut other, ()).unwrap();
    drop(gone);
    assert_eq!(visits.load(Ordering::SeqCst), 0, "its last answer is still to come");
    settle(&mut driver);
    assert_eq!(visits.load(Ordering::SeqCst), 1);
}
