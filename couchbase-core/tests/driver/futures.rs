//! Operations as futures.

use crate::in_memory::{InMemory, settle};
use couchbase_core::wire::Opcode;
use couchbase_core::{Bytes, Encoded, ErrorKind, Expiry, Flags, Raw, Text};
use futures::FutureExt;
use futures::executor::LocalPool;
use futures::future::{join_all, select_all};
use futures::task::LocalSpawnExt;
use std::time::Duration;

/// Runs `program` with the driver on one thread.
fn run<T>(world: &InMemory, program: impl AsyncFnOnce(couchbase_core::Connection) -> T) -> T {
    let mut pool = LocalPool::new();
    let (cb, driver) = world.open_parts();
    pool.spawner().spawn_local(driver).unwrap();
    pool.run_until(program(cb))
}

#[test]
fn an_operation_is_sent_when_it_is_first_polled_and_not_before() {
    let world = InMemory::with_nodes(2);
    let (cb, mut driver) = world.connected();
    let sets = || world.change(|model, _| model.requests(Opcode::SET));
    let mut second = cb.set("k", 2);
    let mut first = cb.set("k", 1);
    drop(cb.set("k", 3));
    settle(&mut driver);
    assert_eq!(sets(), 0);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    settle(&mut driver);
    assert_eq!(sets(), 2);
    assert!(first.now_or_never().unwrap().unwrap().success());
    assert!(second.now_or_never().unwrap().unwrap().success());
    assert_eq!(world.change(|model, now| model.document("default", b"k", now).unwrap().to_vec()), b"2");
}

#[test]
fn sent_operations_go_in_the_order_of_sending() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let set = cb.set("k", "v").send();
    let get = cb.get("k").value::<String>().send();
    let gone = cb.delete("k").send();
    let none = cb.get("k").optional().send();
    assert!(!set.is_finished());
    settle(&mut driver);
    assert!(set.is_finished() && get.is_finished());
    assert!(set.now_or_never().unwrap().unwrap().cas().to_u64() != 0);
    assert_eq!(get.now_or_never().unwrap().unwrap(), "v");
    assert!(gone.now_or_never().unwrap().unwrap().success());
    assert!(none.now_or_never().unwrap().unwrap().is_none());
}

#[test]
fn every_operation_does_what_it_says() {
    let world = InMemory::with_nodes(3);
    run(&world, async |cb| {
        assert_eq!(cb.bucket(), "default");
        let stored = cb.set("a", &[1, 2]).await.unwrap();
        assert_eq!(cb.add("a", 1).await.unwrap_err().kind(), ErrorKind::KeyExists);
        assert!(cb.add("b", 1).ttl(Duration::from_secs(60)).await.is_ok());
        assert_eq!(cb.replace("c", 1).await.unwrap_err().kind(), ErrorKind::NotFound);
        let replaced = cb.replace("a", 3).cas(&stored).await.unwrap();
        assert!(cb.replace("a", 4).cas(&stored).await.unwrap_err().is_cas_mismatch());
        assert!(cb.set("a", 4).cas(replaced.cas()).await.is_ok());
        assert_eq!(cb.get("a").value::<u64>().await.unwrap(), 4);

        cb.set("t", Text("middle")).await.unwrap();
        cb.append("t", "-end").await.unwrap();
        cb.prepend("t", Raw("start-".as_bytes())).await.unwrap();
        assert_eq!(cb.get("t").value::<String>().await.unwrap(), "start-middle-end");
        assert_eq!(cb.append("none", "x").await.unwrap_err().kind(), ErrorKind::NotStored);

        assert_eq!(cb.incr("n").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(cb.incr("n").initial(7).await.unwrap().value(), 7);
        assert_eq!(cb.incr("n").by(10).await.unwrap().value(), 17);
        assert_eq!(cb.decr("n").by(2).await.unwrap().value(), 15);
        assert_eq!(cb.counter("n", -3).await.unwrap().value(), 12);
        assert_eq!(cb.counter("n", 5).await.unwrap().value(), 17);
        assert_eq!(cb.incr("t").await.unwrap_err().kind(), ErrorKind::DeltaBadValue);

        assert!(cb.touch("a").ttl(Duration::from_secs(60)).await.unwrap().success());
        assert!(cb.touch("a").ttl(Expiry::NEVER).await.unwrap().success());
        assert!(cb.touch("a").await.unwrap().success());
        assert_eq!(cb.get("a").ttl(Duration::from_secs(1)).value::<u64>().await.unwrap(), 4);
        assert_eq!(cb.delete("b").cas(&stored).await.unwrap_err().kind(), ErrorKind::KeyExists);
        assert!(cb.delete("b").await.unwrap().success());

        let odd = Encoded::new(Bytes::from_static(b"\x00\x01"), Flags::from_bits(0x0600_0000));
        cb.set("f", odd.clone()).await.unwrap();
        let back = cb.get("f").await.unwrap();
        assert_eq!((back.bytes(), back.flags()), (&odd.bytes, odd.flags));
    });
}

#[test]
fn a_missing_document_is_an_error_or_none_or_quiet() {
    let world = InMemory::with_nodes(1);
    run(&world, async |cb| {
        assert!(cb.get("no").await.unwrap_err().is_not_found());
        assert_eq!(cb.get("no").optional().value::<u64>().await.unwrap(), None);
        assert!(cb.get("no").quiet(true).optional().await.unwrap().is_none());
        assert!(cb.touch("no").optional().await.unwrap().is_none());
        assert!(cb.delete("no").optional().send().await.unwrap().is_none());
        let quiet = cb.get("no").quiet(true).await.unwrap();
        assert!(!quiet.success() && quiet.value::<u64>().unwrap_err().is_not_found());
        let cb = cb.with_quiet(true);
        assert!(!cb.get("no").await.unwrap().success());
        assert!(!cb.delete("no").await.unwrap().success());
        assert!(!cb.touch("no").await.unwrap().success());
        assert!(cb.get("no").quiet(false).await.unwrap_err().is_not_found());
        assert_eq!(cb.replace("no", 1).await.unwrap_err().kind(), ErrorKind::NotFound);
        cb.set("yes", 1).await.unwrap();
        assert_eq!(cb.get("yes").optional().value::<u64>().await.unwrap(), Some(1));
        assert!(cb.get("yes").optional().value::<String>().await.is_err());
    });
}

#[test]
fn wrong_arguments_come_out_with_the_outcome_and_nothing_is_sent() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let kind = |outcome: Option<couchbase_core::Result<_>>| outcome.unwrap().map(drop).unwrap_err().kind();
    let long = "k".repeat(251);
    assert_eq!(kind(cb.get("").now_or_never()), ErrorKind::Argument);
    let error = cb.get(&long).now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.key().unwrap().as_str()), (ErrorKind::Argument, &*long));
    assert_eq!(kind(cb.get("k").ttl(Duration::ZERO).now_or_never()), ErrorKind::Argument);
    assert_eq!(kind(cb.get("k").timeout(Duration::ZERO).now_or_never()), ErrorKind::Argument);
    assert_eq!(kind(cb.with_timeout(Duration::ZERO).get("k").now_or_never()), ErrorKind::Argument);
    let bytes = [1_u8, 2];
    let error = cb.set("k", &bytes).now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.key().unwrap().as_str()), (ErrorKind::ValueFormat, "k"));
    let big = Raw(vec![0; couchbase_core::MAX_VALUE_LEN + 1]);
    assert_eq!(cb.set("k", big).send().now_or_never().unwrap().unwrap_err().kind(), ErrorKind::TooBig);
    settle(&mut driver);
    assert_eq!(world.change(|model, _| model.effects().len()), 0);
    assert_eq!(world.change(|model, _| model.requests(Opcode::GET)), 0);
}

#[test]
fn dropping_an_awaited_operation_harms_no_other() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    world.change(|model, _| model.hang(0));
    let mut dropped = cb.get("a").boxed();
    let mut kept = cb.set("b", 1);
    assert!((&mut dropped).now_or_never().is_none());
    assert!((&mut kept).now_or_never().is_none());
    settle(&mut driver);
    drop(dropped);
    // One that has not left yet is withdrawn.
    let mut withdrawn = cb.set("c", 1);
    assert!((&mut withdrawn).now_or_never().is_none());
    drop(withdrawn);
    let cancelled = cb.set("d", 1).send();
    cancelled.cancel();
    let let_go = cb.set("e", 1).send();
    let_go.detach();
    let mut after = cb.get("b").value::<u64>();
    assert!((&mut after).now_or_never().is_none());
    world.change(|model, now| model.release(0, now));
    settle(&mut driver);
    assert!(kept.now_or_never().unwrap().is_ok());
    assert_eq!(after.now_or_never().unwrap().unwrap(), 1);
    assert!(world.change(|model, now| model.document("default", b"e", now).is_some()));
}

#[test]
fn everything_that_takes_futures_takes_operations() {
    let world = InMemory::with_nodes(2);
    run(&world, async |cb| {
        let sets = join_all((0..100_u64).map(|n| cb.set(format!("k{n}"), n))).await;
        assert!(sets.iter().all(Result::is_ok));
        let (found, _, rest) = select_all((0..100_u64).map(|n| cb.get(format!("k{n}")).value::<u64>())).await;
        assert!(found.is_ok());
        drop(rest);
        let (a, b) = futures::try_join!(cb.get("k1").value::<u64>(), cb.get("k2").optional()).unwrap();
        assert_eq!((a, b.unwrap().value::<u64>().unwrap()), (1, 2));
        let later: std::pin::Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(cb.get("k3"));
        assert_eq!(later.await.unwrap().key().as_str(), "k3");
    });
}

#[test]
fn a_future_that_moves_between_tasks_wakes_the_last_one() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let mut get = cb.get("k").optional();
    assert!((&mut get).now_or_never().is_none());
    let (woken, waker) = crate::in_memory::wakes::counting_waker();
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(std::pin::Pin::new(&mut get).poll(&mut cx).is_pending());
    assert!(std::pin::Pin::new(&mut get).poll(&mut cx).is_pending());
    settle(&mut driver);
    assert_eq!(woken.count(), 1);
    assert!(std::pin::Pin::new(&mut get).poll(&mut cx).is_ready());
}

#[test]
fn a_spawned_driver_ends_by_itself_when_the_last_handle_is_gone() {
    let world = InMemory::with_nodes(1);
    let cb = couchbase_core::open(world.config(), world.clone()).unwrap();
    let mut tasks = world.spawned();
    let mut driver = tasks.pop().expect("the driver was spawned");
    assert!((&mut driver).now_or_never().is_none());
    drop(cb);
    assert!((0..10).any(|_| (&mut driver).now_or_never().is_some()));
}

#[test]
#[should_panic(expected = "sent after its outcome")]
fn an_operation_that_was_awaited_to_its_end_cannot_be_sent_again() {
    let world = InMemory::with_nodes(1);
    let (cb, mut driver) = world.connected();
    let mut get = cb.get("k");
    assert!((&mut get).now_or_never().is_none());
    settle(&mut driver);
    assert!((&mut get).now_or_never().is_some());
    drop(get.send());
}
