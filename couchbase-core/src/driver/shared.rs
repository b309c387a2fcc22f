//! What handles and driver share: the machine behind one short lock, and the ways through it. Sending is in `sending`.
//!
//! Every function here that locks collects what must not happen under the lock (waking, running or dropping what is
//! the user's) and does it afterwards. A lock that a panic has poisoned is entered all the same: between calls the
//! machine is consistent.

use super::completions::{CompletionId, Sink, Stage};
use super::effects::{Effect, Effects};
#[cfg(feature = "http")]
use super::errands::Notice;
use super::front::Front;
use super::inner::Inner;
use super::leftovers::Leftovers;
use super::signal::Signal;
use super::{Callback, closed, enter};
use crate::machine::Client;
use crate::pending::Promise;
use crate::rt::Runtime;
use crate::sync::{Arc, Mutex, MutexGuard};
use crate::{Reply, Result};
use std::boxed::Box;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::string::String;
use std::task::{Poll, Waker};
use std::time::Duration;
use std::vec::Vec;

pub(crate) struct Shared {
    pub(super) inner: Mutex<Inner>,
    pub(super) front: Arc<Front>,
    pub(super) leftovers: Arc<Leftovers>,
    pub(crate) runtime: Box<dyn Runtime>,
    pub(crate) signal: Arc<Signal>,
    pub(crate) bucket: String,
    /// How long operations may take, and whether they are quiet, unless told otherwise.
    pub(crate) defaults: (Duration, bool),
}

/// The lock, held. What the machine has dropped meanwhile is dropped after it has been released: fields are dropped
/// in the order in which they stand here.
pub(super) struct Locked<'a> {
    guard: MutexGuard<'a, Inner>,
    _afterwards: Clearing<'a>,
}

struct Clearing<'a>(&'a Leftovers);

impl Drop for Clearing<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl Deref for Locked<'_> {
    type Target = Inner;

    #[inline]
    fn deref(&self) -> &Inner {
        &self.guard
    }
}

impl DerefMut for Locked<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.guard
    }
}

impl Shared {
    pub(super) fn new(client: Client, runtime: Box<dyn Runtime>) -> Self {
        let config = client.config();
        let (bucket, defaults) = (config.bucket.clone(), (config.timeout, config.quiet));
        let front = Arc::<Front>::default();
        Self {
            inner: Mutex::new(Inner::new(client, front.clone())),
            front,
            leftovers: Arc::default(),
            runtime,
            signal: Arc::default(),
            bucket,
            defaults,
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_> {
        self.locked(enter(&self.inner))
    }

    #[inline]
    pub(super) fn locked<'a>(&'a self, mut guard: MutexGuard<'a, Inner>) -> Locked<'a> {
        guard.take_in();
        Locked { guard, _afterwards: Clearing(&self.leftovers) }
    }

    /// The outcome, once; until then `waker` is woken when it comes.
    #[inline(always)]
    pub(crate) fn poll(&self, id: CompletionId, waker: &Waker) -> Poll<Result<Reply>> {
        // Mostly it is there when it is asked for.
        if let Some(outcome) = self.front.lock().completions.claim(id) {
            return Poll::Ready(outcome);
        }
        self.wait(id, waker)
    }

    #[cold]
    fn wait(&self, id: CompletionId, waker: &Waker) -> Poll<Result<Reply>> {
        let mut fresh = None;
        loop {
            let mut front = self.front.lock();
            if let Some(outcome) = front.completions.claim(id) {
                return Poll::Ready(outcome);
            }
            let Some(slot) = front.completions.get(id) else { return Poll::Ready(Err(closed())) };
            if slot.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                return Poll::Pending;
            }
            if fresh.is_some() {
                let old = mem::replace(&mut slot.waker, fresh);
                drop(front);
                drop(old);
                return Poll::Pending;
            }
            drop(front);
            fresh = Some(waker.clone());
        }
    }

    /// Whether the outcome is there.
    pub(crate) fn is_finished(&self, id: CompletionId) -> bool {
        self.front.lock().completions.get(id).is_none_or(|slot| slot.stage == Stage::Over)
    }

    /// Nobody will ask for the outcome: the operation goes on.
    pub(crate) fn let_go(&self, id: CompletionId) {
        let remains = self.front.lock().completions.let_go(id);
        drop(remains);
    }

    /// Withdraws operations, as far as they have not left yet.
    pub(crate) fn cancel(&self, ids: &[CompletionId]) {
        let mut all = Vec::new();
        let mut inner = self.lock();
        for &id in ids {
            all.push(inner.cancel(id, &*self.runtime));
        }
        drop(inner);
        // A place in line may be another one's now.
        self.signal.raise();
        drop(all);
    }

    /// Has a callback called with the outcome: on the driver, also if the outcome is there already.
    pub(crate) fn attach(&self, id: CompletionId, callback: Callback) {
        let mut front = self.front.lock();
        let Some(slot) = front.completions.get(id) else {
            drop(front);
            return self.run_on_driver(Effect::Call(callback, Err(closed())));
        };
        if let Some(outcome) = &slot.outcome {
            let effect = Effect::Call(callback, outcome.clone());
            drop(front);
            return self.run_on_driver(effect);
        }
        slot.sink = match mem::take(&mut slot.sink) {
            Sink::Call(first) => Sink::Calls(Vec::from([first, callback])),
            Sink::Calls(mut callbacks) => {
                callbacks.push(callback);
                Sink::Calls(callbacks)
            }
            Sink::Slot | Sink::Part(..) => Sink::Call(callback),
        };
    }

    /// Runs something on the driver at its next pass; here, if there is no driver any more.
    pub(crate) fn run_on_driver(&self, effect: Effect) {
        let mut inner = self.lock();
        if inner.lifecycle.is_over {
            drop(inner);
            return effect.run_here();
        }
        inner.late.push(effect);
        drop(inner);
        self.signal.raise();
    }

    /// Refuses new operations, waits for those under way, closes the links.
    pub(crate) fn close(&self) -> Arc<Promise<()>> {
        let mut effects = Effects::default();
        let mut inner = self.lock();
        let closing = inner.lifecycle.wait_closed();
        inner.close(&*self.runtime, &mut effects);
        drop(inner);
        self.signal.raise();
        effects.run_last();
        closing
    }

    /// The last handle is gone.
    pub(crate) fn orphan(&self) {
        let mut effects = Effects::default();
        let mut inner = self.lock();
        inner.orphan(&*self.runtime, &mut effects);
        drop(inner);
        self.signal.raise();
        effects.run_last();
    }

    pub(crate) fn wait_connected(&self) -> Arc<Promise<()>> {
        self.lock().lifecycle.wait_connected()
    }

    pub(crate) fn wait_gone(&self) -> Arc<Promise<()>> {
        self.lock().lifecycle.wait_gone()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.lock().lifecycle.is_connected()
    }

    /// Begins something that closing waits for, until [`end_errand`](Self::end_errand); no longer than the first
    /// connection may take, and `at_most` after it.
    #[cfg(feature = "http")]
    pub(crate) fn begin_errand(&self, at_most: Duration) -> Result<(u64, Arc<Notice>)> {
        let now = self.runtime.now();
        let mut inner = self.lock();
        let until = now + inner.client.config().connect_timeout + at_most;
        inner.errands.begin(until)
    }

    #[cfg(feature = "http")]
    pub(crate) fn end_errand(&self, number: u64) {
        let mut inner = self.lock();
        let over = inner.errands.remove(number);
        drop(inner);
        drop(over);
        // The driver may wait for nothing else.
        self.signal.raise();
    }

    /// Looks at the machine.
    #[cfg(feature = "http")]
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Client) -> T) -> T {
        at(&self.lock().client)
    }
}
