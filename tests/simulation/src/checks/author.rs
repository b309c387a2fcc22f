//! Whose effect is it? By the token that it added, by the step that a counter made, or by the CAS of a success.

use crate::draft::{Verb, author, initial_of};
use crate::ledger::{Answer, Ledger, Outcome};
use couchbase_core::wire::Opcode;
use couchbase_testkit::model::Effect;
use std::collections::BTreeMap;

/// The operation behind each effect; `None` where nobody claims it: a delete or a touch whose author was not told.
pub(super) fn find(ledger: &Ledger, effects: &[Effect]) -> Result<Vec<Option<usize>>, String> {
    let mut claimed = BTreeMap::new();
    for entry in &ledger.entries {
        if let Some(Outcome::Answered(Answer { success: true, cas, .. })) = entry.outcome
            && entry.draft.verb.is_write()
            && let Some(other) = claimed.insert(cas, entry.draft.number)
        {
            return Err(format!("operations {other} and {} both returned CAS {cas:#x}", entry.draft.number));
        }
    }
    let mut counters: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut authors = Vec::with_capacity(effects.len());
    for effect in effects {
        let found = match effect.opcode {
            Opcode::SET | Opcode::ADD | Opcode::REPLACE | Opcode::APPEND | Opcode::PREPEND => {
                Some(token_author(effect).ok_or_else(|| format!("nobody wrote {effect:?}"))?)
            }
            Opcode::INCREMENT | Opcode::DECREMENT => {
                let before = counters.get(&effect.key[..]).copied();
                Some(
                    counter_author(ledger, effect, before)
                        .ok_or_else(|| format!("nobody counted from {before:?} to {effect:?}"))?,
                )
            }
            _ => claimed.get(&effect.cas).copied(),
        };
        match number(effect) {
            Some(count) => counters.insert(&effect.key, count),
            None => counters.remove(&effect.key[..]),
        };
        if let Some(found) = found {
            let draft = &ledger.entries.get(found).ok_or_else(|| format!("nobody sent {effect:?}"))?.draft;
            if draft.key.as_bytes() != effect.key {
                return Err(format!("operation {found} was for {} and took effect as {effect:?}", draft.key));
            }
            if opcodes(draft.verb).iter().all(|opcode| *opcode != effect.opcode) {
                return Err(format!("operation {found} ({:?}) took effect as {effect:?}", draft.verb));
            }
        }
        authors.push(found);
    }
    Ok(authors)
}

fn number(effect: &Effect) -> Option<u64> {
    std::str::from_utf8(effect.value.as_ref()?).ok()?.parse().ok()
}

/// The token that this effect added: the first of a prepend, the last of anything else.
fn token_author(effect: &Effect) -> Option<usize> {
    let value = effect.value.as_ref()?;
    let mut tokens = value.split(|byte| *byte == b';').filter(|token| !token.is_empty());
    author(if effect.opcode == Opcode::PREPEND { tokens.next()? } else { tokens.next_back()? })
}

fn counter_author(ledger: &Ledger, effect: &Effect, before: Option<u64>) -> Option<usize> {
    let after = number(effect)?;
    match before {
        Some(before) => usize::try_from(after.abs_diff(before)).ok()?.checked_sub(1),
        None => (0..ledger.entries.len()).find(|number| initial_of(*number) == after),
    }
}

/// What a verb takes effect as.
fn opcodes(verb: Verb) -> &'static [Opcode] {
    match verb {
        Verb::Get => &[],
        Verb::GetAndTouch => &[Opcode::GAT],
        Verb::Set => &[Opcode::SET],
        Verb::Add => &[Opcode::ADD],
        Verb::Replace => &[Opcode::REPLACE],
        Verb::Append => &[Opcode::APPEND],
        Verb::Prepend => &[Opcode::PREPEND],
        Verb::Delete => &[Opcode::DELETE],
        Verb::Touch => &[Opcode::TOUCH],
        Verb::Counter => &[Opcode::INCREMENT, Opcode::DECREMENT],
    }
}
