//! One socket: what was asked over it, and the bytes on their way to the machine.

use bytes::BytesMut;
use couchbase_core::Instant;
use couchbase_core::machine::{Client, LinkId, Transmit};
use couchbase_core::wire::{Magic, Opcode, peek};
use std::collections::VecDeque;

/// Requests that a link remembers to answer.
const REMEMBERED: usize = 64;

pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) is_connected: bool,
    pub(super) asked: VecDeque<(Opcode, u32)>,
    /// Said, and not yet received.
    pub(super) coming: Vec<u8>,
    /// Received, and not yet a whole frame.
    received: BytesMut,
}

impl Link {
    pub(super) fn new(id: LinkId) -> Self {
        let (coming, received) = (Vec::new(), BytesMut::new());
        Self { id, is_connected: false, asked: VecDeque::new(), coming, received }
    }

    /// Takes what is to be written: whole requests.
    pub(super) fn pull(&mut self, client: &mut Client) {
        let (mut batch, mut bytes) = (Transmit::new(), Vec::new());
        while client.poll_transmit(self.id, &mut batch) {
            batch.chunks().for_each(|chunk| bytes.extend_from_slice(chunk));
            batch.clear();
        }
        let mut rest = &bytes[..];
        while let Some(packet) = peek(rest, usize::MAX).expect("requests are frames") {
            assert!(matches!(packet.magic(), Magic::Request | Magic::AltRequest | Magic::ServerResponse));
            self.asked.push_back((packet.opcode(), packet.opaque()));
            rest = &rest[packet.len()..];
        }
        assert!(rest.is_empty(), "half a request");
        let forgotten = self.asked.len().saturating_sub(REMEMBERED);
        self.asked.drain(..forgotten);
    }

    /// Up to so many bytes arrive.
    pub(super) fn deliver(&mut self, client: &mut Client, most: usize, now: Instant) {
        let arrived = self.coming.drain(..most.min(self.coming.len()));
        self.received.extend_from_slice(arrived.as_slice());
        drop(arrived);
        let before = self.received.len();
        client.handle_input(self.id, &mut self.received, now);
        assert!(self.received.len() <= before);
    }
}
