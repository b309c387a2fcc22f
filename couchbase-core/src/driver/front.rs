//! What can be reached while the machine is busy: outcomes, and operations that wait until it has time.
//!
//! The machine's lock is held for as long as it takes to deal with what a socket has received. Who sends an operation
//! meanwhile does not wait for that: the operation is put here. Whoever holds the machine's lock next takes it in
//! before anything else, so that the order of sending is kept.
//!
//! Locks: the machine's goes before this one, never the other way round.

use super::completions::{CompletionId, Completions, Sink, Stage};
use super::enter;
use crate::Instant;
use crate::machine::Request;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};
use std::mem;
use std::task::Waker;
use std::time::Duration;
use std::vec::Vec;

/// So many operations may wait here; with more of them, senders wait for the machine after all.
const MOST_WAITING: usize = 1024;

#[derive(Default)]
pub(super) struct Front {
    state: Mutex<State>,
    /// Operations wait. Written under the lock.
    is_any_waiting: AtomicBool,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) completions: Completions,
    /// In the order in which they were sent.
    waiting: Vec<Waiting>,
    /// Nobody takes them in any more.
    is_ended: bool,
}

/// An operation, and how it is submitted. What is taken in is moved out of it, once; if it is refused, everything stays
/// with its sender, to be dropped where no lock is held.
pub(crate) struct Submission<'a> {
    pub(crate) request: &'a mut Request,
    pub(crate) timeout: Duration,
    /// Waits for a place when all are taken; otherwise it is refused.
    pub(crate) in_line: bool,
    /// Somebody will ask for the outcome.
    pub(crate) is_held: bool,
    pub(crate) waker: Option<Waker>,
    pub(crate) sink: Sink,
}

/// An operation that was sent while the machine was busy.
pub(super) struct Waiting {
    pub(super) id: CompletionId,
    pub(super) request: Request,
    pub(super) timeout: Duration,
    pub(super) in_line: bool,
    pub(super) sent: Instant,
}

impl Front {
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        enter(&self.state)
    }

    /// Puts an operation here that is sent now; `None` if it cannot wait.
    pub(super) fn put(&self, submission: &mut Submission<'_>, now: Instant) -> Option<CompletionId> {
        let mut state = self.lock();
        if state.is_ended || state.waiting.len() >= MOST_WAITING {
            return None;
        }
        let id = state.completions.insert(Stage::Waiting, submission);
        let Submission { request, timeout, in_line, .. } = submission;
        state.waiting.push(Waiting {
            id,
            request: request.take(),
            timeout: *timeout,
            in_line: *in_line,
            sent: now,
        });
        // Ordered with the signal: either the driver sees it here, or the sender sees that the driver must be woken.
        self.is_any_waiting.store(true, Ordering::SeqCst);
        Some(id)
    }

    #[inline]
    pub(super) fn is_any_waiting(&self) -> bool {
        self.is_any_waiting.load(Ordering::SeqCst)
    }

    /// Moves what waits into `taken`, which is empty.
    pub(super) fn take_waiting(&self, taken: &mut Vec<Waiting>) {
        let mut state = self.lock();
        mem::swap(&mut state.waiting, taken);
        self.is_any_waiting.store(false, Ordering::SeqCst);
    }

    /// Takes nothing any more.
    pub(super) fn end(&self) {
        self.lock().is_ended = true;
    }
}
