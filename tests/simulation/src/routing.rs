//! Whether the client's map ever goes back, seen from outside: by what it writes, and by what it had read before.
//!
//! A request for the configuration names the revision that the client has. A request for a document goes to the node
//! that the client's map gives its vbucket. Both were encoded in the virtual instant in which they are written, unless
//! their link was blocked: so whatever the client is known to have had when it last came to rest with nothing left to
//! write on that link, it has at least that. What is *known* is less than what it may have: the answers to its own
//! requests for the configuration, the revisions that it names, and the nodes that it chooses.

use crate::injector::is_about_documents;
use crate::network::{Socket, SocketId, Stage};
use couchbase_core::topology::ClusterMap;
use couchbase_core::wire::{MAX_BODY_LEN, Opcode, Packet, Status, peek};
use std::collections::BTreeMap;

/// Lower than every revision.
const NONE: i64 = 0;

pub(crate) struct Routing {
    /// The nodes' names, as maps have them.
    hosts: Vec<String>,
    /// What the client was told until now, by revision: the node of each vbucket.
    maps: BTreeMap<i64, Vec<Option<usize>>>,
    /// What was read already, so that each configuration is read once.
    texts: BTreeMap<Vec<u8>, i64>,
    /// At least this it had when it last came to rest.
    known: i64,
    violation: Option<String>,
}

/// What went over one link.
#[derive(Default)]
pub(crate) struct Overheard {
    up: Frames,
    down: Frames,
    /// The opaque of a request for the configuration that is not answered.
    asked: Option<u32>,
    /// What this link alone has made known since the client last came to rest.
    news: i64,
    /// What is written on it was encoded by a client that had at least this.
    floor: i64,
}

/// Whole frames out of a stream in pieces.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    /// What follows is no frames.
    is_lost: bool,
}

impl Frames {
    fn take(&mut self, bytes: &[u8], mut each: impl FnMut(&Packet<'_>)) {
        if self.is_lost {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        let mut used = 0;
        loop {
            match peek(&self.bytes[used..], MAX_BODY_LEN) {
                Ok(Some(packet)) => {
                    each(&packet);
                    used += packet.len();
                }
                Ok(None) => break,
                Err(_) => {
                    self.is_lost = true;
                    break;
                }
            }
        }
        self.bytes.drain(..used);
    }
}

impl Routing {
    pub(crate) fn new(hosts: Vec<String>) -> Self {
        Self { hosts, maps: BTreeMap::new(), texts: BTreeMap::new(), known: NONE, violation: None }
    }

    /// A link that is dialled now.
    pub(crate) fn overhear(&self) -> Overheard {
        Overheard { floor: self.known, ..Overheard::default() }
    }

    /// The client has written this.
    pub(crate) fn handle_written(&mut self, id: SocketId, node: usize, link: &mut Overheard, bytes: &[u8]) {
        let Overheard { up, asked, news, floor, .. } = link;
        up.take(bytes, |packet| match packet.opcode() {
            Opcode::GET_CLUSTER_CONFIG => {
                // During the handshake it names none.
                let [_, _, _, _, _, _, _, _, rev @ ..] = packet.extras() else { return };
                let named = rev.try_into().map_or(NONE, i64::from_be_bytes);
                *asked = Some(packet.opaque());
                *news = named.max(*news);
                if named < *floor {
                    self.report(format!("{id:?}: the client has revision {named}, and had {floor} before"));
                }
            }
            opcode if is_about_documents(opcode) => {
                let vbucket = usize::from(packet.vbucket());
                let says_so = |map: &[Option<usize>]| map.get(vbucket).copied().flatten() == Some(node);
                if let Some((revision, _)) = self.maps.range(*floor..).find(|(_, map)| says_so(map)) {
                    // One of those that say so, so at least the oldest of them.
                    *news = (*revision).max(*news);
                } else {
                    let newest = self.maps.last_key_value().map(|(revision, _)| *revision);
                    self.report(format!(
                        "{id:?}: a request for vbucket {vbucket} went to node {node}, as no map from revision {floor} \
                         on says; the newest that the client was told is {newest:?}"
                    ));
                }
            }
            _ => {}
        });
    }

    /// The client has read this.
    pub(crate) fn handle_read(&mut self, link: &mut Overheard, bytes: &[u8]) {
        let Overheard { down, asked, news, .. } = link;
        down.take(bytes, |packet| {
            let is_answer = packet.opcode() == Opcode::GET_CLUSTER_CONFIG;
            let is_success = packet.status() == Status::SUCCESS;
            if !is_answer && packet.status() != Status::NOT_MY_VBUCKET || packet.value().is_empty() {
                return;
            }
            let revision = self.learn(packet.value());
            // Others may be for an operation that has ended, and then nobody looks at them.
            if is_answer && is_success && *asked == Some(packet.opaque()) {
                *news = revision.unwrap_or(NONE).max(*news);
                *asked = None;
            }
        });
    }

    /// Everything that was read has been dealt with, and what could be written is.
    pub(crate) fn rest(&mut self, sockets: &mut [Socket]) -> Result<(), String> {
        let alive = || |socket: &&mut Socket| socket.stage == Stage::Open;
        // What a link brought that was given up in the same instant may have gone with it.
        let news = sockets.iter_mut().filter(alive()).map(|socket| socket.overheard.news).max();
        self.known = self.known.max(news.unwrap_or(NONE));
        for socket in sockets.iter_mut().filter(alive()).filter(|socket| !socket.is_write_blocked()) {
            socket.overheard.floor = self.known;
        }
        self.violation.take().map_or(Ok(()), Err)
    }

    fn learn(&mut self, json: &[u8]) -> Option<i64> {
        if let Some(revision) = self.texts.get(json) {
            return Some(*revision);
        }
        // What cannot be read, or is of no bucket, is no map to the client either.
        let map = ClusterMap::parse(json, "").ok().filter(|map| map.vbucket_count() > 0)?;
        let revision = map.revision().rev;
        let node_of = |vbucket| {
            let host = &map.nodes()[map.active(vbucket)?].host;
            self.hosts.iter().position(|known| known == host)
        };
        let owners = (0..=u16::MAX).take(map.vbucket_count() as usize).map(node_of).collect();
        self.maps.insert(revision, owners);
        self.texts.insert(json.to_vec(), revision);
        Some(revision)
    }

    fn report(&mut self, words: String) {
        self.violation.get_or_insert(words);
    }
}
