//! Those who query views and keep design documents, in every form that the handles have: all rows at once, a closure,
//! a sink that takes all, has enough or fails, in the background and stopped, dropped in the middle.

use super::hub::Hub;
use super::sink::{Recorder, Steering};
use super::users::{Users, at_most, now, pause, spawn};
use crate::calls::{Draft, Form, Outcome, Patience, What};
use crate::views::author;
use couchbase_core::{Connection, Result};
use couchbase_views::{DesignDocument, Metadata, Query, ViewExt};
use std::sync::Arc;
use std::time::Duration;

/// Keys of a query that has some.
const MANY: usize = 1000;

impl Users {
    /// Invents a call to the view services, and has a task make it.
    pub(super) fn call_one(&self) {
        let draft = invent(&self.hub);
        self.call(draft);
    }

    /// Everything is whole again: views answer.
    pub(super) fn call_probe(&self) {
        let what = What::Query { form: Form::All, limit: None, is_descending: false, has_keys: false };
        let timeout = Duration::from_millis(2500);
        self.call(Draft { what, timeout, dropped_after: None, is_probe: true });
    }

    fn call(&self, draft: Draft) {
        let (hub, cb) = (self.hub.clone(), self.cb.clone());
        spawn(&self.hub, async move {
            let number = begin(&hub, &draft);
            let calling = make(&hub, &cb, number, &draft);
            let outcome = match draft.dropped_after {
                Some(after) => at_most(&hub, after, calling).await.unwrap_or(Outcome::GivenUp),
                None => calling.await,
            };
            hub.end_call(number, outcome);
        });
    }
}

fn invent(hub: &Hub) -> Draft {
    let world = &mut *hub.world();
    let (low, high) = world.swarm.timeout_millis;
    let (rows, cancels) = (world.swarm.rows, world.swarm.cancels);
    let random = &mut world.random;
    let name = format!("d{}", random.below(2));
    let patience = match random.below(8) {
        0 => Patience::Stops(1 + random.below(rows)),
        1 => Patience::Fails(1 + random.below(rows)),
        2 | 3 => Patience::Steers(1 + random.below(rows)),
        _ => Patience::Endless,
    };
    let later = random.millis(0..=500);
    let form = match random.below(5) {
        0 => Form::All,
        1 => Form::Each,
        2 => Form::Sink(patience),
        _ => Form::Background(patience, random.chance(400).then_some(later)),
    };
    let what = match random.below(8) {
        0 => What::Store(name),
        1 => What::Read(name),
        2 => What::Remove(name),
        _ => What::Query {
            form,
            limit: random.chance(300).then(|| random.below(rows + 2) as u64),
            is_descending: random.chance(300),
            has_keys: random.chance(150),
        },
    };
    let dropped_after = random.chance(cancels).then(|| random.millis(0..=500));
    // What is done with a design document has the connection's own time.
    let own = Duration::from_millis(random.within(low..=high));
    let timeout = if matches!(what, What::Query { .. }) { own } else { Duration::from_millis(high) };
    Draft { what, timeout, dropped_after, is_probe: false }
}

fn begin(hub: &Hub, draft: &Draft) -> usize {
    let mut world = hub.world();
    let number = hub.calls().begin(draft.clone(), world.now, world.views.changes.len());
    world.note(format_args!("call {number}: {draft:?}"));
    number
}

async fn make(hub: &Arc<Hub>, cb: &Connection, number: usize, draft: &Draft) -> Outcome {
    match &draft.what {
        What::Query { form, limit, is_descending, has_keys } => {
            let options = Options {
                number,
                limit: *limit,
                is_descending: *is_descending,
                has_keys: *has_keys,
                timeout: draft.timeout,
            };
            query(hub, cb, *form, &options).await
        }
        What::Store(name) => {
            let document = DesignDocument::new().view(&format!("call{number}"), "function (doc, meta) {}");
            told(cb.design_create(name, &document).production().await, |()| Outcome::Done)
        }
        What::Read(name) => told(cb.design_get(name).production().await, |document| {
            let author = document.views().next().and_then(|view| author(&format!("\"{}\"", view.name())));
            Outcome::Read(author)
        }),
        What::Remove(name) => told(cb.design_delete(name).production().await, |()| Outcome::Done),
    }
}

struct Options {
    number: usize,
    limit: Option<u64>,
    is_descending: bool,
    has_keys: bool,
    timeout: Duration,
}

impl Options {
    fn of<M>(&self, query: Query<M>) -> Query<M> {
        let query = query.descending(self.is_descending).timeout(self.timeout);
        // Either way the first of them says which call this is.
        let query = if self.has_keys {
            query.keys((0..MANY).map(|key| self.number + key))
        } else {
            query.start_key(&self.number)
        };
        match self.limit {
            Some(limit) => query.limit(limit),
            None => query,
        }
    }
}

async fn query(hub: &Arc<Hub>, cb: &Connection, form: Form, options: &Options) -> Outcome {
    let number = options.number;
    let control = Arc::<Steering>::default();
    let with_sink = |patience| {
        let sink = Recorder { hub: hub.clone(), number, patience, control: control.clone() };
        options.of(cb.query_ex(sink, "sim", "rows"))
    };
    match form {
        Form::All => told(options.of(cb.query_all("sim", "rows")).await, |view| {
            view.iter().for_each(|row| hub.calls().deliver(number, row.json()));
            rows(view.metadata())
        }),
        Form::Each => {
            let each =
                options.of(cb.query("sim", "rows")).each(|row| hub.calls().deliver(number, row.json()));
            told(each.await, |meta| rows(&meta))
        }
        Form::Sink(patience) => told(with_sink(patience).await, Recorder::outcome),
        Form::Background(patience, stopped_after) => {
            let running = with_sink(patience).start();
            control.set(running.control());
            if let Some(after) = stopped_after {
                let (control, hub) = (running.control(), hub.clone());
                spawn(&hub.clone(), async move {
                    pause(&hub, after).await;
                    let now = now(&hub);
                    hub.calls().stop(number, now);
                    control.stop();
                });
            }
            told(running.await, Recorder::outcome)
        }
    }
}

pub(super) fn rows(meta: &Metadata) -> Outcome {
    Outcome::Rows { total: meta.total_rows(), missing: meta.errors().len() }
}

fn told<T>(result: Result<T>, outcome: impl FnOnce(T) -> Outcome) -> Outcome {
    match result {
        Ok(result) => outcome(result),
        Err(error) => Outcome::failed(&error),
    }
}
