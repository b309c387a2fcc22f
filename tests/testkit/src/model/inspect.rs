//! What tests see of the model, and put into it, without being a client.

use super::effects::Effect;
use super::store::{Moment, Place};
use super::{Model, NodeAddress};
use couchbase_core::Instant;
use couchbase_core::wire::Opcode;

/// What tests look at.
impl Model {
    /// The nodes' addresses, in the order of their indexes.
    #[must_use]
    pub fn nodes(&self) -> &[NodeAddress] {
        &self.nodes
    }

    /// How many vbuckets each bucket has.
    #[must_use]
    pub fn vbuckets(&self) -> u16 {
        self.layout.vbuckets()
    }

    /// The vbucket of a key.
    #[must_use]
    pub fn vbucket_of(&self, key: &[u8]) -> u16 {
        let crc = crc32fast::hash(key);
        ((crc >> 16 & 0x7fff) % u32::from(self.layout.vbuckets())) as u16
    }

    /// The node that serves a vbucket; `None` if nobody does.
    #[must_use]
    pub fn owner(&self, vbucket: u16) -> Option<usize> {
        self.layout.owner(vbucket)
    }

    /// The revision of the configs.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.layout.revision()
    }

    /// Links to `node` that are open now.
    #[must_use]
    pub fn connections(&self, node: usize) -> usize {
        self.links.iter().flatten().filter(|link| link.node == node).count()
    }

    /// Bytes that have arrived at `node` and are not worked on: while it hangs, all; otherwise parts of requests.
    #[must_use]
    pub fn unread(&self, node: usize) -> usize {
        self.links.iter().flatten().filter(|link| link.node == node).map(|link| link.input.len()).sum()
    }

    /// Requests with this opcode so far, refused ones included.
    #[must_use]
    pub fn requests(&self, opcode: Opcode) -> u64 {
        self.requests[usize::from(opcode.0)]
    }

    /// What took effect so far, in order; empty unless [`Setup::record_effects`](super::Setup::record_effects) was set.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        self.store.effects.log()
    }

    /// The value of a document, whoever serves it.
    pub fn document(&mut self, bucket: &str, key: &[u8], now: Instant) -> Option<&[u8]> {
        let place = self.place(bucket, key)?;
        let at = Moment::new(now, self.unix_time);
        self.store.live(place, at).map(|document| &*document.value)
    }

    /// Stores a document as a SET without flags and expiry would, and gives its CAS; `None` without such a bucket.
    pub fn set_document(&mut self, bucket: &str, key: &[u8], value: &[u8], now: Instant) -> Option<u64> {
        let place = self.place(bucket, key)?;
        let at = Moment::new(now, self.unix_time);
        let change = self.store.put(place, Opcode::SET, at, |document| {
            document.set_value(value);
            (document.flags, document.expiry) = (0, 0);
        });
        Some(change.cas)
    }

    fn place<'a>(&self, bucket: &str, key: &'a [u8]) -> Option<Place<'a>> {
        let bucket = self.store.bucket_index(bucket.as_bytes())?;
        Some(Place { bucket, vbucket: self.vbucket_of(key), key })
    }
}
