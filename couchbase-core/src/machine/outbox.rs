//! What the machine has to say, in the order in which it happened.
//!
//! Nearly all of it is that an operation has succeeded. Its reply stays in the table until it is asked for, so that it is
//! not moved once more; here is only a note of it.

use super::{Event, OpId};
use alloc::collections::VecDeque;

#[derive(Default)]
pub(super) struct Outbox {
    /// Operations whose reply lies in the table.
    succeeded: VecDeque<OpId>,
    /// How many of them there ever were.
    noted: u64,
    /// Everything else, with the number of successes before it.
    others: VecDeque<(u64, Event)>,
}

/// What is to be said next.
pub(super) enum Next {
    Succeeded(OpId),
    Other(Event),
}

impl Outbox {
    #[inline]
    pub(super) fn note_success(&mut self, op: OpId) {
        self.succeeded.push_back(op);
        self.noted += 1;
    }

    pub(super) fn push(&mut self, event: Event) {
        self.others.push_back((self.noted, event));
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.succeeded.is_empty() && self.others.is_empty()
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Next> {
        let said = self.noted - self.succeeded.len() as u64;
        if self.others.front().is_some_and(|&(before, _)| before <= said) {
            return self.others.pop_front().map(|(_, event)| Next::Other(event));
        }
        self.succeeded.pop_front().map(Next::Succeeded)
    }
}
