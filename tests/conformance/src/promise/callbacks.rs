//! The callback face.

use crate::bench::{Bench, fails};
use couchbase_core::{AsyncConnection, Error, ErrorKind, Event, Result};
use futures::channel::{mpsc, oneshot};
use futures::stream::StreamExt;
use std::cell::Cell;

thread_local! {
    /// Whether this thread is inside a call that schedules an operation.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// A callback that hands on what it got, and a receiver for it.
fn tell<T: Send + 'static>() -> (impl FnOnce(T) + Send + 'static, oneshot::Receiver<T>) {
    let (tell, told) = oneshot::channel();
    let callback = move |outcome| {
        assert!(!INSIDE.get(), "called back inside the call");
        drop(tell.send(outcome));
    };
    (callback, told)
}

async fn callbacks(bench: &Bench) -> AsyncConnection {
    bench.connect().await.callbacks()
}

/// Success to the one, failure to the other, either to the third.
pub async fn callbacks_get_the_outcome(bench: Bench) {
    let cb = callbacks(&bench).await;
    let key = bench.key("k");
    let not_called = |words: &'static str| move || panic!("{words}");

    let (ok, told) = tell();
    let never = not_called("a failure was reported");
    drop(cb.set(&key, "bar").on_ok(ok).on_err(move |_| never()));
    let stored = told.await.unwrap();
    assert_eq!(stored.key().as_str(), key);

    let (err, told) = tell::<Error>();
    let never = not_called("a success was reported");
    drop(cb.add(&key, 1).on_err(err).on_ok(move |_| never()));
    assert_eq!(told.await.unwrap().kind(), ErrorKind::KeyExists);

    let (both, told) = tell::<Result<_>>();
    cb.get(&key).then(both);
    assert_eq!(told.await.unwrap().unwrap().value::<String>().unwrap(), "bar");
    let (both, told) = tell::<Result<_>>();
    cb.get("").then(both);
    fails(told.await.unwrap(), ErrorKind::Argument);
}

/// Not even when everything is known at once: mistakes, events that have been, a closed connection.
pub async fn callbacks_never_run_inside_the_call(bench: Bench) {
    let cb = callbacks(&bench).await;
    let (argument, told_argument) = tell::<Error>();
    let (event, told_event) = tell::<()>();
    let (format, told_format) = tell::<Error>();
    INSIDE.set(true);
    drop(cb.get("").on_err(argument));
    drop(cb.register_event(Event::Connect).on_ok(event));
    drop(cb.set(bench.key("k"), &vec![1_u8]).on_err(format));
    INSIDE.set(false);
    assert_eq!(told_argument.await.unwrap().kind(), ErrorKind::Argument);
    told_event.await.unwrap();
    assert_eq!(told_format.await.unwrap().kind(), ErrorKind::ValueFormat);
}

/// A callback that comes after the answer is called all the same, and not inside the call that brings it.
pub async fn callbacks_may_come_late(bench: Bench) {
    let cb = callbacks(&bench).await;
    let key = bench.key("k");
    let set = cb.set(&key, 1).send();
    cb.futures().get(&key).await.unwrap(); // behind the set: it has been answered
    bench.until(|| set.remaining() == 0).await;
    let (late, told) = tell();
    INSIDE.set(true);
    drop(set.on_ok(late));
    INSIDE.set(false);
    assert_eq!(told.await.unwrap().key().as_str(), key);
}

/// The driver catches it; everything goes on, other callbacks included.
pub async fn a_panicking_callback_harms_nobody(bench: Bench) {
    let cb = callbacks(&bench).await;
    let key = bench.key("k");
    let (after, told) = tell();
    drop(cb.set(&key, 1).on_ok(|_| panic!("planned: a callback that panics")));
    drop(cb.set(&key, 2).on_ok(after));
    told.await.unwrap();
    assert_eq!(cb.futures().get(&key).value::<u64>().await.unwrap(), 2);
}

/// Results that nobody asks for are dropped, not the operations.
pub async fn nobody_needs_to_listen(bench: Bench) {
    let cb = callbacks(&bench).await;
    let key = bench.key("k");
    cb.set(&key, "stored").send();
    cb.delete(bench.key("missing")).send();
    assert_eq!(cb.futures().get(&key).value::<String>().await.unwrap(), "stored");
}

/// `defer`: the other way to hear of it.
pub async fn a_callback_operation_can_be_awaited(bench: Bench) {
    let cb = callbacks(&bench).await;
    let key = bench.key("k");
    let set = cb.set(&key, 1).send();
    let stored = cb.defer(set).await.unwrap();
    let get = cb.get(&key).send();
    bench.until(|| get.remaining() == 0).await;
    assert_eq!(cb.defer(get).await.unwrap().cas(), stored.cas());
    let add = cb.add(&key, 1).send();
    fails(cb.defer(add).await, ErrorKind::KeyExists);
}

/// No lock is held while a callback runs.
pub async fn callbacks_may_use_the_connection(bench: Bench) {
    let cb = callbacks(&bench).await;
    let (tell, told) = mpsc::unbounded();
    fn count_down(cb: &AsyncConnection, key: String, left: u32, tell: mpsc::UnboundedSender<u32>) {
        let next = cb.clone();
        cb.set(&key, left).then(move |outcome| {
            outcome.unwrap();
            tell.unbounded_send(left).unwrap();
            if left > 0 {
                count_down(&next, key, left - 1, tell);
            }
        });
    }
    count_down(&cb, bench.key("k"), 5, tell);
    assert_eq!(told.collect::<Vec<_>>().await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(cb.futures().get(bench.key("k")).value::<u32>().await.unwrap(), 0);
}

/// Events have callbacks like operations.
pub async fn events_call_back(bench: Bench) {
    let cb = bench.open().callbacks();
    let (connected, told_connected) = tell();
    let (gone, told_gone) = tell();
    drop(cb.connect().on_ok(connected));
    drop(cb.register_event(Event::Dtor).on_ok(gone));
    told_connected.await.unwrap();
    let (closed, told_closed) = tell();
    drop(cb.close().on_ok(closed));
    told_closed.await.unwrap();
    drop(cb);
    told_gone.await.unwrap();
}

/// Many keys are one outcome.
pub async fn multi_operations_call_back(bench: Bench) {
    let cb = callbacks(&bench).await;
    let keys = ["a", "b"].map(|name| bench.key(name));
    let (stored, told) = tell();
    drop(cb.set_multi(keys.iter().map(|key| (key, 1))).on_ok(stored));
    assert_eq!(told.await.unwrap().len(), 2);
    let (failed, told) = tell::<Error>();
    drop(cb.get_multi([&keys[0], &bench.key("missing")]).on_err(failed));
    let error = told.await.unwrap();
    assert!(error.is_not_found());
    assert_eq!(error.all_results().successes().count(), 1);
}
