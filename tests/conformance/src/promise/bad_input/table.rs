//! A table of mistakes: what each row tried, what came of it, and whether the error says all that it must.

use crate::bench::Bench;
use couchbase_core::{Error, ErrorKind, Result};
use std::time::Duration;

/// What a slow machine may need beside a row's own deadline. A row that waits for another deadline takes longer.
const SLACK: Duration = Duration::from_secs(5);

/// What the text of a row's error must say.
#[derive(Clone, Copy)]
pub(super) struct Says<'a> {
    /// Which node it was; `None` for what is found before any node is asked.
    pub(super) node: Option<&'a str>,
    /// Which step or argument, and what went wrong there.
    pub(super) step: &'a [&'a str],
    /// What helps. It must be said once: errors quote each other.
    pub(super) remedy: &'a str,
}

impl<'a> Says<'a> {
    /// For what is found here.
    pub(super) fn here(step: &'a [&'a str], remedy: &'a str) -> Self {
        Self { node: None, step, remedy }
    }

    /// For what a node did, or did not do.
    pub(super) fn of(node: &'a str, step: &'a [&'a str], remedy: &'a str) -> Self {
        Self { node: Some(node), step, remedy }
    }

    fn fault(&self, text: &str) -> Option<String> {
        let unsaid = self.node.iter().chain(self.step).find(|words| !text.contains(**words));
        if let Some(words) = unsaid {
            return Some(format!("does not say {words:?}"));
        }
        let times = text.matches(self.remedy).count();
        (times != 1).then(|| format!("says {times} times {:?}", self.remedy))
    }
}

/// The rows so far: those that are not as they must be.
pub(super) struct Table {
    pub(super) bench: Bench,
    rows: usize,
    faults: Vec<String>,
}

impl Table {
    pub(super) fn new(bench: Bench) -> Self {
        Self { bench, rows: 0, faults: Vec::new() }
    }

    /// One row: `attempt` must fail within its own deadline, in one of these ways, and say so.
    pub(super) async fn row(
        &mut self,
        what: &str,
        deadline: Duration,
        kinds: &[ErrorKind],
        says: Says<'_>,
        attempt: impl AsyncFnOnce(&Bench) -> Result<()>,
    ) {
        let began = self.bench.now();
        let outcome = attempt(&self.bench).await;
        let took = self.bench.now() - began;
        self.rows += 1;
        let Err(error) = outcome else {
            self.faults.push(format!("{what}: succeeded"));
            return;
        };
        if let Some(fault) = fault(&error, kinds, says, took, deadline) {
            self.faults.push(format!("{what}: {fault}: {error}"));
        }
        // Seen with `--nocapture`, to be read as a user would.
        println!("{what}: {error}");
    }

    pub(super) fn holds(self) {
        let (faults, rows) = (self.faults, self.rows);
        assert!(faults.is_empty(), "{} of {rows} rows:\n{}", faults.len(), faults.join("\n"));
    }
}

fn fault(
    error: &Error,
    kinds: &[ErrorKind],
    says: Says<'_>,
    took: Duration,
    deadline: Duration,
) -> Option<String> {
    if !kinds.contains(&error.kind()) {
        return Some(format!("is {:?} and not one of {kinds:?}", error.kind()));
    }
    if took > deadline + SLACK {
        return Some(format!("took {took:?} with a deadline of {deadline:?}"));
    }
    says.fault(&error.to_string())
}
