//! Design documents: success implies the change, an unambiguous failure none; what was read was stored at the time.

use crate::calls::{Call, Calls, Outcome, What};
use crate::views::{Change, Views};
use couchbase_core::ErrorKind;

pub(super) fn check(calls: &Calls, views: &Views) -> Result<(), String> {
    for (number, call) in calls.entries.iter().enumerate() {
        let Some(outcome) = &call.outcome else { continue };
        check_call(number, call, outcome, &views.changes)
            .map_err(|broken| format!("call {number} {broken}\n  {:?}\n  {outcome:?}", call.draft))?;
    }
    Ok(())
}

fn check_call(number: usize, call: &Call, outcome: &Outcome, changes: &[Change]) -> Result<(), &'static str> {
    let is_its = |change: &&Change| change.stored_by == Some(number);
    let is_missing_once = |name: &str| states(call, name, changes).any(|state| state.is_none());
    match (&call.draft.what, outcome) {
        (What::Query { .. }, _) | (_, Outcome::GivenUp) => Ok(()),
        (What::Store(_), Outcome::Done) => {
            let (first, end) = life(call, changes);
            let is_stored = changes[first..end].iter().any(|change| is_its(&change));
            if is_stored { Ok(()) } else { Err("stored a design document, it says, and nobody has it") }
        }
        (What::Store(_), Outcome::Failed { is_ambiguous: false, .. }) => {
            let is_stored = changes.iter().any(|change| is_its(&change));
            if is_stored { Err("failed unambiguously, it says, and the document is stored") } else { Ok(()) }
        }
        (What::Remove(name), Outcome::Done) => {
            if is_missing_once(name) {
                Ok(())
            } else {
                Err("removed a design document, it says, and it stayed")
            }
        }
        (What::Read(name), Outcome::Read(author)) => {
            let is_known = author.is_some() && states(call, name, changes).any(|state| state == *author);
            if is_known { Ok(()) } else { Err("read what the design document was not at the time") }
        }
        (What::Read(name) | What::Remove(name), Outcome::Failed { kind: ErrorKind::Http, .. }) => {
            if is_missing_once(name) {
                Ok(())
            } else {
                Err("found no design document, and there was one")
            }
        }
        (_, Outcome::Failed { .. }) => Ok(()),
        (_, Outcome::Rows { .. } | Outcome::Done | Outcome::Read(_)) => Err("ended as another call does"),
    }
}

/// The changes that were made while a call was under way.
fn life(call: &Call, changes: &[Change]) -> (usize, usize) {
    (call.sent.1, call.ended.map_or(changes.len(), |(_, ended)| ended))
}

/// Who had stored a design document while a call was under way; `None` while there was none.
fn states<'a>(call: &Call, name: &'a str, changes: &'a [Change]) -> impl Iterator<Item = Option<usize>> + 'a {
    let (first, end) = life(call, changes);
    let is_its = move |change: &&Change| change.name == name;
    let before = changes[..first].iter().rev().find(is_its).and_then(|change| change.stored_by);
    std::iter::once(before).chain(changes[first..end].iter().filter(is_its).map(|change| change.stored_by))
}
