//! A link on its way to serve: its host is looked up, its addresses are tried in turn, the handshake is gone through.
//!
//! Each of these has its own deadline. What it means that a link did not come about is said in `bootstrap` for the hosts
//! of the connection string, and in `reconnect` for the nodes of the map.

use super::bootstrap::PATIENCE;
use super::configuration::own_name;
use super::link::{Purpose, Stage, Target};
use super::timer::Timer;
use super::{Client, Event, LinkId, Phase, ResolveId};
use crate::session::{DerivedKeys, Established, Handshake, HandshakeFailure, Step};
use crate::topology::{ClusterMap, ConfigError};
use crate::wire::Packet;
use crate::{Error, ErrorKind, Instant};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

/// What looking up a node of the map may take, and what opening a link to it may take after that.
const WITHIN: Duration = Duration::from_secs(10);
/// Between two parts of a handshake's work others have their turn.
const PAUSE: Duration = Duration::from_millis(1);

impl Client {
    /// By when a link that is begun for this purpose now must serve: all hosts of the connection string together have
    /// the time of the first connection.
    fn until(&self, purpose: &Purpose, now: Instant) -> Instant {
        let until = now + self.time_for(purpose);
        match (purpose, &self.phase) {
            (Purpose::Seed, Phase::Connecting(connecting)) => until.min(connecting.until()),
            _ => until,
        }
    }

    /// How long a look-up for this purpose may take, and a link.
    fn time_for(&self, purpose: &Purpose) -> Duration {
        match purpose {
            Purpose::Seed => self.config.connect_timeout,
            Purpose::Node(..) => WITHIN,
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
                self.timers.insert(now + self.time_for(&target.purpose), Timer::Resolve(query));
                self.resolving.insert(query, target);
                self.outbox.push(Event::Resolve { query, host, port });
            }
        }
    }

    /// Opens a link: the addresses are tried in turn, each for its share of the time.
    pub(super) fn open(&mut self, target: Target, addresses: &[SocketAddr], now: Instant) {
        let until = self.until(&target.purpose, now);
        self.open_until(target, addresses, until, now);
    }

    fn open_until(&mut self, target: Target, addresses: &[SocketAddr], until: Instant, now: Instant) {
        let mut others: VecDeque<_> = addresses.iter().copied().collect();
        let Some(addr) = others.pop_front() else {
            let words = "the host has no address; is it spelled right?";
            self.target_failed(&target, Error::new(ErrorKind::UnknownHost, words), now);
            return;
        };
        let left = others.len() as u32;
        let Some(link) = self.links.insert(target.clone(), others, until) else {
            self.target_failed(&target, Error::new(ErrorKind::Overloaded, "too many links"), now);
            return;
        };
        if left > 0 {
            let share = (until - now) / (left + 1);
            self.timers.insert(now + share.max(PATIENCE), Timer::NextAddress(link));
        }
        self.timers.insert(until, Timer::Handshake(link));
        self.outbox.push(Event::Open { link, addr });
    }

    /// The look-up of a host took too long.
    pub(super) fn handle_resolve_timer(&mut self, query: ResolveId, now: Instant) {
        if let Some(target) = self.resolving.remove(&query) {
            self.outbox.push(Event::Forget { query });
            let within = self.time_for(&target.purpose);
            let words = alloc::format!(
                "looking up {} takes longer than {within:?}; check the resolver of this machine",
                target.host
            );
            self.target_failed(&target, Error::new(ErrorKind::Timeout, words), now);
        }
    }

    /// An address has had its share of the time and is silent: the rest of them are tried.
    pub(super) fn try_next_address(&mut self, silent: LinkId, now: Instant) {
        let Some(link) = self.links.get(silent) else { return };
        if let Stage::Opening { others, until } = &link.stage
            && !others.is_empty()
        {
            let (target, rest, until) = (link.target.clone(), Vec::from_iter(others.iter().copied()), *until);
            self.drop_link(silent);
            self.open_until(target, &rest, until, now);
        }
    }

    /// No link to this target came about.
    pub(super) fn target_failed(&mut self, target: &Target, error: Error, now: Instant) {
        let error = error.with_node(target.node());
        match &target.purpose {
            Purpose::Seed => self.seed_failed(target, error, now),
            Purpose::Node(_, stay) => self.node_lost(*stay, error, now),
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
        self.step_handshake(id, now, |handshake, keys, out| handshake.handle_packet(packet, keys, out))
    }

    /// A handshake has work left: one part of it, whichever link it is for.
    pub(super) fn handle_derivation_timer(&mut self, now: Instant) {
        let Some(id) = self.deriving.pop_front() else { return };
        if !self.deriving.is_empty() {
            self.timers.insert(now + PAUSE, Timer::Derivation);
        }
        if let Err(error) = self.step_handshake(id, now, Handshake::advance) {
            self.give_up(id, error, now);
        }
    }

    fn step_handshake(
        &mut self,
        id: LinkId,
        now: Instant,
        step: impl FnOnce(Handshake, &mut DerivedKeys, &mut Vec<u8>) -> Step,
    ) -> Result<(), Error> {
        let Some(link) = self.links.get_mut(id) else { return Ok(()) };
        let stage = core::mem::replace(&mut link.stage, Stage::Ended);
        let Stage::Handshaking(handshake) = stage else {
            link.stage = stage;
            return Ok(());
        };
        let before = link.batch.len();
        let step = step(handshake, &mut self.keys, link.batch.text());
        link.batch.recount();
        let wrote = link.batch.len() > before;
        match step {
            Step::Waiting(handshake) => {
                if handshake.has_work() && !self.deriving.contains(&id) {
                    if self.deriving.is_empty() {
                        self.timers.insert(now + PAUSE, Timer::Derivation);
                    }
                    self.deriving.push_back(id);
                }
                link.stage = Stage::Handshaking(handshake);
            }
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
                let is_strange = matches!(error, ConfigError::Unsupported { .. });
                let kind = if is_strange { ErrorKind::NotSupported } else { ErrorKind::Protocol };
                Error::new(kind, alloc::format!("the cluster's configuration: {error}"))
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

    /// The handshake of a link took too long.
    pub(super) fn handle_handshake_timer(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.links.get(id) else { return };
        let step = match &link.stage {
            Stage::Opening { .. } => "connecting the socket".into(),
            Stage::Handshaking(handshake) => {
                alloc::format!("waiting for the answer to {}", handshake.awaits())
            }
            Stage::Serving { .. } | Stage::Ended => return,
        };
        let words = alloc::format!("gave up after {:?}, {step}", self.time_for(&link.target.purpose));
        self.give_up(id, Error::new(ErrorKind::Timeout, words), now);
    }
}

fn in_words(failure: HandshakeFailure) -> Error {
    let error = Error::new(failure.kind, alloc::format!("{} failed: {}", failure.step, failure.message));
    match failure.status {
        Some(status) => error.with_status(status),
        None => error,
    }
}
