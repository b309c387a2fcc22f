//! The hosts that the client promises to run on.

use crate::host::Host;
use couchbase_async_std::AsyncIo;
use couchbase_core::rt::{BoxFuture, Runtime};
use couchbase_core::{Config, Connection, Result};
use couchbase_tokio::Tokio;
use futures::executor::{LocalPool, LocalSpawner, ThreadPool};
use futures::task::LocalSpawnExt;
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
pub struct OneThread {
    pool: RefCell<LocalPool>,
    spawner: LocalSpawner,
}

fn on_async_std(task: BoxFuture<()>) {
    drop(async_std::task::spawn(task));
}

fn on_smol(task: BoxFuture<()>) {
    smol::spawn(task).detach();
}

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

    fn open(&self, config: Config) -> Result<Connection> {
        let _context = self.0.enter();
        couchbase_tokio::open(config)
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

    fn open(&self, config: Config) -> Result<Connection> {
        let _context = self.0.enter();
        couchbase_tokio::open(config)
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
        Box::new(AsyncIo::on(on_async_std))
    }

    fn open(&self, config: Config) -> Result<Connection> {
        couchbase_async_std::on(on_async_std).open(config)
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
        Box::new(AsyncIo::on(on_smol))
    }

    fn open(&self, config: Config) -> Result<Connection> {
        couchbase_async_std::on(on_smol).open(config)
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

    fn open(&self, config: Config) -> Result<Connection> {
        let pool = self.0.clone();
        couchbase_async_std::on(move |task| pool.spawn_ok(task)).open(config)
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

    fn open(&self, config: Config) -> Result<Connection> {
        couchbase_async_std::open(config)
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        futures::executor::block_on(task)
    }
}

impl Host for OneThread {
    fn start() -> Self {
        let pool = LocalPool::new();
        Self { spawner: pool.spawner(), pool: RefCell::new(pool) }
    }

    fn runtime(&self) -> Box<dyn Runtime> {
        Box::new(AsyncIo::background().expect("the system gives threads"))
    }

    fn open(&self, config: Config) -> Result<Connection> {
        let (cb, driver) = couchbase_async_std::open_parts(config)?;
        self.spawner.spawn_local(driver).expect("the pool is there");
        Ok(cb)
    }

    fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.pool.borrow_mut().run_until(task)
    }
}
