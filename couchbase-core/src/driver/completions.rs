//! Where the outcomes of operations are waited for: one slot each, used again and again.
//!
//! Those that nobody can ask for are in `deliveries`. The machine's slot of an operation is free as soon as its end has
//! been reported; this one stays until whoever waits has taken the outcome. Nothing in here may be run or dropped while
//! the lock is held: what is removed is handed out.

use super::effects::{Effect, Effects};
use super::front::Submission;
use super::{Callback, closed};
use crate::machine::OpId;
use crate::pending::Collect;
use crate::{Error, Reply, Result};
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
    Part(Arc<dyn Collect>, u32),
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has been sent, and waits until the machine has time.
    Waiting,
    /// The machine has it.
    UnderWay(OpId),
    #[default]
    Over,
}

#[derive(Default)]
pub(super) struct Slot {
    generation: u32,
    pub(super) stage: Stage,
    /// Somebody may still ask for the outcome.
    is_held: bool,
    pub(super) waker: Option<Waker>,
    pub(super) sink: Sink,
    pub(super) outcome: Option<Result<Reply>>,
}

/// What is left of an operation that nobody waits for any more. To be dropped outside the lock.
#[derive(Default)]
pub(crate) struct Remains {
    pub(super) stage: Stage,
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
    /// A slot for an operation that is `Waiting`, or in the machine already.
    #[inline(always)]
    pub(super) fn insert(&mut self, stage: Stage, submission: &mut Submission<'_>) -> CompletionId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.stage = stage;
        slot.is_held = submission.is_held;
        // What is exchanged for them is nothing, and nothing is dropped.
        mem::swap(&mut slot.waker, &mut submission.waker);
        mem::swap(&mut slot.sink, &mut submission.sink);
        let generation = slot.generation;
        if let Stage::UnderWay(op) = stage {
            self.point(op, index);
        }
        CompletionId { index, generation }
    }

    /// The machine has taken it in.
    pub(super) fn begin(&mut self, id: CompletionId, op: OpId) {
        if let Some(slot) = self.get(id) {
            slot.stage = Stage::UnderWay(op);
            self.point(op, id.index);
        }
    }

    #[inline]
    fn point(&mut self, op: OpId, index: u32) {
        if self.by_op.len() <= op.slot() {
            self.by_op.resize(op.slot() + 1, 0);
        }
        self.by_op[op.slot()] = index + 1;
    }

    #[inline]
    pub(super) fn get(&mut self, id: CompletionId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    /// An operation has ended.
    #[inline(always)]
    pub(super) fn finish(
        &mut self,
        op: OpId,
        outcome: impl FnOnce() -> Result<Reply>,
        effects: &mut Effects,
    ) {
        let index = self.by_op.get(op.slot()).map_or(0, |&index| index).wrapping_sub(1);
        match self.slots.get(index as usize) {
            Some(slot) if slot.stage == Stage::UnderWay(op) => self.end(index, outcome, effects),
            _ => effects.push(Effect::Forget(outcome())),
        }
    }

    /// The machine has refused an operation that waited for it.
    pub(super) fn refuse(&mut self, id: CompletionId, error: Error, effects: &mut Effects) {
        if self.get(id).is_some_and(|slot| slot.stage == Stage::Waiting) {
            self.end(id.index, || Err(error), effects);
        }
    }

    /// Nobody takes in what waits for the machine.
    pub(super) fn refuse_waiting(&mut self, effects: &mut Effects) {
        for index in 0..self.slots.len() {
            if self.slots[index].stage == Stage::Waiting {
                self.end(index as u32, || Err(closed()), effects);
            }
        }
    }

    /// `outcome` is asked for once, so that it is moved to where it goes and to nowhere else.
    #[inline(always)]
    fn end(&mut self, index: u32, outcome: impl FnOnce() -> Result<Reply>, effects: &mut Effects) {
        let slot = &mut self.slots[index as usize];
        slot.stage = Stage::Over;
        effects.wake(slot.waker.take());
        let kept = slot.is_held;
        match mem::take(&mut slot.sink) {
            // There is no other outcome in it, which the compiler cannot know.
            Sink::Slot if kept => mem::forget(slot.outcome.replace(outcome())),
            Sink::Slot => effects.push(Effect::Forget(outcome())),
            Sink::Call(callback) => {
                let outcome = outcome();
                if kept {
                    slot.outcome = Some(outcome.clone());
                }
                effects.push(Effect::Call(callback, outcome));
            }
            Sink::Calls(callbacks) => {
                let outcome = outcome();
                for callback in callbacks {
                    effects.push(Effect::Call(callback, outcome.clone()));
                }
                if kept {
                    slot.outcome = Some(outcome);
                } else {
                    effects.push(Effect::Forget(outcome));
                }
            }
            Sink::Part(group, index) => effects.push(Effect::Part(group, index, outcome())),
        }
        if !kept {
            self.free_slot(index);
        }
    }

    /// Nobody holds it any more: the slot is free once the operation has ended. The waker and the outcome that it
    /// held, if it had.
    pub(super) fn let_go(&mut self, id: CompletionId) -> Remains {
        let Some(slot) = self.get(id) else { return Remains::default() };
        if slot.stage == Stage::Over {
            return self.remove(id);
        }
        slot.is_held = false;
        Remains { _waker: slot.waker.take(), ..Remains::default() }
    }

    /// Frees the slot, whatever became of the operation. The caller withdraws it from the machine, if it is there.
    pub(super) fn remove(&mut self, id: CompletionId) -> Remains {
        let Some(slot) = self.get(id) else { return Remains::default() };
        let remains = Remains {
            stage: mem::take(&mut slot.stage),
            _waker: slot.waker.take(),
            _sink: mem::take(&mut slot.sink),
            _outcome: slot.outcome.take(),
        };
        self.free_slot(id.index);
        remains
    }

    /// The outcome, if it has come: whoever asks has had it, and the slot is free.
    #[inline(always)]
    pub(super) fn claim(&mut self, id: CompletionId) -> Option<Result<Reply>> {
        self.get(id).filter(|slot| slot.outcome.is_some())?;
        self.free_slot(id.index);
        self.slots[id.index as usize].outcome.take()
    }

    /// The operations that have not ended.
    pub(super) fn unfinished(&self) -> Vec<OpId> {
        let unfinished = self.slots.iter().filter_map(|slot| match slot.stage {
            Stage::UnderWay(op) => Some(op),
            Stage::Waiting | Stage::Over => None,
        });
        unfinished.collect()
    }

    fn free_slot(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.is_held = false;
        self.free.push(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Request;
    use std::time::Duration;

    #[test]
    fn what_waits_for_a_machine_that_is_gone_ends_and_nothing_else_does() {
        let (mut completions, mut effects) = (Completions::default(), Effects::default());
        let mut insert = |stage| {
            let (timeout, request) = (Duration::from_secs(1), &mut Request::get("k"));
            let mut sent =
                Submission { request, timeout, in_line: false, is_held: true, waker: None, sink: Sink::Slot };
            completions.insert(stage, &mut sent)
        };
        let (waits, over) = (insert(Stage::Waiting), insert(Stage::Over));
        completions.refuse_waiting(&mut effects);
        let mut outcome = |id| completions.get(id).and_then(|slot| slot.outcome.take());
        assert!(outcome(waits).is_some_and(|outcome| outcome.is_err()));
        assert!(outcome(over).is_none());
    }
}
