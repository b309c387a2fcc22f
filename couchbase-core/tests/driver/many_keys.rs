//! Operations on many keys.

use crate::in_memory::{InMemory, settle};
use couchbase_core::wire::Opcode;
use couchbase_core::{ErrorKind, Key};
use futures::FutureExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

#[test]
fn results_come_in_the_order_of_the_call() {
    let world = InMemory::with_nodes(3);
    let (cb, mut driver) = world.connected();
    let keys: Vec<String> = (0..300).map(|n| format!("k{n}")).collect();
    let set = cb.set_multi(keys.iter().zip(0_u64..)).send();
    let get = cb.get_multi(&keys).send();
    settle(&mut driver);
    let stored = set.now_or_never().unwrap().unwrap();
    assert!(stored.all_ok() && stored.len() == 300);
    let found = get.now_or_never().unwrap().unwrap();
    let order: Vec<u64> = found.iter().map(|(_, found)| found.unwrap().value().unwrap()).collect();
    assert_eq!(order, (0..300).collect::<Vec<_>>());
    let map: HashMap<Key, u64> = found.values().unwrap();
    assert_eq!(map["k7"], 7);
}

#[test]
fn one_failing_key_fails_it_all_and_all_results_are_in_the_error() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let set = cb.set_multi([("a", 1), ("c", 3)]).send();
    settle(&mut driver);
    set.now_or_never().unwrap().unwrap();
    let get = cb.get_multi(["a", "b", "c", "d"]).send();
    let quiet = cb.get_multi(["a", "b"]).quiet(true).send();
    settle(&mut driver);
    let error = get.now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.key().unwrap().as_str()), (ErrorKind::NotFound, "b"));
    let all = error.all_results();
    assert_eq!((all.len(), all.successes().count()), (4, 2));
    assert_eq!(all.get("c").unwrap().unwrap().value::<u64>().unwrap(), 3);
    let quiet = quiet.now_or_never().unwrap().unwrap();
    assert_eq!(quiet.values::<u64, Vec<_>>().unwrap(), [("a".into(), 1)]);
}

#[test]
fn a_wrong_argument_anywhere_means_that_nothing_is_sent() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let kinds = [
        cb.set_multi([("a", 1), ("", 2)]).now_or_never().unwrap().unwrap_err(),
        cb.set_multi([("a", 1), ("b", 2)])
            .ttl(std::time::Duration::ZERO)
            .now_or_never()
            .unwrap()
            .unwrap_err(),
        cb.set_multi([("a", &[1_u8][..])]).send().now_or_never().unwrap().unwrap_err(),
        cb.get_multi(["a", &"k".repeat(251)]).now_or_never().unwrap().unwrap_err(),
        cb.get_multi(Vec::<Key>::new()).now_or_never().unwrap().unwrap_err(),
    ]
    .map(|error| error.kind());
    use ErrorKind::{Argument, ValueFormat};
    assert_eq!(kinds, [Argument, Argument, ValueFormat, Argument, Argument]);
    settle(&mut driver);
    let sent = world.change(|model, _| model.requests(Opcode::SET) + model.requests(Opcode::GET));
    assert_eq!(sent, 0);
}

#[test]
fn it_is_sent_at_its_first_poll_and_dropping_it_withdraws_all_keys() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    (0..2).for_each(|node| world.change(|model, _| model.hang(node)));
    let mut dropped = cb.get_multi(["a", "b", "c"]);
    settle(&mut driver);
    assert!((&mut dropped).now_or_never().is_none());
    settle(&mut driver);
    drop(dropped);
    cb.set_multi([("a", 1), ("b", 2)]).send().cancel();
    let mut kept = cb.set_multi([("a", 3), ("b", 4)]);
    assert!((&mut kept).now_or_never().is_none());
    settle(&mut driver);
    (0..2).for_each(|node| world.change(|model, now| model.release(node, now)));
    settle(&mut driver);
    assert_eq!(kept.now_or_never().unwrap().unwrap().len(), 2);
}

#[test]
fn callbacks_learn_of_all_keys_at_once() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (ok, err, none) = (log.clone(), log.clone(), log.clone());
    let set = cb.set_multi([("a", 1), ("b", 2), ("c", 3)]);
    let set = set.on_ok(move |all| ok.lock().unwrap().push(format!("{} stored", all.len())));
    assert_eq!(set.remaining(), 3);
    cb.get_multi(["a", "x"]).on_err(move |e| err.lock().unwrap().push(format!("{}", e.key().unwrap())));
    cb.get_multi(Vec::<Key>::new()).then(move |o| none.lock().unwrap().push(format!("{}", o.is_err())));
    assert!(log.lock().unwrap().is_empty());
    settle(&mut driver);
    assert_eq!(set.remaining(), 0);
    let mut calls = std::mem::take(&mut *log.lock().unwrap());
    calls.sort();
    assert_eq!(calls, ["3 stored", "true", "x"]);
    let late = log.clone();
    set.on_ok(move |all| late.lock().unwrap().push(format!("late {}", all.len())));
    settle(&mut driver);
    assert_eq!(*log.lock().unwrap(), ["late 3"]);
}

#[test]
fn awaited_ones_stand_in_line_for_all_their_keys() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.open_parts_with(world.config().max_in_flight(4));
    settle(&mut driver);
    let mut set = cb.set_multi((0..100).map(|n| (format!("k{n}"), n)));
    assert!((&mut set).now_or_never().is_none());
    settle(&mut driver);
    assert_eq!(set.now_or_never().unwrap().unwrap().len(), 100);
    let sent = cb.set_multi((0..100).map(|n| (format!("k{n}"), n))).send();
    settle(&mut driver);
    let error = sent.now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert!(error.all_results().successes().count() >= 4);
}

#[test]
fn dropped_they_hold_their_task_no_longer() {
    struct Task;
    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }
    let world = InMemory::with_nodes(1);
    let (cb, _driver) = world.connected();
    let task = Arc::new(Task);
    let waker = Waker::from(task.clone());
    let mut many = cb.get_multi(["a", "b"]).send();
    assert!(many.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    drop((many, waker));
    assert_eq!(Arc::strong_count(&task), 1);
}
