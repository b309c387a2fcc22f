//! The server's challenge has come, and the keys that answer it are derived from the password. Nothing is due from the
//! server meanwhile.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::proof::AwaitProof;
use super::{HandshakeFailure, Progress, State, Step, proof};
use crate::session::credentials::Credentials;
use crate::session::mechanism::Mechanism;
use crate::session::scram::{Challenge, Derivation, DerivedKeys};
use crate::wire::Packet;

/// Rounds at a time: a millisecond or two of work, and all that most servers ask for.
const ROUNDS: u32 = 4_096;

#[derive(Debug)]
pub(super) struct Deriving {
    progress: Progress,
    credentials: Credentials,
    mechanism: Mechanism,
    challenge: Challenge,
    /// Large, and rarely there.
    derivation: Box<Derivation>,
}

impl Deriving {
    pub(super) fn new(
        progress: Progress,
        credentials: Credentials,
        mechanism: Mechanism,
        challenge: Challenge,
    ) -> Self {
        let derivation = Box::new(challenge.derivation(&credentials));
        Self { progress, credentials, mechanism, challenge, derivation }
    }

    /// Goes on for some rounds. Another link may have derived the same keys in the meantime.
    pub(super) fn advance(mut self, keys: &mut DerivedKeys, out: &mut Vec<u8>) -> Step {
        let known = keys.find(&self.challenge, &self.credentials);
        let Some(found) = known.or_else(|| {
            let salted = self.derivation.advance(ROUNDS)?;
            Some(keys.keep(&self.challenge, salted))
        }) else {
            return State::Deriving(self).into();
        };
        let (last, message) = self.challenge.answer(found);
        self.progress.write_step(self.mechanism, message.as_bytes(), out);
        self.progress.write_tail(out);
        State::Proof(AwaitProof { progress: self.progress, mechanism: self.mechanism, last }).into()
    }

    pub(super) fn handle_packet(self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        let words = format!("the server sent a {} before the next request", packet.opcode());
        Err(HandshakeFailure::violation(proof::STEP, words))
    }
}
