//! The first connection: the hosts of the connection string, one after the other, until one gives a map.
//!
//! A host that does not answer is not waited for: the next one is tried beside it. A wrong password ends it at once;
//! any other failure only if it is the last. A failed first connection is final.

use super::configuration::own_name;
use super::link::{Purpose, Stage, Target};
use super::random::Random;
use super::timer::Timer;
use super::{Client, Event, LinkId, Phase, ResolveId};
use crate::config::Checked;
use crate::session::{Established, Handshake, HandshakeFailure, Step};
use crate::topology::ClusterMap;
use crate::wire::Packet;
use crate::{Error, ErrorKind, Instant};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

/// After so long without an outcome the next host is tried beside the first.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is left to try, and how it went so far.
pub(super) struct Connecting {
    hosts: VecDeque<(String, u16)>,
    /// Hosts that are being tried.
    under_way: usize,
    /// The failure that tells most.
    failure: Option<Error>,
}

impl Connecting {
    pub(super) fn new(config: &Checked, random: &mut Random) -> Self {
        let mut hosts: Vec<_> = config.seeds.iter().map(|seed| (seed.host.clone(), seed.port)).collect();
        random.shuffle(&mut hosts);
        Self { hosts: hosts.into(), under_way: 0, failure: None }
    }
}

impl Client {
    pub(super) fn begin_connecting(&mut self) {
        let now = self.now;
        self.timers.insert(now + self.config.connect_timeout, Timer::ConnectDeadline);
        self.try_next_seed(now);
    }

    /// Tries one more host, if one is left.
    pub(super) fn try_next_seed(&mut self, now: Instant) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        let Some((host, port)) = connecting.hosts.pop_front() else { return };
        connecting.under_way += 1;
        if !connecting.hosts.is_empty() {
            self.timers.insert(now + PATIENCE, Timer::NextSeed);
        }
        self.dial(Target { purpose: Purpose::Seed, host, port }, now);
    }

    /// A host gave no map.
    pub(super) fn seed_failed(&mut self, failure: Error, now: Instant) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        connecting.under_way = connecting.under_way.saturating_sub(1);
        let is_final = failure.kind() == ErrorKind::Auth;
        match &connecting.failure {
            Some(known) if telling(known.kind()) >= telling(failure.kind()) => {}
            _ => connecting.failure = Some(failure),
        }
        if !connecting.hosts.is_empty() && !is_final {
            self.try_next_seed(now);
        } else if connecting.under_way == 0 || is_final {
            self.fail_connecting();
        }
    }

    /// The time for the first connection is over.
    pub(super) fn handle_connect_deadline(&mut self) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        let within = self.config.connect_timeout;
        let waiting = self.links.iter().map(|link| match &link.stage {
            Stage::Opening { .. } => alloc::format!("{}: connecting", link.node),
            Stage::Handshaking(handshake) => {
                alloc::format!("{}: no answer to {}", link.node, handshake.awaits())
            }
            Stage::Serving { .. } | Stage::Ended => alloc::format!("{}: no map of the cluster", link.node),
        });
        let resolving = self.resolving.values().map(|target| alloc::format!("{}: resolving", target.node()));
        let mut steps: Vec<String> = waiting.chain(resolving).collect();
        steps.extend(connecting.failure.iter().map(Error::to_string));
        let words = alloc::format!("no connection within {within:?} ({})", steps.join("; "));
        let mut error = Error::new(ErrorKind::Timeout, words);
        if let Some(link) = self.links.iter().next() {
            error = error.with_node(link.node.clone());
        }
        connecting.failure = Some(error);
        self.fail_connecting();
    }

    fn fail_connecting(&mut self) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        let failure = connecting.failure.take();
        let error = failure.unwrap_or_else(|| Error::new(ErrorKind::Network, "no host to connect to"));
        self.phase = Phase::Failed(error.clone());
        self.close_all_links();
        self.fail_everything(&error);
        self.events.push_back(Event::ConnectFailed { error });
        self.settle(self.now);
    }

    /// Ends every operation with the connection's own error, in the order of submission.
    fn fail_everything(&mut self, error: &Error) {
        let mut live: Vec<_> = self.table.iter().map(|live| (live.order, live.id)).collect();
        live.sort_unstable();
        for (_, id) in live {
            if let Some(ended) = self.end_answered(id) {
                self.report(id, Err(error.clone().with_key(ended.request.key)));
            }
        }
    }

    /// Looks up a host and opens a link to it; an address needs no looking up.
    pub(super) fn dial(&mut self, target: Target, now: Instant) {
        match target.host.parse::<IpAddr>() {
            Ok(address) => self.open(target.clone(), &[SocketAddr::new(address, target.port)], now),
            Err(_) => {
                self.resolutions += 1;
                let query = ResolveId(self.resolutions);
                let (host, port) = (target.host.clone(), target.port);
                self.resolving.insert(query, target);
                self.timers.insert(now + self.config.connect_timeout, Timer::Resolve(query));
                self.events.push_back(Event::Resolve { query, host, port });
            }
        }
    }

    /// Opens a link: the addresses are tried in turn, each for its share of the time.
    pub(super) fn open(&mut self, target: Target, addresses: &[SocketAddr], now: Instant) {
        let mut others: VecDeque<_> = addresses.iter().copied().collect();
        let Some(addr) = others.pop_front() else {
            let words = alloc::format!("the host {} has no address; is it spelled right?", target.host);
            self.target_failed(&target, Error::new(ErrorKind::UnknownHost, words), now);
            return;
        };
        let (left, within) = (others.len() as u32, self.config.connect_timeout);
        let Some(link) = self.links.insert(target.clone(), others) else {
            self.target_failed(&target, Error::new(ErrorKind::Overloaded, "too many links"), now);
            return;
        };
        if left > 0 {
            self.timers.insert(now + (within / (left + 1)).max(PATIENCE), Timer::NextAddress(link));
        }
        self.timers.insert(now + within, Timer::Handshake(link));
        self.events.push_back(Event::Open { link, addr });
    }

    /// The look-up of a host took too long.
    pub(super) fn handle_resolve_timer(&mut self, query: ResolveId, now: Instant) {
        if let Some(target) = self.resolving.remove(&query) {
            let words = alloc::format!(
                "looking up {} takes longer than {:?}",
                target.host,
                self.config.connect_timeout
            );
            self.target_failed(&target, Error::new(ErrorKind::Timeout, words), now);
        }
    }

    /// An address has had its share of the time and is silent: the rest of them are tried.
    pub(super) fn try_next_address(&mut self, silent: LinkId, now: Instant) {
        let Some(link) = self.links.get(silent) else { return };
        if let Stage::Opening { others } = &link.stage
            && !others.is_empty()
        {
            let (target, rest) = (link.target.clone(), Vec::from_iter(others.iter().copied()));
            self.drop_link(silent);
            self.open(target, &rest, now);
        }
    }

    /// No link to this target came about.
    pub(super) fn target_failed(&mut self, target: &Target, error: Error, now: Instant) {
        let error = error.with_node(target.node());
        match &target.purpose {
            Purpose::Seed => self.seed_failed(error, now),
            Purpose::Node(node) => self.node_lost(node, error, now),
        }
    }

    /// The socket of a link is there: the handshake begins.
    pub(super) fn begin_handshake(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let nonce = self.random.nonce();
        let first = link.own.opaque();
        let handshake = Handshake::start(self.settings.clone(), nonce, first, link.batch.text());
        link.batch.recount();
        link.stage = Stage::Handshaking(handshake);
        self.links.mark_dirty(id);
    }

    /// A packet for a link that is being set up. `Err`: the link is of no use.
    pub(super) fn handle_handshake(
        &mut self,
        id: LinkId,
        packet: &Packet<'_>,
        now: Instant,
    ) -> Result<(), Error> {
        let Some(link) = self.links.get_mut(id) else { return Ok(()) };
        let stage = core::mem::replace(&mut link.stage, Stage::Ended);
        let Stage::Handshaking(handshake) = stage else {
            link.stage = stage;
            return Ok(());
        };
        let before = link.batch.len();
        let step = handshake.handle_packet(packet, &mut self.keys, link.batch.text());
        link.batch.recount();
        let wrote = link.batch.len() > before;
        match step {
            Step::Waiting(handshake) => link.stage = Stage::Handshaking(handshake),
            Step::Failed(failure) => return Err(in_words(failure)),
            Step::Established(established) => self.handle_established(id, established, now)?,
        }
        if wrote {
            self.links.mark_dirty(id);
        }
        Ok(())
    }

    fn handle_established(
        &mut self,
        id: LinkId,
        established: Established,
        now: Instant,
    ) -> Result<(), Error> {
        let Some(link) = self.links.get_mut(id) else { return Ok(()) };
        link.own.start_at(established.next_opaque);
        link.stage = Stage::Serving { features: established.features, error_map: established.error_map };
        let host = link.target.host.clone();
        let offered = established.config.map(|json| ClusterMap::parse(&json, &host));
        if matches!(self.phase, Phase::Connecting(_)) {
            let Some(offered) = offered else {
                let words = "the server gives no cluster configuration over this protocol";
                return Err(Error::new(ErrorKind::NotSupported, words));
            };
            let map = offered.map_err(|error| {
                Error::new(ErrorKind::Protocol, alloc::format!("the cluster's configuration: {error}"))
            })?;
            if map.vbucket_count() == 0 {
                let words = "the cluster's configuration has no vbuckets: is the bucket of another type?";
                return Err(Error::new(ErrorKind::NotSupported, words));
            }
            self.begin_serving(id, map, now);
        } else {
            let own = offered.as_ref().and_then(|map| own_name(map.as_ref().ok()?));
            if let Some(offered) = offered {
                self.consider(offered, now);
            }
            self.bind(id, own.as_ref(), now);
        }
        Ok(())
    }
}

fn in_words(failure: HandshakeFailure) -> Error {
    let error = Error::new(failure.kind, alloc::format!("{failure}"));
    match failure.status {
        Some(status) => error.with_status(status),
        None => error,
    }
}

/// Which of several failures is reported.
fn telling(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Auth => 5,
        ErrorKind::BucketNotFound => 4,
        ErrorKind::Protocol | ErrorKind::NotSupported => 3,
        ErrorKind::Timeout => 1,
        _ => 2,
    }
}
