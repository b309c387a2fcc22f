//! The promise of order: two operations of a key, at least one a write, that both succeed took effect in the order in
//! which they were sent.
//!
//! A document's states are counted: state 0 before its first change, state n after its n-th. A write made a state; a
//! read saw one, which must lie at or behind those of all writes sent before it, and before those of all sent after.

use crate::draft::Verb;
use crate::ledger::{Answer, Entry, Ledger, Outcome};
use couchbase_core::ErrorKind;
use couchbase_testkit::model::Effect;
use std::collections::{BTreeMap, BTreeSet};

/// Where one successful operation stands.
enum Place {
    Made(usize),
    Saw(usize),
    /// It saw that there was no document: any state without one.
    SawNone,
}

pub(super) fn check(ledger: &Ledger, effects: &[Effect]) -> Result<(), String> {
    let keys: BTreeSet<&str> = ledger.entries.iter().map(|entry| entry.draft.key.as_str()).collect();
    for key in keys {
        let states: Vec<&Effect> = effects.iter().filter(|effect| effect.key == key.as_bytes()).collect();
        let by_cas: BTreeMap<u64, usize> =
            states.iter().enumerate().map(|(index, effect)| (effect.cas, index + 1)).collect();
        let of_key = ledger.entries.iter().filter(|entry| entry.draft.key == key);
        let placed: Vec<(&Entry, Place)> =
            of_key.filter_map(|entry| Some((entry, place(entry, &by_cas)?))).collect();
        check_key(&placed, &states)
            .map_err(|(one, other)| broken(placed[one].0, placed[other].0, &states))?;
    }
    Ok(())
}

fn place(entry: &Entry, by_cas: &BTreeMap<u64, usize>) -> Option<Place> {
    match entry.outcome.as_ref()? {
        Outcome::Answered(Answer { success: true, cas, .. }) => {
            let state = *by_cas.get(cas)?;
            Some(if entry.draft.verb == Verb::Get { Place::Saw(state) } else { Place::Made(state) })
        }
        Outcome::Answered(Answer { success: false, .. }) => Some(Place::SawNone),
        // A definitive answer to a read, in all but name.
        Outcome::Failed { kind: ErrorKind::NotFound, .. } if entry.draft.verb == Verb::Get => {
            Some(Place::SawNone)
        }
        _ => None,
    }
}

/// `Err`: the two, as indexes, of which the second should have come after the first.
fn check_key(placed: &[(&Entry, Place)], states: &[&Effect]) -> Result<(), (usize, usize)> {
    // The earliest state that a write sent later made.
    let mut next_write = vec![None; placed.len() + 1];
    for (index, (_, place)) in placed.iter().enumerate().rev() {
        next_write[index] = match (next_write[index + 1], place) {
            (Some((state, _)), Place::Made(made)) if *made < state => Some((*made, index)),
            (None, Place::Made(made)) => Some((*made, index)),
            (known, _) => known,
        };
    }
    let mut last_write = (0, 0);
    for (index, (_, place)) in placed.iter().enumerate() {
        let after = last_write;
        let before = next_write[index + 1].unwrap_or((states.len() + 1, index));
        match *place {
            Place::Made(state) => {
                if state < after.0 {
                    return Err((after.1, index));
                }
                if before.0 < state {
                    return Err((index, before.1));
                }
                last_write = (state, index);
            }
            Place::Saw(state) => {
                if state < after.0 {
                    return Err((after.1, index));
                }
                if state >= before.0 {
                    return Err((index, before.1));
                }
            }
            Place::SawNone => {
                let is_missing = |state: usize| state == 0 || states[state - 1].value.is_none();
                if !(after.0..before.0).any(is_missing) {
                    return Err((after.1, index));
                }
            }
        }
    }
    Ok(())
}

fn broken(first: &Entry, second: &Entry, states: &[&Effect]) -> String {
    let tell = |entry: &Entry| format!("{:?}\n    {:?}", entry.draft, entry.outcome);
    let log: Vec<String> = states
        .iter()
        .map(|effect| {
            let value = effect.value.as_deref().map(String::from_utf8_lossy);
            format!("    {} {:#x} {value:?}", effect.opcode, effect.cas)
        })
        .collect();
    format!(
        "operations {} and {} succeeded out of order:\n  {}\n  {}\n  the key's effects:\n{}",
        first.draft.number,
        second.draft.number,
        tell(first),
        tell(second),
        log.join("\n")
    )
}
