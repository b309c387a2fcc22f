//! Where the outcomes go that nobody will ask for: to a callback, or to a completion queue.
//!
//! They lie beside the machine and under its lock, since only the driver deals with them: such an operation needs no other
//! lock on its way in. What may be asked for before it goes anywhere is in `completions`.

use super::Callback;
use super::effects::{Effect, Effects};
use crate::machine::OpId;
use crate::queue::Ring;
use crate::sync::Arc;
use crate::{Reply, Result};
use std::vec::Vec;

#[derive(Default)]
pub(super) struct Deliveries {
    /// By the machine's slot.
    expected: Vec<Expected>,
    queues: Queues,
}

/// Not an enum: that would be put together elsewhere and moved here as a whole, for which the processor waits.
#[derive(Default)]
struct Expected {
    op: Option<OpId>,
    /// `None` if it goes to a queue.
    callback: Option<Callback>,
    /// Which of the queues, and the operation's place in it.
    queue: usize,
    place: u32,
}

impl Deliveries {
    pub(super) fn expect_call(&mut self, op: OpId, callback: Callback) {
        self.slot(op).callback = Some(callback);
    }

    #[inline]
    pub(super) fn expect_queued(&mut self, op: OpId, ring: &Arc<Ring>, place: u32) {
        let queue = self.queues.enter(ring);
        let expected = self.slot(op);
        expected.queue = queue;
        expected.place = place;
    }

    #[inline(always)]
    fn slot(&mut self, op: OpId) -> &mut Expected {
        if self.expected.len() <= op.slot() {
            self.expected.resize_with(op.slot() + 1, Expected::default);
        }
        let expected = &mut self.expected[op.slot()];
        debug_assert!(expected.op.is_none() && expected.callback.is_none(), "the slot is another one's");
        expected.op = Some(op);
        expected
    }

    /// Whether this is one of them.
    #[inline]
    pub(super) fn has(&self, op: OpId) -> bool {
        self.expected.get(op.slot()).is_some_and(|expected| expected.op == Some(op))
    }

    /// One of them has ended.
    #[inline(always)]
    pub(super) fn deliver(
        &mut self,
        op: OpId,
        outcome: impl FnOnce() -> Result<Reply>,
        effects: &mut Effects,
    ) {
        let expected = &mut self.expected[op.slot()];
        expected.op = None;
        match expected.callback.take() {
            Some(callback) => effects.push(Effect::Call(callback, outcome())),
            None => self.queues.leave(expected.queue, expected.place, outcome, effects),
        }
    }

    /// Those that have not ended.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = OpId> {
        self.expected.iter().filter_map(|expected| expected.op)
    }
}

/// Queues that operations are under way for, with the number of those: an operation needs no reference of its own.
#[derive(Default)]
struct Queues {
    noted: Vec<Option<(Arc<Ring>, usize)>>,
    free: Vec<usize>,
}

/// A queue is looked for among so many. Where there are more, one may be noted several times: to look at thousands, one
/// for each operation that waits, would take longer than everything else.
const LOOKED_AT: usize = 8;

impl Queues {
    #[inline]
    fn enter(&mut self, ring: &Arc<Ring>) -> usize {
        let mut few = self.noted.iter().take(LOOKED_AT);
        let known = few.position(|queue| matches!(queue, Some((known, _)) if Arc::ptr_eq(known, ring)));
        let queue = known.unwrap_or_else(|| self.add(ring));
        if let Some((_, under_way)) = &mut self.noted[queue] {
            *under_way += 1;
        }
        queue
    }

    #[cold]
    fn add(&mut self, ring: &Arc<Ring>) -> usize {
        let queue = self.free.pop().unwrap_or_else(|| {
            self.noted.push(None);
            self.noted.len() - 1
        });
        self.noted[queue] = Some((ring.clone(), 0));
        queue
    }

    #[inline(always)]
    fn leave(
        &mut self,
        queue: usize,
        place: u32,
        outcome: impl FnOnce() -> Result<Reply>,
        effects: &mut Effects,
    ) {
        let Some((ring, under_way)) = &mut self.noted[queue] else { return };
        effects.queue(ring, place, outcome());
        *under_way -= 1;
        if *under_way == 0 {
            // Its owner may be gone: what is in it is dropped with the effects.
            effects.let_go(self.noted[queue].take().map(|(ring, _)| ring));
            self.free.push(queue);
        }
    }
}
