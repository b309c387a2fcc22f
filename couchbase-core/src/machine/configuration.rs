//! The cluster's configuration: taken when a newer one comes by, asked for now and then.

use super::id::StayId;
use super::reconnect::NodeState;
use super::table::State;
use super::timer::Timer;
use super::{Client, Event, LinkId, Phase};
use crate::topology::{ClusterMap, ConfigError, NodeInfo, Revision};
use crate::wire::{Feature, Opcode, Outgoing, Packet, Status};
use crate::{Instant, Node};
use alloc::vec::Vec;
use core::time::Duration;

/// A node is asked this often, one after the other.
const INTERVAL: Duration = Duration::from_millis(2500);
/// And never more often than this, whatever happens.
const FLOOR: Duration = Duration::from_millis(50);
/// A configuration that is longer is read again each time it comes. A real one of 1,024 vbuckets has some 20 KB.
const LONGEST_SEEN: usize = 1 << 20;

/// Whom to ask next, when somebody was last asked, and what came last.
#[derive(Default)]
pub(super) struct Fetching {
    next: usize,
    last: Option<Instant>,
    /// What was read last.
    seen: Vec<u8>,
}

impl Client {
    /// Takes a configuration, if it is newer than the map in force.
    pub(super) fn handle_configuration(&mut self, link: LinkId, json: &[u8], now: Instant) {
        // Each of the operations that a failed-over node refuses brings the same one: reading it takes long, and it was
        // no news then.
        let Some(from) = self.links.get(link).filter(|_| self.configuration.seen != json) else { return };
        let host = from.target.host.clone();
        if json.len() <= LONGEST_SEEN {
            self.configuration.seen.clear();
            self.configuration.seen.extend_from_slice(json);
        }
        self.consider(ClusterMap::parse(json, &host), now);
    }

    /// The same, when it has been read.
    pub(super) fn consider(&mut self, offered: Result<ClusterMap, ConfigError>, now: Instant) {
        match offered {
            Ok(map) => {
                if self.map.as_ref().is_some_and(|current| current.verdict_on(&map).is_accept()) {
                    self.apply(map, now);
                }
            }
            // The link works, so does the old map: a configuration that cannot be read is worth no more than none.
            Err(_) => self.metrics.bad_configurations += 1,
        }
    }

    /// Puts a map in force: nodes that stay keep their links, new ones get one, and what waited is looked at again.
    fn apply(&mut self, map: ClusterMap, now: Instant) {
        for left in self.adopt(map) {
            if let Some(link) = left.link {
                self.leave(link, now);
            }
        }
        self.table.end_waits_for_map(now);
        self.open_missing_links(now);
        self.send_all_ready(now);
        self.end_refused(now);
    }

    /// Exchanges the map; returns the nodes that are not in it any more.
    fn adopt(&mut self, map: ClusterMap) -> Vec<NodeState> {
        self.table.set_vbuckets(map.vbucket_count() as usize);
        let mut former = core::mem::take(&mut self.nodes);
        for info in map.bucket_nodes() {
            let node = info.node();
            let known = former.iter().position(|state| state.node == node);
            let state = match known {
                Some(index) => former.swap_remove(index),
                None => {
                    self.stays += 1;
                    NodeState::new(node, StayId(self.stays))
                }
            };
            self.nodes.push(state);
        }
        self.map = Some(map);
        self.note_refusals();
        former
    }

    /// A link whose node has left the map: closed as soon as no live operation is owed by it.
    pub(super) fn leave(&mut self, link: LinkId, now: Instant) {
        if self.owes_live(link) {
            self.timers.insert(now + FLOOR, Timer::Stuck(link));
        } else {
            self.drop_link(link);
        }
    }

    /// Asks one serving node for its configuration, and the next one the next time.
    pub(super) fn fetch_configuration(&mut self, now: Instant) {
        if self.configuration.last.is_some_and(|last| now < last + FLOOR) {
            return;
        }
        let count = self.nodes.len();
        for step in 0..count {
            let index = (self.configuration.next + step) % count;
            let Some(link) = self.nodes[index].link else { continue };
            if self.links.get(link).is_some_and(|link| link.own.configuration.is_none()) {
                self.configuration.next = index + 1;
                self.configuration.last = Some(now);
                self.ask_configuration(link, now);
                return;
            }
        }
    }

    fn ask_configuration(&mut self, link: LinkId, now: Instant) {
        let known = self.map.as_ref().map_or(Revision::NONE, ClusterMap::revision);
        let Some(to) = self.links.get_mut(link) else { return };
        let opaque = to.own.opaque();
        to.own.configuration = Some((opaque, now));
        let mut extras = [0; 16];
        extras[..8].copy_from_slice(&known.epoch.to_be_bytes());
        extras[8..].copy_from_slice(&known.rev.to_be_bytes());
        // The version that we have may only be named if it is one.
        let may_name = known.rev > 0 && to.has(Feature::GET_CLUSTER_CONFIG_WITH_KNOWN_VERSION);
        Outgoing {
            opaque,
            extras: if may_name { &extras } else { &[] },
            ..Outgoing::request(Opcode::GET_CLUSTER_CONFIG)
        }
        .write_to(to.batch.text());
        to.batch.recount();
        self.links.mark_dirty(link);
        self.watch_orphans(link, now);
    }

    /// The answer to a link's own request.
    pub(super) fn handle_own_reply(&mut self, link: LinkId, packet: &Packet<'_>, now: Instant) {
        let Some(from) = self.links.get_mut(link) else { return };
        match from.own.configuration {
            Some((opaque, _)) if opaque == packet.opaque() => from.own.configuration = None,
            _ => {
                self.metrics.stray_replies += 1;
                return;
            }
        }
        if packet.status() == Status::SUCCESS && !packet.value().is_empty() {
            self.handle_configuration(link, packet.value(), now);
        }
    }

    pub(super) fn handle_configuration_timer(&mut self, now: Instant) {
        self.fetch_configuration(now);
        self.timers.insert(now + INTERVAL, Timer::Configuration);
    }

    /// The first map is there, and the link that brought it: operations that waited are placed, in order, and their
    /// clocks start.
    pub(super) fn begin_serving(&mut self, link: LinkId, map: ClusterMap, now: Instant) {
        self.phase = Phase::Connected;
        let own = own_name(&map);
        self.adopt(map);
        self.outbox.push(Event::Connected);
        self.timers.insert(now + INTERVAL, Timer::Configuration);
        self.bind(link, own.as_ref(), now);
        let mut accepted: Vec<_> = self.table.iter().map(|live| (live.order, live.id, live.state)).collect();
        accepted.sort_unstable_by_key(|&(order, ..)| order);
        for (_, id, state) in accepted {
            self.start_clock(id, now);
            if state == State::Queued {
                self.place(id, now);
            }
        }
        self.open_missing_links(now);
    }

    /// The map's entry that a link leads to: by the name that the link was opened under, or by the one that the node
    /// gives itself. Of several with one name, one that has no link.
    pub(super) fn node_of_link(&self, node: &Node, own: Option<&Node>) -> Option<usize> {
        let named = |name: &Node| {
            let mut entries = (0..self.nodes.len()).filter(|&index| self.nodes[index].node == *name);
            let first = entries.next()?;
            Some(entries.chain([first]).find(|&index| self.nodes[index].link.is_none()).unwrap_or(first))
        };
        named(node).or_else(|| named(own?))
    }
}

/// What the node that sent a configuration is called in it.
pub(super) fn own_name(map: &ClusterMap) -> Option<Node> {
    map.nodes().iter().find(|info| info.this_node).map(NodeInfo::node)
}
