//! What a pass of the driver costs: polls, writes, wakes, looks at the clock.

use crate::in_memory::wakes::counting_waker;
use crate::in_memory::{InMemory, settle};
use couchbase_core::Driver;
use futures::FutureExt;
use futures::future::join_all;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};

/// Socket polls for 100 operations, one after the other, on a key of one node among others that are idle.
fn reads_beside(idle: u8) -> usize {
    let world = InMemory::with_nodes(idle + 1);
    let (cb, mut driver) = world.connected();
    let set = cb.set("k", 1).send();
    settle(&mut driver);
    set.now_or_never().unwrap().unwrap();
    let (before, sockets) = world.reads();
    assert_eq!(sockets, usize::from(idle) + 1);
    for _ in 0..100 {
        let get = cb.get("k").send();
        settle(&mut driver);
        get.now_or_never().unwrap().unwrap();
    }
    world.reads().0 - before
}

#[test]
fn with_a_hundred_idle_links_a_busy_one_costs_no_more_polls_than_alone() {
    let (alone, beside) = (reads_beside(0), reads_beside(100));
    assert_eq!(alone, beside);
    assert!(alone <= 200, "{alone} reads for 100 answers");
}

fn poll(driver: &mut Driver, waker: &Waker) -> Poll<()> {
    Pin::new(driver).poll(&mut Context::from_waker(waker))
}

#[test]
fn what_is_sent_between_two_passes_goes_in_one_write() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let before = world.world().writes;
    let gets: Vec<_> = (0..500).map(|n| cb.get(format!("k{n}")).optional().send()).collect();
    settle(&mut driver);
    assert!(gets.into_iter().all(|get| get.now_or_never().unwrap().unwrap().is_none()));
    assert_eq!(world.world().writes - before, 1);
}

#[test]
fn many_submissions_wake_the_driver_once() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (wakes, waker) = counting_waker();
    assert!(poll(&mut driver, &waker).is_pending());
    assert_eq!(wakes.count(), 0, "there was nothing to do");
    let gets: Vec<_> = (0..100).map(|n| cb.get(format!("k{n}")).send()).collect();
    assert_eq!(wakes.count(), 1);
    drop(gets);
}

#[test]
fn the_clock_is_read_once_a_pass_not_once_an_operation() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let before = world.world().clock_reads;
    let gets: Vec<_> = (0..500).map(|n| cb.get(format!("k{n}")).send()).collect();
    assert_eq!(world.world().clock_reads - before, 1);
    assert!(driver.turn());
    assert!(world.world().clock_reads - before <= 4);
    drop(gets);
}

/// A task of a runtime with one thread: woken tasks run in the order in which they were woken.
struct Queued(std::sync::Arc<std::sync::Mutex<Vec<usize>>>, usize);

impl Wake for Queued {
    fn wake(self: std::sync::Arc<Self>) {
        let mut queue = self.0.lock().unwrap();
        if !queue.contains(&self.1) {
            queue.push(self.1);
        }
    }
}

#[test]
fn before_it_writes_it_lets_the_woken_tasks_speak() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let rounds = 50;
    let mut tasks: Vec<_> = (0..64)
        .map(|n| {
            let cb = cb.clone();
            async move {
                for round in 0..rounds {
                    cb.set(format!("k{n}"), round).await.unwrap();
                }
            }
            .boxed_local()
        })
        .collect();
    let before = world.world().writes;
    let queue = std::sync::Arc::new(std::sync::Mutex::new((0..=64).rev().collect::<Vec<_>>()));
    let mut left = 64;
    while left > 0 {
        let woken = std::mem::take(&mut *queue.lock().unwrap());
        assert!(!woken.is_empty(), "stuck with {left} tasks left");
        for index in woken {
            let waker = Waker::from(std::sync::Arc::new(Queued(queue.clone(), index)));
            if index == 64 {
                assert!(poll(&mut driver, &waker).is_pending());
            } else if tasks[index].as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                left -= 1;
            }
        }
    }
    let writes = world.world().writes - before;
    assert!(writes <= rounds + 2, "{writes} writes for {rounds} rounds");
}

#[test]
fn tasks_that_have_nothing_to_say_delay_the_write_twice_at_most() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let (wakes, waker) = counting_waker();
    assert!(poll(&mut driver, &waker).is_pending());
    let mut silent = cb.get("a").optional();
    assert!((&mut silent).now_or_never().is_none());
    let polls = |driver: &mut Driver| {
        let mut polls = 0;
        let mut seen = 0;
        while wakes.count() > seen {
            seen = wakes.count();
            polls += 1;
            assert!(poll(driver, &waker).is_pending());
        }
        polls
    };
    let polls = polls(&mut driver);
    assert!(silent.now_or_never().is_some());
    assert!(polls <= 6, "{polls} polls");
}

#[test]
fn a_large_value_comes_through_small_reads_and_blocked_writes() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let value: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    world.world().write_room = 0;
    let set = cb.set("large", couchbase_core::Raw(value.clone())).send();
    let small: Vec<_> = (0..10).map(|n| cb.set(format!("k{n}"), n).send()).collect();
    settle(&mut driver);
    // What is sent while the socket is blocked goes behind it.
    let behind = cb.get("k9").value::<u64>().send();
    let mut turns = 0;
    while !behind.is_finished() {
        world.make_room(if turns < 20 { 1000 } else { 300_000 });
        settle(&mut driver);
        turns += 1;
        assert!(turns < 100, "stuck");
    }
    world.make_room(usize::MAX);
    settle(&mut driver);
    assert!(set.now_or_never().unwrap().is_ok());
    assert!(small.into_iter().all(|set| set.now_or_never().unwrap().is_ok()));
    assert_eq!(behind.now_or_never().unwrap().unwrap(), 9);

    world.world().read_size = 1460;
    let get = cb.get("large").send();
    let others: Vec<_> = (0..10).map(|n| cb.get(format!("k{n}")).value::<u64>().send()).collect();
    settle(&mut driver);
    assert_eq!(*get.now_or_never().unwrap().unwrap().bytes(), value);
    for (n, other) in (0..).zip(others) {
        assert_eq!(other.now_or_never().unwrap().unwrap(), n);
    }
}

#[test]
fn a_link_that_never_stops_talking_leaves_the_others_their_turn() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let keys: Vec<String> = (0..).map(|n| format!("k{n}")).take(64).collect();
    let node_of = |key: &String| world.change(|m, _| m.owner(m.vbucket_of(key.as_bytes())).unwrap());
    let (busy, other) =
        (keys.iter().find(|k| node_of(k) == 0).unwrap(), keys.iter().find(|k| node_of(k) == 1).unwrap());
    let set = cb.set(busy, couchbase_core::Raw(vec![1; 60_000])).send();
    settle(&mut driver);
    set.now_or_never().unwrap().unwrap();
    let many: Vec<_> = (0..400).map(|_| cb.get(busy).send()).collect();
    assert!(driver.turn(), "sends the questions");
    let quick = cb.get(other).optional().send();
    assert!(driver.turn(), "reads a part of the answers");
    assert!(many.last().is_some_and(|last| !last.is_finished()), "not all at once");
    driver.turn();
    assert!(quick.is_finished());
    settle(&mut driver);
    assert!(
        join_all(many).now_or_never().unwrap().into_iter().all(|got| got.unwrap().bytes().len() == 60_000)
    );
}

#[test]
fn a_link_that_never_has_enough_leaves_the_others_their_turn() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.world().write_size = 1000;
    let before = world.world().writes;
    let set = cb.set("large", couchbase_core::Raw(vec![b'v'; 1 << 20])).send();
    driver.turn();
    let writes = world.world().writes - before;
    assert!((1..=16).contains(&writes), "{writes} writes in one pass");
    settle(&mut driver);
    set.now_or_never().unwrap().unwrap();
    assert_eq!(world.world().writes - before, (1 << 20) / 1000 + 1);
}

#[test]
fn a_link_that_is_busy_both_ways_has_one_turn_in_each_pass() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let sent: Vec<_> = (0..400).map(|n| cb.set(format!("k{n}"), n).send()).collect();
    world.world().write_size = 1;
    world.world().floods = true;
    for _ in 0..9 {
        let (reads, writes) = (world.reads().0, world.world().writes);
        driver.turn();
        let (reads, writes) = (world.reads().0 - reads, world.world().writes - writes);
        assert!(reads <= 32 && writes <= 32, "{reads} reads and {writes} writes");
    }
    world.world().floods = false;
    world.world().write_size = usize::MAX;
    settle(&mut driver);
    assert!(sent.into_iter().all(|set| set.now_or_never().is_some_and(|outcome| outcome.is_ok())));
}

#[test]
fn a_lost_link_is_made_again() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.cut_links(0));
    settle(&mut driver);
    let set = cb.set("k", 1).send();
    for _ in 0..100 {
        settle(&mut driver);
        world.advance(std::time::Duration::from_millis(20));
    }
    settle(&mut driver);
    assert!(set.now_or_never().unwrap().is_ok());
}
