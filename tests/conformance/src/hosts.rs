//! The hosts that the client promises to run on.

use crate::host::Host;
use couchbase_async_std::AsyncIo;
use couchbase_core::rt::Runtime;
use couchbase_tokio::Tokio;
use futures::executor::{LocalPool, ThreadPool};
use std::cell::RefCell;

/// tokio, everything on the calling thread.
#[derive(Debug)]
pub struct TokioCurrentThread(tokio::runtime::Runtime);

/// tokio with two worker threads.
#[derive(Debug)]
pub struct TokioMultiThread(tokio::runtime::Runtime);

/// async-std's global executor.
#[derive(Debug)]
pub struct AsyncStd;

/// smol's global executor.
#[derive(Debug)]
pub struct Smol;

/// A thread pool of `futures`, and its plain `block_on`.
#[derive(Debug)]
pub struct FuturesThreadPool(ThreadPool);

/// The background thread of `couchbase-async-std`, and the plain `block_on` of `futures`.
#[derive(Debug)]
pub struct Background;

/// One thread for all: the driver of `open_parts` on a `LocalPool` of `futures`.
#[derive(Debug)]
pub struct OneThread(RefCell<LocalPool>);

fn current(tokio: &tokio::runtime::Runtime) -> Box<dyn Runtime> {
    let _context = tokio.enter();
    Box::new(Tokio::current().expect("entered"))
}

impl Host for TokioCurrentThread {
    fn start() -> Self {
        Self(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts"))
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        current(&self.0)
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.0.block_on(task)
    }
}

impl Host for TokioMultiThread {
    fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        Self(builder.worker_threads(2).enable_all().build().expect("tokio starts"))
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        current(&self.0)
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.0.block_on(task)
    }
}

impl Host for AsyncStd {
    fn start() -> Self {
        Self
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        Box::new(AsyncIo::on(|task| drop(async_std::task::spawn(task))))
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        async_std::task::block_on(task)
    }
}

impl Host for Smol {
    fn start() -> Self {
        Self
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        Box::new(AsyncIo::on(|task| smol::spawn(task).detach()))
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        smol::block_on(task)
    }
}

impl Host for FuturesThreadPool {
    fn start() -> Self {
        Self(ThreadPool::builder().pool_size(2).create().expect("the system gives threads"))
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        let pool = self.0.clone();
        Box::new(AsyncIo::on(move |task| pool.spawn_ok(task)))
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        futures::executor::block_on(task)
    }
}

impl Host for Background {
    fn start() -> Self {
        Self
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        Box::new(AsyncIo::background().expect("the system gives threads"))
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        futures::executor::block_on(task)
    }
}

impl Host for OneThread {
    fn start() -> Self {
        Self(RefCell::default())
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        Box::new(AsyncIo::background().expect("the system gives threads"))
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.0.borrow_mut().run_until(task)
    }
}
