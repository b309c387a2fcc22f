//! The course of a run: a busy time with faults, then everything is mended and nothing new is sent, then each key is
//! probed, then the client closes. What is still under way long after that was left behind.

use crate::fault::{Fault, LONGEST};
use crate::ledger::{Ledger, Outcome};
use crate::world::{Happening, World};
use couchbase_core::{ErrorKind, Instant};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a face does at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Sends so many operations.
    Burst(usize),
    /// Calls a view service.
    Call,
    /// Gives one operation up.
    GiveUp(usize),
    Heal,
    /// Looks whether every answer has found its way.
    Calm,
    /// Reads every key.
    Probe,
    /// Looks whether anything is still under way.
    Rest,
    Close,
}

pub(crate) struct Script {
    acts: BTreeMap<u64, Act>,
    count: u64,
    over: Instant,
    probes: Vec<Probe>,
}

/// A read after everything was mended.
struct Probe {
    number: usize,
    /// It is within the limits: refusing it would be wrong.
    has_place: bool,
}

/// A link that is lost and does not know it is found out within this: each node is asked for its configuration in
/// turn, every 2.5 s, and has 10 s to answer.
const FOUND_OUT: Duration = Duration::from_secs(25);
/// How often each key is probed.
const PROBES: usize = 4;
/// Until everything that was asked before has been answered, if no link swallows it.
const ANSWERED: Duration = Duration::from_secs(5);
/// Until the answers are there, and the next look at links that have left the map.
const PROBED: Duration = Duration::from_secs(15);
/// How many view services are called shortly before the close.
const CALLS: usize = 4;
/// Between the probes and that, and from the end of everything until it is looked at.
const CALLED: Duration = Duration::from_secs(1);

impl Script {
    pub(crate) fn plan(world: &mut World) -> Self {
        let mut script = Self { acts: BTreeMap::new(), count: 0, over: Instant::ZERO, probes: Vec::new() };
        let end = world.now + world.swarm.busy;
        let every = world.swarm.burst_every.as_micros() as u64;
        let mut at = world.now + world.random.micros(0..=every);
        while at < end {
            let burst = 1 + world.random.below(world.swarm.burst);
            script.add(world, at, Act::Burst(burst));
            at = at + world.random.micros(1..=2 * every);
        }
        script.add(world, end, Act::Heal);
        let longest = Duration::from_millis(world.swarm.timeout_millis.1) + world.swarm.connect_timeout;
        if world.swarm.closes_early {
            let at = world.now + world.random.micros(0..=world.swarm.busy.as_micros() as u64);
            script.add(world, at, Act::Close);
            script.over = end + longest + LONGEST;
        } else {
            // A narrow link works off what had piled up for longer than this.
            let is_quick = world.swarm.capacity > 9000;
            if is_quick && !world.swarm.faults.contains(&Fault::BlackHole) {
                script.add(world, end + ANSWERED, Act::Calm);
            }
            let probe = end + longest + FOUND_OUT;
            // Close behind each other: one may find the link still writing what the one before has sent.
            for _ in 0..PROBES {
                let behind = world.random.micros(0..=4 * world.swarm.latency_micros.1);
                script.add(world, probe + behind, Act::Probe);
            }
            script.add(world, probe + PROBED, Act::Rest);
            let called = probe + PROBED + CALLED;
            let spread = 10 * world.swarm.latency_micros.1;
            for _ in 0..if world.swarm.calls > 0 { CALLS } else { 0 } {
                // So that some are being answered then, and others are on their way to a node.
                let behind = world.random.micros(0..=spread);
                script.add(world, called + behind, Act::Call);
            }
            let close = called + Duration::from_micros(spread);
            script.add(world, close, Act::Close);
            // Over a narrow link a call may take all of its time.
            script.over = close + CALLED + Duration::from_millis(world.swarm.timeout_millis.1);
        }
        // Something must happen then.
        script.count += 1;
        world.agenda.plan(script.over, Happening::Wake(script.count));
        script
    }

    pub(crate) fn add(&mut self, world: &mut World, at: Instant, act: Act) {
        self.count += 1;
        self.acts.insert(self.count, act);
        world.agenda.plan(at, Happening::Wake(self.count));
    }

    pub(crate) fn take(&mut self, id: u64) -> Option<Act> {
        self.acts.remove(&id)
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now >= self.over
    }

    /// A probe is about to be sent. All else has ended by then: only other probes can have taken its place.
    pub(crate) fn note_probe(&mut self, ledger: &Ledger, max_in_flight: usize) {
        let is_open = |probe: &&Probe| ledger.entries[probe.number].outcome.is_none();
        let open = self.probes.iter().filter(is_open).count();
        self.probes.push(Probe { number: ledger.next(), has_place: open < max_in_flight });
    }

    /// Every probe for which there was a place was answered: nobody has closed the connection yet. If it was told that
    /// there is none, there is nothing to be reached.
    pub(crate) fn check_probes(&self, ledger: &Ledger) -> Result<(), String> {
        if ledger.connected.is_none() {
            return match ledger.connect_failed {
                Some(_) => Ok(()),
                None => Err("long after its time nobody knows whether there is a connection".into()),
            };
        }
        for probe in &self.probes {
            let outcome = &ledger.entries[probe.number].outcome;
            let is_right = match outcome {
                Some(Outcome::Answered(_)) => true,
                // So says the machine, and so a handle.
                Some(Outcome::Refused(kind) | Outcome::Failed { kind, .. }) => {
                    *kind == ErrorKind::Overloaded && !probe.has_place
                }
                Some(Outcome::GivenUp) | None => false,
            };
            if !is_right {
                return Err(format!(
                    "long after everything was mended {} cannot be reached: {outcome:?}",
                    ledger.entries[probe.number].draft.key
                ));
            }
        }
        Ok(())
    }
}
