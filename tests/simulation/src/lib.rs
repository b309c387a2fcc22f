//! The client in a world of chance: the real machine against the embedded cluster's model, over links in memory and in
//! virtual time, with faults. One seed decides everything, so every run can be repeated.
//!
//! [`run`] is one run: a busy time in which operations of all kinds on few keys, and on the driver's face also view
//! queries, meet whatever faults the seed has drawn, then a time in which everything is mended and must come to rest.
//! What must hold afterwards is in `checks`.

mod agenda;
mod calls;
mod checks;
mod draft;
mod driver_face;
mod fault;
mod injector;
mod ledger;
mod machine_face;
mod network;
mod random;
mod routing;
mod script;
mod swarm;
mod tally;
mod trace;
mod views;
mod world;

pub use tally::Tally;

use driver_face::{DriverFace, Hub};
use machine_face::MachineFace;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;
use world::World;

/// What drives the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Nothing: the simulation calls it directly.
    Machine,
    /// The driver, on a simulated runtime; operations come from its handles.
    Driver,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 2] = [Self::Machine, Self::Driver];

    /// As the command line names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Driver => "driver",
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
    /// Ends of calls to view services by kind; none on the machine's face.
    pub calls: Tally,
    /// Virtual time that passed.
    pub time: Duration,
    /// The promise that was broken, if one was.
    pub failure: Option<String>,
}

/// Runs one seed; its trace is printed if `is_printed`.
pub fn run(seed: u64, face: Face, is_printed: bool) -> Report {
    let world = World::new(seed, is_printed);
    match face {
        Face::Machine => run_machine(world),
        Face::Driver => run_driver(world),
    }
}

fn run_machine(mut world: World) -> Report {
    let mut outcomes = Tally::default();
    let failure = catch(|| {
        let mut face = MachineFace::new(&mut world)?;
        let outcome = face.run();
        outcomes = face.ledger.outcomes();
        outcome
    });
    report(&world, outcomes, Tally::default(), failure)
}

fn run_driver(world: World) -> Report {
    let hub = Arc::new(Hub::new(world));
    let failure = catch(|| DriverFace::new(&hub)?.run());
    let (outcomes, calls) = (hub.ledger().outcomes(), hub.calls().outcomes());
    report(&hub.world(), outcomes, calls, failure)
}

fn report(world: &World, outcomes: Tally, calls: Tally, failure: Option<String>) -> Report {
    Report {
        hash: world.trace.hash(),
        faults: world.tally.clone(),
        outcomes,
        calls,
        time: Duration::from_nanos(world.now.as_nanos()),
        failure,
    }
}

fn catch(run: impl FnOnce() -> Result<(), String>) -> Option<String> {
    panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(format!("panicked: {}", words(&*panic))))
        .err()
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(words), _) => (*words).to_owned(),
        (_, Some(words)) => words.clone(),
        _ => "without words".to_owned(),
    }
}
