//! The nodes, the network to them, and the resolver: they do what the input says, and sometimes what is right.

mod link;

use super::bytes::Bytes;
use super::cluster::Cluster;
use super::loss;
use couchbase_core::Instant;
use couchbase_core::machine::{Client, Event, LinkId, ResolveId};
use couchbase_core::wire::{Datatype, Magic, Opcode, Outgoing, Status};
use link::Link;
use std::net::SocketAddr;

/// All sockets, and what waits for the resolver.
#[derive(Default)]
pub(super) struct Nodes {
    cluster: Cluster,
    links: Vec<Link>,
    /// Links that have ended, and may still be spoken of.
    gone: Vec<LinkId>,
    resolving: Vec<ResolveId>,
}

impl Nodes {
    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::Open { link, .. } => {
                assert!(!self.gone.contains(link), "{link:?} has ended before");
                // The next address of a host may come under the same name.
                self.links.retain(|known| known.id != *link);
                self.links.push(Link::new(*link));
            }
            Event::Close { link } => {
                let at = self.links.iter().position(|known| known.id == *link);
                self.end(at.expect("a link that is closed is open"));
            }
            Event::Resolve { query, host, .. } => {
                assert!(!host.is_empty() && !self.resolving.contains(query));
                self.resolving.push(*query);
            }
            Event::Forget { query } => self.resolving.retain(|known| known != query),
            _ => {}
        }
    }

    fn end(&mut self, at: usize) {
        self.gone.push(self.links.remove(at).id);
    }

    fn link(&mut self, index: usize) -> Option<&mut Link> {
        let count = self.links.len().max(1);
        self.links.get_mut(index % count)
    }

    /// A link's name; now and then that of one which has ended.
    fn name(&mut self, index: usize) -> Option<LinkId> {
        match index {
            0xf0.. => self.gone.iter().rev().nth(index - 0xf0).copied(),
            _ => self.link(index).map(|link| link.id),
        }
    }

    pub(super) fn resolve(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        let choice = bytes.index();
        if self.resolving.is_empty() {
            return;
        }
        let at = (choice >> 3) % self.resolving.len();
        // A repeated answer is of no account.
        let query = if choice & 4 == 0 { self.resolving.remove(at) } else { self.resolving[at] };
        match choice & 3 {
            3 => client.handle_unresolved(query, "it is night", now),
            count => client.handle_resolved(query, &addresses()[..count], now),
        }
        self.resolving.retain(|known| *known != query);
    }

    pub(super) fn connect(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        if let Some(id) = self.name(bytes.index()) {
            client.handle_connected(id, now);
            self.links.iter_mut().filter(|link| link.id == id).for_each(|link| link.is_connected = true);
        }
    }

    pub(super) fn lose(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        let (index, why) = (bytes.index(), loss(bytes.byte()));
        let Some(id) = self.name(index) else { return };
        // The machine says no more of it, unless there is another address.
        if let Some(at) = self.links.iter().position(|link| link.id == id) {
            self.links.remove(at);
        }
        client.handle_lost(id, why, now);
    }

    /// Everything goes on as it should: names are found, and the node answers what it was asked.
    pub(super) fn go_on(&mut self, client: &mut Client, index: usize, now: Instant) {
        for query in std::mem::take(&mut self.resolving) {
            client.handle_resolved(query, &addresses()[..1], now);
        }
        let config = self.cluster.json();
        let Some(link) = self.link(index) else { return };
        if !std::mem::replace(&mut link.is_connected, true) {
            client.handle_connected(link.id, now);
        }
        link.pull(client);
        while let Some((opcode, opaque)) = link.asked.pop_front() {
            let (status, value) = match opcode {
                Opcode::GET_ERROR_MAP => (Status::UNKNOWN_COMMAND, ""),
                Opcode::GET_CLUSTER_CONFIG => (Status::SUCCESS, &config[..]),
                _ => (Status::SUCCESS, ""),
            };
            let extras: &[u8] = if opcode == Opcode::GET { &[0; 4] } else { &[] };
            let value = if opcode == Opcode::INCREMENT { "\0\0\0\0\0\0\0\x01" } else { value };
            let value = value.as_bytes();
            let reply = Outgoing { opaque, cas: 7, extras, value, ..Outgoing::response(opcode, status) };
            reply.write_to(&mut link.coming);
            link.pull(client);
        }
        link.deliver(client, usize::MAX, now);
    }

    pub(super) fn pull(&mut self, client: &mut Client, bytes: &mut Bytes<'_>) {
        if let Some(link) = self.link(bytes.index()) {
            link.pull(client);
        }
    }

    /// A reply, right in some points and wrong in others.
    pub(super) fn reply(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        const STATUSES: [u16; 24] = [
            0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9, 0x0d, 0x1f, 0x20, 0x24, 0x82, 0x84, 0x85, 0x86,
            0x7001,
        ];
        let [which, choice, status] = [0; 3].map(|_| bytes.byte());
        let config = self.cluster.json();
        let Some(link) = self.link(usize::from(which & 15)) else { return };
        link.pull(client);
        let at = usize::from(which >> 4) % link.asked.len().max(1);
        let Some(&(mut opcode, mut opaque)) = link.asked.get(at) else { return };
        // Some are answered twice.
        if choice & 1 == 0 {
            link.asked.remove(at);
        }
        let status = match status {
            0xff => bytes.number() as u16,
            known => STATUSES[usize::from(known) % STATUSES.len()],
        };
        let extras = [0, 4, 4, 8][usize::from(choice >> 1 & 3)];
        let value = match choice >> 3 & 3 {
            0 => &b""[..],
            1 => &[0; 8],
            2 => config.as_bytes(),
            _ => bytes.some(),
        };
        let (mut datatype, mut framing, mut cas) = (Datatype::RAW, &b""[..], 9);
        if choice & 0x80 != 0 {
            match bytes.byte() % 8 {
                0 => opcode = Opcode(bytes.byte()),
                1 => opaque ^= 1 << (bytes.byte() & 31),
                2 => opaque = bytes.number() as u32,
                3 => datatype = Datatype(bytes.byte()),
                4 => framing = bytes.take(9),
                5 => cas = bytes.number(),
                _ => {}
            }
        }
        let reply =
            Outgoing { datatype, opaque, cas, framing, value, ..Outgoing::response(opcode, Status(status)) };
        let reply = Outgoing { extras: &[0; 8][..extras], ..reply };
        let reply = match framing {
            [] => reply,
            _ => Outgoing { magic: Magic::AltResponse, ..reply },
        };
        reply.write_to(&mut link.coming);
        let most = if choice & 0x60 == 0x60 { bytes.index() } else { usize::MAX };
        link.deliver(client, most, now);
    }

    /// A request of the server's.
    pub(super) fn push(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        let (index, choice, config) = (bytes.index(), bytes.byte(), self.cluster.json());
        let Some(link) = self.link(index) else { return };
        let opcode =
            if choice & 4 == 0 { Opcode::CLUSTERMAP_CHANGE_NOTIFICATION } else { Opcode(bytes.byte()) };
        let value = if choice & 1 == 0 { config.as_bytes() } else { bytes.some() };
        let key = if choice & 2 == 0 { &b"default"[..] } else { bytes.take(8) };
        let extras = &[0; 16][..usize::from(choice >> 4)];
        Outgoing { magic: Magic::ServerRequest, extras, key, value, ..Outgoing::request(opcode) }
            .write_to(&mut link.coming);
        link.deliver(client, usize::MAX, now);
    }

    /// Any bytes at all.
    pub(super) fn babble(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        let (index, said) = (bytes.index(), bytes.some());
        if let Some(link) = self.link(index) {
            link.coming.extend_from_slice(said);
            link.deliver(client, usize::MAX, now);
        }
    }

    pub(super) fn change(&mut self, bytes: &mut Bytes<'_>) {
        self.cluster.change(bytes);
    }

    pub(super) fn count(&self) -> usize {
        self.links.len()
    }

    pub(super) fn check_all_closed(&self) {
        assert!(self.links.is_empty() && self.resolving.is_empty(), "closed, and something is still open");
    }
}

fn addresses() -> [SocketAddr; 2] {
    ["10.0.0.2:11210", "[fd00::1]:11210"].map(|addr| addr.parse().expect("an address"))
}
