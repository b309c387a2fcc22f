//! Whole connections, whose driver never reaches a node: what is sent ends with the driver, or is refused.

use super::{model, spawn};
use crate::driver::park::Parker;
use crate::driver::{Driver, enter};
use crate::rt::{BoxFuture, Runtime, Socket, Timer};
use crate::sync::{Arc, Mutex};
use crate::{CompletionQueue, Connection, ErrorKind, Event, Instant};
use std::boxed::Box;
use std::future::{self, Future};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::vec::Vec;

/// Where no node ever answers, and time stands still.
#[derive(Clone, Default)]
struct Nowhere {
    /// Looking at it may be interrupted, also with the machine in use.
    now: Arc<Mutex<Instant>>,
    look_up: Arc<Mutex<LookUp>>,
}

/// The only look-up of a host.
#[derive(Default)]
struct LookUp {
    has_failed: bool,
    task: Option<Waker>,
}

impl Nowhere {
    fn fail_look_up(&self) {
        let task = {
            let mut look_up = enter(&self.look_up);
            look_up.has_failed = true;
            look_up.task.take()
        };
        task.into_iter().for_each(Waker::wake);
    }
}

struct Never;

impl Timer for Never {
    fn reset(&mut self, _at: Instant) {}

    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Runtime for Nowhere {
    fn now(&self) -> Instant {
        *enter(&self.now)
    }

    fn timer(&self) -> Box<dyn Timer> {
        Box::new(Never)
    }

    fn resolve(&self, _host: &str, _port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        let look_up = self.look_up.clone();
        Box::pin(future::poll_fn(move |cx| {
            let mut look_up = enter(&look_up);
            look_up.task = Some(cx.waker().clone());
            if look_up.has_failed { Poll::Ready(Err(io::ErrorKind::NotFound.into())) } else { Poll::Pending }
        }))
    }

    fn connect(&self, _addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        Box::pin(future::pending())
    }

    fn spawn(&self, _task: BoxFuture<()>) {}

    fn unix_time(&self) -> Duration {
        Duration::from_secs(1_800_000_000)
    }

    fn seed(&self) -> [u8; 32] {
        [7; 32]
    }
}

fn open() -> (Connection, Driver) {
    crate::open_parts("couchbase://10.0.0.1/default", Nowhere::default()).expect("nothing is wrong with it")
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    let parker = Arc::<Parker>::default();
    let waker = parker.waker();
    let mut task = pin!(task);
    loop {
        if let Poll::Ready(done) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        parker.park_until(None);
    }
}

fn poll_once<T>(task: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    let parker = Arc::<Parker>::default();
    match Pin::new(task).poll(&mut Context::from_waker(&parker.waker())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// A pass, and the end.
fn run_and_drop(mut driver: Driver) {
    let _has_ended = poll_once(&mut driver);
}

#[test]
fn what_is_awaited_ends_with_the_driver() {
    model(3, || {
        let (cb, driver) = open();
        let sender = spawn(move || {
            let mut get = cb.get("k");
            // Another task awaits it to its end.
            let first = poll_once(&mut get);
            let outcome = first.unwrap_or_else(|| block_on(get));
            assert_eq!(outcome.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Closed));
        });
        run_and_drop(driver);
        sender.join().expect("no panic");
    });
}

#[test]
fn what_is_dropped_harms_nobody() {
    model(3, || {
        let (cb, driver) = open();
        let sender = spawn(move || {
            let mut awaited = cb.get("k");
            let sent = cb.get("k").send();
            drop(poll_once(&mut awaited));
            drop(cb);
            drop((sent, awaited));
        });
        run_and_drop(driver);
        sender.join().expect("no panic");
    });
}

#[test]
fn callbacks_are_called_once_and_in_order() {
    model(3, || {
        let (cb, driver) = open();
        let called = Arc::new(Mutex::new(Vec::new()));
        let log = called.clone();
        let sender = spawn(move || {
            let call = |n: u32| {
                let log = log.clone();
                move |_| enter(&log).push(n)
            };
            cb.callbacks().get("k").on_err(call(1)).on_err(call(2));
        });
        run_and_drop(driver);
        sender.join().expect("no panic");
        assert_eq!(*enter(&called), [1, 2]);
    });
}

#[test]
fn a_queue_wakes_its_owner() {
    model(3, || {
        let (cb, driver) = open();
        let owner = spawn(move || {
            let mut queue = CompletionQueue::with_capacity(2);
            for n in 0..2 {
                cb.callbacks().get("k").send_to(&mut queue, n).expect("there is room");
            }
            while queue.in_flight() > 0 {
                assert!(queue.wait(Duration::MAX));
                assert!(queue.drain().all(|c| c.result.is_err()));
            }
        });
        run_and_drop(driver);
        owner.join().expect("no panic");
    });
}

/// What is sent while the machine is in use is refused later, by whoever has it next.
#[test]
fn a_refusal_wakes_a_driver_that_is_about_to_sleep() {
    fn refused(cb: &Connection) {
        let outcome = block_on(cb.get("").send());
        assert_eq!(outcome.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Argument));
    }
    model(2, || {
        let (cb, driver) = open();
        let other = cb.clone();
        let driving = spawn(move || block_on(driver));
        let sending = spawn(move || refused(&other));
        refused(&cb);
        sending.join().expect("no panic");
        drop(cb);
        driving.join().expect("no panic");
    });
}

#[test]
fn what_comes_from_outside_wakes_a_driver_that_has_other_things_to_do() {
    model(2, || {
        let nowhere = Nowhere::default();
        let opened = crate::open_parts("couchbase://host/default", nowhere.clone());
        let (cb, driver) = opened.expect("nothing is wrong with it");
        let driving = spawn(move || block_on(driver));
        let failing = spawn(move || nowhere.fail_look_up());
        let outcome = block_on(cb.get("k").send());
        assert_eq!(outcome.map(drop).map_err(|error| error.kind()), Err(ErrorKind::UnknownHost));
        drop(cb);
        failing.join().expect("no panic");
        driving.join().expect("no panic");
    });
}

#[test]
fn whoever_waits_to_be_connected_is_told_of_the_close() {
    model(3, || {
        let (cb, driver) = open();
        let waiting = cb.clone();
        let driving = spawn(move || block_on(driver));
        let waiting = spawn(move || block_on(waiting.connect()));
        assert!(block_on(cb.close()).is_ok());
        assert!(waiting.join().expect("no panic").is_err());
        driving.join().expect("no panic");
    });
}

#[test]
fn the_last_handle_ends_the_driver_on_whatever_thread() {
    model(3, || {
        let (cb, driver) = open();
        let gone = cb.register_event(Event::Dtor);
        let other = cb.clone();
        let dropping = spawn(move || drop(other));
        let driving = spawn(move || block_on(driver));
        drop(cb);
        assert!(block_on(gone).is_ok());
        dropping.join().expect("no panic");
        driving.join().expect("no panic");
    });
}
