//! Every operation of a run: what was asked, when, and how it ended. Each ends once.

use crate::draft::{Draft, Verb};
use crate::tally::Tally;
use couchbase_core::{Error, ErrorKind, Instant, Reply};
use std::collections::BTreeMap;

/// How an operation ended.
#[derive(Debug, Clone)]
#[allow(dead_code, reason = "the words are for the trace")]
pub(crate) enum Outcome {
    /// With success, or, where the operation was quiet, without a document.
    Answered(Answer),
    Failed {
        kind: ErrorKind,
        is_ambiguous: bool,
        words: String,
    },
    /// Whoever had sent it gave it up: it may be done, or not.
    GivenUp,
    /// It was not taken.
    Refused(ErrorKind),
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) cas: u64,
    /// The document that was read.
    pub(crate) bytes: Option<Vec<u8>>,
    /// What the counter stands at.
    pub(crate) number: Option<u64>,
}

impl Outcome {
    pub(crate) fn of(result: Result<Reply, Error>, verb: Verb) -> Self {
        match result {
            Ok(reply) => Self::Answered(Answer {
                success: reply.success(),
                cas: reply.cas().to_u64(),
                bytes: matches!(verb, Verb::Get | Verb::GetAndTouch).then(|| reply.bytes().to_vec()),
                number: if verb == Verb::Counter { reply.value().ok() } else { None },
            }),
            Err(error) => Self::failed(&error),
        }
    }

    pub(crate) fn failed(error: &Error) -> Self {
        Self::Failed { kind: error.kind(), is_ambiguous: error.is_ambiguous(), words: error.to_string() }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Answered(answer) if answer.success => "success".into(),
            Self::Answered(_) => "no document, quietly".into(),
            Self::Failed { kind, is_ambiguous: true, .. } => format!("{kind:?}, ambiguous"),
            Self::Failed { kind, .. } => format!("{kind:?}"),
            Self::GivenUp => "given up".into(),
            Self::Refused(kind) => format!("refused: {kind:?}"),
        }
    }
}

pub(crate) struct Entry {
    pub(crate) draft: Draft,
    /// When it was sent, and how many effects there had been by then.
    pub(crate) sent: (Instant, usize),
    /// The same of its end.
    pub(crate) ended: Option<(Instant, usize)>,
    pub(crate) outcome: Option<Outcome>,
    /// Its sender asks for the outcome only after a while.
    pub(crate) is_told_late: bool,
}

/// In the order in which operations were sent.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    pub(crate) connected: Option<Instant>,
    pub(crate) connect_failed: Option<Instant>,
    pub(crate) is_closed: bool,
    seen: BTreeMap<String, u64>,
    /// What went wrong while it was written.
    pub(crate) violation: Option<String>,
}

impl Ledger {
    /// The number that the next operation gets.
    pub(crate) fn next(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn cas_of(&self, key: &str) -> Option<u64> {
        self.seen.get(key).copied()
    }

    pub(crate) fn send(&mut self, draft: Draft, now: Instant, effects: usize) {
        debug_assert_eq!(draft.number, self.entries.len());
        self.entries.push(Entry {
            draft,
            sent: (now, effects),
            ended: None,
            outcome: None,
            is_told_late: false,
        });
    }

    pub(crate) fn end(&mut self, number: usize, outcome: Outcome, now: Instant, effects: usize) {
        let entry = &mut self.entries[number];
        if let Some(before) = &entry.outcome {
            self.violation = Some(format!("operation {number} ended twice: {before:?}, then {outcome:?}"));
            return;
        }
        if let Outcome::Answered(Answer { success: true, cas, .. }) = outcome {
            self.seen.insert(entry.draft.key.clone(), cas);
        }
        entry.outcome = Some(outcome);
        entry.ended = Some((now, effects));
    }

    /// Numbers of those that have not ended.
    pub(crate) fn open(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries.iter().filter(|entry| entry.outcome.is_none()).map(|entry| entry.draft.number)
    }

    pub(crate) fn outcomes(&self) -> Tally {
        let mut tally = Tally::default();
        for outcome in self.entries.iter().filter_map(|entry| entry.outcome.as_ref()) {
            tally.count(&outcome.name());
        }
        tally
    }
}
