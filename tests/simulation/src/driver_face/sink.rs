//! A sink that writes down everything that it is given, and has enough when it was told to.

use super::hub::Hub;
use crate::calls::{Outcome, Patience, Told};
use couchbase_core::{Error, ErrorKind, Result};
use couchbase_views::{Control, Flow, Metadata, RowSink, Rows};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct Recorder {
    pub(super) hub: Arc<Hub>,
    pub(super) number: usize,
    pub(super) patience: Patience,
    pub(super) control: Arc<Steering>,
}

/// What stops the query that a sink belongs to, once that runs in the background.
#[derive(Default)]
pub(super) struct Steering(Mutex<Option<Control>>);

impl Steering {
    pub(super) fn set(&self, control: Control) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(control);
    }

    fn stop(&self) -> bool {
        let control = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        control.inspect(Control::stop).is_some()
    }
}

impl Recorder {
    /// The query gave it back, so it went well: what the sink was told is its outcome.
    pub(super) fn outcome(self) -> Outcome {
        match self.hub.calls().entries[self.number].told.last() {
            Some(Told::Done(total, missing)) => Outcome::Rows { total: *total, missing: *missing },
            told => Outcome::Failed {
                kind: ErrorKind::Other,
                is_ambiguous: false,
                words: format!("it went well, and its sink was told {told:?}"),
            },
        }
    }

    fn tell(&self, told: Told) {
        self.hub.calls().entries[self.number].told.push(told);
    }
}

impl RowSink for Recorder {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        let now = self.hub.world().now;
        let mut calls = self.hub.calls();
        for row in rows {
            calls.deliver(self.number, row.json());
            let call = &mut calls.entries[self.number];
            let taken = call.rows.len();
            match self.patience {
                Patience::Stops(most) if taken == most => {
                    call.has_enough = true;
                    return Ok(Flow::Stop);
                }
                Patience::Fails(most) if taken == most => {
                    call.has_enough = true;
                    return Err(Error::new(ErrorKind::Other, "the sink has failed"));
                }
                Patience::Steers(most) if taken == most && self.control.stop() => {
                    calls.stop(self.number, now);
                    return Ok(Flow::More);
                }
                _ => {}
            }
        }
        Ok(Flow::More)
    }

    fn on_done(&mut self, meta: &Metadata) {
        self.tell(Told::Done(meta.total_rows(), meta.errors().len()));
    }

    fn on_error(&mut self, error: &Error) {
        self.tell(Told::Failed(error.kind()));
    }
}
