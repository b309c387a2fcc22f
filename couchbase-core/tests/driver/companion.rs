//! What companion crates see of a connection.

use crate::in_memory::{InMemory, settle};
use futures::FutureExt;
use std::time::Duration;

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
