//! The one timer. Armed anew only for an earlier moment or after it has fired; what it says is never trusted, only
//! the clock is.

use super::signal::{Signal, SourceWaker};
use crate::Instant;
use crate::rt::Timer;
use std::boxed::Box;
use std::sync::Arc;
use std::task::{Context, Waker};

/// The alarm's place on the list of what is ready.
pub(super) const ALARM: usize = usize::MAX;

pub(super) struct Alarm {
    timer: Box<dyn Timer>,
    armed: Option<Instant>,
    listed: Arc<SourceWaker>,
    waker: Waker,
}

impl Alarm {
    pub(super) fn new(timer: Box<dyn Timer>, signal: &Arc<Signal>) -> Self {
        let listed = SourceWaker::new(signal, ALARM);
        Self { timer, armed: None, waker: listed.clone().into(), listed }
    }

    /// Wants to be woken at `at`; what is armed for an earlier moment stays.
    pub(super) fn set(&mut self, at: Instant) {
        if self.armed.is_none_or(|armed| at < armed) {
            self.timer.reset(at);
            self.armed = Some(at);
            if self.poll() {
                // The next pass looks at the clock.
                self.waker.wake_by_ref();
            }
        }
    }

    /// Looks at the timer after a wake: whether it has fired.
    pub(super) fn poll(&mut self) -> bool {
        self.listed.unlist();
        let has_fired =
            self.armed.is_some() && self.timer.poll(&mut Context::from_waker(&self.waker)).is_ready();
        if has_fired {
            self.armed = None;
        }
        has_fired
    }
}
