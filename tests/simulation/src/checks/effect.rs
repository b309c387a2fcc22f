//! Success implies its one effect, an unambiguous failure none, an ambiguous one at most one; each within the life of
//! the operation, as far as it was told. A read saw a state that the document had while the read was under way.

use crate::draft::Verb;
use crate::ledger::{Answer, Entry, Ledger, Outcome};
use couchbase_core::ErrorKind;
use couchbase_core::wire::Opcode;
use couchbase_testkit::model::Effect;
use std::collections::BTreeMap;

pub(super) fn check(ledger: &Ledger, effects: &[Effect], authors: &[Option<usize>]) -> Result<(), String> {
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); ledger.entries.len()];
    for (index, author) in authors.iter().enumerate() {
        if let Some(author) = author {
            of[*author].push(index);
        }
    }
    for (entry, of) in ledger.entries.iter().zip(&of) {
        check_entry(entry, of, effects).map_err(|broken| {
            let effects: Vec<&Effect> = of.iter().map(|index| &effects[*index]).collect();
            format!("{broken}\n  {:?}\n  {:?}\n  effects: {effects:?}", entry.draft, entry.outcome)
        })?;
    }
    check_unclaimed(ledger, effects, authors)
}

fn check_entry(entry: &Entry, of: &[usize], effects: &[Effect]) -> Result<(), String> {
    let number = entry.draft.number;
    let Some(outcome) = &entry.outcome else { return Ok(()) };
    match outcome {
        Outcome::Answered(answer) if entry.draft.verb == Verb::Get || !answer.success => {
            if !of.is_empty() {
                return Err(format!("operation {number} changed nothing, it says, and took effect"));
            }
            check_state_seen(entry, answer, effects)
        }
        Outcome::Answered(answer) => check_success(entry, answer, of, effects),
        Outcome::Failed { is_ambiguous: true, .. } | Outcome::GivenUp if of.len() > 1 => {
            Err(format!("operation {number} took effect more than once"))
        }
        Outcome::Failed { is_ambiguous: true, .. } | Outcome::GivenUp => Ok(()),
        Outcome::Failed { .. } | Outcome::Refused(_) if !of.is_empty() => {
            Err(format!("operation {number} failed unambiguously, it says, and took effect"))
        }
        Outcome::Failed { kind: ErrorKind::NotFound, .. } => was_missing(entry, effects)
            .then_some(())
            .ok_or_else(|| format!("operation {number} found no document, and there was one all the time")),
        Outcome::Failed { .. } | Outcome::Refused(_) => Ok(()),
    }
}

fn check_success(entry: &Entry, answer: &Answer, of: &[usize], effects: &[Effect]) -> Result<(), String> {
    let number = entry.draft.number;
    let [index] = of else {
        return Err(format!("operation {number} succeeded, it says, and took effect {} times", of.len()));
    };
    let effect = &effects[*index];
    if effect.cas != answer.cas {
        return Err(format!("operation {number} returned CAS {:#x}, the change gave another", answer.cas));
    }
    let (_, sent) = entry.sent;
    if *index < sent || entry.ended.is_some_and(|(_, ended)| *index >= ended) {
        return Err(format!("operation {number} took effect outside of its life"));
    }
    if answer.bytes.is_some() && answer.bytes != effect.value {
        return Err(format!("operation {number} returned another document than it changed"));
    }
    let text = answer.number.map(|number| number.to_string().into_bytes());
    if entry.draft.verb == Verb::Counter && text != effect.value {
        return Err(format!("operation {number} returned {:?}, the counter stands elsewhere", answer.number));
    }
    if entry.draft.cas != 0 {
        let before = effects[..*index].iter().rev().find(|before| before.key == effect.key);
        if before.is_none_or(|before| before.cas != entry.draft.cas) {
            return Err(format!("operation {number} was for one CAS, and changed another state"));
        }
    }
    Ok(())
}

/// The states of a document while an operation was under way: the effect that made each, `None` before the first.
pub(super) fn states<'a>(
    entry: &'a Entry,
    effects: &'a [Effect],
) -> impl Iterator<Item = Option<&'a Effect>> + 'a {
    let (sent, ended) = (entry.sent.1, entry.ended.map_or(effects.len(), |(_, ended)| ended));
    let is_its = |effect: &&Effect| effect.key == entry.draft.key.as_bytes();
    let first = effects[..sent].iter().rev().find(is_its);
    std::iter::once(first).chain(effects[sent..ended].iter().filter(is_its).map(Some))
}

fn was_missing(entry: &Entry, effects: &[Effect]) -> bool {
    states(entry, effects).any(|state| state.is_none_or(|effect| effect.value.is_none()))
}

fn check_state_seen(entry: &Entry, answer: &Answer, effects: &[Effect]) -> Result<(), String> {
    let number = entry.draft.number;
    if !answer.success {
        return if was_missing(entry, effects) {
            Ok(())
        } else {
            Err(format!("operation {number} found no document, and there was one all the time"))
        };
    }
    let seen = states(entry, effects).flatten().find(|effect| effect.cas == answer.cas);
    match seen {
        None => {
            Err(format!("operation {number} read a state that the document had at another time, or never"))
        }
        Some(effect) if effect.value != answer.bytes => {
            Err(format!("operation {number} read another value than its CAS stands for"))
        }
        Some(_) => Ok(()),
    }
}

/// Deletes and touches that nobody was told of: not more than operations that do not know.
fn check_unclaimed(ledger: &Ledger, effects: &[Effect], authors: &[Option<usize>]) -> Result<(), String> {
    let mut unclaimed: BTreeMap<(&[u8], u8), i64> = BTreeMap::new();
    for (effect, _) in effects.iter().zip(authors).filter(|(_, author)| author.is_none()) {
        *unclaimed.entry((&effect.key, effect.opcode.0)).or_default() += 1;
    }
    for entry in &ledger.entries {
        let opcode = match entry.draft.verb {
            Verb::Delete => Opcode::DELETE,
            Verb::Touch => Opcode::TOUCH,
            Verb::GetAndTouch => Opcode::GAT,
            _ => continue,
        };
        if matches!(entry.outcome, Some(Outcome::Failed { is_ambiguous: true, .. } | Outcome::GivenUp)) {
            *unclaimed.entry((entry.draft.key.as_bytes(), opcode.0)).or_default() -= 1;
        }
    }
    match unclaimed.into_iter().find(|(_, count)| *count > 0) {
        Some(((key, opcode), count)) => Err(format!(
            "{count} effects of {} on {} more than there are operations that may have had them",
            Opcode(opcode),
            String::from_utf8_lossy(key)
        )),
        None => Ok(()),
    }
}
