//! What the machine wants: events, bytes, and to be woken.

use super::outbox::Next;
use super::{Client, Event, LinkId, OpId, TimerKind, Transmit};
use crate::{Instant, Key, Reply};

/// Counts since the beginning, and what is the case now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Operations that have a place and have not ended.
    pub in_flight: usize,
    /// Operations that stand in line for a place.
    pub in_line: usize,
    /// Operations that have ended while a link still owes their reply.
    pub orphans: usize,
    /// How often an operation was sent again.
    pub retries: u64,
    /// How often a link to a node of the map was lost or could not be made.
    pub reconnects: u64,
    /// Replies to nothing that was under way.
    pub stray_replies: u64,
    /// Configurations that could not be read.
    pub bad_configurations: u64,
}

/// What is to be done or known next.
pub(crate) enum Said<'a> {
    /// An operation has succeeded: its reply, to be taken at once. After that its place is another one's.
    Succeeded(OpId, &'a mut Option<Reply>),
    Other(Event),
}

impl Client {
    /// What is to be done or known next, oldest first. Drain it after each call.
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        Some(match self.poll_said()? {
            Said::Succeeded(op, reply) => Event::Finished { op, result: Ok(reply.take()?) },
            Said::Other(event) => event,
        })
    }

    /// As [`poll_event`](Self::poll_event), for who takes a success's reply from where it lies.
    #[inline(always)]
    pub(crate) fn poll_said(&mut self) -> Option<Said<'_>> {
        Some(match self.outbox.pop()? {
            Next::Succeeded(op) => Said::Succeeded(op, self.table.yield_reply(op)?),
            Next::Other(event) => Said::Other(event),
        })
    }

    /// Whether [`poll_event`](Self::poll_event) has something.
    #[inline]
    pub fn has_events(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// A link whose batch has gained bytes since it was last named here or pulled.
    pub fn poll_dirty(&mut self) -> Option<LinkId> {
        while let Some(id) = self.links.dirty.pop_front() {
            if let Some(link) = self.links.get_mut(id)
                && link.is_dirty
            {
                link.is_dirty = false;
                if !link.batch.is_empty() {
                    return Some(id);
                }
            }
        }
        None
    }

    /// Moves everything that is to be written to a link into `out`, which must be empty; false if there is nothing.
    ///
    /// What was moved counts as written: if the link is lost now, it may have been carried out. So pull only when it
    /// can be written.
    pub fn poll_transmit(&mut self, link: LinkId, out: &mut Transmit) -> bool {
        let Some(link) = self.links.get_mut(link) else { return false };
        if link.batch.is_empty() {
            return false;
        }
        link.is_dirty = false;
        link.pulled = link.owed.next();
        link.batch.move_to(out);
        true
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest, and why.
    ///
    /// After a call of it and with all events drained this is always later than the time of that call.
    pub fn poll_timeout(&mut self) -> Option<(Instant, TimerKind)> {
        let deadline = self.deadlines.next().map(|at| (at, TimerKind::Deadline));
        [deadline, self.timers.next()].into_iter().flatten().min()
    }

    /// The key of an operation that has not ended.
    pub fn key(&self, op: OpId) -> Option<&Key> {
        self.table.get(op).map(|live| live.request.key())
    }

    /// How the machine fares.
    pub fn metrics(&self) -> Metrics {
        Metrics {
            in_flight: self.admission.in_flight,
            in_line: self.admission.in_line,
            orphans: self.table.orphans(),
            ..self.metrics.clone()
        }
    }
}
