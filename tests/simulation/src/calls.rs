//! Every call to the view services of a run: queries, and what is done with design documents. Each ends once.

use crate::tally::Tally;
use couchbase_core::{Error, ErrorKind, Instant};
use std::time::Duration;

/// What is called for, and how it is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) what: What,
    pub(crate) timeout: Duration,
    /// It is dropped if it takes longer than this.
    pub(crate) dropped_after: Option<Duration>,
    /// Sent after everything was mended.
    pub(crate) is_probe: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// With so many keys it does not fit into a path, and is a POST.
    Query {
        form: Form,
        limit: Option<u64>,
        is_descending: bool,
        has_keys: bool,
    },
    Store(String),
    Read(String),
    Remove(String),
}

/// How the rows of a query come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    All,
    Each,
    Sink(Patience),
    /// On a task of the runtime's, stopped after a while.
    Background(Patience, Option<Duration>),
}

/// How many rows a sink takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    Endless,
    /// Then it has enough.
    Stops(usize),
    /// Then it fails.
    Fails(usize),
    /// Then it stops the query from within, in the background; elsewhere it has no means to.
    Steers(usize),
}

/// How a call ended.
#[derive(Debug, Clone)]
#[allow(dead_code, reason = "the words are for the trace")]
pub(crate) enum Outcome {
    /// A query, well.
    Rows {
        total: u64,
        missing: usize,
    },
    /// A design document was stored or removed.
    Done,
    /// A design document was read, and this call had stored it.
    Read(Option<usize>),
    Failed {
        kind: ErrorKind,
        is_ambiguous: bool,
        words: String,
    },
    GivenUp,
}

/// What a sink was told of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Done(u64, usize),
    Failed(ErrorKind),
}

pub(crate) struct Call {
    pub(crate) draft: Draft,
    /// When it was sent, and how many design documents had been changed by then.
    pub(crate) sent: (Instant, usize),
    /// The same of its end.
    pub(crate) ended: Option<(Instant, usize)>,
    pub(crate) outcome: Option<Outcome>,
    /// As they were delivered.
    pub(crate) rows: Vec<String>,
    pub(crate) told: Vec<Told>,
    /// When it was asked to stop, in the middle.
    pub(crate) stopped: Option<Instant>,
    /// Its sink wants no more.
    pub(crate) has_enough: bool,
}

/// In the order in which they were begun.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) entries: Vec<Call>,
    pub(crate) closing: Option<Instant>,
    /// The driver was dropped, and waits for nothing.
    pub(crate) is_driver_gone: bool,
    /// When the connection had closed: it waits for every call.
    pub(crate) closed: Option<Instant>,
    pub(crate) violation: Option<String>,
}

impl Outcome {
    pub(crate) fn failed(error: &Error) -> Self {
        Self::Failed { kind: error.kind(), is_ambiguous: error.is_ambiguous(), words: error.to_string() }
    }

    fn name(&self) -> String {
        match self {
            Self::Rows { .. } => "all rows, or enough".into(),
            Self::Done => "design document changed".into(),
            Self::Read(_) => "design document read".into(),
            Self::Failed { kind, is_ambiguous: true, .. } => format!("{kind:?}, ambiguous"),
            Self::Failed { kind, .. } => format!("{kind:?}"),
            Self::GivenUp => "given up".into(),
        }
    }
}

impl Call {
    /// Whether there may be more. In the background it goes on without whoever waited for it.
    fn goes_on(&self) -> bool {
        let is_alone = matches!(self.outcome, Some(Outcome::GivenUp))
            && matches!(self.draft.what, What::Query { form: Form::Background(..), .. });
        self.told.is_empty() && (self.outcome.is_none() || is_alone)
    }
}

impl Calls {
    pub(crate) fn begin(&mut self, draft: Draft, now: Instant, changes: usize) -> usize {
        self.entries.push(Call {
            draft,
            sent: (now, changes),
            ended: None,
            outcome: None,
            rows: Vec::new(),
            told: Vec::new(),
            stopped: None,
            has_enough: false,
        });
        self.entries.len() - 1
    }

    /// A row came. Not after the end, nor after the query was stopped or the connection had closed.
    pub(crate) fn deliver(&mut self, number: usize, row: &[u8]) {
        let is_open = self.closed.is_none();
        let call = &mut self.entries[number];
        let row = String::from_utf8_lossy(row).into_owned();
        if !is_open || !call.goes_on() || call.stopped.is_some() || call.has_enough {
            self.violation
                .get_or_insert(format!("call {number} has ended or was stopped, and there came {row}"));
        }
        self.entries[number].rows.push(row);
    }

    /// Whether it was in the middle, and nothing more may come.
    pub(crate) fn stop(&mut self, number: usize, now: Instant) {
        let call = &mut self.entries[number];
        if call.goes_on() {
            call.stopped = Some(now);
        }
    }

    pub(crate) fn end(&mut self, number: usize, outcome: Outcome, now: Instant, changes: usize) {
        let call = &mut self.entries[number];
        if let Some(before) = &call.outcome {
            self.violation.get_or_insert(format!("call {number} ended twice: {before:?}, then {outcome:?}"));
            return;
        }
        call.outcome = Some(outcome);
        call.ended = Some((now, changes));
    }

    pub(crate) fn outcomes(&self) -> Tally {
        let mut tally = Tally::default();
        for outcome in self.entries.iter().filter_map(|call| call.outcome.as_ref()) {
            tally.count(&outcome.name());
        }
        tally
    }
}
