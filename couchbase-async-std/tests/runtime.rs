//! What is this crate's own in the runtime: the background thread. What every runtime must do is in the conformance
//! tests.

use couchbase_async_std::AsyncIo;
use couchbase_core::rt::Runtime;
use futures::channel::oneshot;
use std::thread;

fn on_background<T: Send + 'static>(runtime: &AsyncIo, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, told) = oneshot::channel();
    runtime.spawn(Box::pin(async move { drop(done.send(work())) }));
    futures::executor::block_on(told).expect("the thread runs it")
}

#[test]
fn all_runtimes_share_one_background_thread() {
    let runtimes = [AsyncIo::background().unwrap(), AsyncIo::background().unwrap()];
    let threads = runtimes.each_ref().map(|runtime| on_background(runtime, || thread::current().id()));
    assert_eq!(threads[0], threads[1]);
    assert_ne!(threads[0], thread::current().id());
    let name = on_background(&runtimes[0], || thread::current().name().map(String::from));
    assert_eq!(name.as_deref(), Some("couchbase"));
}

#[test]
fn a_task_that_panics_ends_alone() {
    let runtime = AsyncIo::background().unwrap();
    let before = on_background(&runtime, || thread::current().id());
    let (dropped, told) = oneshot::channel::<()>();
    runtime.spawn(Box::pin(async move {
        let _dropped = dropped;
        panic!("planned: the background thread must survive it");
    }));
    assert!(futures::executor::block_on(told).is_err(), "the task is gone");
    assert_eq!(on_background(&runtime, || thread::current().id()), before);
}
