//! The server's side of one client connection: what was negotiated on it, and its bytes in and out.

use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use super::sasl::Exchange;
use couchbase_core::Instant;
use couchbase_core::wire::{Datatype, Feature, Opcode, Outgoing, Status, framing};

/// Names one link for as long as it lives; never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// The features granted to one link.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Features(u64);

impl Features {
    pub(crate) fn insert(&mut self, feature: Feature) {
        self.0 |= 1 << feature.0;
    }

    pub(crate) fn contains(self, feature: Feature) -> bool {
        self.0 >> feature.0 & 1 == 1
    }

    /// In ascending order.
    pub(crate) fn iter(self) -> impl Iterator<Item = u16> {
        (0..64).filter(move |code| self.0 >> code & 1 == 1)
    }
}

/// One link.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) generation: u32,
    pub(crate) node: usize,
    pub(crate) features: Features,
    /// Index into the users, once authenticated.
    pub(crate) user: Option<usize>,
    /// Index into the buckets, once selected.
    pub(crate) bucket: Option<usize>,
    pub(crate) sasl: Option<Exchange>,
    /// What arrived and was not worked on: part of a frame, or everything while the node is held.
    pub(crate) input: Vec<u8>,
    /// When the oldest byte of `input` arrived.
    pub(crate) since: Instant,
    pub(crate) output: Vec<u8>,
    pub(crate) closing: bool,
}

impl Link {
    pub(crate) fn new(node: usize, generation: u32) -> Self {
        Self { generation, node, ..Self::default() }
    }

    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.features.contains(feature)
    }

    /// Answers a request with success; a quiet one that is answered by silence gets none.
    pub(crate) fn answer(&mut self, request: &Request<'_>, reply: &Reply<'_>) -> Outcome {
        if !request.silent_on_success() {
            self.write(request, reply);
        }
        Ok(())
    }

    /// Answers a request with an error, in the form that this link's features allow.
    pub(crate) fn refuse(&mut self, request: &Request<'_>, refusal: &Refusal) {
        let Some(status) = self.visible(refusal) else {
            self.closing = true;
            return;
        };
        if request.silent_on_miss() && status == Status::KEY_ENOENT {
            return;
        }
        let body = refusal.body();
        let json = if body.is_empty() { Datatype::RAW } else { Datatype::JSON };
        self.write(request, &Reply { status, datatype: json, value: &body, ..Reply::default() });
    }

    /// The status as a client without extended errors may see it; `None` closes the link instead.
    fn visible(&self, refusal: &Refusal) -> Option<Status> {
        let status = refusal.status;
        if self.has(Feature::XERROR) {
            return Some(status);
        }
        match status {
            Status::LOCKED | Status::NOT_LOCKED if refusal.about_the_lock => Some(Status::ETMPFAIL),
            Status::LOCKED | Status::CAS_VALUE_INVALID => Some(Status::KEY_EEXISTS),
            Status::SYNC_WRITE_IN_PROGRESS | Status::SYNC_WRITE_RE_COMMIT_IN_PROGRESS => {
                Some(Status::ETMPFAIL)
            }
            Status::UNKNOWN_COLLECTION | Status::UNKNOWN_SCOPE if !self.has(Feature::COLLECTIONS) => {
                Some(Status::EINVAL)
            }
            // Seen on the wire: without extended errors, a client that is not authenticated still gets this one.
            Status::EACCESS if self.user.is_none() => Some(status),
            Status::NO_BUCKET | Status::EACCESS | Status::AUTH_STALE => None,
            Status::DURABILITY_INVALID_LEVEL | Status::DURABILITY_IMPOSSIBLE => None,
            _ => Some(status),
        }
    }

    /// Writes an answer, whether or not the request is a quiet one.
    pub(crate) fn write(&mut self, request: &Request<'_>, reply: &Reply<'_>) {
        let mut frames = [0; 3];
        // A real server writes statistics by another way, which knows nothing of tracing.
        let is_statistic = request.opcode == Opcode::STAT && reply.status == Status::SUCCESS;
        let traced = self.has(Feature::TRACING) && !is_statistic;
        if traced {
            frames[0] = 0x02;
            frames[1..].copy_from_slice(&framing::encode_server_duration(request.waited).to_be_bytes());
        }
        // A client that did not ask for datatypes never sees one.
        let datatype = if self.has(Feature::JSON) { reply.datatype } else { Datatype::RAW };
        Outgoing {
            datatype,
            opaque: request.packet.opaque(),
            cas: reply.cas,
            framing: if traced { &frames } else { &[] },
            extras: reply.extras,
            key: reply.key,
            value: reply.value,
            ..Outgoing::response(request.packet.opcode(), reply.status)
        }
        .write_to(&mut self.output);
    }
}
