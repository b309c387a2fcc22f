//! The time that operations are stamped with: the runtime's clock, read once a pass instead of once an operation.
//!
//! While the driver is at work, or about to run, its last reading serves. How old that was by then is known when the
//! driver reads the clock next: operations that were stamped with it are put off by as much, so that none ends early.

use crate::Instant;
use crate::rt::Runtime;
use std::time::Duration;

#[derive(Default)]
pub(super) struct Clock {
    now: Instant,
    /// The driver runs or will run soon, so that `now` may be used.
    is_fresh: bool,
}

impl Clock {
    /// The stamp of what is sent now, and whether it is an earlier reading.
    #[inline]
    pub(super) fn stamp(&mut self, runtime: &dyn Runtime) -> (Instant, bool) {
        let is_lent = self.is_fresh;
        if !is_lent {
            (self.now, self.is_fresh) = (runtime.now(), true);
        }
        (self.now, is_lent)
    }

    /// The last reading, however old.
    pub(super) fn reading(&self) -> Instant {
        self.now
    }

    /// The driver sleeps, and the next stamp will have to read the clock.
    pub(super) fn is_resting(&self) -> bool {
        !self.is_fresh
    }

    /// The driver will not run before it is woken: the reading ages from now on.
    pub(super) fn rest(&mut self) {
        self.is_fresh = false;
    }

    /// The driver has read the clock: how old the last reading was by then.
    pub(super) fn set(&mut self, now: Instant) -> Duration {
        let age = now - self.now;
        (self.now, self.is_fresh) = (self.now.max(now), true);
        age
    }
}
