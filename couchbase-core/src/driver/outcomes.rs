//! From the machine's events to those who wait for them.

use super::closed;
use super::completions::Completions;
use super::deliveries::Deliveries;
use super::effects::Effects;
use super::errands::Standing;
use super::inner::Inner;
use crate::machine::{Event, LinkId, LinkLoss, OpId, Said};
use crate::{Error, ErrorKind, Instant, Reply, Result};
use std::mem;
use std::vec::Vec;

/// Everybody who waits for an operation's outcome.
struct Waiters<'a> {
    completions: &'a mut Completions,
    deliveries: &'a mut Deliveries,
}

impl Waiters<'_> {
    #[inline(always)]
    fn finish(&mut self, op: OpId, outcome: impl FnOnce() -> Result<Reply>, effects: &mut Effects) {
        if self.deliveries.has(op) {
            self.deliveries.deliver(op, outcome, effects);
        } else {
            self.completions.finish(op, outcome, effects);
        }
    }

    fn unfinished(&self) -> Vec<OpId> {
        self.deliveries.unfinished().chain(self.completions.unfinished()).collect()
    }
}

impl Inner {
    /// Takes the machine's events: outcomes to those who wait, the rest to `events`.
    pub(super) fn take_events(&mut self, effects: &mut Effects, events: &mut Vec<Event>) {
        // These came before.
        effects.append(&mut self.late);
        events.append(&mut self.late_events);
        if self.client.has_events() {
            let completions = &mut self.front.lock().completions;
            let mut waiters = Waiters { completions, deliveries: &mut self.deliveries };
            while let Some(said) = self.client.poll_said() {
                let event = match said {
                    Said::Succeeded(op, reply) => {
                        waiters.finish(op, || reply.take().ok_or_else(closed), effects);
                        continue;
                    }
                    Said::Other(event) => event,
                };
                match event {
                    Event::Finished { op, result } => waiters.finish(op, || result, effects),
                    Event::Connected => self.lifecycle.connected(Ok(()), effects),
                    Event::ConnectFailed { error } => self.lifecycle.connected(Err(error), effects),
                    Event::Closed => self.lifecycle.shut(effects),
                    other => events.push(other),
                }
            }
        }
    }

    /// Takes the machine's events where the driver is not running: it finds them at its next pass.
    #[inline]
    pub(super) fn set_events_aside(&mut self) {
        if self.client.has_events() {
            let (mut effects, mut events) = (mem::take(&mut self.late), mem::take(&mut self.late_events));
            self.take_events(&mut effects, &mut events);
            (self.late, self.late_events) = (effects, events);
        }
    }

    /// What was handed over while the driver ran its last effects; when there is none, it runs nothing any more.
    pub(super) fn take_last(&mut self) -> Option<Effects> {
        self.lifecycle.is_over = self.late.is_empty();
        (!self.lifecycle.is_over).then(|| mem::take(&mut self.late))
    }

    /// There is no driver any more: every operation ends with `Closed`.
    pub(super) fn end(&mut self, links: &[LinkId], now: Instant, effects: &mut Effects) {
        if self.lifecycle.is_ended {
            return;
        }
        self.front.end();
        self.take_in();
        self.take_events(effects, &mut Vec::new());
        // Only the machine knows which of them may have been carried out: it tells when their links are lost.
        self.client.close(now);
        for &link in links {
            self.client.handle_lost(link, LinkLoss::Failed("the driver has ended".into()), now);
        }
        let completions = &mut self.front.lock().completions;
        let mut waiters = Waiters { completions, deliveries: &mut self.deliveries };
        while let Some(event) = self.client.poll_event() {
            if let Event::Finished { op, result } = event {
                waiters.finish(op, || result.map_err(|error| closed_instead(&error)), effects);
            }
        }
        waiters.completions.refuse_waiting(effects);
        for op in waiters.unfinished() {
            let key = self.client.key(op);
            let error = key.map_or_else(closed, |key| closed().with_key(key.clone()));
            waiters.finish(op, || Err(error), effects);
            // It may hold a handle, by its value's owner.
            self.client.cancel(op, now);
        }
        self.errands.tell(Standing::Ended, effects);
        self.lifecycle.ended(effects);
        effects.append(&mut self.late);
    }
}

/// `Closed`, with what the other error knows.
fn closed_instead(error: &Error) -> Error {
    if error.kind() == ErrorKind::Closed {
        return error.clone();
    }
    let mut closed = closed().ambiguous(error.is_ambiguous()).with_attempts(error.attempts());
    if let Some(key) = error.key() {
        closed = closed.with_key(key.clone());
    }
    if let Some(node) = error.node() {
        closed = closed.with_node(node.clone());
    }
    closed
}
