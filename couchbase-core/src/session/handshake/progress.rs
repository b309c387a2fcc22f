//! What the states hand on to each other: the opaques, what was learned so far, and the requests to be written.
//!
//! Invariant: requests take their opaques in the order in which they are written, replies must come in that order.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bucket::AwaitBucket;
use super::config::AwaitConfig;
use super::{Established, HandshakeFailure, Settings, State, Step};
use crate::session::credentials::Credentials;
use crate::session::error_map::{self, ErrorMap};
use crate::session::features::{self, Features};
use crate::session::mechanism::Mechanism;
use crate::wire::{Magic, Opcode, Outgoing, Packet, Status};

#[derive(Debug)]
pub(super) struct Progress {
    settings: Arc<Settings>,
    /// The opaque of the next request.
    next: u32,
    /// The opaque of the next reply.
    due: u32,
    pub(super) features: Features,
    pub(super) error_map: Option<ErrorMap>,
    /// What the server says it offers; `None` as long as it has not said.
    pub(super) listed: Option<Vec<Mechanism>>,
    pub(super) mechanism: Option<Mechanism>,
}

impl Progress {
    pub(super) fn new(settings: Arc<Settings>, opaque: u32) -> Self {
        Self {
            settings,
            next: opaque,
            due: opaque,
            features: Features::default(),
            error_map: None,
            listed: None,
            mechanism: None,
        }
    }

    /// Lets in the reply that is due, and no other packet.
    pub(super) fn admit(&mut self, packet: &Packet<'_>, opcode: Opcode) -> Result<Status, HandshakeFailure> {
        let magic = packet.magic();
        let is_reply = matches!(magic, Magic::Response | Magic::AltResponse);
        if !is_reply || packet.opcode() != opcode || packet.opaque() != self.due {
            return Err(HandshakeFailure::violation(
                step(opcode),
                format!(
                    "the server sent a {magic:?} {} with opaque {}, where the Response {opcode} with opaque {} \
                     was due",
                    packet.opcode(),
                    packet.opaque(),
                    self.due,
                ),
            ));
        }
        self.due = self.due.wrapping_add(1);
        Ok(packet.status())
    }

    /// The state after authentication, or after the error map if there is no user.
    pub(super) fn await_tail(self) -> Step {
        if self.settings.bucket.is_some() {
            State::Bucket(AwaitBucket { progress: self }).into()
        } else {
            State::Config(AwaitConfig { progress: self }).into()
        }
    }

    pub(super) fn establish(self, config: Option<Vec<u8>>) -> Step {
        Step::Established(Established {
            features: self.features,
            error_map: self.error_map,
            config,
            mechanism: self.mechanism,
            next_opaque: self.next,
        })
    }

    pub(super) fn credentials(&self) -> Option<Credentials> {
        self.settings.credentials.clone()
    }

    /// The commonest reason for a refusal; the server does not say which of the two it is.
    pub(super) fn wrong_password(&self) -> String {
        let user = self.settings.credentials.as_ref().map_or("", Credentials::user);
        format!("wrong password, or no user {user:?} on this server; check both")
    }

    pub(super) fn forced(&self) -> Option<&[Mechanism]> {
        self.settings.forced.as_deref()
    }

    pub(super) fn wanted_features(&self) -> &'static [crate::wire::Feature] {
        self.settings.features
    }

    pub(super) fn bucket(&self) -> &str {
        self.settings.bucket.as_deref().unwrap_or_default()
    }

    pub(super) fn write_hello(&mut self, link_id: u64, out: &mut Vec<u8>) {
        let key = self.settings.hello_key(link_id);
        let wanted = features::encode_wanted(self.settings.features);
        self.write(Opcode::HELLO, key.as_bytes(), &wanted, out);
    }

    pub(super) fn write_error_map(&mut self, out: &mut Vec<u8>) {
        self.write(Opcode::GET_ERROR_MAP, &[], &error_map::VERSION.to_be_bytes(), out);
    }

    pub(super) fn write_mechanisms(&mut self, out: &mut Vec<u8>) {
        self.write(Opcode::SASL_LIST_MECHS, &[], &[], out);
    }

    pub(super) fn write_auth(&mut self, mechanism: Mechanism, payload: &[u8], out: &mut Vec<u8>) {
        self.write(Opcode::SASL_AUTH, mechanism.name().as_bytes(), payload, out);
    }

    pub(super) fn write_step(&mut self, mechanism: Mechanism, payload: &[u8], out: &mut Vec<u8>) {
        self.write(Opcode::SASL_STEP, mechanism.name().as_bytes(), payload, out);
    }

    /// What follows authentication.
    pub(super) fn write_tail(&mut self, out: &mut Vec<u8>) {
        let settings = Arc::clone(&self.settings);
        if let Some(bucket) = &settings.bucket {
            self.write(Opcode::SELECT_BUCKET, bucket.as_bytes(), &[], out);
        }
        self.write(Opcode::GET_CLUSTER_CONFIG, &[], &[], out);
    }

    /// Appends a request with the next opaque.
    fn write(&mut self, opcode: Opcode, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        // No name has 65,536 bytes; a server refuses one that begins so, as it would the whole.
        let key = key.get(..usize::from(u16::MAX)).unwrap_or(key);
        Outgoing { opaque: self.next, key, value, ..Outgoing::request(opcode) }.write_to(out);
        self.next = self.next.wrapping_add(1);
    }
}

/// The protocol's name of a request that a handshake makes.
pub(super) fn step(opcode: Opcode) -> &'static str {
    opcode.name().unwrap_or("handshake")
}
