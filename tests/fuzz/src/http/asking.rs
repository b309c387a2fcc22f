//! What is asked, and what came of it.

use super::Outcome;
use crate::world::{Still, World, run};
use couchbase_core::{Error, open};
use couchbase_views::{BatchedView, DesignDocument, Flow, ViewExt};
use std::sync::{Arc, Mutex};

/// Opens a connection in this world and asks one thing, of which `choice` says what; rows are what is received.
pub(super) fn ask(choice: u8, world: Arc<Mutex<World>>) -> Outcome<String> {
    let cb = open("couchbase://10.0.0.1/default", Still(world.clone())).expect("valid");
    let design = DesignDocument::new().view("v", "function (doc, meta) { emit(meta.id, null); }");
    let mut outcome = Outcome { received: Vec::new(), end: String::new() };
    outcome.end = match choice >> 2 & 7 {
        0 | 1 => match run(&world, cb.query_all("d", "v")) {
            Ok(view) => batched(&view, &mut outcome.received),
            Err(error) => failed(&error),
        },
        // Little room, and a body that is sent.
        2 => match run(&world, cb.query_all("d", "v").max_bytes(1_000).keys(["a", "b"])) {
            Ok(view) => batched(&view, &mut outcome.received),
            Err(error) => failed(&error),
        },
        3 | 4 => {
            let most = if choice >> 2 & 7 == 3 { usize::MAX } else { 2 };
            let rows = &mut outcome.received;
            let each = cb.query("d", "v").each(|row| {
                rows.push(format!("{row:?}"));
                if rows.len() < most { Flow::More } else { Flow::Stop }
            });
            run(&world, each).map_or_else(|error| failed(&error), |meta| format!("{meta:?}"))
        }
        5 => {
            run(&world, cb.design_get("d")).map_or_else(|error| failed(&error), |found| format!("{found:?}"))
        }
        6 => run(&world, cb.design_create("d", &design))
            .map_or_else(|error| failed(&error), |()| "done".into()),
        _ => run(&world, cb.design_delete("d")).map_or_else(|error| failed(&error), |()| "done".into()),
    };
    // Nothing is left behind, and nothing is waited for in vain.
    run(&world, cb.close()).expect("closing never fails");
    drop(cb);
    let open = world.lock().expect("no panic").open;
    assert_eq!(open, 0, "sockets are left open");
    outcome
}

fn batched(view: &BatchedView, rows: &mut Vec<String>) -> String {
    for row in view {
        // Whatever it holds, reading it fails at most.
        let fields = (row.key::<serde_json::Value>().is_ok(), row.value::<f64>().is_ok());
        rows.push(format!("{row:?} {:?} {fields:?}", row.id()));
    }
    assert_eq!(view.typed::<&str, ()>().count(), view.len());
    format!("{:?}", view.metadata())
}

/// An error's kind, status and doubts; its words may tell of places and times.
fn failed(error: &Error) -> String {
    let words = error.to_string();
    assert!((1..8_000).contains(&words.len()), "{words}");
    format!("{:?} {}", error.kind(), error.is_ambiguous())
}
