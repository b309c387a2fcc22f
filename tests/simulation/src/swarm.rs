//! What a seed draws before it begins: the cluster's shape, the network's manners, which faults there are and how often.
//!
//! Whole kinds of fault are switched off in each run, so that rare ones get runs in which nothing hides them. All of
//! it goes into the trace.

use crate::fault::Fault;
use crate::random::Random;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(crate) struct Swarm {
    pub(crate) nodes: usize,
    pub(crate) replicas: usize,
    pub(crate) vbuckets: u16,
    pub(crate) login: Login,
    /// Nodes are known by names that must be looked up, not by addresses.
    pub(crate) has_names: bool,
    /// How many of the nodes the connection string names.
    pub(crate) seeds: usize,

    pub(crate) keys: usize,
    /// For how long operations are submitted and faults happen.
    pub(crate) busy: Duration,
    /// Mean time between bursts of operations, and the longest burst.
    pub(crate) burst_every: Duration,
    pub(crate) burst: usize,
    pub(crate) timeout_millis: (u64, u64),
    pub(crate) connect_timeout: Duration,
    pub(crate) max_in_flight: usize,
    pub(crate) max_in_flight_bytes: usize,
    pub(crate) max_queued: usize,
    pub(crate) large_value: usize,
    /// Operations in a thousand that are given up by whoever sent them.
    pub(crate) cancels: u64,
    /// Closed in the middle of it all.
    pub(crate) closes_early: bool,

    pub(crate) latency_micros: (u64, u64),
    /// Bytes that a link holds for the other side before writing blocks.
    pub(crate) capacity: usize,
    /// Streams are cut into pieces at any byte, read and written in pieces.
    pub(crate) is_choppy: bool,
    /// Server frames in a thousand behind which a former one is repeated, one that nobody asked for comes, or garbage.
    pub(crate) repeats: u64,
    pub(crate) inventions: u64,
    pub(crate) garbage: u64,
    /// Configurations in a thousand for which the node gives one that it gave before.
    pub(crate) lags: u64,

    /// In a thousand bursts, how many come with a view query or something of a design document; only on a driver.
    pub(crate) calls: u64,
    /// Most rows of a view.
    pub(crate) rows: usize,
    pub(crate) http: HttpTrouble,

    pub(crate) faults: Vec<Fault>,
    pub(crate) fault_every: Duration,
    /// Faults do not wait for the first connection.
    pub(crate) is_hostile: bool,
}

/// What goes wrong with the answers of view services, each in a thousand answers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HttpTrouble {
    /// A status without success.
    pub(crate) refusals: u64,
    /// The engine gives up behind the rows.
    pub(crate) errors: u64,
    /// The link is closed in the middle of the body, or before it.
    pub(crate) cuts: u64,
    /// Nothing follows, for ever.
    pub(crate) stalls: u64,
    /// Nothing follows for a while.
    pub(crate) pauses: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    Nobody,
    Plain,
    /// Thousands of hash rounds: rare.
    Scram,
}

impl Swarm {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let nodes = 1 + random.below(4);
        let replicas = random.below(nodes.min(3));
        // From nearly calm to everything at once. Moves are where order is hardest to keep.
        let share = *random.pick(&[150, 350, 600]);
        let faults: Vec<Fault> = Fault::ALL
            .into_iter()
            .filter(|fault| random.chance(share) && fault.is_possible(nodes, replicas))
            .flat_map(|fault| std::iter::repeat_n(fault, if fault.is_move() { 4 } else { 1 }))
            .collect();
        let is_tight = random.chance(250);
        let max_in_flight = if is_tight { 1 + random.below(8) } else { 4096 };
        let is_slow = random.chance(150);
        let rate = |random: &mut Random, most: u64| {
            if random.chance(400) { 1 + random.within(0..=most) } else { 0 }
        };
        let busy = random.millis(500..=8000);
        Self {
            nodes,
            replicas,
            vbuckets: *random.pick(&[1, 2, 4, 8, 16, 64]),
            login: *random.pick(&[[Login::Nobody; 8], [Login::Plain; 8], [Login::Nobody; 8]].concat()),
            has_names: random.chance(300),
            seeds: 1 + random.below(nodes),
            keys: 1 + random.below(5),
            busy,
            burst_every: random.millis(4..=120),
            burst: 1 + random.below(*random.clone().pick(&[2, 6, 20])),
            timeout_millis: *random.pick(&[(2500, 2500), (20, 2500), (1, 300), (500, 6000)]),
            connect_timeout: random.millis(2000..=10_000),
            max_in_flight,
            max_in_flight_bytes: if is_tight && random.chance(500) { 200 } else { 64 << 20 },
            max_queued: if is_tight { random.below(12) } else { 65_536 },
            large_value: if random.chance(150) { 12_000 } else { 40 },
            cancels: if random.chance(500) { random.within(0..=200) } else { 0 },
            closes_early: random.chance(100),
            latency_micros: if is_slow { (1000, 60_000) } else { (20, *random.pick(&[100, 1000, 8000])) },
            capacity: *random.pick(&[48, 700, 9000, 1 << 20]),
            is_choppy: random.chance(600),
            repeats: rate(random, 150),
            inventions: rate(random, 80),
            garbage: if random.chance(100) { random.within(1..=8) } else { 0 },
            fault_every: random.millis(5..=400),
            faults,
            is_hostile: random.chance(120),
            lags: 0,
            calls: 0,
            rows: 0,
            http: HttpTrouble::default(),
        }
        .with_scram(random)
        // From a stream of its own: the rest of the run stays what it was.
        .with_lags(&mut random.clone().fork())
        .with_views(&mut random.clone().fork().fork())
    }

    fn with_views(mut self, random: &mut Random) -> Self {
        if random.chance(500) {
            self.calls = random.within(50..=700);
            // What is under way then, and what is between two attempts, ends in ways of its own.
            self.closes_early |= random.chance(250);
        }
        self.rows = *random.pick(&[2, 12, 60]);
        let rate = |random: &mut Random| if random.chance(400) { random.within(20..=400) } else { 0 };
        self.http = HttpTrouble {
            refusals: rate(random),
            errors: rate(random),
            cuts: rate(random),
            stalls: rate(random) / 4,
            pauses: rate(random),
        };
        self
    }

    fn with_lags(mut self, random: &mut Random) -> Self {
        self.lags = if random.chance(400) { random.within(50..=600) } else { 0 };
        self
    }

    fn with_scram(mut self, random: &mut Random) -> Self {
        if random.chance(20) {
            self.login = Login::Scram;
        }
        self
    }
}
