//! Time: never early, at most one bucket late, whoever read the clock last.

use crate::in_memory::{InMemory, settle};
use couchbase_core::rt::Runtime;
use couchbase_core::{Driver, ErrorKind, Instant};
use futures::FutureExt;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
/// Deadlines are counted in buckets of this length.
const BUCKET: Duration = Duration::from_millis(16);

/// How long after now it takes until `is_over`, in milliseconds of the world's time.
fn time_until(world: &InMemory, driver: &mut Driver, is_over: impl Fn() -> bool) -> Duration {
    let mut passed = Duration::ZERO;
    while !is_over() {
        assert!(passed < Duration::from_secs(60), "it never ends");
        world.advance(MS);
        passed += MS;
        settle(driver);
    }
    passed
}

#[test]
fn a_mute_node_lets_every_operation_end_in_time_without_further_commands() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    for timeout in [1, 15, 16, 17, 100, 2500, 10_000].map(Duration::from_millis) {
        let mut get = cb.get("k").timeout(timeout).send();
        let took = time_until(&world, &mut driver, || get.is_finished());
        assert!(took >= timeout && took <= timeout + BUCKET, "{timeout:?} took {took:?}");
        assert_eq!((&mut get).now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    }
    let get = cb.with_timeout(300 * MS).get("k").send();
    let took = time_until(&world, &mut driver, || get.is_finished());
    assert!(took >= 300 * MS && took <= 300 * MS + BUCKET);
}

#[test]
fn an_operation_that_is_sent_long_after_the_clock_was_read_has_its_full_time() {
    for pause in [100, 900, 1000, 5000, 500_000].map(Duration::from_micros) {
        let world = InMemory::with_nodes(1);
        let (cb, mut driver) = world.connected();
        world.change(|model, _| model.hang(0));
        // The first one reads the clock; the second is stamped with that reading, which is old by then.
        let first = cb.get("a").timeout(100 * MS).send();
        world.advance(pause);
        let second = cb.get("b").timeout(100 * MS).send();
        let sent = pause;
        world.advance(pause);
        settle(&mut driver);
        let mut passed = 2 * pause;
        let (mut first_took, mut second_took) = (None, None);
        while second_took.is_none() {
            if first.is_finished() {
                first_took.get_or_insert(passed);
            }
            if second.is_finished() {
                second_took.get_or_insert(passed - sent);
            }
            world.advance(MS / 4);
            passed += MS / 4;
            settle(&mut driver);
        }
        let (first, second) = (first_took.unwrap(), second_took.unwrap());
        assert!(first >= 100 * MS && second >= 100 * MS, "early: {first:?}, {second:?} after {pause:?}");
        assert!(second <= 100 * MS + 2 * pause + BUCKET + MS / 4, "late: {second:?} after {pause:?}");
    }
}

#[test]
fn the_one_timer_is_armed_anew_only_for_an_earlier_moment_or_after_it_fired() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let resets = |world: &InMemory| world.world().timer_resets;
    let before = resets(&world);
    for n in 0..100 {
        let get = cb.get(format!("k{n}")).optional().send();
        settle(&mut driver);
        world.advance(MS);
        get.now_or_never().unwrap().unwrap();
    }
    assert!(resets(&world) - before <= 2, "{} times for 100 operations", resets(&world) - before);
    world.change(|model, _| model.hang(0));
    let before = resets(&world);
    let (late, early) = (cb.get("a").timeout(900 * MS).send(), cb.get("b").timeout(100 * MS).send());
    settle(&mut driver);
    assert!(resets(&world) - before <= 1);
    assert!(time_until(&world, &mut driver, || early.is_finished()) >= 100 * MS);
    assert!(time_until(&world, &mut driver, || late.is_finished()) >= 700 * MS);
}

#[test]
fn a_timer_that_fires_too_early_ends_nothing() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let get = cb.get("k").timeout(100 * MS).send();
    settle(&mut driver);
    world.world().fire_timers_early = true;
    for _ in 0..99 {
        world.advance(MS);
        driver.turn();
        assert!(!get.is_finished());
    }
    world.world().fire_timers_early = false;
    assert!(time_until(&world, &mut driver, || get.is_finished()) <= BUCKET + MS);
}

#[test]
fn expiries_follow_the_time_of_day() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    // Long enough for the time of day to have been told again.
    (0..10).for_each(|_| {
        world.advance(Duration::from_secs(30));
        settle(&mut driver);
    });
    let days = Duration::from_secs(40 * 24 * 60 * 60);
    let set = cb.set("k", 1).ttl(days).send();
    settle(&mut driver);
    set.now_or_never().unwrap().unwrap();
    let is_there = || world.change(|model, now| model.document("default", b"k", now).is_some());
    world.advance(days - Duration::from_secs(2));
    assert!(is_there());
    world.advance(Duration::from_secs(3));
    assert!(!is_there());
}

#[test]
fn one_old_stamp_makes_no_later_deadline_late() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    // The second of them is stamped with a reading that is a millisecond old.
    let old = cb.get("a").send();
    world.advance(MS);
    old.detach();
    cb.get("b").send().detach();
    settle(&mut driver);
    world.advance(MS / 2);
    for timeout in 100..117 {
        let timeout = timeout * MS;
        let get = cb.get("c").timeout(timeout).send();
        let took = time_until(&world, &mut driver, || get.is_finished());
        assert!(took >= timeout && took <= timeout + BUCKET, "{timeout:?} took {took:?}");
    }
}

#[test]
fn a_deadline_that_is_looked_at_for_another_one_is_not_early() {
    for nanos in [999_999, 500_000, 1] {
        let world = InMemory::with_nodes(1);
        let (cb, mut driver) = world.connected();
        world.change(|model, _| model.hang(0));
        let now = world.now() - Instant::ZERO;
        let to_bucket = BUCKET - Duration::from_nanos((now.as_nanos() % BUCKET.as_nanos()) as u64);
        // The first reads the clock; the second is sent later, and seems to end with a bucket.
        let first = cb.get("a").timeout(to_bucket + 4 * BUCKET).send();
        let age = Duration::from_nanos(nanos);
        world.advance(age);
        let second = cb.get("b").timeout(to_bucket + 5 * BUCKET).send();
        settle(&mut driver);
        // Nobody looks in time for the first; then both buckets have ended, and the second's time has not.
        world.advance(to_bucket + 5 * BUCKET - age);
        settle(&mut driver);
        assert!(first.is_finished());
        assert!(!second.is_finished(), "{age:?} early");
    }
}
