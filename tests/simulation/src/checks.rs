//! What must hold after every run, whatever the world did: the client's promises, held against the cluster's own log
//! of what took effect.
//!
//! Effects are told apart by their values, which name their author, and by the CAS that a success returned.

mod author;
pub(crate) mod calls;
mod deadline;
mod designs;
mod effect;
mod order;
mod storm;

use crate::ledger::Ledger;
use crate::network::Socket;
use couchbase_core::Instant;
use couchbase_testkit::model::Effect;
use std::time::Duration;

/// What the checks look at beside the ledger.
pub(crate) struct Facts<'a> {
    pub(crate) effects: &'a [Effect],
    pub(crate) sockets: &'a [Socket],
    pub(crate) began: Instant,
    pub(crate) connect_timeout: Duration,
}

/// The first promise that was broken, in words.
pub(crate) fn check(ledger: &Ledger, facts: &Facts<'_>) -> Result<(), String> {
    if let Some(violation) = &ledger.violation {
        return Err(violation.clone());
    }
    if let Some(number) = ledger.open().next() {
        return Err(format!("operation {number} never ended: {:?}", ledger.entries[number].draft));
    }
    deadline::check(ledger, facts)?;
    let authors = author::find(ledger, facts.effects)?;
    effect::check(ledger, facts.effects, &authors)?;
    order::check(ledger, facts.effects)?;
    storm::check(facts.sockets)
}
