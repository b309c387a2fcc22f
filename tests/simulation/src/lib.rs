//! The client in a world of chance: the real machine against the embedded cluster's model, over links in memory and in
//! virtual time, with faults. One seed decides everything, so every run can be repeated.
//!
//! [`run`] is one run: a busy time in which operations of all kinds on few keys meet whatever faults the seed has
//! drawn, then a time in which everything is mended and must come to rest. What must hold afterwards is in `checks`.

mod agenda;
mod checks;
mod draft;
mod fault;
mod injector;
mod ledger;
mod machine_face;
mod network;
mod random;
mod script;
mod swarm;
mod tally;
mod trace;
mod world;

pub use tally::Tally;

use machine_face::MachineFace;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;
use world::World;

/// What drives the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Nothing: the simulation calls it directly.
    Machine,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 1] = [Self::Machine];

    /// As the command line names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
        }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Of everything that happened, in order.
    pub hash: u64,
    /// Faults by kind.
    pub faults: Tally,
    /// Ends of operations by kind.
    pub outcomes: Tally,
    /// Virtual time that passed.
    pub time: Duration,
    /// The promise that was broken, if one was.
    pub failure: Option<String>,
}

/// Runs one seed; its trace is printed if `is_printed`.
pub fn run(seed: u64, face: Face, is_printed: bool) -> Report {
    let mut world = World::new(seed, is_printed);
    let mut outcomes = Tally::default();
    let failure = panic::catch_unwind(AssertUnwindSafe(|| match face {
        Face::Machine => {
            let mut face = MachineFace::new(&mut world)?;
            let outcome = face.run();
            outcomes = face.ledger.outcomes();
            outcome
        }
    }))
    .unwrap_or_else(|panic| Err(format!("panicked: {}", words(&*panic))))
    .err();
    Report {
        hash: world.trace.hash(),
        faults: world.tally,
        outcomes,
        time: Duration::from_nanos(world.now.as_nanos()),
        failure,
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(words), _) => (*words).to_owned(),
        (_, Some(words)) => words.clone(),
        _ => "without words".to_owned(),
    }
}
