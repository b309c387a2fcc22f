//! A thread that sleeps until its driver has something to do.

use super::enter;
use crate::sync::{Arc, Condvar, Mutex};
use std::sync::PoisonError;
use std::task::{Wake, Waker};
use std::time::Instant;

/// A waker that ends a thread's sleep.
#[derive(Default)]
pub(super) struct Parker {
    is_woken: Mutex<bool>,
    wakes: Condvar,
}

impl Parker {
    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    /// Sleeps until woken, or until `end` if there is one; false if nobody woke it. A wake before the call counts.
    pub(super) fn park_until(&self, end: Option<Instant>) -> bool {
        let mut is_woken = enter(&self.is_woken);
        while !*is_woken {
            let Some(end) = end else {
                is_woken = self.wakes.wait(is_woken).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            is_woken = self.wakes.wait_timeout(is_woken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_woken = false;
        true
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *enter(&self.is_woken) = true;
        self.wakes.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_wake_before_or_during_the_sleep_ends_it_once() {
        let parker = Arc::new(Parker::default());
        let waker = parker.waker();
        waker.wake_by_ref();
        assert!(parker.park_until(None));
        assert!(!parker.park_until(Some(Instant::now())), "used up");
        let other = thread::spawn(move || waker.wake());
        assert!(parker.park_until(Some(Instant::now() + Duration::from_secs(60))));
        other.join().unwrap();
    }
}
