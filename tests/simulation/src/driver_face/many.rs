//! Operations on many keys: each key is an operation of its own to the ledger, sent in the order of the call.

use super::hub::Hub;
use super::users::{Told, Users, begin_in, outcome, spawn};
use crate::draft::{Draft, Verb};
use crate::ledger::Outcome;
use couchbase_core::{Connection, MultiResult, Result};
use std::sync::Arc;

/// Most keys of one of these.
const MOST: usize = 5;

impl Users {
    /// Awaits or sends an operation on several keys, in a task of its own.
    pub(super) fn send_many(&self) {
        let (hub, cb) = (self.hub.clone(), self.cb.clone());
        let (is_awaited, verb) = {
            let random = &mut hub.world().random;
            (random.chance(500), *random.pick(&[Verb::Get, Verb::Set]))
        };
        if is_awaited {
            // The task takes its places in the order of sending when it runs.
            let task_hub = hub.clone();
            spawn(&hub, async move {
                let drafts = invent(&task_hub, verb);
                match verb {
                    Verb::Get => tell(&task_hub, &drafts, get(&cb, &drafts).await),
                    _ => tell(&task_hub, &drafts, set(&cb, &drafts).await),
                }
            });
            return;
        }
        let drafts = invent(&hub, verb);
        let task_hub = hub.clone();
        match verb {
            Verb::Get => {
                let sent = get(&cb, &drafts).send();
                spawn(&hub, async move { tell(&task_hub, &drafts, sent.await) });
            }
            _ => {
                let sent = set(&cb, &drafts).send();
                spawn(&hub, async move { tell(&task_hub, &drafts, sent.await) });
            }
        }
    }
}

fn get(cb: &Connection, drafts: &[Draft]) -> couchbase_core::ops::GetMulti {
    cb.get_multi(drafts.iter().map(|draft| draft.key.clone())).timeout(drafts[0].timeout)
}

fn set(cb: &Connection, drafts: &[Draft]) -> couchbase_core::ops::SetMulti {
    cb.set_multi(drafts.iter().map(|draft| (draft.key.clone(), draft.document()))).timeout(drafts[0].timeout)
}

fn invent(hub: &Hub, verb: Verb) -> Vec<Draft> {
    let world = &mut *hub.world();
    let (count, random) = (1 + world.random.below(MOST), &mut world.random);
    let (low, high) = world.swarm.timeout_millis;
    let timeout = std::time::Duration::from_millis(random.within(low..=high));
    let mut drafts = Vec::new();
    for _ in 0..count {
        let number = hub.ledger().next();
        let draft = Draft::one_of_many(number, &world.swarm, &mut world.random, verb, timeout);
        begin_in(hub, world, &draft, "one of many");
        drafts.push(draft);
    }
    drafts
}

fn tell<R: Told + Clone>(hub: &Arc<Hub>, drafts: &[Draft], results: Result<MultiResult<R>>) {
    let numbers = drafts.iter().map(|draft| draft.number);
    match results {
        Ok(results) => {
            for (number, (_, result)) in numbers.zip(&results) {
                hub.end(number, outcome(result.cloned()));
            }
        }
        // Refused as a whole.
        Err(error) if error.all_results().is_empty() => {
            for number in numbers {
                hub.end(number, Outcome::failed(&error));
            }
        }
        Err(error) => {
            for (draft, (_, result)) in drafts.iter().zip(error.all_results()) {
                hub.end(draft.number, Outcome::of(result.cloned(), draft.verb));
            }
        }
    }
}
