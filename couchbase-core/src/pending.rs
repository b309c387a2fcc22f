//! Operations that have been sent: what their senders hold.
//!
//! A [`Deferred`] is a future, an [`AsyncResult`] takes callbacks; both are kinds of completion over one slot. What
//! lies behind them (an operation, an event, many keys) is a [`Pending`].

mod group;
mod promise;
mod sent;

pub(crate) use group::{Collect, Group, SentGroup};
pub(crate) use promise::{Promise, SentPromise};
pub(crate) use sent::{Read, Sent, reading};

use crate::{Error, Result};
use std::boxed::Box;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A callback for an outcome of this type.
pub(crate) type CallbackOf<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// Something whose outcome will come. Dropping it loses the outcome, nothing else.
pub(crate) trait Pending<T>: Send + Sync {
    /// The outcome, once.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>>;
    /// Withdraws it, as far as it has not left yet.
    fn cancel(&mut self);
    /// How many operations are unanswered.
    fn remaining(&self) -> usize;
    /// Has a callback called with the outcome, on the driver.
    fn attach(&mut self, callback: CallbackOf<T>);
}

/// A sent operation, or an event, as a future.
///
/// Dropping it loses the answer, not the operation, which goes on; [`detach`](Self::detach) says that this is meant.
/// 16 bytes, `Send` and `Unpin`.
///
/// ```
/// # doc_examples::run(async |cb| {
/// let set = cb.set("foo", "bar").send(); // On its way now.
/// let get = cb.get("foo").send(); // The same key: always after the set.
/// set.await?;
/// assert_eq!(get.await?.value::<String>()?, "bar");
/// # Ok(())
/// # });
/// ```
#[must_use = "await it for the outcome, or call `detach` to ignore it"]
pub struct Deferred<T>(Option<Box<dyn Pending<T>>>);

const _: () = assert!(size_of::<Deferred<()>>() == 2 * size_of::<usize>());

impl<T> Deferred<T> {
    pub(crate) fn new(pending: impl Pending<T> + 'static) -> Self {
        Self::boxed(Box::new(pending))
    }

    pub(crate) fn boxed(pending: Box<dyn Pending<T>>) -> Self {
        Self(Some(pending))
    }

    /// Leaves the operation to itself.
    pub fn detach(self) {}

    /// Withdraws the operation, if it has not left yet; otherwise its late answer is swallowed, and whether it was
    /// carried out remains unknown. Callbacks that it had are not called. An event is only waited for no longer.
    pub fn cancel(mut self) {
        if let Some(pending) = &mut self.0 {
            pending.cancel();
        }
    }

    /// Whether the outcome is there: awaiting it would not wait.
    pub fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(|pending| pending.remaining() == 0)
    }
}

impl<T> Future for Deferred<T> {
    type Output = Result<T>;

    /// # Panics
    /// If it is polled again after its outcome.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let pending = self.0.as_mut().expect("a `Deferred` was polled after its outcome");
        let outcome = pending.poll(cx);
        if outcome.is_ready() {
            self.0 = None;
        }
        outcome
    }
}

impl<T> fmt::Debug for Deferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").field("is_finished", &self.is_finished()).finish()
    }
}

/// A sent operation of the callback face, or an event.
///
/// Drop it, give it callbacks, or make it a future with [`defer`](crate::AsyncConnection::defer). Callbacks run on
/// the driver, never inside the call that attaches them, in the order in which they were attached; each is given the
/// outcome. They may be attached after the outcome has come. They must not block; a panic in one harms nothing else.
/// When the driver is gone they run on the thread that attaches them.
///
/// ```
/// # doc_examples::run(async |cb| {
/// # let cb = cb.callbacks();
/// cb.set("foo", "bar")
///     .on_ok(|stored| println!("stored with CAS {}", stored.cas()))
///     .on_err(|error| eprintln!("{error}"));
/// # Ok(())
/// # });
/// ```
pub struct AsyncResult<T>(Held<T>);

/// An operation is held as it is, so that sending with a callback costs the callback's box alone.
enum Held<T> {
    Operation(Sent<T>),
    Other(Box<dyn Pending<T>>),
}

impl<T: Clone + Send + 'static> AsyncResult<T> {
    pub(crate) fn operation(sent: Sent<T>) -> Self {
        Self(Held::Operation(sent))
    }

    pub(crate) fn other(pending: impl Pending<T> + 'static) -> Self {
        Self::boxed(Box::new(pending))
    }

    pub(crate) fn boxed(pending: Box<dyn Pending<T>>) -> Self {
        Self(Held::Other(pending))
    }

    /// Calls `f` with the result, if it succeeds.
    pub fn on_ok(mut self, f: impl FnOnce(T) + Send + 'static) -> Self {
        self.attach(Box::new(move |outcome| {
            if let Ok(result) = outcome {
                f(result);
            }
        }));
        self
    }

    /// Calls `f` with the error, if it fails.
    pub fn on_err(mut self, f: impl FnOnce(Error) + Send + 'static) -> Self {
        self.attach(Box::new(move |outcome| {
            if let Err(error) = outcome {
                f(error);
            }
        }));
        self
    }

    /// Calls `f` with the outcome, whatever it is.
    pub fn then(mut self, f: impl FnOnce(Result<T>) + Send + 'static) {
        self.attach(Box::new(f));
    }

    /// Operations that are still unanswered: at most one, or the number of keys for operations on many.
    pub fn remaining(&self) -> usize {
        self.pending().remaining()
    }

    pub(crate) fn into_deferred(self) -> Deferred<T> {
        match self.0 {
            Held::Operation(sent) => Deferred::new(sent),
            Held::Other(pending) => Deferred(Some(pending)),
        }
    }

    fn attach(&mut self, callback: CallbackOf<T>) {
        match &mut self.0 {
            Held::Operation(sent) => sent.attach(callback),
            Held::Other(pending) => pending.attach(callback),
        }
    }

    fn pending(&self) -> &dyn Pending<T> {
        match &self.0 {
            Held::Operation(sent) => sent,
            Held::Other(pending) => &**pending,
        }
    }
}

impl<T: Clone + Send + 'static> fmt::Debug for AsyncResult<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("remaining", &self.remaining()).finish()
    }
}
