//! The background thread that runs the drivers of those who bring no executor: one for the whole process.
//!
//! A task that panics ends alone: the executor keeps the panic for whoever awaits the task, and nobody does.

use async_executor::Executor;
use async_io::Timer;
use couchbase_core::rt::BoxFuture;
use couchbase_core::{Error, ErrorKind, Result};
use std::future::{self, Future};
use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

static TASKS: Executor<'_> = Executor::new();
static IS_RUNNING: Mutex<bool> = Mutex::new(false);

/// Sees to it that the thread runs.
pub(crate) fn start() -> Result<()> {
    let mut is_running = IS_RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_running {
        reactor()?;
        thread::Builder::new()
            .name("couchbase".into())
            // Turning async-io's reactor on this very thread saves a hand-over between threads at each wake-up.
            .spawn(|| async_io::block_on(TASKS.run(future::pending::<()>())))
            .map_err(|e| Error::new(ErrorKind::NoRuntime, format!("no background thread: {e}")))?;
        *is_running = true;
    }
    Ok(())
}

/// Sees to it that async-io's reactor is there. Without one the thread would end at its first task, and everything that
/// waits for it would wait for ever.
fn reactor() -> Result<()> {
    // Nothing but the attempt tells whether the system allows it, and a timer that is armed is the least of them.
    let armed = catch_unwind(|| {
        let timer = pin!(Timer::after(Duration::from_secs(3600)));
        timer.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    });
    let words = "this process cannot wait for sockets: is it out of file descriptors, or of threads?";
    armed.map(drop).map_err(|_panic| Error::new(ErrorKind::NoRuntime, words))
}

/// Runs a task to its end on the thread. Without a thread the task is dropped: its owner learns that it is gone.
pub(crate) fn spawn(task: BoxFuture<()>) {
    if start().is_ok() {
        TASKS.spawn(task).detach();
    }
}
