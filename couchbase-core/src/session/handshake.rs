//! How one link to a data node comes up: a pipeline of requests, and one struct for each reply that is waited for.
//!
//! ```text
//! write 1   HELLO  GET_ERROR_MAP  SASL_LIST_MECHS  SASL_AUTH
//! write 2   SASL_STEP  SELECT_BUCKET  GET_CLUSTER_CONFIG        (with PLAIN or without a user: in write 1)
//!
//! AwaitHello > AwaitErrorMap > AwaitMechanisms > AwaitAuth > Deriving > AwaitProof > AwaitBucket > AwaitConfig
//!                                                 ^  |                                              > Established
//!                                                 `--´ once, if the server lists another mechanism instead
//! ```
//!
//! The link does not ask for unordered execution, so replies come in the order of the requests, whose opaques count
//! up: anything else is a violation, and named. Bytes are appended to the caller's buffer; there is no socket, no
//! clock and no randomness here.

mod authentication;
mod bucket;
mod config;
mod derivation;
mod error_map;
mod failure;
mod hello;
mod login;
mod mechanisms;
mod progress;
mod proof;
mod settings;

use alloc::sync::Arc;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use self::authentication::AwaitAuth;
use self::bucket::AwaitBucket;
use self::config::AwaitConfig;
use self::derivation::Deriving;
use self::error_map::AwaitErrorMap;
pub use self::failure::HandshakeFailure;
use self::hello::AwaitHello;
use self::login::Login;
use self::mechanisms::AwaitMechanisms;
use self::progress::Progress;
use self::proof::AwaitProof;
pub use self::settings::Settings;
use super::error_map::ErrorMap;
use super::features::Features;
use super::mechanism::Mechanism;
use super::scram::DerivedKeys;
use crate::wire::{Magic, Packet};

/// A link that is being made ready.
#[derive(Debug)]
pub struct Handshake(State);

/// What a packet led to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// More packets are needed, or more work: see [`Handshake::has_work`].
    Waiting(Handshake),
    /// The link is ready for operations.
    Established(Established),
    /// The link is of no use and must be closed.
    Failed(HandshakeFailure),
}

/// What a ready link can do, and what was learned on the way.
#[derive(Debug)]
#[non_exhaustive]
pub struct Established {
    /// The features that are on.
    pub features: Features,
    /// The server's description of its statuses, if it gave one.
    pub error_map: Option<ErrorMap>,
    /// The cluster config as the JSON that the server sent, if it gave one.
    pub config: Option<Vec<u8>>,
    /// How the user was authenticated; `None` without a user.
    pub mechanism: Option<Mechanism>,
    /// The opaque after the last one used.
    pub next_opaque: u32,
}

#[derive(Debug)]
enum State {
    Hello(AwaitHello),
    ErrorMap(AwaitErrorMap),
    Mechanisms(AwaitMechanisms),
    Auth(AwaitAuth),
    Deriving(Deriving),
    Proof(AwaitProof),
    Bucket(AwaitBucket),
    Config(AwaitConfig),
}

impl Handshake {
    /// Appends the first requests to `out`, to be written at once.
    ///
    /// `nonce` is fresh randomness for this link; `opaque` is given to the first request and counts up from there.
    pub fn start(settings: Arc<Settings>, nonce: [u8; 16], opaque: u32, out: &mut Vec<u8>) -> Self {
        // The server sees the nonce in the clear anyway, so its first half may name the link in the server's log too.
        let (link_id, _) = nonce.split_at(8);
        let link_id = link_id.iter().fold(0, |id, byte| id << 8 | u64::from(*byte));
        Self::start_with(settings, STANDARD_NO_PAD.encode(nonce), link_id, opaque, out)
    }

    /// As [`start`](Self::start), with the client's SCRAM nonce as the text that goes over the wire (printable, no
    /// commas) and the link's name in the agent spelt out: what it takes to play a recorded exchange again.
    #[doc(hidden)]
    pub fn start_with(
        settings: Arc<Settings>,
        nonce: alloc::string::String,
        link_id: u64,
        opaque: u32,
        out: &mut Vec<u8>,
    ) -> Self {
        let mut progress = Progress::new(settings, opaque);
        progress.write_hello(link_id, out);
        progress.write_error_map(out);
        let login = progress.credentials().map(|credentials| {
            progress.write_mechanisms(out);
            Login::start(credentials, nonce, &mut progress, out)
        });
        if login.is_none() {
            progress.write_tail(out);
        }
        Self(State::Hello(AwaitHello { progress, login }))
    }

    /// Takes the next packet from the server; what must be written in return is appended to `out`.
    ///
    /// Keys derived from the password are taken from `keys`, or derived and put there. If that is more than a
    /// millisecond or two of work, the rest is left to [`advance`](Self::advance).
    pub fn handle_packet(self, packet: &Packet<'_>, keys: &mut DerivedKeys, out: &mut Vec<u8>) -> Step {
        // A server may push at any time; what it has to tell is in the config that ends the handshake.
        if packet.magic() == Magic::ServerRequest {
            return Step::Waiting(self);
        }
        let step = match self.0 {
            State::Hello(state) => state.handle_packet(packet),
            State::ErrorMap(state) => state.handle_packet(packet),
            State::Mechanisms(state) => state.handle_packet(packet),
            State::Auth(state) => state.handle_packet(packet, keys, out),
            State::Deriving(state) => state.handle_packet(packet),
            State::Proof(state) => state.handle_packet(packet),
            State::Bucket(state) => state.handle_packet(packet),
            State::Config(state) => state.handle_packet(packet),
        };
        step.unwrap_or_else(Step::Failed)
    }

    /// Whether the server has answered anything yet.
    pub(crate) fn has_heard(&self) -> bool {
        !matches!(self.0, State::Hello(_))
    }

    /// Whether there is work left that needs nothing from the server: [`advance`](Self::advance) is to be called.
    pub fn has_work(&self) -> bool {
        matches!(self.0, State::Deriving(_))
    }

    /// Does a millisecond or two of the work that is left, if any is.
    pub fn advance(self, keys: &mut DerivedKeys, out: &mut Vec<u8>) -> Step {
        match self.0 {
            State::Deriving(state) => state.advance(keys, out),
            other => other.into(),
        }
    }

    /// The name of the request whose answer is due, or that comes next, for messages about a server that does not
    /// answer.
    pub fn awaits(&self) -> &'static str {
        match &self.0 {
            State::Hello(_) => hello::STEP,
            State::ErrorMap(_) => error_map::STEP,
            State::Mechanisms(_) => mechanisms::STEP,
            State::Auth(_) => authentication::STEP,
            State::Deriving(_) | State::Proof(_) => proof::STEP,
            State::Bucket(_) => bucket::STEP,
            State::Config(_) => config::STEP,
        }
    }
}

impl From<State> for Step {
    fn from(state: State) -> Self {
        Self::Waiting(Handshake(state))
    }
}
