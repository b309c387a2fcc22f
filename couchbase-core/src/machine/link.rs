//! One link as the machine sees it: a socket to one node, its handshake, its batch, and what it owes.

use super::id::{FIRST_OWN_OPAQUE, StayId};
use super::owed::Owed;
use super::{LinkId, Transmit};
use crate::config::Limits;
use crate::session::{ErrorMap, Features, Handshake};
use crate::wire::{Feature, Status};
use crate::{Instant, Node};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::net::SocketAddr;

/// However small the limits, a batch of this many bytes is not too large: an operation may be larger than its limit.
const LEAST: usize = 32 << 20;

/// Whom a link was opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A host of the connection string: its first configuration is wanted.
    Seed,
    /// A node of the map, during this stay of it.
    Node(Node, StayId),
}

/// Where a link leads: what to name in errors, and what `$HOST` stands for in its configurations.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) purpose: Purpose,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    pub(super) fn node(&self) -> Node {
        match &self.purpose {
            Purpose::Seed => Node::new(&self.host, self.port),
            Purpose::Node(node, _) => node.clone(),
        }
    }
}

pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) target: Target,
    pub(super) node: Node,
    pub(super) stage: Stage,
    /// Bytes to be pulled.
    pub(super) batch: Transmit,
    pub(super) is_dirty: bool,
    pub(super) owed: Owed,
    /// Everything before this position has been pulled.
    pub(super) pulled: u64,
    /// What the node answered says that the link is of no use any more: it is given up when what has been received is
    /// read.
    pub(super) stale: Option<Status>,
    /// Operations wait because too much is unanswered.
    pub(super) is_full: bool,
    /// A timer will look whether an answer is owed for too long.
    pub(super) stuck_timer: bool,
    pub(super) own: OwnRequests,
}

/// How far a link has come.
pub(super) enum Stage {
    /// The socket is being connected; these addresses are left to try, and all of them together until then.
    Opening { others: VecDeque<SocketAddr>, until: Instant },
    /// The session is being set up.
    Handshaking(Handshake),
    /// Operations may travel.
    Serving { features: Features, error_map: Option<ErrorMap> },
    /// In the middle of a step, or at its end.
    Ended,
}

/// The link's own requests: their opaques count up, and at most one is under way.
pub(super) struct OwnRequests {
    next: u32,
    pub(super) configuration: Option<(u32, Instant)>,
}

impl OwnRequests {
    pub(super) fn start_at(&mut self, opaque: u32) {
        self.next = opaque.max(FIRST_OWN_OPAQUE);
    }

    pub(super) fn opaque(&mut self) -> u32 {
        let opaque = self.next;
        self.next = if self.next == u32::MAX { FIRST_OWN_OPAQUE } else { self.next + 1 };
        opaque
    }
}

impl Link {
    pub(super) fn new(id: LinkId, target: Target, others: VecDeque<SocketAddr>, until: Instant) -> Self {
        Self {
            id,
            node: target.node(),
            target,
            stage: Stage::Opening { others, until },
            batch: Transmit::new(),
            is_dirty: false,
            owed: Owed::default(),
            pulled: 0,
            stale: None,
            is_full: false,
            stuck_timer: false,
            own: OwnRequests { next: FIRST_OWN_OPAQUE, configuration: None },
        }
    }

    pub(super) fn has(&self, feature: Feature) -> bool {
        matches!(&self.stage, Stage::Serving { features, .. } if features.contains(feature))
    }

    /// Says that the batch has gained bytes: true if that was not known, so that the link is to be listed.
    #[inline]
    pub(super) fn mark_dirty(&mut self) -> bool {
        !mem::replace(&mut self.is_dirty, true)
    }

    /// True if nothing more should be put into the batch, or it could fill memory: the other side does not take or
    /// answer as fast as operations end without it.
    #[inline(always)]
    pub(super) fn has_enough(&self, limits: &Limits) -> bool {
        self.owed.len() >= 4 * limits.max_in_flight
            || self.batch.len() >= 2 * limits.max_in_flight_bytes.max(LEAST)
    }
}

/// All links, by slot.
#[derive(Default)]
pub(super) struct Links {
    slots: Vec<(u32, Option<Link>)>,
    /// Links with something in their batch, each once.
    pub(super) dirty: VecDeque<LinkId>,
}

impl Links {
    /// Opens a slot for a link; `None` if there are absurdly many.
    pub(super) fn insert(
        &mut self,
        target: Target,
        others: VecDeque<SocketAddr>,
        until: Instant,
    ) -> Option<LinkId> {
        let slot = match self.slots.iter().position(|(_, link)| link.is_none()) {
            Some(slot) => slot,
            None => {
                self.slots.push((0, None));
                self.slots.len() - 1
            }
        };
        let id = LinkId::new(u16::try_from(slot).ok()?, self.slots[slot].0);
        self.slots[slot].1 = Some(Link::new(id, target, others, until));
        Some(id)
    }

    #[inline]
    pub(super) fn get(&self, id: LinkId) -> Option<&Link> {
        self.slots.get(id.slot())?.1.as_ref().filter(|link| link.id == id)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.slots.get_mut(id.slot())?.1.as_mut().filter(|link| link.id == id)
    }

    pub(super) fn remove(&mut self, id: LinkId) -> Option<Link> {
        self.get(id)?;
        let (generation, link) = &mut self.slots[id.slot()];
        *generation = generation.wrapping_add(1);
        link.take()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Link> {
        self.slots.iter().filter_map(|(_, link)| link.as_ref())
    }

    /// Says that the link's batch has gained bytes.
    #[inline]
    pub(super) fn mark_dirty(&mut self, id: LinkId) {
        if self.get_mut(id).is_some_and(Link::mark_dirty) {
            self.dirty.push_back(id);
        }
    }
}
