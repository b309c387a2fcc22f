//! Operations that are sent while the machine is in use: they do not wait for it, and lose neither their place nor
//! their time.
//!
//! The driver looks at the clock with the machine's lock held; so does who sends the first operation after a rest.
//! Whatever is sent from there meets a machine that is in use.

use crate::in_memory::wakes::counting_waker;
use crate::in_memory::{InMemory, settle};
use couchbase_core::{Connection, Deferred, Driver, ErrorKind, OperationResult, ValueResult};
use futures::FutureExt;
use futures::executor::block_on;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

/// Has something done while the machine is in use, which it is now: its result.
fn meanwhile<T: Send + 'static>(
    world: &InMemory,
    cb: &Connection,
    what: impl FnOnce(&Connection) -> T + Send + 'static,
) -> T {
    let result = Arc::new(Mutex::new(None));
    let (slot, handle) = (result.clone(), cb.clone());
    world.world().at_clock = Some(Box::new(move || *slot.lock().unwrap() = Some(what(&handle))));
    // It is stamped, by a clock that has rested.
    cb.touch("other").send().detach();
    result.lock().unwrap().take().expect("the clock was looked at")
}

fn set(key: &'static str, value: u32) -> impl FnOnce(&Connection) -> Deferred<OperationResult> + Send {
    move |cb| cb.set(key, value).send()
}

#[test]
fn it_is_carried_out_though_nobody_sends_anything_else() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let first = meanwhile(&world, &cb, set("k", 1));
    assert!(!first.is_finished());
    settle(&mut driver);
    assert!(first.now_or_never().expect("answered").is_ok());
    let read = meanwhile(&world, &cb, |cb| cb.get("k").send());
    settle(&mut driver);
    assert_eq!(read.now_or_never().unwrap().unwrap().value::<u32>().unwrap(), 1);
}

#[test]
fn what_is_sent_afterwards_comes_afterwards() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    for round in 0..20 {
        let earlier = meanwhile(&world, &cb, move |cb| {
            [cb.set("k", 3 * round).send(), cb.set("k", 3 * round + 1).send()]
        });
        let later = cb.set("k", 3 * round + 2).send();
        let read = cb.get("k").send();
        settle(&mut driver);
        let revisions =
            earlier.into_iter().chain([later]).map(|set| set.now_or_never().unwrap().unwrap().cas());
        assert!(revisions.map(|cas| cas.to_u64()).is_sorted());
        assert_eq!(read.now_or_never().unwrap().unwrap().value::<u32>().unwrap(), 3 * round + 2);
    }
}

#[test]
fn it_wakes_a_driver_that_is_about_to_sleep() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (wakes, waker) = counting_waker();
    let poll = |driver: &mut Driver| Pin::new(driver).poll(&mut Context::from_waker(&waker));
    assert_eq!(poll(&mut driver), Poll::Pending);
    let sent: Arc<Mutex<Vec<Deferred<ValueResult>>>> = Arc::default();
    // The clock is looked at more than once in a pass; from each of those places.
    for skipped in 0..4 {
        let count = Arc::new(AtomicUsize::new(0));
        arm(&world, &cb, &sent, &count, skipped);
        let (first, second) = (cb.get("a").send(), cb.get("a").send());
        let mut passes = 0;
        loop {
            let before = wakes.count();
            assert_eq!(poll(&mut driver), Poll::Pending);
            passes += 1;
            if wakes.count() == before {
                break;
            }
        }
        assert!(passes < 20);
        for get in [first, second].into_iter().chain(sent.lock().unwrap().drain(..)) {
            assert!(
                get.now_or_never().is_some(),
                "left lying, {skipped} looks at the clock after it was sent"
            );
        }
        world.world().at_clock = None;
    }
}

/// Sends an operation at a later look at the clock.
fn arm(
    world: &InMemory,
    cb: &Connection,
    sent: &Arc<Mutex<Vec<Deferred<ValueResult>>>>,
    count: &Arc<AtomicUsize>,
    skipped: usize,
) {
    let (next, handle, list, looks) = (world.clone(), cb.clone(), sent.clone(), count.clone());
    world.world().at_clock = Some(Box::new(move || {
        if looks.fetch_add(1, Ordering::SeqCst) < skipped {
            arm(&next, &handle, &list, &looks, skipped);
        } else {
            list.lock().unwrap().push(handle.get("a").send());
        }
    }));
}

#[test]
fn without_a_place_it_is_refused_by_its_outcome() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(world.config().max_in_flight(1));
    settle(&mut driver);
    let told = Arc::new(AtomicUsize::new(0));
    let tell = told.clone();
    let refused = meanwhile(&world, &cb, move |cb| {
        cb.callbacks().get("c").on_err(move |error| {
            assert_eq!((error.kind(), error.key().unwrap().as_str()), (ErrorKind::Overloaded, "c"));
            tell.fetch_add(1, Ordering::SeqCst);
        });
        cb.get("d").send()
    });
    assert_eq!(told.load(Ordering::SeqCst), 0, "never inside the call");
    settle(&mut driver);
    assert_eq!(told.load(Ordering::SeqCst), 1);
    let error = refused.now_or_never().expect("at once").unwrap_err();
    assert_eq!((error.kind(), error.key().unwrap().as_str()), (ErrorKind::Overloaded, "d"));
}

#[test]
fn awaited_it_stands_in_line_and_dropped_it_is_withdrawn() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(world.config().max_in_flight(1));
    settle(&mut driver);
    let (kept, dropped) = meanwhile(&world, &cb, |cb| {
        let (mut kept, mut dropped) = (cb.set("k", 1), cb.set("dropped", 1));
        assert!((&mut kept).now_or_never().is_none() && (&mut dropped).now_or_never().is_none());
        (kept, dropped)
    });
    drop(dropped);
    settle(&mut driver);
    assert!(kept.now_or_never().expect("its turn has come").is_ok());
    let found = cb.get("dropped").optional().send();
    settle(&mut driver);
    assert!(found.now_or_never().unwrap().unwrap().is_none());
}

#[test]
fn its_time_runs_from_its_sending() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let late = meanwhile(&world, &cb, |cb| cb.get("k").timeout(Duration::from_millis(100)).send());
    world.advance(Duration::from_millis(99));
    settle(&mut driver);
    assert!(!late.is_finished());
    world.advance(Duration::from_millis(17));
    settle(&mut driver);
    assert_eq!(late.now_or_never().expect("its time is over").unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn those_that_are_sent_after_it_have_no_more_time_than_they_asked_for() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let clock = world.clone();
    // The machine's own reading of the clock is older by a hundred milliseconds than the operation at the front.
    drop(meanwhile(&world, &cb, move |cb| {
        clock.advance(Duration::from_millis(100));
        cb.get("k").send()
    }));
    let next = cb.get("k").timeout(Duration::from_millis(100)).send();
    settle(&mut driver);
    for passed in 1.. {
        world.advance(Duration::from_millis(1));
        settle(&mut driver);
        if next.is_finished() {
            assert!((100..=116).contains(&passed), "it ended after {passed} ms");
            break;
        }
    }
}

/// Deadlines pass in thousands, which keeps the machine in use; what is wrong with an operation that is sent meanwhile
/// is told without anybody else's sending.
#[test]
fn what_is_wrong_with_it_is_told_though_the_driver_is_about_to_sleep() {
    for _ in 0..3 {
        let world = InMemory::with_nodes(1);
        let (cb, mut driver) = world.connected();
        world.change(|model, _| model.hang(0));
        for n in 0..3000 {
            cb.get(format!("k{n}")).timeout(Duration::from_millis(1)).send().detach();
        }
        settle(&mut driver);
        let driving = thread::spawn(move || block_on(driver));
        world.advance(Duration::from_millis(50));
        for _ in 0..1000 {
            let error = block_on(cb.get("").send()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
        }
        drop(cb);
        driving.join().unwrap();
    }
}

#[test]
fn it_ends_with_the_driver() {
    let world = InMemory::with_nodes(1);
    let (cb, driver) = world.connected();
    let sent = meanwhile(&world, &cb, set("k", 1));
    drop(driver);
    let error = sent.now_or_never().expect("nobody is left to carry it out").unwrap_err();
    assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::Closed, false));
}
