//! An outcome that is not one operation's: an event, or the results of many keys.

use super::{CallbackOf, Pending};
use crate::driver::{Effect, Shared, enter, guarded};
use crate::sync::{Arc, Mutex};
use crate::{Error, ErrorKind, Result};
use std::boxed::Box;
use std::mem;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;

pub(crate) struct Promise<T>(Mutex<State<T>>);

struct State<T> {
    outcome: Option<Result<T>>,
    waker: Option<Waker>,
    callbacks: Vec<CallbackOf<T>>,
}

impl<T> Default for Promise<T> {
    fn default() -> Self {
        Self(Mutex::new(State { outcome: None, waker: None, callbacks: Vec::new() }))
    }
}

impl<T> Promise<T> {
    /// One whose outcome is known.
    pub(crate) fn settled(outcome: Result<T>) -> Arc<Self> {
        let promise = Self::default();
        enter(&promise.0).outcome = Some(outcome);
        Arc::new(promise)
    }

    /// The outcome is there; the first counts.
    pub(crate) fn settle(&self, outcome: Result<T>)
    where
        T: Clone,
    {
        let mut state = enter(&self.0);
        if state.outcome.is_some() {
            return;
        }
        let callbacks = mem::take(&mut state.callbacks);
        let waker = state.waker.take();
        let for_callbacks = (!callbacks.is_empty()).then(|| outcome.clone());
        state.outcome = Some(outcome);
        drop(state);
        if let Some(waker) = waker {
            guarded(|| waker.wake());
        }
        if let Some(outcome) = for_callbacks {
            for callback in callbacks {
                let outcome = outcome.clone();
                guarded(|| callback(outcome));
            }
        }
    }

    pub(super) fn poll(&self, waker: &Waker) -> Poll<Result<T>> {
        // Cloned and dropped outside the lock.
        let waker = waker.clone();
        let mut state = enter(&self.0);
        if let Some(outcome) = state.outcome.take() {
            // Whoever asks again is told something, and never waits for ever.
            state.outcome = Some(Err(Error::new(ErrorKind::Closed, "the outcome was taken already")));
            return Poll::Ready(outcome);
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }

    pub(crate) fn has_callbacks(&self) -> bool {
        !enter(&self.0).callbacks.is_empty()
    }

    pub(crate) fn is_settled(&self) -> bool {
        enter(&self.0).outcome.is_some()
    }

    /// Has a callback called with the outcome; hands it back with the outcome if that is there.
    fn attach(&self, callback: CallbackOf<T>) -> Option<(CallbackOf<T>, Result<T>)>
    where
        T: Clone,
    {
        let mut state = enter(&self.0);
        if let Some(outcome) = &state.outcome {
            let outcome = outcome.clone();
            return Some((callback, outcome));
        }
        state.callbacks.push(callback);
        None
    }

    /// Nobody waits as a task any more.
    pub(super) fn forget_waker(&self) {
        let waker = enter(&self.0).waker.take();
        drop(waker);
    }
}

/// A promise as its waiter holds it. It keeps no connection alive.
pub(crate) struct SentPromise<T> {
    promise: Arc<Promise<T>>,
    shared: Arc<Shared>,
}

impl<T> SentPromise<T> {
    pub(crate) fn new(promise: Arc<Promise<T>>, shared: Arc<Shared>) -> Self {
        Self { promise, shared }
    }
}

impl<T: Clone + Send + 'static> Pending<T> for SentPromise<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        self.promise.poll(cx.waker())
    }

    fn cancel(&mut self) {}

    fn remaining(&self) -> usize {
        usize::from(!self.promise.is_settled())
    }

    fn attach(&mut self, callback: CallbackOf<T>) {
        attach(&self.promise, &self.shared, callback);
    }
}

impl<T> Drop for SentPromise<T> {
    fn drop(&mut self) {
        self.promise.forget_waker();
    }
}

pub(super) fn attach<T: Clone + Send + 'static>(
    promise: &Promise<T>,
    shared: &Shared,
    callback: CallbackOf<T>,
) {
    if let Some((callback, outcome)) = promise.attach(callback) {
        shared.run_on_driver(Effect::Job(Box::new(move || callback(outcome))));
    }
}
