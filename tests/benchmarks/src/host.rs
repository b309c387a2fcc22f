//! The runtimes under which the same rows run.

use crate::counted::{Counted, Writes};
use crate::process;
use couchbase_async_std::AsyncIo;
use couchbase_core::rt::Runtime;
use couchbase_tokio::Tokio;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;

/// An executor with the client's runtime for it.
pub(crate) trait Host: 'static {
    /// One that is at rest.
    fn new() -> Self;

    /// Runs a future to its end, and what was spawned beside it.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T;

    /// Spawns a task; it runs during [`block_on`](Self::block_on) at the least. The future is its end.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()>;

    /// What connections run on: it counts their writes.
    fn runtime(&self, writes: &Arc<Writes>) -> Counted<impl Runtime>;
}

/// A tokio runtime: on the thread that calls it, or on two of its own.
struct OnTokio(tokio::runtime::Runtime);

impl OnTokio {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
        self.0.spawn(task).map(|ended| ended.expect("no task of a row panics")).boxed()
    }

    fn runtime(&self, writes: &Arc<Writes>) -> Counted<Tokio> {
        let _context = self.0.enter();
        Counted::new(Tokio::current().expect("this is a tokio runtime"), writes)
    }
}

/// tokio, all on the calling thread.
pub(crate) struct CurrentThread(OnTokio);

impl Host for CurrentThread {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self(OnTokio(runtime.expect("a runtime of one thread")))
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
        self.0.spawn(task)
    }

    fn runtime(&self, writes: &Arc<Writes>) -> Counted<impl Runtime> {
        self.0.runtime(writes)
    }
}

/// tokio with two worker threads, which may use all cores in every placement.
pub(crate) struct TwoThreads(OnTokio);

impl Host for TwoThreads {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            // Not being allowed to is no reason to stop: the figures then are those of fewer cores.
            .on_thread_start(|| drop(process::pin(None)))
            .enable_all()
            .build();
        Self(OnTokio(runtime.expect("a runtime of two threads")))
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
        self.0.spawn(task)
    }

    fn runtime(&self, writes: &Arc<Writes>) -> Counted<impl Runtime> {
        self.0.runtime(writes)
    }
}

/// async-io under smol's executor, reactor and tasks on the calling thread.
pub(crate) struct Smol(Arc<smol::Executor<'static>>);

impl Host for Smol {
    fn new() -> Self {
        Self(Arc::new(smol::Executor::new()))
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        smol::block_on(self.0.run(future))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> BoxFuture<'static, ()> {
        // A dropped task of smol's is cancelled, a dropped fallible one of tokio's is not: tell its end otherwise.
        let (ended, end) = futures::channel::oneshot::channel();
        let task = self.0.spawn(async move {
            task.await;
            // Nobody may be waiting.
            let _ = ended.send(());
        });
        task.detach();
        end.map(|end| end.expect("no task of a row panics")).boxed()
    }

    fn runtime(&self, writes: &Arc<Writes>) -> Counted<impl Runtime> {
        let executor = self.0.clone();
        Counted::new(AsyncIo::on(move |task| executor.spawn(task).detach()), writes)
    }
}
