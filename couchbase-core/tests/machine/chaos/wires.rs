//! The links between client and model: bytes on their way, in any pieces; lost ones, and what arrives after all.

use super::World;
use bytes::BytesMut;
use couchbase_core::machine::{LinkId, LinkLoss, Transmit};
use couchbase_core::wire::peek;
use couchbase_testkit::model::ConnId;
use std::net::SocketAddr;

/// From here on opaques are those of links, not of operations.
const OWN_OPAQUES: u32 = 0xfff0_0000;

pub(super) struct Wire {
    pub(super) node: usize,
    pub(super) conn: ConnId,
    /// On the way to the node, and on the way back.
    pub(super) requests: Vec<u8>,
    pub(super) replies: Vec<u8>,
    pub(super) received: BytesMut,
    /// Replies that will come a second time.
    pub(super) echoes: Vec<Vec<u8>>,
}

impl World {
    pub(super) fn open(&mut self, link: LinkId, addr: SocketAddr) {
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

    pub(super) fn pull(&mut self) {
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
    pub(super) fn deliver(&mut self, link: LinkId) {
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
    pub(super) fn answer(&mut self, link: LinkId) {
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

    pub(super) fn cut(&mut self, link: LinkId) {
        let Some(wire) = self.wires.remove(&link) else { return };
        self.ghosts.push((wire.conn, wire.requests));
        self.client.handle_lost(link, LinkLoss::Reset, self.now);
        self.events();
    }

    /// What a cut link had on its way arrives after all, or never.
    pub(super) fn ghost(&mut self) {
        if !self.ghosts.is_empty() {
            let ghost = self.below(self.ghosts.len() as u64) as usize;
            let (conn, requests) = self.ghosts.swap_remove(ghost);
            if self.below(2) == 0 {
                self.model.handle_input(conn, &requests, self.now);
            }
            self.model.handle_closed(conn);
        }
    }

    /// Everything that is on its way arrives; true if anything was.
    pub(super) fn carry(&mut self) -> bool {
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

    pub(super) fn any_link(&mut self) -> Option<LinkId> {
        let count = self.wires.len() as u64;
        (count > 0).then(|| self.below(count) as usize).and_then(|n| self.wires.keys().nth(n).copied())
    }
}
