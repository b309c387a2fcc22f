//! When a document expires, and how that is said on the wire.

use crate::{Error, ErrorKind, Result};
use core::time::Duration;

/// From here on the wire's number is absolute Unix time: 30 days, in seconds.
const RELATIVE_LIMIT: u32 = 30 * 24 * 60 * 60;

/// When a document expires: never, after a while, or at a moment.
///
/// `Duration` converts (rounded up to whole seconds; zero is an argument error, so that a remaining time that was
/// computed as zero does not make a document immortal), and so does `SystemTime`. Whoever means "never" says
/// [`Expiry::NEVER`].
///
/// ```
/// use couchbase_core::Expiry;
/// use std::time::{Duration, SystemTime};
///
/// let _: Expiry = Duration::from_secs(3600).into();
/// let _: Expiry = (SystemTime::now() + Duration::from_secs(3600)).into();
/// let _ = Expiry::NEVER;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry(Repr);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repr {
    Wire(u32),
    /// Seconds from the moment of sending; saturates, which no date before 2106 survives.
    In(u32),
    /// Unix seconds; saturates, and the last value stands for all that the wire cannot say.
    At(u32),
}

impl Expiry {
    /// Does not expire.
    pub const NEVER: Self = Self(Repr::Wire(0));

    /// The wire's own number: 0 is never, up to 2,592,000 (30 days) seconds from now, above that Unix seconds.
    pub const fn from_wire(number: u32) -> Self {
        Self(Repr::Wire(number))
    }

    /// At this Unix time, in seconds. A moment in the past expires the document at once.
    pub const fn at_unix_seconds(seconds: u64) -> Self {
        Self(Repr::At(saturated(seconds)))
    }

    /// The wire's number, for a request sent at `unix_time` (time since the Unix epoch).
    ///
    /// 30 days and more must be said in absolute time: the server would read the number as a date in 1970.
    pub(crate) fn to_wire(self, unix_time: Duration) -> Result<u32> {
        let absolute = |seconds: u64| {
            u32::try_from(seconds).map_err(|_| {
                Error::new(ErrorKind::Argument, "expiry: later than the year 2106, the wire's last")
            })
        };
        match self.0 {
            Repr::Wire(number) => Ok(number),
            Repr::In(0) => Err(Error::new(
                ErrorKind::Argument,
                "expiry: a duration of zero; say Expiry::NEVER for no expiry",
            )),
            Repr::In(seconds) if seconds < RELATIVE_LIMIT => Ok(seconds),
            Repr::In(seconds) => absolute(unix_time.as_secs().saturating_add(u64::from(seconds))),
            Repr::At(u32::MAX) => absolute(u64::MAX),
            // Small absolute numbers would be read as durations; all of them are long past.
            Repr::At(seconds) => Ok(seconds.max(RELATIVE_LIMIT + 1)),
        }
    }

    /// Whether what goes over the wire is a date that is counted from today's.
    pub(crate) const fn depends_on_today(self) -> bool {
        matches!(self.0, Repr::In(RELATIVE_LIMIT..))
    }

    /// Whether it is the wire's own number, so that nothing can be wrong with it.
    pub(crate) const fn is_settled(self) -> bool {
        matches!(self.0, Repr::Wire(_))
    }

    /// The wire's number of an expiry that was made from one; others have none without the time of sending.
    pub(crate) const fn settled(self) -> u32 {
        match self.0 {
            Repr::Wire(number) => number,
            Repr::In(_) | Repr::At(_) => 0,
        }
    }
}

const fn saturated(seconds: u64) -> u32 {
    if seconds > u32::MAX as u64 { u32::MAX } else { seconds as u32 }
}

impl Default for Expiry {
    fn default() -> Self {
        Self::NEVER
    }
}

impl From<Duration> for Expiry {
    fn from(after: Duration) -> Self {
        let up = u64::from(after.subsec_nanos() > 0);
        Self(Repr::In(saturated(after.as_secs().saturating_add(up))))
    }
}

#[cfg(feature = "driver")]
impl From<std::time::SystemTime> for Expiry {
    fn from(at: std::time::SystemTime) -> Self {
        let since = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let up = u64::from(since.subsec_nanos() > 0);
        Self(Repr::At(saturated(since.as_secs().saturating_add(up))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);
    const DAY: u64 = 86_400;

    fn wire(expiry: impl Into<Expiry>) -> Option<u32> {
        expiry.into().to_wire(NOW).ok()
    }

    #[test]
    fn durations_become_relative_below_thirty_days_and_absolute_from_there() {
        assert_eq!(wire(Duration::from_millis(1)), Some(1));
        assert_eq!(wire(Duration::from_millis(1001)), Some(2));
        assert_eq!(wire(Duration::from_secs(30 * DAY - 1)), Some(2_591_999));
        assert_eq!(wire(Duration::from_secs(30 * DAY)), Some(1_700_000_000 + 2_592_000));
        assert_eq!(wire(Duration::from_millis((30 * DAY - 1) * 1000 + 1)), Some(1_700_000_000 + 2_592_000));
    }

    #[test]
    fn zero_and_the_unspeakable_are_argument_errors() {
        for bad in [Expiry::from(Duration::ZERO), Duration::MAX.into(), Expiry::at_unix_seconds(1 << 32)] {
            assert_eq!(bad.to_wire(NOW).map_err(|e| e.kind()), Err(ErrorKind::Argument), "{bad:?}");
        }
    }

    #[test]
    fn moments_are_absolute_and_the_past_stays_past() {
        assert_eq!(wire(Expiry::at_unix_seconds(1_800_000_000)), Some(1_800_000_000));
        assert_eq!(wire(Expiry::at_unix_seconds(5)), Some(2_592_001));
        assert_eq!(wire(Expiry::NEVER), Some(0));
        assert_eq!(wire(Expiry::from_wire(60)), Some(60));
    }
}
