//! What the lock guards: the machine, and who waits for its answers.
//!
//! Nothing here may run or drop what is the user's: it is handed out, to [`Effects`] or to the caller.

use super::Callback;
use super::clock::Clock;
use super::closed;
use super::completions::{CompletionId, Remains, Stage};
use super::deliveries::Deliveries;
use super::effects::Effects;
use super::errands::{Errands, Standing};
use super::front::{Front, Submission, Waiting};
use super::lifecycle::Lifecycle;
use crate::machine::{Client, Event, OpId, Request};
use crate::queue::Ring;
use crate::rt::Runtime;
use crate::sync::Arc;
use crate::{Instant, Result};
use std::time::Duration;
use std::vec::Vec;

/// So many operations may be stamped with one reading of the clock, if the driver does not run meanwhile.
const MOST_LENT: usize = 1024;

pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) front: Arc<Front>,
    pub(super) deliveries: Deliveries,
    /// What is taken in at present.
    taken: Vec<Waiting>,
    begun: Vec<(CompletionId, Result<OpId>)>,
    pub(super) lifecycle: Lifecycle,
    pub(super) errands: Errands,
    pub(super) clock: Clock,
    /// Operations that were stamped with a reading of the clock that was made before.
    lent: Vec<OpId>,
    /// What the driver is to run, and to do, at its next pass.
    pub(super) late: Effects,
    pub(super) late_events: Vec<Event>,
    /// Operations submitted since the driver looked last.
    pub(super) submitted: usize,
}

impl Inner {
    pub(super) fn new(client: Client, front: Arc<Front>) -> Self {
        Self {
            client,
            front,
            deliveries: Deliveries::default(),
            taken: Vec::new(),
            begun: Vec::new(),
            lifecycle: Lifecycle::default(),
            errands: Errands::default(),
            clock: Clock::default(),
            lent: Vec::new(),
            late: Effects::default(),
            late_events: Vec::new(),
            submitted: 0,
        }
    }

    /// Gives the machine an operation, unless it refuses.
    #[inline(always)]
    fn accept(
        &mut self,
        request: &mut Request,
        timeout: Duration,
        in_line: bool,
        runtime: &dyn Runtime,
    ) -> Result<OpId> {
        if self.lifecycle.is_ended {
            return Err(closed().with_key(request.key().clone()));
        }
        let was_resting = self.clock.is_resting();
        let (now, is_lent) = self.clock.stamp(runtime);
        let op = match self.client.accept(request, timeout, in_line, now) {
            Ok(op) => op,
            Err(error) => {
                // Nobody wakes the driver for it.
                if was_resting {
                    self.clock.rest();
                }
                return Err(error);
            }
        };
        self.submitted += 1;
        if is_lent {
            self.lent.push(op);
            if self.lent.len() == MOST_LENT {
                self.reread_clock(runtime);
            }
        }
        Ok(op)
    }

    #[inline(always)]
    pub(super) fn submit(
        &mut self,
        submission: &mut Submission<'_>,
        runtime: &dyn Runtime,
    ) -> Result<CompletionId> {
        let Submission { request, timeout, in_line, .. } = submission;
        let op = self.accept(request, *timeout, *in_line, runtime)?;
        Ok(self.front.lock().completions.insert(Stage::UnderWay(op), submission))
    }

    #[inline(always)]
    pub(super) fn submit_called(
        &mut self,
        request: &mut Request,
        timeout: Duration,
        callback: &mut Option<Callback>,
        runtime: &dyn Runtime,
    ) -> Result<()> {
        let op = self.accept(request, timeout, false, runtime)?;
        if let Some(callback) = callback.take() {
            self.deliveries.expect_call(op, callback);
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn submit_queued(
        &mut self,
        request: &mut Request,
        timeout: Duration,
        ring: &Arc<Ring>,
        place: u32,
        runtime: &dyn Runtime,
    ) -> Result<()> {
        let op = self.accept(request, timeout, false, runtime)?;
        self.deliveries.expect_queued(op, ring, place);
        Ok(())
    }

    /// Takes in what was sent while the machine was busy, in order.
    #[inline]
    pub(super) fn take_in(&mut self) {
        if self.front.is_any_waiting() {
            self.take_in_all();
        }
    }

    #[cold]
    fn take_in_all(&mut self) {
        self.front.take_waiting(&mut self.taken);
        // The machine's time is the driver's last reading: moved past that, it would overtake the deadlines of operations
        // that were stamped with the reading and not put off yet.
        let now = self.clock.reading();
        for Waiting { id, mut request, timeout, in_line, sent } in self.taken.drain(..) {
            let accepted = self.client.accept(&mut request, timeout, in_line, now);
            if let Ok(op) = accepted {
                self.client.put_off(op, sent - now);
            }
            self.submitted += usize::from(accepted.is_ok());
            self.begun.push((id, accepted));
        }
        let completions = &mut self.front.lock().completions;
        for (id, accepted) in self.begun.drain(..) {
            match accepted {
                Ok(op) => completions.begin(id, op),
                Err(error) => completions.refuse(id, error, &mut self.late),
            }
        }
    }

    /// Withdraws an operation, as far as it has not left yet.
    pub(super) fn cancel(&mut self, id: CompletionId, runtime: &dyn Runtime) -> Remains {
        let remains = self.front.lock().completions.remove(id);
        if let Stage::UnderWay(op) = remains.stage
            && !self.lifecycle.is_ended
        {
            let (now, _) = self.clock.stamp(runtime);
            self.client.cancel(op, now);
            // Others may have ended by that, and their slots in the machine are free.
            self.set_events_aside();
        }
        remains
    }

    pub(super) fn close(&mut self, runtime: &dyn Runtime, effects: &mut Effects) {
        if !self.lifecycle.is_ended {
            let (now, _) = self.clock.stamp(runtime);
            self.client.close(now);
            self.errands.tell(Standing::Closing, effects);
        }
    }

    /// The last handle is gone.
    pub(super) fn orphan(&mut self, runtime: &dyn Runtime, effects: &mut Effects) {
        self.lifecycle.orphaned(effects);
        if !self.lifecycle.is_over {
            self.late.append(effects);
        }
        self.close(runtime, effects);
    }

    /// Whether the machine has closed, and nothing that closing waits for is under way.
    pub(super) fn is_done(&self, now: Instant) -> bool {
        self.lifecycle.is_shut && self.errands.last().is_none_or(|until| until <= now)
    }

    /// The driver has read the clock: operations whose stamp was old get the time that they lost.
    pub(super) fn set_clock(&mut self, now: Instant) {
        let age = self.clock.set(now);
        if !age.is_zero() {
            for op in self.lent.drain(..) {
                self.client.put_off(op, age);
            }
        }
    }

    /// The driver will not run again before it is woken. Stamps that were lent meanwhile are not left to age.
    pub(super) fn rest_clock(&mut self, runtime: &dyn Runtime) {
        if !self.lent.is_empty() {
            self.reread_clock(runtime);
        }
        self.clock.rest();
    }

    /// No stamp is older than the clock afterwards.
    fn reread_clock(&mut self, runtime: &dyn Runtime) {
        self.set_clock(runtime.now());
        self.lent.clear();
    }

    /// When the machine is to be told that time has passed.
    pub(super) fn next_timeout(&mut self) -> Option<Instant> {
        self.client.poll_timeout().map(|(at, _)| at)
    }

    /// When the driver is to look again at the latest.
    pub(super) fn next_look(&mut self) -> Option<Instant> {
        if self.lifecycle.is_shut { self.errands.last() } else { self.next_timeout() }
    }
}
