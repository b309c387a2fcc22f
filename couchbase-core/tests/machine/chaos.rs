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

use crate::random::Random;
use crate::rig::text;
use bytes::BytesMut;
use couchbase_core::machine::{Client, Event, LinkId, LinkLoss, OpId, Request, Transmit};
use couchbase_core::wire::{Opcode, Status, peek};
use couchbase_core::{Config, Error, Instant, Reply};
use couchbase_testkit::model::{ConnId, Model, NodeAddress, Setup};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

const NODES: usize = 3;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
/// From here on opaques are those of links, not of operations.
const OWN_OPAQUES: u32 = 0xfff0_0000;
const LATE: Duration = Duration::from_millis(16);
/// Backoff, the next configuration and a link that owes an answer for 10 s must all fit in.
const HEALING: Duration = Duration::from_secs(16);

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

struct Wire {
    node: usize,
    conn: ConnId,
    /// On the way to the node, and on the way back.
    requests: Vec<u8>,
    replies: Vec<u8>,
    received: BytesMut,
    /// Replies that will come a second time.
    echoes: Vec<Vec<u8>>,
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

    fn open(&mut self, link: LinkId, addr: SocketAddr) {
        let SocketAddr::V4(addr) = addr else { panic!("this cluster is IPv4") };
        let node = usize::from(addr.ip().octets()[3]) - 1;
        let conn = self.model.accept(node, self.now).expect("no node is stopped");
        let wire = Wire {
            node,
            conn,
            requests: Vec::new(),
            replies: Vec::new(),
            received: BytesMut::new(),
            echoes: Vec::new(),
        };
        self.wires.insert(link, wire);
        self.client.handle_connected(link, self.now);
    }

    fn pull(&mut self) {
        let mut batch = Transmit::new();
        while let Some(link) = self.client.poll_dirty() {
            while self.client.poll_transmit(link, &mut batch) {
                let wire = self.wires.get_mut(&link).expect("an open link");
                batch.chunks().for_each(|chunk| wire.requests.extend_from_slice(chunk));
                batch.clear();
            }
        }
    }

    /// Some of the bytes on their way to a node arrive.
    fn deliver(&mut self, link: LinkId) {
        let Some(wire) = self.wires.get(&link) else { return };
        if self.mute[wire.node] || wire.requests.is_empty() {
            return;
        }
        let most = wire.requests.len() as u64;
        let count = if self.below(3) == 0 { self.below(most) + 1 } else { most };
        let Some(wire) = self.wires.get_mut(&link) else { return };
        let arrived: Vec<u8> = wire.requests.drain(..count as usize).collect();
        self.model.handle_input(wire.conn, &arrived, self.now);
        self.model.poll_output(wire.conn, &mut wire.replies);
    }

    /// Some of the bytes on their way from a node arrive; an operation's reply now and then twice.
    fn answer(&mut self, link: LinkId) {
        let (part, repeats, echo) = (self.below(3) == 0, self.below(8) == 0, self.below(4) == 0);
        let cut = self.below(1 << 16) as usize;
        let Some(wire) = self.wires.get_mut(&link) else { return };
        if wire.replies.is_empty() {
            return;
        }
        if wire.received.is_empty() {
            let whole =
                peek(&wire.replies, usize::MAX).ok().flatten().filter(|reply| reply.opaque() < OWN_OPAQUES);
            if let Some(reply) = whole.filter(|_| repeats) {
                wire.echoes.push(wire.replies[..reply.len()].to_vec());
            } else if let Some(again) = wire.echoes.pop_if(|_| echo) {
                wire.received.extend(again);
            }
        }
        let count = if part { cut % wire.replies.len() + 1 } else { wire.replies.len() };
        wire.received.extend(wire.replies.drain(..count));
        let mut received = std::mem::take(&mut wire.received);
        self.client.handle_input(link, &mut received, self.now);
        if let Some(wire) = self.wires.get_mut(&link) {
            wire.received = received;
        }
        self.events();
    }

    fn cut(&mut self, link: LinkId) {
        let Some(wire) = self.wires.remove(&link) else { return };
        self.ghosts.push((wire.conn, wire.requests));
        self.client.handle_lost(link, LinkLoss::Reset, self.now);
        self.events();
    }

    /// What a cut link had on its way arrives after all, or never.
    fn ghost(&mut self) {
        if !self.ghosts.is_empty() {
            let ghost = self.below(self.ghosts.len() as u64) as usize;
            let (conn, requests) = self.ghosts.swap_remove(ghost);
            if self.below(2) == 0 {
                self.model.handle_input(conn, &requests, self.now);
            }
            self.model.handle_closed(conn);
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

    /// Everything works from now on, and time passes until all has come to its end.
    fn heal(&mut self) {
        self.mute = [false; NODES];
        (0..4).for_each(|vbucket| self.model.announce(vbucket));
        let end = self.now + HEALING;
        while self.now < end {
            while self.carry() {}
            if self.is_healed() {
                return;
            }
            let next = self.client.poll_timeout().map_or(end, |(at, _)| at);
            self.pass(next - self.now);
        }
        assert!(self.is_healed(), "stuck: {:?}\n{:?}", self.client.metrics(), self.client);
    }

    /// Everything that is on its way arrives; true if anything was.
    fn carry(&mut self) -> bool {
        self.pull();
        while !self.ghosts.is_empty() {
            self.ghost();
        }
        let links: Vec<LinkId> = self.wires.keys().copied().collect();
        for link in links {
            self.deliver(link);
            self.answer(link);
        }
        self.pull();
        self.wires.values().any(|wire| !wire.requests.is_empty() || !wire.replies.is_empty())
    }

    fn is_healed(&self) -> bool {
        let metrics = self.client.metrics();
        self.wires.len() == NODES
            && self.wires.values().all(|wire| wire.requests.is_empty() && wire.replies.is_empty())
            && (metrics.in_flight, metrics.in_line, metrics.orphans) == (0, 0, 0)
    }

    fn check(&self) {
        for asked in &self.asked {
            assert!(asked.outcome.is_some() != asked.is_cancelled, "{:?} has no outcome", asked.op);
        }
        for name in self.asked.iter().map(|asked| &asked.key) {
            self.check_key(name);
        }
    }

    fn check_key(&self, key: &str) {
        let effects = &self.model.effects()[self.effects..];
        let values = effects.iter().filter(|effect| effect.key == key.as_bytes());
        let values: Vec<&[u8]> = values.map(|effect| effect.value.as_deref().unwrap_or_default()).collect();
        // How many effects had come before a success, its own included; of a read, before it. In order of sending.
        let mut writes_to = 0;
        let mut reads_to = 0;
        for asked in self.asked.iter().filter(|asked| asked.key == key) {
            match (&asked.token, &asked.outcome) {
                (Some(token), outcome) => {
                    let own = |value: &&[u8]| value.ends_with(token.as_bytes());
                    let times = values.iter().filter(|value| own(value)).count();
                    match outcome {
                        Some(Ok(_)) => {
                            assert_eq!(times, 1, "{key}: {token} took effect {times} times: {values:?}");
                            let at = values.iter().position(own).map_or(0, |at| at + 1);
                            assert!(at > writes_to, "{key}: {token} before an earlier write: {values:?}");
                            assert!(at > reads_to, "{key}: {token} before an earlier read: {values:?}");
                            writes_to = at;
                        }
                        Some(Err(error)) if !error.is_ambiguous() => {
                            assert_eq!(times, 0, "{key}: {token} was carried out, yet: {error}");
                        }
                        _ => assert!(times <= 1, "{key}: {token} took effect {times} times"),
                    }
                }
                (None, Some(Ok(reply))) => {
                    let seen = reply.bytes();
                    let at = values.iter().position(|value| value == seen).map_or(0, |at| at + 1);
                    assert!(at >= writes_to, "{key}: a read before an earlier write: {values:?}, {seen:?}");
                    reads_to = reads_to.max(at);
                }
                (None, Some(Err(error))) => assert!(!error.is_ambiguous(), "{error}"),
                (None, None) => {}
            }
        }
    }

    fn any_link(&mut self) -> Option<LinkId> {
        let count = self.wires.len() as u64;
        (count > 0).then(|| self.below(count) as usize).and_then(|n| self.wires.keys().nth(n).copied())
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }
}
