//! What the driver and the owner of a completion queue share.

use crate::driver::enter;
use crate::sync::{Condvar, Mutex};
use crate::{Reply, Result};
use std::collections::VecDeque;
use std::mem;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

pub(crate) struct Ring {
    state: Mutex<State>,
    answers: Condvar,
}

struct State {
    /// Never more than there is memory for: as many as are in flight.
    answered: VecDeque<(u32, Result<Reply>)>,
    is_awaited: bool,
}

impl Ring {
    pub(super) fn with_capacity(operations: usize) -> Self {
        let state = State { answered: VecDeque::with_capacity(operations), is_awaited: false };
        Self { state: Mutex::new(state), answers: Condvar::new() }
    }

    /// Takes answers in; `answers` is empty afterwards, and keeps its capacity.
    pub(crate) fn append(&self, answers: &mut VecDeque<(u32, Result<Reply>)>) {
        let mut state = enter(&self.state);
        state.answered.append(answers);
        let is_awaited = mem::take(&mut state.is_awaited);
        drop(state);
        // Telling nobody would cost a system call all the same.
        if is_awaited {
            self.answers.notify_one();
        }
    }

    /// Exchanges what has been answered for an empty list of the same capacity.
    pub(super) fn fetch(&self, into: &mut VecDeque<(u32, Result<Reply>)>) {
        debug_assert!(into.is_empty());
        mem::swap(&mut enter(&self.state).answered, into);
    }

    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let end = Instant::now().checked_add(timeout);
        let mut state = enter(&self.state);
        while state.answered.is_empty() {
            state.is_awaited = true;
            let Some(end) = end else {
                state = self.answers.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.is_awaited = false;
                return false;
            }
            state = self.answers.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
