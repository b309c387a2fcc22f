//! What companion crates see of a connection.

use crate::in_memory::wakes::counting_waker;
use crate::in_memory::{InMemory, settle};
use couchbase_core::{ErrorKind, Event, Standing};
use futures::FutureExt;
use std::task::Context;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_companion_knows_where_services_are_and_who_asks() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.open_parts_with(world.config().views_timeout(Duration::from_secs(7)));
    let companion = cb.callbacks().companion();
    let connected = companion.connected();
    assert_eq!(companion.view_nodes(), [], "nobody knows yet");
    settle(&mut driver);
    connected.now_or_never().unwrap().unwrap();
    assert_eq!(companion.view_nodes(), [("10.0.0.1".to_owned(), 8092), ("10.0.0.2".to_owned(), 8092)]);
    assert_eq!(
        (companion.bucket(), companion.views_timeout()),
        ("default".to_owned(), Duration::from_secs(7))
    );
    let authorization = companion.authorization().expect("there is a user");
    assert!(!format!("{authorization:?} {companion:?}").contains("secret"));
    assert_eq!(companion.runtime().now(), couchbase_core::Instant::ZERO);
    drop(cb);
    settle(&mut driver);
    assert!((&mut driver).now_or_never().is_none(), "it keeps the connection open");
    drop(companion);
    settle(&mut driver);
    assert!(driver.now_or_never().is_some());
}

#[test]
fn a_node_without_active_vbuckets_serves_no_views() {
    let world = InMemory::with_nodes(3);
    let moved: Vec<u16> = (0..64).filter(|&vbucket| world.world().model.owner(vbucket) == Some(1)).collect();
    world.change(|model, _| moved.iter().for_each(|&vbucket| model.move_vbucket(vbucket, 2)));
    let (cb, _driver) = world.connected();
    let nodes = cb.companion().view_nodes();
    assert_eq!(nodes, [("10.0.0.1".to_owned(), 8092), ("10.0.0.3".to_owned(), 8092)]);
}

#[test]
fn closing_waits_for_errands_and_lets_none_begin() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let companion = cb.companion();
    let (wakes, waker) = counting_waker();
    let cx = Context::from_waker(&waker);
    let (first, second) = (companion.begin(SECOND).unwrap(), companion.begin(SECOND).unwrap());
    assert_eq!(first.poll_standing(&cx), Standing::Open);
    drop(companion.begin(SECOND).unwrap());

    let closed = cb.close();
    assert_eq!((wakes.count(), first.poll_standing(&cx)), (1, Standing::Closing));
    assert_eq!(companion.begin(SECOND).unwrap_err().kind(), ErrorKind::Closed);
    settle(&mut driver);
    drop(first);
    settle(&mut driver);
    assert!(!closed.is_finished());
    assert!((&mut driver).now_or_never().is_none());
    drop(second);
    settle(&mut driver);
    closed.now_or_never().unwrap().unwrap();
    assert_eq!(companion.begin(SECOND).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(world.reads().1, 0, "sockets are closed");
}

#[test]
fn closing_does_not_wait_for_an_errand_beyond_its_time() {
    let world = InMemory::with_nodes(1);
    let connecting = 3 * SECOND;
    let (cb, mut driver) = world.open_parts_with(world.config().connect_timeout(connecting));
    settle(&mut driver);
    let (wakes, waker) = counting_waker();
    let (forgotten, other) = (cb.companion().begin(SECOND).unwrap(), cb.companion().begin(SECOND).unwrap());
    let closed = cb.close();
    settle(&mut driver);
    world.advance(connecting + SECOND / 2);
    settle(&mut driver);
    drop(other);
    settle(&mut driver);
    assert!(!closed.is_finished());
    assert_eq!(forgotten.poll_standing(&Context::from_waker(&waker)), Standing::Closing);
    world.advance(SECOND / 2);
    settle(&mut driver);
    closed.now_or_never().unwrap().unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(forgotten.poll_standing(&Context::from_waker(&waker)), Standing::Ended);
}

#[test]
fn errands_learn_that_the_driver_is_gone() {
    let world = InMemory::with_nodes(1);
    let (cb, driver) = world.connected();
    let (wakes, waker) = counting_waker();
    let errand = cb.companion().begin(SECOND).unwrap();
    assert_eq!(errand.poll_standing(&Context::from_waker(&waker)), Standing::Open);
    drop(driver);
    assert_eq!(wakes.count(), 1);
    assert_eq!(errand.poll_standing(&Context::from_waker(&waker)), Standing::Ended);
    drop(cb);
}

#[test]
fn an_errand_keeps_the_connection_to_its_end() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.open_parts();
    let errand = cb.companion().begin(SECOND).unwrap();
    let (connected, gone) = (cb.connect(), cb.register_event(Event::Dtor));
    let closed = cb.close();
    settle(&mut driver);
    assert_eq!(connected.now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert!(!closed.is_finished());
    drop(cb);
    settle(&mut driver);
    assert!(!gone.is_finished(), "it holds a handle");
    drop(errand);
    settle(&mut driver);
    closed.now_or_never().unwrap().unwrap();
    gone.now_or_never().unwrap().unwrap();
}
