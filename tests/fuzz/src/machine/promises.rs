//! What the machine promises of its events as such.

use couchbase_core::machine::Event;

/// What was said so far.
#[derive(Default)]
pub(super) struct Said {
    is_connected: bool,
    has_failed: bool,
    is_closed: bool,
}

impl Said {
    pub(super) fn check(&mut self, event: &Event) {
        assert!(!self.is_closed, "the last event was not the last: {event:?}");
        match event {
            Event::Connected => {
                assert!(!self.is_connected && !self.has_failed, "connected twice, or after it failed");
                self.is_connected = true;
            }
            Event::ConnectFailed { error } => {
                assert!(!self.is_connected && !self.has_failed, "failed twice, or after it was connected");
                assert!(!error.to_string().is_empty());
                self.has_failed = true;
            }
            Event::Closed => self.is_closed = true,
            _ => {}
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_closed
    }
}
