//! Each operation ends within its deadline, at most 16 ms late, and never times out early.

use super::Facts;
use crate::ledger::{Ledger, Outcome};
use couchbase_core::ErrorKind;
use std::time::Duration;

/// How late an end may come.
const GRACE: Duration = Duration::from_millis(16);

pub(super) fn check(ledger: &Ledger, facts: &Facts<'_>) -> Result<(), String> {
    for entry in &ledger.entries {
        let (Some(outcome), Some((ended, _))) = (&entry.outcome, entry.ended) else { continue };
        let sent = entry.sent.0;
        // Before the first connection the time for that rules, and the operation's own begins with it.
        let (limit, earliest) = match ledger.connected {
            Some(connected) => {
                let began = sent.max(connected);
                (began + entry.draft.timeout, began + entry.draft.timeout)
            }
            None => (sent.max(facts.began + facts.connect_timeout), sent),
        };
        let of =
            || format!("operation {} ({:?}) ended with {outcome:?}", entry.draft.number, entry.draft.verb);
        if ended > limit + GRACE && !entry.is_told_late {
            return Err(format!("{}, {:?} after its deadline", of(), ended - limit));
        }
        if matches!(outcome, Outcome::Failed { kind: ErrorKind::Timeout, .. }) && ended < earliest {
            return Err(format!("{}, {:?} before its deadline", of(), earliest - ended));
        }
    }
    Ok(())
}
