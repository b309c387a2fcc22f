//! Nodes that answer anything at all, and configurations that change in every way: no panic, no operation without an
//! end or with two, no timer that is due for ever, no storm of links, and a client that closes when told to.

use crate::random::Random;
use crate::script::{Received, Script, cluster};
use couchbase_core::machine::{LinkId, LinkLoss, OpId, Request};
use couchbase_core::wire::{Opcode, Outgoing, Status};
use couchbase_core::{Encoded, Flags, Instant};
use std::collections::BTreeMap;
use std::time::Duration;

#[test]
fn whatever_nodes_say_every_operation_ends_in_time() {
    for seed in 0..120 {
        let outcome = std::panic::catch_unwind(|| {
            let mut noise = Noise::new(seed);
            (0..300).for_each(|_| noise.step());
            noise.close();
        });
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

struct Noise {
    random: Random,
    script: Script,
    /// Requests that could still be answered.
    asked: Vec<(LinkId, Received)>,
    deadlines: BTreeMap<OpId, Instant>,
    cancelled: Vec<OpId>,
    rev: u32,
}

impl Noise {
    fn new(seed: u64) -> Self {
        let mut config = couchbase_core::Config::new("couchbase://10.0.0.1,10.0.0.2,db.example/default");
        if seed.is_multiple_of(2) {
            config = config.max_in_flight(3).max_queued(5);
        }
        let script = Script::new(config, cluster(1, &["10.0.0.1", "10.0.0.2"], &[0, 1, 0, 1, 0]));
        let mut noise = Self {
            random: Random(seed),
            script,
            asked: Vec::new(),
            deadlines: BTreeMap::new(),
            cancelled: Vec::new(),
            rev: 1,
        };
        if seed.is_multiple_of(3) {
            noise.script.config = noise.script.config.replace(r#""name":"default","#, "");
        }
        if !seed.is_multiple_of(5) {
            noise.resolve();
            let link = noise.script.opened.remove(0).0;
            noise.script.establish(link);
        }
        noise
    }

    fn step(&mut self) {
        match self.below(16) {
            0..5 => self.submit(),
            5 => self.connect(),
            6..12 => self.reply(),
            12 => {
                if let Some(link) = self.any_link() {
                    self.script.client.handle_lost(link, LinkLoss::Eof, self.script.now);
                }
            }
            13 => {
                let ops: Vec<OpId> = self.deadlines.keys().copied().collect();
                if !ops.is_empty() {
                    let op = ops[self.below(ops.len() as u64) as usize];
                    if !self.script.results.contains_key(&op) {
                        self.script.client.cancel(op, self.script.now);
                        self.cancelled.push(op);
                    }
                }
            }
            14 => {
                // Garbage, or a piece of a frame.
                let bytes: Vec<u8> = (0..self.below(60)).map(|_| self.below(256) as u8).collect();
                if let Some(link) = self.any_link().filter(|_| self.below(4) == 0) {
                    let now = self.script.now;
                    self.script.client.handle_input(link, &mut bytes[..].into(), now);
                }
            }
            _ => {
                let time = Duration::from_micros(1 << self.below(22));
                self.pass(time);
            }
        }
        self.script.events();
        self.check();
    }

    fn submit(&mut self) {
        let key = format!("k{}", self.below(6));
        let value = Encoded::new(vec![b'v'; self.below(6000) as usize], Flags::BYTES);
        let request = match self.below(5) {
            0 | 1 => Request::get(key),
            2 => Request::counter(key, 1),
            3 => Request::set(key, value),
            _ => Request::delete(key).with_quiet(true),
        };
        let (timeout, now) = (Duration::from_millis(1 + self.below(2000)), self.script.now);
        if let Ok(op) = self.script.client.submit_in_line(request, timeout, now) {
            // Before the connection the connect timeout rules.
            let rest = if self.script.client.is_connected() { timeout } else { Duration::from_secs(13) };
            self.deadlines.insert(op, now + rest);
        }
    }

    fn resolve(&mut self) {
        let addrs =
            ["10.0.0.2:11210", "10.0.0.1:11210", "[fd00::1]:11210"].map(|addr| addr.parse().expect("one"));
        for query in std::mem::take(&mut self.script.resolving) {
            let count = if self.script.client.is_connected() { self.below(4) as usize } else { 2 };
            self.script.client.handle_resolved(query, &addrs[..count], self.script.now);
        }
        self.script.events();
    }

    fn connect(&mut self) {
        self.resolve();
        if !self.script.opened.is_empty() {
            let link = self.script.opened.remove(0).0;
            if self.below(8) > 0 {
                self.script.config = self.cluster();
                self.script.establish(link);
            } else {
                self.script.client.handle_lost(link, LinkLoss::Refused, self.script.now);
            }
        }
    }

    /// A reply to something that was asked, or to nothing, right in some points and wrong in others.
    fn reply(&mut self) {
        while let Some(link) = self.script.client.poll_dirty() {
            let requests = self.script.requests(link);
            self.asked.extend(requests.into_iter().map(|asked| (link, asked)));
        }
        if self.asked.is_empty() {
            return;
        }
        let at = self.below(self.asked.len() as u64) as usize;
        let keeps = self.below(8) == 0;
        let (link, opcode, mut opaque) = (self.asked[at].0, self.asked[at].1.opcode, self.asked[at].1.opaque);
        if !keeps {
            self.asked.swap_remove(at);
        }
        let statuses = [0, 0, 0, 1, 2, 7, 7, 7, 8, 0x0d, 0x1f, 0x24, 0x82, 0x84, 0x86, 0x86, 0x85, 0x7001];
        let status = Status(statuses[self.below(statuses.len() as u64) as usize]);
        let value = match self.below(4) {
            0 => Vec::new(),
            1 => vec![0; 8],
            2 => self.cluster().into_bytes(),
            _ => vec![b'{'; self.below(200) as usize],
        };
        let extras = [0; 8];
        let extras = &extras[..[0, 4, 4, 4, 8][self.below(5) as usize]];
        if self.below(20) == 0 {
            opaque ^= 1 << self.below(32);
        }
        let opcode = if self.below(30) == 0 { Opcode::NOOP } else { opcode };
        self.script
            .say(link, Outgoing { opaque, extras, value: &value, ..Outgoing::response(opcode, status) });
    }

    fn cluster(&mut self) -> String {
        let hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "$HOST", "db.example"];
        let servers: Vec<&str> = (0..1 + self.below(4)).map(|_| hosts[self.below(6) as usize]).collect();
        let count = if self.below(5) == 0 { 1 + self.below(9) } else { 5 };
        let row = |noise: &mut Self| noise.below(servers.len() as u64 + 1) as i32 - 1;
        let vbuckets: Vec<i32> = (0..count).map(|_| row(self)).collect();
        self.rev += self.below(2) as u32;
        let rev = [self.rev, self.rev, self.rev, 0, self.rev.saturating_sub(1)][self.below(5) as usize];
        let mut json = cluster(rev, &servers, &vbuckets);
        if self.below(3) == 0 {
            json = json.replace(r#"{"hostname""#, r#"{"thisNode":true,"hostname""#);
        }
        if self.below(6) == 0 {
            json = json.replace(r#""name":"default","#, "");
        }
        if self.below(8) == 0 {
            json = json.replacen(r#""services":{"kv":11210}"#, r#""services":{"mgmt":8091}"#, 1);
        }
        json
    }

    fn pass(&mut self, time: Duration) {
        let end = self.script.now + time;
        while let Some((at, _)) = self.script.client.poll_timeout().filter(|&(at, _)| at <= end) {
            self.script.now = self.script.now.max(at);
            self.script.client.handle_timeout(self.script.now);
            self.script.events();
            let (now, next) = (self.script.now, self.script.client.poll_timeout());
            assert!(next.is_none_or(|(at, _)| at > now), "{next:?} is due at {now:?}");
            self.check();
        }
        self.script.now = end;
    }

    fn check(&mut self) {
        let now = self.script.now;
        for (op, &deadline) in &self.deadlines {
            let has_ended = self.script.results.contains_key(op);
            if self.cancelled.contains(op) {
                assert!(!has_ended, "{op:?} was cancelled");
            } else {
                assert!(has_ended || now < deadline + Duration::from_millis(16), "{op:?} has no end");
            }
        }
        let (results, cancelled) = (&self.script.results, &self.cancelled);
        self.deadlines.retain(|op, _| !results.contains_key(op) && !cancelled.contains(op));
        self.script.results.clear();
        self.cancelled.clear();
        let metrics = self.script.client.metrics();
        assert_eq!(metrics.in_flight + metrics.in_line, self.deadlines.len(), "{metrics:?}");
        // A map has up to four nodes; each has a link, is being opened, or was left a moment ago.
        assert!(self.script.opened.len() < 500, "a storm of links");
    }

    fn close(&mut self) {
        self.script.client.close(self.script.now);
        self.script.events();
        self.pass(Duration::from_secs(15));
        assert!(self.deadlines.is_empty());
        assert!(self.script.client.poll_timeout().is_none(), "closed");
        assert_eq!((self.script.client.metrics().orphans, self.script.client.in_flight()), (0, 0));
    }

    fn any_link(&mut self) -> Option<LinkId> {
        let count = self.asked.len() as u64;
        (count > 0).then(|| self.below(count) as usize).map(|at| self.asked[at].0)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }
}
