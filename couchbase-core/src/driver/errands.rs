//! What companions have under way, on sockets of their own: the machine knows nothing of it, but closing waits for it
//! as for operations.
//!
//! An errand is polled by its own task, not by the driver. Whoever forgets to poll it must not hold up the end for
//! ever, so each says by when it must be over, and is not waited for any longer.

#![cfg_attr(not(feature = "http"), allow(dead_code, reason = "nobody else has errands"))]

use super::effects::Effects;
use super::{closed, enter};
use crate::sync::{Arc, Mutex};
use crate::{Instant, Result};
use std::collections::BTreeMap;
use std::task::Waker;

/// How a connection stands to what its companions have under way. It only goes forward.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Everything goes on.
    #[default]
    Open,
    /// What has been asked may be answered; nothing more is asked.
    Closing,
    /// There is no driver any more: nothing goes on.
    Ended,
}

/// All errands of a connection.
#[derive(Default)]
pub(super) struct Errands {
    standing: Standing,
    /// By their number.
    under_way: BTreeMap<u64, UnderWay>,
    begun: u64,
}

/// One of them. What it holds is the user's, and to be dropped outside the lock.
pub(super) struct UnderWay {
    until: Instant,
    notice: Arc<Notice>,
}

impl Errands {
    /// Begins one that must be over at `until`. Once the connection closes, there are no new ones.
    pub(super) fn begin(&mut self, until: Instant) -> Result<(u64, Arc<Notice>)> {
        if self.standing != Standing::Open {
            return Err(closed());
        }
        let notice = Arc::<Notice>::default();
        self.begun += 1;
        self.under_way.insert(self.begun, UnderWay { until, notice: notice.clone() });
        Ok((self.begun, notice))
    }

    /// It is over.
    pub(super) fn remove(&mut self, number: u64) -> Option<UnderWay> {
        self.under_way.remove(&number)
    }

    /// When all of them must be over; `None` if none is under way.
    pub(super) fn last(&self) -> Option<Instant> {
        self.under_way.values().map(|errand| errand.until).max()
    }

    /// Tells all of them how the connection stands.
    pub(super) fn tell(&mut self, standing: Standing, effects: &mut Effects) {
        self.standing = standing;
        for errand in self.under_way.values() {
            effects.wake(errand.notice.tell(standing));
        }
    }
}

/// How one of them learns of the end.
#[derive(Default)]
pub(crate) struct Notice(Mutex<Told>);

#[derive(Default)]
struct Told {
    standing: Standing,
    task: Option<Waker>,
}

impl Notice {
    fn tell(&self, standing: Standing) -> Option<Waker> {
        let mut told = enter(&self.0);
        told.standing = standing;
        told.task.take()
    }

    /// How the connection stands; the task is woken when that changes.
    pub(crate) fn poll(&self, task: &Waker) -> Standing {
        // Cloned and dropped outside the lock.
        let fresh = task.clone();
        let mut told = enter(&self.0);
        let standing = told.standing;
        let old = told.task.replace(fresh);
        drop(told);
        drop(old);
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_those_under_way_counts() {
        let at = |nanos: u64| Instant::from_nanos(nanos);
        let mut errands = Errands::default();
        assert_eq!(errands.last(), None);
        let numbers = [3, 9, 5].map(|until| errands.begin(at(until)).map(|(number, _)| number));
        let [Ok(first), Ok(second), Ok(third)] = numbers else { panic!("it is open") };
        assert_eq!(errands.last(), Some(at(9)));
        drop(errands.remove(second));
        assert_eq!(errands.last(), Some(at(5)));
        errands.tell(Standing::Closing, &mut Effects::default());
        assert!(errands.begin(at(99)).is_err());
        drop((errands.remove(first), errands.remove(third)));
        assert_eq!(errands.last(), None);
    }
}
