//! The time that operations are stamped with: the runtime's clock, read once a pass instead of once an operation.
//!
//! While the driver is at work, or about to run, its last reading serves. How old a stamp was by then is known when
//! the driver runs next: its deadlines are kept back by as much, so that none comes early.

use crate::Instant;
use crate::rt::Runtime;
use std::mem;
use std::time::Duration;

/// Up to here a stamp's age only delays the look at deadlines; operations with older ones are put off one by one.
const TOLERATED: Duration = Duration::from_millis(1);

/// Operations that were stamped with a reading that was old by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aged {
    pub(super) reading: u32,
    pub(super) by: Duration,
}

#[derive(Default)]
pub(super) struct Clock {
    now: Instant,
    /// The driver runs or will run soon, so that `now` may be used.
    is_fresh: bool,
    /// An operation has been stamped with a used reading since the last one.
    is_lent: bool,
    /// The oldest stamp there was, of those tolerated.
    oldest: Duration,
    /// Counts readings, to tell which operations were stamped with the last one.
    reading: u32,
}

impl Clock {
    /// The stamp of an operation that is sent now.
    #[inline]
    pub(super) fn stamp(&mut self, runtime: &dyn Runtime) -> Instant {
        if self.is_fresh {
            self.is_lent = true;
        } else {
            // Nothing is lent while the reading is old.
            self.set(runtime.now());
        }
        self.now
    }

    /// The driver sleeps, and the next stamp will have to read the clock.
    pub(super) fn is_resting(&self) -> bool {
        !self.is_fresh
    }

    /// The clock was read, and the driver sleeps on: the reading ages.
    pub(super) fn rest(&mut self) {
        self.is_fresh = false;
    }

    /// The driver has read the clock. The age of the last reading by now, if operations are stamped with it and it
    /// is more than to be tolerated: those operations must be put off by as much.
    pub(super) fn set(&mut self, now: Instant) -> Option<Aged> {
        let (age, was_lent) = (now - self.now, mem::take(&mut self.is_lent));
        self.is_fresh = true;
        if age.is_zero() {
            self.is_lent = was_lent;
            return None;
        }
        let aged = Aged { reading: self.reading, by: age };
        (self.now, self.reading) = (now, self.reading.wrapping_add(1));
        if was_lent && age <= TOLERATED {
            self.oldest = self.oldest.max(age);
        }
        (was_lent && age > TOLERATED).then_some(aged)
    }

    /// The driver goes to sleep: the reading ages from now on. Stamps that were lent meanwhile are aged by a last
    /// look at the clock, with the same answer as [`set`](Self::set).
    pub(super) fn expire(&mut self, runtime: &dyn Runtime) -> Option<Aged> {
        let age = if self.is_lent { self.set(runtime.now()) } else { None };
        (self.is_fresh, self.is_lent) = (false, false);
        age
    }

    /// When to look at a deadline, so that even the oldest stamp does not make it early.
    pub(super) fn due(&self, deadline: Instant) -> Instant {
        deadline + self.oldest
    }

    /// Which reading operations are stamped with at present.
    pub(super) fn reading(&self) -> u32 {
        self.reading
    }
}
