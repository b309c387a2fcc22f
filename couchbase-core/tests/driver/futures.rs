//! Operations as futures.

use crate::in_memory::{InMemory, settle};
use futures::FutureExt;
use std::collections::HashMap;

#[test]
fn operations_are_futures_that_are_sent_when_they_are_first_polled() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let mut set = cb.set("k", "v");
    let mut get = cb.get("k").value::<String>();
    settle(&mut driver);
    assert_eq!(world.change(|model, _| model.requests(couchbase_core::wire::Opcode::SET)), 0);
    assert!((&mut set).now_or_never().is_none());
    assert!((&mut get).now_or_never().is_none());
    settle(&mut driver);
    assert!(set.now_or_never().unwrap().unwrap().success());
    assert_eq!(get.now_or_never().unwrap().unwrap(), "v");
    let mut many = cb.get_multi(["k"]);
    assert!((&mut many).now_or_never().is_none());
    settle(&mut driver);
    let found: HashMap<_, String> = many.now_or_never().unwrap().unwrap().values().unwrap();
    assert_eq!(found["k"], "v");
}
