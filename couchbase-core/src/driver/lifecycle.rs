//! The events of a connection's life, and who waits for them: connected, closed, gone.

use super::closed;
use super::effects::{Effect, Effects};
use crate::pending::Promise;
use crate::{Error, Result};
use std::mem;
use std::sync::Arc;
use std::vec::Vec;

type Waiters = Vec<Arc<Promise<()>>>;

#[derive(Default)]
pub(super) struct Lifecycle {
    /// How the first connection went, once it did.
    outcome: Option<Result<()>>,
    /// The machine has closed, and wants nothing any more.
    pub(super) is_shut: bool,
    /// The driver has ended: nobody runs the machine any more.
    pub(super) is_ended: bool,
    /// Nor does it run anything else: what comes now runs on the thread that it comes from.
    pub(super) is_over: bool,
    /// The last handle is gone.
    is_orphaned: bool,
    on_connect: Waiters,
    on_close: Waiters,
    on_gone: Waiters,
}

impl Lifecycle {
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.outcome, Some(Ok(())))
    }

    /// A waiter of its own for each call; late ones get the same outcome.
    pub(super) fn wait_connected(&mut self) -> Arc<Promise<()>> {
        match &self.outcome {
            Some(outcome) => Promise::settled(outcome.clone()),
            None => join(&mut self.on_connect),
        }
    }

    pub(super) fn wait_closed(&mut self) -> Arc<Promise<()>> {
        if self.is_ended { Promise::settled(Ok(())) } else { join(&mut self.on_close) }
    }

    pub(super) fn wait_gone(&mut self) -> Arc<Promise<()>> {
        join(&mut self.on_gone)
    }

    pub(super) fn connected(&mut self, outcome: Result<()>, effects: &mut Effects) {
        self.outcome = Some(outcome.clone());
        settle(&mut self.on_connect, &outcome, effects);
    }

    pub(super) fn orphaned(&mut self, effects: &mut Effects) {
        self.is_orphaned = true;
        self.settle_gone(effects);
    }

    pub(super) fn shut(&mut self, effects: &mut Effects) {
        self.is_shut = true;
        if self.outcome.is_none() {
            self.connected(Err(closed()), effects);
        }
    }

    pub(super) fn ended(&mut self, effects: &mut Effects) {
        self.shut(effects);
        self.is_ended = true;
        settle(&mut self.on_close, &Ok(()), effects);
        self.settle_gone(effects);
    }

    fn settle_gone(&mut self, effects: &mut Effects) {
        if self.is_ended && self.is_orphaned {
            settle(&mut self.on_gone, &Ok(()), effects);
        }
    }
}

fn join(waiters: &mut Waiters) -> Arc<Promise<()>> {
    // Those that were given up meanwhile go when the list would have to grow.
    if waiters.len() == waiters.capacity() {
        waiters.retain(|promise| Arc::strong_count(promise) > 1 || promise.has_callbacks());
    }
    let promise = Arc::new(Promise::default());
    waiters.push(promise.clone());
    promise
}

fn settle(waiters: &mut Waiters, outcome: &Result<(), Error>, effects: &mut Effects) {
    for promise in mem::take(waiters) {
        effects.push(Effect::Settle(promise, outcome.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiters_that_were_given_up_do_not_pile_up() {
        let mut lifecycle = Lifecycle::default();
        let kept: Vec<_> = (0..3).map(|_| lifecycle.wait_gone()).collect();
        (0..1000).for_each(|_| drop(lifecycle.wait_gone()));
        assert!(lifecycle.on_gone.len() <= 8, "{} waiters", lifecycle.on_gone.len());
        assert!(kept.iter().all(|promise| Arc::strong_count(promise) == 2));
    }
}
