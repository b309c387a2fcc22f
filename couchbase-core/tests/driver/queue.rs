//! Answers in a queue.

use crate::in_memory::{InMemory, settle};
use couchbase_core::{CompletionQueue, ErrorKind, Reply, Result};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

#[test]
fn answers_come_with_their_tokens() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let mut done = CompletionQueue::with_capacity(8);
    cb.set("a", 1).send_to(&mut done, "set").unwrap();
    cb.incr("n").initial(5).send_to(&mut done, "incr").unwrap();
    cb.get("none").send_to(&mut done, "get").unwrap();
    cb.get("").send_to(&mut done, "wrong").unwrap();
    cb.set("b", &[1_u8]).send_to(&mut done, "unfit").unwrap();
    assert_eq!((done.in_flight(), done.is_full()), (5, false));
    settle(&mut driver);
    let mut seen: Vec<(&str, Result<Reply>)> = done.drain().map(|c| (c.token, c.result)).collect();
    seen.sort_by_key(|(token, _)| *token);
    let kinds: Vec<_> = seen.iter().map(|(t, r)| (*t, r.as_ref().map_err(|e| e.kind()).is_ok())).collect();
    assert_eq!(kinds, [("get", false), ("incr", true), ("set", true), ("unfit", false), ("wrong", false)]);
    assert_eq!(seen[1].1.as_ref().unwrap().value::<u64>().unwrap(), 5);
    assert_eq!(done.in_flight(), 0);
    assert!(!done.wait(Duration::from_secs(60)), "none to come: it does not wait");
}

#[test]
fn a_full_queue_refuses_at_once_and_drained_answers_make_room() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let mut done = CompletionQueue::with_capacity(2);
    cb.set("a", 1).send_to(&mut done, 1).unwrap();
    cb.set("b", 1).send_to(&mut done, 2).unwrap();
    assert!(done.is_full());
    assert_eq!(cb.set("c", 1).send_to(&mut done, 3).unwrap_err().kind(), ErrorKind::Overloaded);
    settle(&mut driver);
    assert!(done.is_full(), "answered, and not drained");
    assert_eq!(done.drain().next().unwrap().token, 1);
    assert_eq!((done.in_flight(), done.is_full()), (1, false));
    cb.set("c", 1).send_to(&mut done, 3).unwrap();
    settle(&mut driver);
    let rest: Vec<i32> = done.drain().map(|c| c.token).collect();
    assert_eq!(rest, [2, 3], "what was left before, and what has come since");
    assert_eq!(world.change(|model, _| model.effects().len()), 3);
}

#[test]
fn an_operation_that_times_out_counts_as_something_that_happened() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let mut done = CompletionQueue::with_capacity(1);
    cb.callbacks().get("k").timeout(Duration::from_millis(100)).send_to(&mut done, ()).unwrap();
    settle(&mut driver);
    world.advance(Duration::from_millis(120));
    assert!(driver.turn());
    assert_eq!(done.drain().next().unwrap().result.unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn tokens_stay_with_the_owner() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let seen = Rc::new(Cell::new(0));
    let mut queue: CompletionQueue<Box<dyn FnOnce(u32)>> = CompletionQueue::with_capacity(4);
    let also_seen = seen.clone();
    cb.callbacks().incr("n").initial(3).send_to(&mut queue, Box::new(move |n| also_seen.set(n))).unwrap();
    settle(&mut driver);
    for c in queue.drain() {
        (c.token)(c.result.unwrap().value().unwrap());
    }
    assert_eq!(seen.get(), 3);
}

#[test]
fn a_queue_that_is_dropped_leaves_its_operations_to_themselves() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let mut queue = CompletionQueue::with_capacity(4);
    cb.callbacks().set("k", 1).send_to(&mut queue, ()).unwrap();
    drop(queue);
    settle(&mut driver);
    assert!(world.change(|model, now| model.document("default", b"k", now).is_some()));
}

#[test]
fn a_thread_sleeps_until_an_answer_comes_and_until_the_driver_ends() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (sent, is_sent) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let cb = cb.callbacks();
        let mut done = CompletionQueue::with_capacity(1);
        cb.set("a", 1).send_to(&mut done, ()).unwrap();
        sent.send(()).unwrap();
        assert!(done.wait(Duration::from_secs(60)));
        assert!(done.drain().all(|c| c.result.is_ok()));
        cb.set("b", 1).send_to(&mut done, ()).unwrap();
        sent.send(()).unwrap();
        assert!(done.wait(Duration::MAX));
        done.drain().next().unwrap().result.unwrap_err().kind()
    });
    is_sent.recv().unwrap();
    while is_sent.try_recv().is_err() {
        driver.turn();
    }
    drop(driver);
    assert_eq!(waiting.join().unwrap(), ErrorKind::Closed);
}

#[test]
fn each_of_a_thousand_queues_has_its_own_answers_whichever_are_gone() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let cb = cb.callbacks();
    let mut queues: Vec<_> = (0..1000).map(|_| CompletionQueue::with_capacity(3)).collect();
    for round in 0..3 {
        for (n, queue) in queues.iter_mut().enumerate() {
            (0..3).for_each(|part| cb.get(format!("{round}/{n}/{part}")).send_to(queue, part).unwrap());
        }
        // They have answers to come.
        queues.truncate(queues.len() / 2);
        settle(&mut driver);
        for (n, queue) in queues.iter_mut().enumerate() {
            let mut answers: Vec<_> = queue.drain().collect();
            answers.sort_by_key(|answer| answer.token);
            assert_eq!(answers.len(), 3);
            for answer in answers {
                let error = answer.result.unwrap_err();
                assert_eq!(error.key().unwrap().as_str(), format!("{round}/{n}/{}", answer.token));
            }
        }
    }
}
