//! What is to be done once the lock has been released: everything that runs or drops what is the user's.
//!
//! Collected under the lock, run outside it, in the order in which it happened. A callback that panics is caught
//! and harms nobody.

use super::Callback;
use crate::pending::{Collect, Promise};
use crate::queue::Ring;
use crate::sync::thread_local;
use crate::{Reply, Result};
use std::boxed::Box;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::vec::Vec;

pub(crate) enum Effect {
    /// An operation's callback.
    Call(Callback, Result<Reply>),
    /// An answer to one key of many.
    Part(Arc<dyn Collect>, u32, Result<Reply>),
    /// An event that was waited for.
    Settle(Arc<Promise<()>>, Result<()>),
    /// Anything else that is to run on the driver.
    Job(Box<dyn FnOnce() + Send>),
    /// An answer that nobody wants.
    Forget(Result<Reply>),
}

thread_local! {
    /// What has come while something runs on this thread without a driver.
    static WAITING: RefCell<Option<VecDeque<Effect>>> = const { RefCell::new(None) };
}

/// `None` at the very end of the thread.
fn waiting<T>(change: impl FnOnce(&mut Option<VecDeque<Effect>>) -> T) -> Option<T> {
    WAITING.try_with(|waiting| change(&mut waiting.borrow_mut())).ok()
}

/// Runs something that has no driver to run on. What it leads to of that kind waits until it has returned: a callback
/// that sends the next operation, which is refused and calls its callback, would else nest without end.
fn in_turn(run: impl FnOnce()) {
    let is_first = waiting(|waiting| {
        let is_first = waiting.is_none();
        waiting.get_or_insert_default();
        is_first
    });
    guarded(run);
    while is_first == Some(true) {
        let next = waiting(|waiting| {
            let next = waiting.as_mut().and_then(VecDeque::pop_front);
            if next.is_none() {
                *waiting = None;
            }
            next
        });
        let Some(Some(next)) = next else { return };
        next.run();
    }
}

impl Effect {
    /// Runs here, where no driver is: at once, or after what is running here in the same way.
    pub(super) fn run_here(self) {
        let mut effect = Some(self);
        waiting(|waiting| {
            if let Some(waiting) = waiting {
                waiting.extend(effect.take());
            }
        });
        if let Some(effect) = effect {
            in_turn(|| effect.run());
        }
    }

    pub(super) fn run(self) {
        match self {
            Self::Call(callback, outcome) => guarded(|| callback(outcome)),
            Self::Part(group, index, outcome) => group.deliver(index, outcome),
            Self::Settle(promise, outcome) => promise.settle(outcome),
            Self::Job(job) => guarded(job),
            Self::Forget(outcome) => guarded(|| drop(outcome)),
        }
    }
}

/// Runs what is the user's; a panic ends there.
pub(crate) fn guarded(run: impl FnOnce()) {
    // What is left of it is unknown to us and to nobody else: it was its own.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
        // The end of what it panicked with is the user's code too. What that panics with is not even dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(again);
        }
    }
}

#[derive(Default)]
pub(super) struct Effects {
    wakers: Vec<Waker>,
    others: Vec<Effect>,
    /// Answers for one queue, mostly the only one.
    queued: Queued,
}

/// Answers on their way to a queue, so that it is locked once for all of them.
#[derive(Default)]
struct Queued {
    to: Option<Arc<Ring>>,
    answers: VecDeque<(u32, Result<Reply>)>,
    /// Queues that have had theirs. Their owners may be gone: they, and what is in them, are dropped with the effects.
    done: Vec<Arc<Ring>>,
}

impl Queued {
    fn flush(&mut self) {
        if let Some(ring) = self.to.take() {
            ring.append(&mut self.answers);
            self.done.push(ring);
        }
    }
}

impl Effects {
    pub(super) fn wake(&mut self, waker: Option<Waker>) {
        self.wakers.extend(waker);
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.others.push(effect);
    }

    /// An answer for a queue. This may happen under the lock: a queue runs nothing of its owner's.
    #[inline(always)]
    pub(super) fn queue(&mut self, ring: &Arc<Ring>, place: u32, outcome: Result<Reply>) {
        if self.queued.to.as_ref().is_none_or(|to| !Arc::ptr_eq(to, ring)) {
            self.queued.flush();
            self.queued.to = Some(ring.clone());
        }
        self.queued.answers.push_back((place, outcome));
    }

    /// A queue that nothing more is under way for.
    pub(super) fn let_go(&mut self, ring: Option<Arc<Ring>>) {
        self.queued.done.extend(ring);
    }

    /// Puts others behind these.
    #[inline]
    pub(super) fn append(&mut self, effects: &mut Self) {
        if effects.is_empty() {
            return;
        }
        self.wakers.append(&mut effects.wakers);
        self.others.append(&mut effects.others);
        self.queued.flush();
        effects.queued.flush();
        self.queued.done.append(&mut effects.queued.done);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.wakers.is_empty()
            && self.others.is_empty()
            && self.queued.to.is_none()
            && self.queued.done.is_empty()
    }

    /// Runs them all: how many tasks were woken.
    pub(super) fn run(&mut self) -> usize {
        self.queued.flush();
        for ring in self.queued.done.drain(..) {
            guarded(|| drop(ring));
        }
        let woken = self.wakers.len();
        for waker in self.wakers.drain(..) {
            guarded(|| waker.wake());
        }
        for effect in self.others.drain(..) {
            effect.run();
        }
        woken
    }

    /// Runs them all on a thread that is not the driver's, or is for the last time: see [`in_turn`].
    pub(super) fn run_last(mut self) {
        in_turn(|| {
            self.run();
        });
    }
}
