//! A way to run the client, as the tests see it.

use couchbase_core::rt::Runtime;
use couchbase_core::{Config, Connection, Result};
use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long one test may take, on a machine that does much else besides, before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// A runtime with an executor: what one adapter offers in one of its forms.
pub trait Host {
    /// Starts it, for one test.
    fn start() -> Self;

    /// Its runtime, for tests of the runtime alone.
    fn runtime(&self) -> Box<dyn Runtime>;

    /// Opens a connection whose driver runs on this host.
    fn open(&self, config: Config) -> Result<Connection>;

    /// Runs a task on the calling thread, and whatever else the host runs there.
    fn block_on<T>(&self, task: impl Future<Output = T>) -> T;
}

/// Runs one test on a thread of its own, so that one that hangs fails.
///
/// # Panics
/// As the test does, and when it hangs.
pub fn with_patience(test: impl FnOnce() + Send + 'static) {
    let (done, told) = channel::<()>();
    let thread = thread::Builder::new().name(thread::current().name().unwrap_or("test").into());
    let running = thread
        .spawn(move || {
            let _done = done;
            test();
        })
        .expect("the system gives threads");
    if told.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        panic!("hangs: not done after {PATIENCE:?}");
    }
    running.join().unwrap_or_else(|panic: Box<dyn Any + Send>| resume_unwind(panic));
}
