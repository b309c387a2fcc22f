//! Connecting, closing, being gone.

use crate::in_memory::{InMemory, settle};
use couchbase_core::{Config, Connection, Encode, Encoded, Error, ErrorKind, Event, Result};
use futures::FutureExt;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn each_waiter_learns_that_it_is_connected_late_ones_too() {
    let world = InMemory::with_nodes(3);
    let (cb, mut driver) = world.open_parts();
    assert!(!cb.connected());
    let (first, second, named) =
        (cb.connect(), cb.register_event(Event::Connect), cb.register_event("connect".parse().unwrap()));
    let seen = Arc::new(AtomicBool::new(false));
    let see = seen.clone();
    cb.callbacks().connect().on_ok(move |()| see.store(true, Ordering::SeqCst));
    drop(cb.connect());
    settle(&mut driver);
    assert!(cb.connected() && seen.load(Ordering::SeqCst));
    for waiter in [first, second, named, cb.connect()] {
        assert!(waiter.is_finished());
        waiter.now_or_never().unwrap().unwrap();
    }
}

#[test]
fn a_host_name_is_looked_up() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts_with(Config::new("couchbase://app:secret@node1/default"));
    settle(&mut driver);
    assert!(cb.connected());
}

#[test]
fn a_failed_connection_fails_everybody_with_its_reason() {
    for (string, kind) in [
        ("couchbase://app:wrong@10.0.0.1/default", ErrorKind::Auth),
        ("couchbase://app:secret@nowhere/default", ErrorKind::UnknownHost),
        ("couchbase://app:secret@10.0.0.1/missing", ErrorKind::BucketNotFound),
        ("couchbase://app:secret@10.9.9.9/default", ErrorKind::Network),
    ] {
        let world = InMemory::with_nodes(1);
        let (cb, mut driver) = world.open_parts_with(Config::new(string));
        let waiter = cb.connect();
        let get = cb.get("k").send();
        for _ in 0..200 {
            settle(&mut driver);
            world.advance(Duration::from_millis(100));
        }
        settle(&mut driver);
        let said = |outcome: Option<couchbase_core::Result<()>>| outcome.map(|o| o.unwrap_err().kind());
        assert_eq!(said(waiter.now_or_never()), Some(kind), "{string}");
        assert_eq!(said(get.now_or_never().map(|o| o.map(drop))), Some(kind), "{string}");
        assert_eq!(said(cb.connect().now_or_never()), Some(kind), "{string}: late");
        assert_eq!(said(cb.get("k").now_or_never().map(|o| o.map(drop))), Some(kind), "{string}: late");
        assert!(!cb.connected());
        let closed = cb.close();
        settle(&mut driver);
        closed.now_or_never().expect("a failed connection can be closed").unwrap();
    }
}

#[test]
fn dtor_comes_when_the_last_handle_is_gone_and_all_is_drained() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let gone = cb.register_event(Event::Dtor);
    let other = cb.with_timeout(Duration::from_secs(1)).callbacks();
    let unsent = cb.get("k");
    drop(cb);
    settle(&mut driver);
    drop(other);
    settle(&mut driver);
    assert!(!gone.is_finished(), "an operation holds a handle");
    (0..2).for_each(|node| world.change(|model, _| model.hang(node)));
    let get = unsent.send();
    settle(&mut driver);
    (0..2).for_each(|node| world.change(|model, now| model.release(node, now)));
    assert!(!gone.is_finished(), "an operation is under way");
    settle(&mut driver);
    assert!(get.now_or_never().unwrap().is_err_and(|error| error.is_not_found()));
    gone.now_or_never().expect("all is drained").unwrap();
    assert_eq!(world.reads().1, 0, "sockets are closed");
    assert!(driver.now_or_never().is_some(), "the driver has ended");
}

#[test]
fn an_operation_that_has_ended_keeps_no_connection_open_though_its_error_held_a_handle() {
    #[derive(Debug)]
    struct Unfit(#[expect(dead_code, reason = "it is held")] Connection);
    impl Encode for Unfit {
        fn encode(self) -> Result<Encoded> {
            Err(Error::new(ErrorKind::ValueFormat, self))
        }
    }
    impl fmt::Display for Unfit {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("nothing that could be stored")
        }
    }
    impl std::error::Error for Unfit {}

    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let gone = cb.register_event(Event::Dtor);
    let mut ended = cb.set("k", Unfit(cb.clone()));
    assert_eq!((&mut ended).now_or_never().unwrap().unwrap_err().kind(), ErrorKind::ValueFormat);
    drop(cb);
    settle(&mut driver);
    gone.now_or_never().expect("nobody holds a handle").unwrap();
    drop(ended);
}

#[test]
fn dtor_of_a_closed_connection_still_waits_for_the_last_handle() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let gone = cb.register_event(Event::Dtor);
    let closed = cb.close();
    settle(&mut driver);
    closed.now_or_never().unwrap().unwrap();
    assert!(!gone.is_finished());
    drop(cb);
    gone.now_or_never().unwrap().unwrap();
}

#[test]
fn close_drains_and_refuses_what_comes_later() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let set = cb.set("k", 1).send();
    let closed = cb.close();
    let again = cb.callbacks().close();
    assert_eq!(cb.get("k").now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    settle(&mut driver);
    assert!(set.now_or_never().unwrap().is_ok());
    closed.now_or_never().unwrap().unwrap();
    assert_eq!(again.remaining(), 0);
    cb.close().now_or_never().expect("closed already").unwrap();
    assert_eq!(world.reads().1, 0, "sockets are closed");
    assert!(cb.connected(), "it was, and that stays");
    cb.connect().now_or_never().unwrap().unwrap();
    assert_eq!(cb.get("k").now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert!(driver.now_or_never().is_some());
}

#[test]
fn closing_before_the_connection_is_made_resolves() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts();
    let (connected, closed) = (cb.connect(), cb.close());
    settle(&mut driver);
    closed.now_or_never().unwrap().unwrap();
    assert_eq!(connected.now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn when_the_driver_is_dropped_every_operation_ends_with_closed() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    (0..2).for_each(|node| world.change(|model, _| model.hang(node)));
    let gone = cb.register_event(Event::Dtor);
    let (mut read, sent, many) =
        (cb.get("a"), cb.incr("b").initial(1).send(), cb.set_multi([("c", 1)]).send());
    assert!((&mut read).now_or_never().is_none());
    settle(&mut driver);
    let unsent = cb.set("d", 1).send();
    drop(driver);
    let read = read.now_or_never().unwrap().unwrap_err();
    assert_eq!((read.kind(), read.is_ambiguous()), (ErrorKind::Closed, false));
    let sent = sent.now_or_never().unwrap().unwrap_err();
    assert_eq!((sent.kind(), sent.is_ambiguous()), (ErrorKind::Closed, true), "it was written: {sent}");
    let unsent = unsent.now_or_never().unwrap().unwrap_err();
    assert_eq!((unsent.kind(), unsent.is_ambiguous()), (ErrorKind::Closed, false), "it was not: {unsent}");
    let keys = [&read, &sent, &unsent].map(|error| error.key().expect("each names its own").as_str());
    assert_eq!(keys, ["a", "b", "d"]);
    assert_eq!(many.now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    cb.close().now_or_never().unwrap().unwrap();
    assert!(!gone.is_finished());
    drop(cb);
    gone.now_or_never().unwrap().unwrap();
}

#[test]
fn before_the_first_pass_operations_wait_and_go_in_order() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.open_parts();
    let (one, two) = (cb.set("k", 1).send(), cb.incr("k").send());
    let mut three = cb.get("k").value::<u64>();
    assert!((&mut three).now_or_never().is_none());
    settle(&mut driver);
    assert!(one.now_or_never().unwrap().is_ok());
    assert_eq!(two.now_or_never().unwrap().unwrap().value(), 2);
    assert_eq!(three.now_or_never().unwrap().unwrap(), 2);
}

#[test]
fn look_ups_without_an_end_are_given_up() {
    let world = InMemory::with_nodes(1);
    let alive = || Arc::strong_count(&world.world().look_ups) - 1;
    let open = || world.open_parts_with(Config::new("couchbase://app:secret@nobody/default"));
    let (cb, mut driver) = open();
    settle(&mut driver);
    assert_eq!(alive(), 1);
    world.advance(Duration::from_secs(10));
    settle(&mut driver);
    assert!(cb.connect().now_or_never().is_some_and(|outcome| outcome.is_err()));
    assert_eq!(alive(), 0);
    let (cb, mut driver) = open();
    settle(&mut driver);
    let closed = cb.close();
    settle(&mut driver);
    assert!(closed.now_or_never().is_some());
    assert_eq!(alive(), 0);
}
