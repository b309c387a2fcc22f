//! Many random interleavings against the model: what was promised is read off its log of effects.
//!
//! Requests travel and arrive in any pieces, replies too, some twice; temporary failures, vbuckets that move in two
//! steps, links that are cut while their requests are on the way (and still arrive, or not), nodes that answer
//! nothing for a while, operations cancelled, deadlines that pass. After each round everything heals. Then:
//!
//! * each operation has ended exactly once (never, if it was cancelled), within its deadline, and soon after healing;
//! * a success took effect exactly once, a failure that is not ambiguous not at all;
//! * two operations on a key that conflict and both succeeded took effect in the order in which they were sent;
//! * nothing is left: no place taken, no orphan, one link a node.

mod rest;
mod wires;

use crate::random::Random;
use crate::rig::text;
use couchbase_core::machine::{Client, Event, LinkId, OpId, Request};
use couchbase_core::wire::{Opcode, Status};
use couchbase_core::{Config, Error, Instant, Reply};
use couchbase_testkit::model::{ConnId, Model, NodeAddress, Setup};
use std::collections::BTreeMap;
use std::time::Duration;
use wires::Wire;

const NODES: usize = 3;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const LATE: Duration = Duration::from_millis(16);

#[test]
fn the_promises_hold_in_any_interleaving() {
    let seeds = std::env::var("CHAOS_SEEDS").map_or(60, |count| count.parse().expect("a number of seeds"));
    let first = std::env::var("CHAOS_SEED").map_or(0, |seed| seed.parse().expect("a seed"));
    for seed in first..first + seeds {
        let outcome = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            (0..12).for_each(|round| world.round(round));
        });
        assert!(outcome.is_ok(), "to see it again: CHAOS_SEED={seed} CHAOS_SEEDS=1");
    }
}

/// One operation and what became of it.
struct Asked {
    op: OpId,
    key: String,
    /// What a write leaves at the end of the document; a read has none.
    token: Option<String>,
    /// Unknown if it was sent before the connection was there.
    deadline: Option<Instant>,
    is_cancelled: bool,
    outcome: Option<Result<Reply, Error>>,
}

struct World {
    random: Random,
    client: Client,
    model: Model,
    now: Instant,
    wires: BTreeMap<LinkId, Wire>,
    /// What was on its way when its link was cut, and may still arrive.
    ghosts: Vec<(ConnId, Vec<u8>)>,
    mute: [bool; NODES],
    asked: Vec<Asked>,
    /// The model's effects before this round.
    effects: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let address =
            |node| NodeAddress { host: format!("10.0.0.{}", node + 1), kv: 11210, views: 8092, mgmt: 8091 };
        let model = Model::new(Setup {
            nodes: (0..NODES).map(address).collect(),
            replicas: 1,
            vbuckets: 4,
            buckets: vec!["default".into()],
            users: Vec::new(),
            anonymous: true,
            seed,
            scram_iterations: 4096,
            unix_time: Duration::from_secs(1_700_000_000),
            record_effects: true,
        });
        let mut config = Config::new("couchbase://10.0.0.1,10.0.0.2/default");
        if seed.is_multiple_of(3) {
            config = config.max_in_flight(2 + (seed / 3 % 4) as usize);
        }
        let now = Instant::ZERO + Duration::from_secs(1);
        let mut world = Self {
            random: Random(seed),
            client: Client::new(config, seed, now).expect("valid"),
            model,
            now,
            wires: BTreeMap::new(),
            ghosts: Vec::new(),
            mute: [false; NODES],
            asked: Vec::new(),
            effects: 0,
        };
        if !seed.is_multiple_of(4) {
            world.heal();
        }
        world
    }

    fn round(&mut self, round: u32) {
        for _ in 0..20 + self.below(100) {
            self.step(round);
        }
        self.heal();
        self.check();
        self.asked.clear();
        self.effects = self.model.effects().len();
    }

    fn step(&mut self, round: u32) {
        match self.below(100) {
            0..30 => self.submit(round),
            30..48 => self.pull(),
            48..66 => {
                if let Some(link) = self.any_link() {
                    self.deliver(link);
                }
            }
            66..82 => {
                if let Some(link) = self.any_link() {
                    self.answer(link);
                }
            }
            82..87 => {
                let time = Duration::from_micros(self.below(20_000));
                self.pass(time);
            }
            87..90 => {
                let opcode = [Opcode::SET, Opcode::APPEND, Opcode::GET][self.below(3) as usize];
                let status = [Status::ETMPFAIL, Status::EBUSY][self.below(2) as usize];
                let count = 1 + self.below(2);
                self.model.answer_next(count, opcode, status);
            }
            90..92 => {
                let (vbucket, to) = (self.below(4) as u16, self.below(NODES as u64) as usize);
                self.model.hand_over(vbucket, to);
            }
            92..94 => {
                let vbucket = self.below(4) as u16;
                self.model.announce(vbucket);
            }
            94..95 => {
                // The first connection has no second try.
                if let Some(link) = self.any_link().filter(|_| self.client.is_connected()) {
                    self.cut(link);
                }
            }
            95..97 => {
                for _ in 0..=self.below(8) {
                    self.cancel();
                }
            }
            97..98 => {
                let node = self.below(NODES as u64) as usize;
                self.mute[node] ^= true;
            }
            _ => self.ghost(),
        }
    }

    fn submit(&mut self, round: u32) {
        let key = format!("{}{round}", KEYS[self.below(4) as usize]);
        let token = format!("{}.{};", round, self.asked.len());
        let (request, token) = match self.below(5) {
            0 | 1 => (Request::get(&key).with_quiet(true), None),
            2 | 3 => (Request::set(&key, text(&token)), Some(token)),
            _ => (Request::append(&key, token.as_str()), Some(token)),
        };
        let timeout = Duration::from_millis(if self.below(6) == 0 { 1 + self.below(60) } else { 60_000 });
        let accepted = if self.below(5) == 0 {
            self.client.submit(request, timeout, self.now)
        } else {
            self.client.submit_in_line(request, timeout, self.now)
        };
        let deadline = self.client.is_connected().then(|| self.now + timeout);
        match accepted {
            Ok(op) => self.asked.push(Asked { op, key, token, deadline, is_cancelled: false, outcome: None }),
            Err(refused) => assert_eq!(refused.error.kind(), couchbase_core::ErrorKind::Overloaded),
        }
        self.events();
    }

    fn cancel(&mut self) {
        let open: Vec<usize> = (0..self.asked.len()).filter(|&n| self.asked[n].outcome.is_none()).collect();
        if !open.is_empty() {
            let n = open[self.below(open.len() as u64) as usize];
            self.asked[n].is_cancelled = true;
            self.client.cancel(self.asked[n].op, self.now);
            self.events();
        }
    }

    fn events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Finished { op, result } => {
                    let asked =
                        self.asked.iter_mut().rev().find(|asked| asked.op == op).expect("one of ours");
                    assert!(asked.outcome.is_none() && !asked.is_cancelled, "{op:?} ended twice");
                    assert!(
                        asked.deadline.is_none_or(|at| self.now < at + LATE),
                        "{op:?} ended late: {result:?}"
                    );
                    asked.outcome = Some(result);
                }
                Event::Open { link, addr } => self.open(link, addr),
                Event::Close { link } => {
                    if let Some(wire) = self.wires.remove(&link) {
                        self.ghosts.push((wire.conn, wire.requests));
                    }
                }
                Event::Connected => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.client.poll_timeout().filter(|&(at, _)| at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            self.events();
            let next = self.client.poll_timeout();
            assert!(next.is_none_or(|(at, _)| at > self.now), "{next:?} is not after {:?}", self.now);
        }
        self.now = end;
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }
}
