//! Where the outcomes of operations are waited for: one slot each, used again and again.
//!
//! The machine's slot of an operation is free as soon as the operation has ended; this one stays until whoever waits
//! has taken the outcome. Nothing in here may be run or dropped while the lock is held: what is removed is handed
//! out.

use super::Callback;
use super::effects::{Effect, Effects};
use crate::machine::OpId;
use crate::pending::Collect;
use crate::queue::Ring;
use crate::{Reply, Result};
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::vec::Vec;

/// One operation, from its submission until its outcome has been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompletionId {
    index: u32,
    generation: u32,
}

/// Where an outcome goes when it comes.
#[derive(Default)]
pub(crate) enum Sink {
    /// It stays in the slot.
    #[default]
    Slot,
    Call(Callback),
    Calls(Vec<Callback>),
    Queue(Arc<Ring>, u32),
    Part(Arc<dyn Collect>, u32),
}

#[derive(Default)]
pub(super) struct Slot {
    generation: u32,
    /// While the machine has it.
    pub(super) op: Option<OpId>,
    /// Somebody may still ask for the outcome.
    is_held: bool,
    pub(super) waker: Option<Waker>,
    pub(super) sink: Sink,
    pub(super) outcome: Option<Result<Reply>>,
}

/// What is left of an operation that nobody waits for any more. To be dropped outside the lock.
#[derive(Default)]
pub(crate) struct Remains {
    pub(super) op: Option<OpId>,
    _waker: Option<Waker>,
    _sink: Sink,
    _outcome: Option<Result<Reply>>,
}

#[derive(Default)]
pub(super) struct Completions {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// By the machine's slot: the index of the slot here, plus one.
    by_op: Vec<u32>,
}

impl Completions {
    #[inline]
    pub(super) fn insert(
        &mut self,
        op: OpId,
        is_held: bool,
        waker: Option<Waker>,
        sink: Sink,
    ) -> CompletionId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.op = Some(op);
        slot.is_held = is_held;
        slot.waker = waker;
        slot.sink = sink;
        if self.by_op.len() <= op.slot() {
            self.by_op.resize(op.slot() + 1, 0);
        }
        self.by_op[op.slot()] = index + 1;
        CompletionId { index, generation: slot.generation }
    }

    #[inline]
    pub(super) fn get(&mut self, id: CompletionId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    /// An operation has ended.
    pub(super) fn finish(&mut self, op: OpId, outcome: Result<Reply>, effects: &mut Effects) {
        let index = self.by_op.get(op.slot()).map_or(0, |&index| index);
        let Some(slot) = (index as usize).checked_sub(1).and_then(|index| self.slots.get_mut(index)) else {
            return effects.push(Effect::Forget(outcome));
        };
        if slot.op != Some(op) {
            return effects.push(Effect::Forget(outcome));
        }
        slot.op = None;
        effects.wake(slot.waker.take());
        let kept = slot.is_held;
        match mem::take(&mut slot.sink) {
            Sink::Slot if kept => slot.outcome = Some(outcome),
            Sink::Slot => effects.push(Effect::Forget(outcome)),
            Sink::Call(callback) => {
                if kept {
                    slot.outcome = Some(outcome.clone());
                }
                effects.push(Effect::Call(callback, outcome));
            }
            Sink::Calls(callbacks) => {
                for callback in callbacks {
                    effects.push(Effect::Call(callback, outcome.clone()));
                }
                if kept {
                    slot.outcome = Some(outcome);
                } else {
                    effects.push(Effect::Forget(outcome));
                }
            }
            Sink::Queue(ring, token) => effects.queue(ring, token, outcome),
            Sink::Part(group, index) => effects.push(Effect::Part(group, index, outcome)),
        }
        if !kept {
            self.free_slot(index - 1);
        }
    }

    /// Nobody holds it any more: the slot is free once the operation has ended. The waker and the outcome that it
    /// held, if it had.
    pub(super) fn let_go(&mut self, id: CompletionId) -> Remains {
        let Some(slot) = self.get(id) else { return Remains::default() };
        if slot.op.is_none() {
            return self.remove(id);
        }
        slot.is_held = false;
        Remains { _waker: slot.waker.take(), ..Remains::default() }
    }

    /// Frees the slot, whatever became of the operation. The caller withdraws it from the machine, if it is there.
    pub(super) fn remove(&mut self, id: CompletionId) -> Remains {
        let Some(slot) = self.get(id) else { return Remains::default() };
        let remains = Remains {
            op: slot.op.take(),
            _waker: slot.waker.take(),
            _sink: mem::take(&mut slot.sink),
            _outcome: slot.outcome.take(),
        };
        self.free_slot(id.index);
        remains
    }

    /// Frees a slot whose outcome has been taken.
    #[inline]
    pub(super) fn free(&mut self, id: CompletionId) {
        self.free_slot(id.index);
    }

    /// The operations that have not ended.
    pub(super) fn unfinished(&self) -> Vec<OpId> {
        self.slots.iter().filter_map(|slot| slot.op).collect()
    }

    fn free_slot(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.is_held = false;
        self.free.push(index);
    }
}
