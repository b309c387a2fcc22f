//! Deadlines of operations, counted in buckets of 16 ms: never early, at most one bucket late.
//!
//! Only how many operations end in each bucket is kept. So a deadline costs an addition and a subtraction, and the
//! table of operations is searched only when a bucket that is not empty has come.

use crate::Instant;
use alloc::boxed::Box;

/// One bucket: 16 ms in nanoseconds.
const BUCKET: u64 = 16_000_000;
/// Buckets that are told apart: 4 seconds. Later deadlines wait in the last bucket and are put off when it comes.
const RING: u64 = 256;

pub(super) struct Deadlines {
    counts: Box<[u32; RING as usize]>,
    total: usize,
    /// All buckets up to this one have passed.
    passed: u64,
    /// No bucket before this one holds anything.
    earliest: u64,
}

/// The bucket an operation is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Bucket(u64);

impl Deadlines {
    pub(super) fn new() -> Self {
        Self { counts: Box::new([0; RING as usize]), total: 0, passed: 0, earliest: 0 }
    }

    #[inline]
    pub(super) fn insert(&mut self, deadline: Instant, now: Instant) -> Bucket {
        if self.total == 0 {
            self.passed = now.as_nanos() / BUCKET;
            self.earliest = u64::MAX;
        }
        let wanted = deadline.as_nanos().div_ceil(BUCKET);
        let bucket = wanted.clamp(self.passed + 1, self.passed + RING - 1);
        self.counts[(bucket % RING) as usize] += 1;
        self.total += 1;
        self.earliest = self.earliest.min(bucket);
        Bucket(bucket)
    }

    #[inline]
    pub(super) fn remove(&mut self, bucket: Bucket) {
        self.counts[(bucket.0 % RING) as usize] -= 1;
        self.total -= 1;
    }

    /// When the next bucket that holds something ends.
    pub(super) fn next(&mut self) -> Option<Instant> {
        if self.total == 0 {
            return None;
        }
        // Whatever is counted lies within one ring behind what has passed, so this ends.
        while self.counts[(self.earliest % RING) as usize] == 0 {
            self.earliest += 1;
        }
        Some(Instant::from_nanos(self.earliest * BUCKET))
    }

    /// Lets time pass. The bucket up to which operations are due, if any is: each of them must be removed, and
    /// inserted again if its own deadline has not come.
    pub(super) fn advance(&mut self, now: Instant) -> Option<Bucket> {
        let due = now.as_nanos() / BUCKET;
        self.next().filter(|&at| at <= now).map(|_| Bucket(due))
    }

    /// Says that everything up to `due` has been removed.
    pub(super) fn passed(&mut self, due: Bucket) {
        self.passed = self.passed.max(due.0);
        self.earliest = self.earliest.max(due.0 + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn a_deadline_comes_never_early_and_at_most_a_bucket_late() {
        for start in [0, 1, 15, 16, 100_000_007] {
            for after in [1, 15, 16, 17, 2500, 4000] {
                let mut deadlines = Deadlines::new();
                deadlines.insert(at(start + after), at(start));
                let next = deadlines.next().expect("one is there");
                assert!(next >= at(start + after), "{start}+{after}: early at {next:?}");
                assert!(
                    next - at(start + after) < Duration::from_millis(16),
                    "{start}+{after}: late at {next:?}"
                );
                assert_eq!(deadlines.advance(at(start)), None);
                assert!(deadlines.advance(next).is_some());
            }
        }
    }

    #[test]
    fn far_deadlines_are_put_off_until_they_come() {
        let mut deadlines = Deadlines::new();
        let deadline = at(60_000);
        let mut bucket = deadlines.insert(deadline, at(0));
        let mut rounds = 0;
        let end = loop {
            let now = deadlines.next().expect("one is there");
            let due = deadlines.advance(now).expect("due at its own time");
            assert!(bucket <= due);
            deadlines.remove(bucket);
            deadlines.passed(due);
            if deadline <= now {
                break now;
            }
            bucket = deadlines.insert(deadline, now);
            rounds += 1;
        };
        assert!(end - deadline < Duration::from_millis(16) && rounds == 14, "{end:?} after {rounds}");
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn removed_ones_wake_nobody() {
        let mut deadlines = Deadlines::new();
        let first = deadlines.insert(at(100), at(0));
        let second = deadlines.insert(at(50), at(0));
        deadlines.remove(second);
        assert_eq!(deadlines.next(), Some(at(112)));
        deadlines.remove(first);
        assert_eq!((deadlines.next(), deadlines.advance(at(1000))), (None, None));
    }
}
