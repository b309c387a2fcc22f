//! A client's machine and a cluster's model with bytes carried between them by hand.

use bytes::BytesMut;
use couchbase_core::machine::{Client, Event, LinkId, LinkLoss, OpId, Request, Transmit};
use couchbase_core::wire::{Opcode, Status};
use couchbase_core::{Bytes, Config, Encoded, Error, Flags, Instant, Reply};
use couchbase_testkit::model::{ConnId, Model, NodeAddress, Setup, User};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

/// What operations are given unless the test says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(2500);

pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) model: Model,
    pub(crate) now: Instant,
    pub(crate) results: BTreeMap<OpId, Result<Reply, Error>>,
    /// Every event but the outcomes of operations, in words.
    pub(crate) log: Vec<String>,
    /// Where the bytes lie that the client was given last.
    pub(crate) received: Range<usize>,
    wires: BTreeMap<LinkId, Wire>,
}

/// One link: bytes on their way in both directions.
struct Wire {
    node: usize,
    conn: ConnId,
    requests: Vec<u8>,
    replies: BytesMut,
}

impl Rig {
    /// A client of a cluster with so many nodes, 64 vbuckets and one replica. Nothing has happened yet.
    pub(crate) fn new(nodes: usize) -> Self {
        Self::with(nodes, |config| config)
    }

    pub(crate) fn with(nodes: usize, configure: impl FnOnce(Config) -> Config) -> Self {
        Self::asking_for(4096, nodes, configure)
    }

    /// The same, with nodes that ask for so many rounds of SCRAM.
    pub(crate) fn asking_for(rounds: u32, nodes: usize, configure: impl FnOnce(Config) -> Config) -> Self {
        let addresses = (0..nodes).map(|node| NodeAddress {
            host: format!("10.0.0.{}", node + 1),
            kv: 11210,
            views: 8092,
            mgmt: 8091,
        });
        let model = Model::new(Setup {
            nodes: addresses.collect(),
            replicas: 1.min(nodes - 1),
            vbuckets: 64,
            buckets: vec!["default".into()],
            users: vec![User::new("app", "secret")],
            anonymous: false,
            seed: 7,
            scram_iterations: rounds,
            unix_time: Duration::from_secs(1_700_000_000),
            record_effects: true,
        });
        let config = configure(Config::new("couchbase://app:secret@10.0.0.1/default"));
        let now = Instant::ZERO + Duration::from_secs(1);
        let client = Client::new(config, 1, now).expect("a valid configuration");
        Self {
            client,
            model,
            now,
            results: BTreeMap::new(),
            log: Vec::new(),
            received: 0..0,
            wires: BTreeMap::new(),
        }
    }

    /// The same, connected to all nodes.
    pub(crate) fn connected(nodes: usize) -> Self {
        let mut rig = Self::new(nodes);
        rig.run();
        assert!(rig.client.is_connected(), "{:?}", rig.log);
        assert_eq!(rig.wires.len(), nodes, "a link to each node");
        rig
    }

    pub(crate) fn submit(&mut self, request: Request) -> OpId {
        self.client.submit(request, TIMEOUT, self.now).expect("accepted")
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) -> OpId {
        self.submit(Request::set(key, text(value)))
    }

    pub(crate) fn get(&mut self, key: &str) -> OpId {
        self.submit(Request::get(key))
    }

    /// Carries out the client's events and pulls its bytes; the cluster sees none of them yet.
    pub(crate) fn pull(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Finished { op, result } => {
                    assert!(self.results.insert(op, result).is_none(), "{op:?} ended twice");
                }
                Event::Open { link, addr } => {
                    self.log.push(format!("open {addr}"));
                    self.open(link, addr);
                }
                Event::Close { link } => {
                    self.log.push("close".into());
                    self.close(link);
                }
                other => self.log.push(format!("{other:?}")),
            }
        }
        let mut batch = Transmit::new();
        while let Some(link) = self.client.poll_dirty() {
            while self.client.poll_transmit(link, &mut batch) {
                let wire = self.wires.get_mut(&link).expect("an open link");
                batch.chunks().for_each(|chunk| wire.requests.extend_from_slice(chunk));
                batch.clear();
            }
        }
    }

    fn open(&mut self, link: LinkId, addr: SocketAddr) {
        let SocketAddr::V4(addr) = addr else { panic!("this cluster is IPv4") };
        let node = usize::from(addr.ip().octets()[3]) - 1;
        match self.model.accept(node, self.now) {
            Some(conn) => {
                let wire = Wire { node, conn, requests: Vec::new(), replies: BytesMut::new() };
                self.wires.insert(link, wire);
                self.client.handle_connected(link, self.now);
            }
            None => self.client.handle_lost(link, LinkLoss::Refused, self.now),
        }
    }

    fn close(&mut self, link: LinkId) {
        if let Some(wire) = self.wires.remove(&link) {
            self.model.handle_closed(wire.conn);
        }
    }

    /// Brings a node what was sent to it. It answers, unless it is held; the client sees none of that yet.
    pub(crate) fn deliver(&mut self, node: usize) {
        self.pull();
        if let Some(wire) = self.wires.values_mut().find(|wire| wire.node == node) {
            let requests = std::mem::take(&mut wire.requests);
            self.model.handle_input(wire.conn, &requests, self.now);
            self.collect();
        }
    }

    fn collect(&mut self) {
        for wire in self.wires.values_mut() {
            let mut out = Vec::new();
            self.model.poll_output(wire.conn, &mut out);
            wire.replies.extend_from_slice(&out);
        }
    }

    /// Brings the client what a node has answered; true if that was anything.
    pub(crate) fn answer(&mut self, node: usize) -> bool {
        self.collect();
        let Some((&link, wire)) = self.wires.iter_mut().find(|(_, wire)| wire.node == node) else {
            return false;
        };
        if wire.replies.is_empty() {
            return false;
        }
        let mut replies = std::mem::take(&mut wire.replies);
        self.received = replies.as_ptr().addr()..replies.as_ptr().addr() + replies.len();
        self.client.handle_input(link, &mut replies, self.now);
        assert!(replies.is_empty() || self.client.map().is_some(), "the model sends whole frames");
        self.pull();
        true
    }

    /// Carries bytes until nobody has any left.
    pub(crate) fn run(&mut self) {
        loop {
            self.pull();
            let nodes: Vec<usize> = self.wires.values().map(|wire| wire.node).collect();
            let asked: Vec<usize> =
                self.wires.values().filter(|wire| !wire.requests.is_empty()).map(|wire| wire.node).collect();
            for &node in &asked {
                self.deliver(node);
            }
            let mut moved = !asked.is_empty();
            for node in nodes {
                moved |= self.answer(node);
            }
            while let Some(conn) = self.model.poll_closed() {
                let lost = self.wires.iter().find(|(_, wire)| wire.conn == conn).map(|(&link, _)| link);
                self.model.handle_closed(conn);
                if let Some(link) = lost {
                    self.wires.remove(&link);
                    self.client.handle_lost(link, LinkLoss::Eof, self.now);
                }
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets time pass, timer by timer, carrying bytes all the while.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.run();
            let timers = [self.client.poll_timeout().map(|(at, _)| at), self.model.poll_timeout()];
            match timers.into_iter().flatten().min().filter(|&at| at <= end) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.model.handle_timeout(self.now);
                    self.client.handle_timeout(self.now);
                    let next = self.client.poll_timeout();
                    assert!(next.is_none_or(|(at, _)| at > self.now), "{next:?} is not after {:?}", self.now);
                }
                None => {
                    self.now = end;
                    return;
                }
            }
        }
    }

    /// Cuts a node's link as the network does: what is on its way in either direction is lost. What was not
    /// pulled yet was never on its way.
    pub(crate) fn cut(&mut self, node: usize) {
        let link = *self.wires.iter().find(|(_, wire)| wire.node == node).expect("a link").0;
        self.close(link);
        self.client.handle_lost(link, LinkLoss::Reset, self.now);
        self.pull();
    }

    pub(crate) fn links(&self) -> usize {
        self.wires.len()
    }

    /// Brings the client bytes that its node did not send.
    pub(crate) fn inject(&mut self, node: usize, bytes: &[u8]) {
        let link = *self.wires.iter().find(|(_, wire)| wire.node == node).expect("a link").0;
        self.client.handle_input(link, &mut BytesMut::from(bytes), self.now);
        self.pull();
    }

    /// What a node has answered and the client has not seen yet.
    pub(crate) fn waiting_reply(&mut self, node: usize) -> Vec<u8> {
        self.collect();
        let wire = self.wires.values().find(|wire| wire.node == node).expect("a link");
        wire.replies.to_vec()
    }

    /// Lets the client's time pass while no bytes move.
    pub(crate) fn pass_without_carrying(&mut self, time: Duration) {
        self.now = self.now + time;
        self.client.handle_timeout(self.now);
        self.pull();
    }

    /// The node that a key belongs to.
    pub(crate) fn home(&self, key: &str) -> usize {
        self.model.owner(self.model.vbucket_of(key.as_bytes())).expect("a vbucket with a node")
    }

    pub(crate) fn result(&self, op: OpId) -> &Result<Reply, Error> {
        self.results.get(&op).expect("the operation has ended")
    }

    pub(crate) fn ok(&self, op: OpId) -> &Reply {
        self.result(op).as_ref().expect("success")
    }

    pub(crate) fn error(&self, op: OpId) -> &Error {
        self.result(op).as_ref().expect_err("failure")
    }

    pub(crate) fn is_open(&self, op: OpId) -> bool {
        !self.results.contains_key(&op)
    }

    /// The values that a key has had, in order.
    pub(crate) fn history(&self, key: &str) -> Vec<String> {
        let of_key = self.model.effects().iter().filter(|effect| effect.key == key.as_bytes());
        let values = of_key.map(|effect| effect.value.clone().unwrap_or_default());
        values.map(|value| String::from_utf8(value).expect("tests write text")).collect()
    }

    pub(crate) fn answer_next(&mut self, count: u64, opcode: Opcode, status: Status) {
        self.model.answer_next(count, opcode, status);
    }

    /// Another node than the key's.
    pub(crate) fn other_node(&self, key: &str) -> usize {
        usize::from(self.home(key) == 0)
    }
}

/// A document of plain text.
pub(crate) fn text(value: &str) -> Encoded {
    Encoded::new(Bytes::copy_from_slice(value.as_bytes()), Flags::TEXT)
}
