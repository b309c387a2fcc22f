//! The cluster as a pure state machine: bytes of clients in, bytes of answers out.
//!
//! No socket, no thread, no clock: time comes as `now`, randomness from one seed, and two models that are told the
//! same do the same. The cluster's front gives it real sockets; a simulator may give it others.
//!
//! Input is answered within [`Model::handle_input`], unless the node is held by a fault: then it is kept, and
//! answered when the hold ends, by [`Model::handle_timeout`] or [`Model::release`].

mod cluster_config;
mod collections;
mod counter;
mod dispatch;
mod effects;
mod fault;
mod hello;
mod inspect;
mod json;
mod layout;
mod link;
mod lock;
mod node_info;
mod random;
mod read;
mod reply;
mod request;
mod rule;
mod sasl;
mod scram;
mod store;
#[cfg(test)]
mod tests;
mod users;
mod views_source;
mod write;

pub use cluster_config::NodeAddress;
pub use effects::Effect;
pub use link::ConnId;
pub use users::{Access, User};
pub use views_source::ViewDocument;

use couchbase_core::Instant;
use couchbase_core::wire::{MAX_BODY_LEN, Magic, peek};
use fault::Faults;
use layout::Layout;
use link::Link;
use random::Random;
use request::Request;
use std::collections::VecDeque;
use std::time::Duration;
use store::{Moment, Store};
use users::Users;

/// What a [`Model`] is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The nodes, by the addresses that configs give for them. At least one.
    pub nodes: Vec<NodeAddress>,
    /// Replicas of each vbucket, 0 to 3. More than there are other nodes stay unassigned.
    pub replicas: usize,
    /// Vbuckets of each bucket, at least one.
    pub vbuckets: u16,
    /// Names of the buckets.
    pub buckets: Vec<String>,
    /// Who may connect.
    pub users: Vec<User>,
    /// Whether links that do not authenticate may use every bucket.
    pub anonymous: bool,
    /// The source of all randomness.
    pub seed: u64,
    /// Rounds of SCRAM's key derivation. The official clients refuse fewer than 4,096.
    pub scram_iterations: u32,
    /// Unix time at [`Instant::ZERO`].
    pub unix_time: Duration,
    /// Whether to keep [`Model::effects`].
    pub record_effects: bool,
}

/// The whole cluster.
#[derive(Debug)]
pub struct Model {
    nodes: Vec<NodeAddress>,
    layout: Layout,
    store: Store,
    users: Users,
    random: Random,
    faults: Faults,
    links: Vec<Option<Link>>,
    generations: Vec<u32>,
    free: Vec<u32>,
    closed: VecDeque<ConnId>,
    configs: Vec<Option<Vec<u8>>>,
    requests: [u64; 256],
    unix_time: Duration,
}

impl Model {
    /// A cluster with all its nodes running and no document.
    ///
    /// # Panics
    /// Without a node or without a vbucket.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        assert!(!setup.nodes.is_empty(), "a cluster has at least one node");
        assert!(setup.vbuckets > 0, "a bucket has at least one vbucket");
        let mut random = Random::new(setup.seed);
        let users = Users::new(setup.users, setup.anonymous, setup.scram_iterations, &mut random);
        let effects = effects::Effects::new(setup.record_effects);
        Self {
            layout: Layout::new(setup.nodes.len(), setup.replicas, setup.vbuckets),
            store: Store::new(&setup.buckets, setup.vbuckets, &mut random, effects),
            faults: Faults::new(setup.nodes.len()),
            nodes: setup.nodes,
            users,
            random,
            links: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
            closed: VecDeque::new(),
            configs: Vec::new(),
            requests: [0; 256],
            unix_time: setup.unix_time,
        }
    }

    /// A client connects to `node`. `None`: the node is stopped, and the connection refused.
    pub fn accept(&mut self, node: usize, now: Instant) -> Option<ConnId> {
        if !self.faults.is_running(node) {
            return None;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.links.push(None);
            self.generations.push(0);
            u32::try_from(self.links.len() - 1).expect("fewer than 4,294,967,296 links")
        });
        let generation = &mut self.generations[slot as usize];
        *generation += 1;
        let mut link = Link::new(node, *generation);
        link.user = self.users.anonymous();
        link.since = now;
        self.links[slot as usize] = Some(link);
        Some(ConnId { slot, generation: *generation })
    }

    /// Bytes came from the client of `conn`. On a link that is closed, or about to be, they are ignored.
    pub fn handle_input(&mut self, conn: ConnId, input: &[u8], now: Instant) {
        let Some(link) = self.link_mut(conn) else { return };
        if link.closing {
            return;
        }
        let node = link.node;
        if link.input.is_empty() {
            link.since = now;
        }
        if self.faults.is_held(node, now) {
            if let Some(link) = self.link_mut(conn) {
                link.input.extend_from_slice(input);
            }
            return;
        }
        let Some(mut link) = self.links[conn.slot as usize].take() else { return };
        if link.input.is_empty() {
            let used = self.work(&mut link, input, now);
            link.input.extend_from_slice(&input[used..]);
        } else {
            link.input.extend_from_slice(input);
            self.work_on_kept(&mut link, now);
        }
        self.put_back(conn, link);
    }

    /// Appends to `out` what is to be sent to the client of `conn`; true if that was anything.
    pub fn poll_output(&mut self, conn: ConnId, out: &mut Vec<u8>) -> bool {
        let Some(link) = self.link_mut(conn) else { return false };
        if link.output.is_empty() {
            return false;
        }
        if out.is_empty() {
            std::mem::swap(out, &mut link.output);
        } else {
            out.append(&mut link.output);
        }
        true
    }

    /// Whether the link is to be closed once its output is sent.
    #[must_use]
    pub fn wants_close(&self, conn: ConnId) -> bool {
        self.link(conn).is_none_or(|link| link.closing)
    }

    /// The next link that the cluster closed. Whoever carries its bytes sends what output there is, closes it, and
    /// says [`Model::handle_closed`]. Each is named once.
    pub fn poll_closed(&mut self) -> Option<ConnId> {
        while let Some(conn) = self.closed.pop_front() {
            if self.link(conn).is_some() {
                return Some(conn);
            }
        }
        None
    }

    /// The link is gone.
    pub fn handle_closed(&mut self, conn: ConnId) {
        if self.link(conn).is_some() {
            self.links[conn.slot as usize] = None;
            self.free.push(conn.slot);
        }
    }

    /// When [`Model::handle_timeout`] is next due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.faults.next_end()
    }

    /// Time passed: nodes whose stall is over answer what was asked in the meantime.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.faults.end_stalls(now) {
            self.work_on_all(now);
        }
    }

    /// Whether input of `conn` waits because its node is held.
    #[must_use]
    pub fn is_waiting(&self, conn: ConnId, now: Instant) -> bool {
        self.link(conn).is_some_and(|link| !link.closing && self.is_held(link.node, now))
    }

    /// Whether a stall or a hang keeps the node from answering.
    #[must_use]
    pub fn is_held(&self, node: usize, now: Instant) -> bool {
        self.faults.is_held(node, now)
    }

    fn link(&self, conn: ConnId) -> Option<&Link> {
        self.links.get(conn.slot as usize)?.as_ref().filter(|link| link.generation == conn.generation)
    }

    fn link_mut(&mut self, conn: ConnId) -> Option<&mut Link> {
        self.links.get_mut(conn.slot as usize)?.as_mut().filter(|link| link.generation == conn.generation)
    }

    fn put_back(&mut self, conn: ConnId, link: Link) {
        if link.closing {
            self.closed.push_back(conn);
        }
        self.links[conn.slot as usize] = Some(link);
    }

    /// Works on everything that waits on nodes that are not held, in the order of the links.
    fn work_on_all(&mut self, now: Instant) {
        for slot in 0..self.links.len() {
            let Some(link) = &self.links[slot] else { continue };
            if link.input.is_empty() || link.closing || self.faults.is_held(link.node, now) {
                continue;
            }
            let Some(mut link) = self.links[slot].take() else { continue };
            self.work_on_kept(&mut link, now);
            let slot = u32::try_from(slot).expect("slots are u32");
            self.put_back(ConnId { slot, generation: link.generation }, link);
        }
    }

    fn work_on_kept(&mut self, link: &mut Link, now: Instant) {
        let mut input = std::mem::take(&mut link.input);
        let used = self.work(link, &input, now);
        input.drain(..used);
        link.input = input;
        link.since = now;
    }

    /// Answers the whole frames at the front of `input`; gives how many bytes they were.
    fn work(&mut self, link: &mut Link, input: &[u8], now: Instant) -> usize {
        let at = Moment::new(now, self.unix_time);
        let waited = now - link.since;
        let mut used = 0;
        while !link.closing {
            match peek(&input[used..], MAX_BODY_LEN) {
                Ok(Some(packet)) => {
                    used += packet.len();
                    // A real server takes no notice of frames that answer nothing it asked.
                    if matches!(packet.magic(), Magic::Request | Magic::AltRequest) {
                        self.dispatch(link, Request::new(packet, at, waited));
                    }
                }
                Ok(None) => break,
                Err(_) => link.closing = true,
            }
        }
        used
    }
}
