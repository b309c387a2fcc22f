//! A query in the background, and the handle that stops it.
//!
//! The sink is touched by the background task alone until the query has ended; wakers are never run under a lock.

use super::{Query, To};
use crate::RowSink;
use crate::home::Home;
use couchbase_core::{Error, ErrorKind, Result};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// A query that runs in the background. As a future it gives the sink back when the query has ended.
///
/// Dropping it does not stop the query, which then goes on to its end, sink and all.
///
/// ```
/// use couchbase_core::Result;
/// use couchbase_views::{Flow, RowSink, Rows, ViewExt};
///
/// struct Count(usize);
///
/// impl RowSink for Count {
///     fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
///         self.0 += rows.len();
///         Ok(Flow::More)
///     }
/// }
///
/// # doc_examples::run_with_beers(async |cb| {
/// let running = cb.query_ex(Count(0), "beer", "by_name").start();
/// let remote = running.control(); // cheap, Clone, Send
/// std::thread::spawn(move || remote.stop());
/// let count = running.await?; // the sink, with the rows until then
/// assert!(count.0 <= 3);
/// # Ok(())
/// # });
/// ```
pub struct Running<S> {
    outcome: Arc<Outcome<S>>,
    control: Control,
}

impl<S> Running<S> {
    /// Asks the query to end: it then ends well, with the rows delivered by then.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// A handle for others.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

impl<S> Future for Running<S> {
    type Output = Result<S>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.outcome.poll(cx)
    }
}

impl<S> fmt::Debug for Running<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("control", &self.control).finish_non_exhaustive()
    }
}

/// Stops a [`Running`] query from anywhere.
#[derive(Clone)]
pub struct Control(Arc<Steering>);

struct Steering {
    stop: AtomicBool,
    /// To be woken by a stop, as long as the query runs.
    task: Mutex<Option<Waker>>,
}

impl Control {
    fn new() -> Self {
        Self(Arc::new(Steering { stop: AtomicBool::new(false), task: Mutex::new(None) }))
    }

    /// Asks the query to end: it then ends well, with the rows delivered by then; its sink is given no more.
    /// Idempotent; without effect once the query has ended.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Release);
        let task = lock(&self.0.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.stop.load(Ordering::Acquire)
    }

    /// Whether to stop; if not, the task is woken when it should.
    fn poll_stop(&self, cx: &Context<'_>) -> bool {
        if !self.is_stopped() {
            let waker = cx.waker().clone();
            let before = lock(&self.0.task).replace(waker);
            drop(before);
        }
        // Again: it may have been asked for before the waker was there to be woken.
        self.is_stopped()
    }

    /// The task is over: whoever keeps this handle keeps nothing of it.
    fn forget_task(&self) {
        let task = lock(&self.0.task).take();
        drop(task);
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("stop", &self.0.stop.load(Ordering::Relaxed)).finish()
    }
}

/// Where the task leaves the sink.
struct Outcome<S>(Mutex<Slot<S>>);

enum Slot<S> {
    Awaited(Option<Waker>),
    Here(Result<S>),
    Taken,
}

impl<S> Outcome<S> {
    fn give(&self, result: Result<S>) {
        let before = std::mem::replace(&mut *lock(&self.0), Slot::Here(result));
        if let Slot::Awaited(Some(waker)) = before {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Result<S>> {
        let waiting = Slot::Awaited(Some(cx.waker().clone()));
        let mut slot = lock(&self.0);
        let next = if matches!(*slot, Slot::Awaited(_)) { waiting } else { Slot::Taken };
        let before = std::mem::replace(&mut *slot, next);
        drop(slot);
        match before {
            Slot::Here(result) => Poll::Ready(result),
            Slot::Awaited(_) => Poll::Pending,
            Slot::Taken => Poll::Ready(Err(Error::new(ErrorKind::Closed, "the query has ended before"))),
        }
    }
}

pub(super) fn start<S: RowSink + Send + 'static>(home: &dyn Home, mut query: Query<To<S>>) -> Running<S> {
    let outcome = Arc::new(Outcome(Mutex::new(Slot::Awaited(None))));
    let control = Control::new();
    query.mode.control = Some(control.clone());
    let task = Task { query: Some(query), outcome: outcome.clone(), control: control.clone() };
    home.runtime().spawn(Box::pin(task));
    Running { outcome, control }
}

struct Task<S: RowSink> {
    /// `None` once it has ended.
    query: Option<Query<To<S>>>,
    outcome: Arc<Outcome<S>>,
    control: Control,
}

impl<S: RowSink> Task<S> {
    fn end(&mut self, result: Result<S>) {
        let query = self.query.take();
        self.control.forget_task();
        self.outcome.give(result);
        // Last: closing the connection waits for it.
        drop(query);
    }
}

impl<S: RowSink> Future for Task<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let task = self.get_mut();
        let Some(query) = &mut task.query else { return Poll::Ready(()) };
        let result = if task.control.poll_stop(cx) {
            query.stop().ok_or_else(lost)
        } else {
            match query.poll_sink(cx) {
                Poll::Ready(result) => result,
                Poll::Pending => return Poll::Pending,
            }
        };
        task.end(result);
        Poll::Ready(())
    }
}

impl<S: RowSink> Drop for Task<S> {
    /// The runtime was shut down, or the sink has panicked: nobody shall wait for ever.
    fn drop(&mut self) {
        if self.query.is_some() {
            self.end(Err(lost()));
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Closed, "the query's task was dropped before it ended")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
