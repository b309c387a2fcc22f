//! The background thread that runs the drivers of those who bring no executor: one for the whole process.
//!
//! A task that panics ends alone: the executor keeps the panic for whoever awaits the task, and nobody does.

use async_executor::Executor;
use couchbase_core::rt::BoxFuture;
use couchbase_core::{Error, ErrorKind, Result};
use std::future;
use std::sync::{Mutex, PoisonError};
use std::thread;

static TASKS: Executor<'_> = Executor::new();
static IS_RUNNING: Mutex<bool> = Mutex::new(false);

/// Sees to it that the thread runs.
pub(crate) fn start() -> Result<()> {
    let mut is_running = IS_RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_running {
        thread::Builder::new()
            .name("couchbase".into())
            // Turning async-io's reactor on this very thread saves a hand-over between threads at each wake-up.
            .spawn(|| async_io::block_on(TASKS.run(future::pending::<()>())))
            .map_err(|e| Error::new(ErrorKind::NoRuntime, format!("no background thread: {e}")))?;
        *is_running = true;
    }
    Ok(())
}

/// Runs a task to its end on the thread. Without a thread the task is dropped: its owner learns that it is gone.
pub(crate) fn spawn(task: BoxFuture<()>) {
    if start().is_ok() {
        TASKS.spawn(task).detach();
    }
}
