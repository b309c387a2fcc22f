//! Waits for the answer to `SASL_AUTH`: done, a challenge, or a refusal.
//!
//! A refusal of a mechanism that the server does not list starts another one; any other refusal is final and hides
//! whatever was sent behind it.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::derivation::Deriving;
use super::failure::is_unsupported;
use super::login::Exchange;
use super::{HandshakeFailure, Login, Progress, State, Step};
use crate::ErrorKind;
use crate::session::scram::{DerivedKeys, ScramError};
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "SASL_AUTH";

#[derive(Debug)]
pub(super) struct AwaitAuth {
    pub(super) progress: Progress,
    pub(super) login: Login,
}

impl AwaitAuth {
    pub(super) fn handle_packet(
        mut self,
        packet: &Packet<'_>,
        keys: &mut DerivedKeys,
        out: &mut Vec<u8>,
    ) -> Result<Step, HandshakeFailure> {
        match self.progress.admit(packet, Opcode::SASL_AUTH)? {
            Status::SUCCESS => self.handle_success(),
            Status::AUTH_CONTINUE => self.handle_challenge(packet.value(), keys, out),
            status => self.handle_refusal(status, packet, out),
        }
    }

    fn handle_success(mut self) -> Result<Step, HandshakeFailure> {
        match self.login.exchange {
            Exchange::Plain => {
                self.progress.mechanism = Some(self.login.mechanism);
                Ok(self.progress.await_tail())
            }
            // Letting us in without a challenge proves nothing.
            Exchange::Scram(_) => Err(HandshakeFailure::scram(STEP, &ScramError::NotProven)),
        }
    }

    fn handle_challenge(
        self,
        challenge: &[u8],
        keys: &mut DerivedKeys,
        out: &mut Vec<u8>,
    ) -> Result<Step, HandshakeFailure> {
        let Login { credentials, mechanism, exchange, .. } = self.login;
        match exchange {
            Exchange::Scram(first) => {
                let challenge = first
                    .handle_server_first(challenge)
                    .map_err(|error| HandshakeFailure::scram(STEP, &error))?;
                let deriving = Deriving::new(self.progress, credentials, mechanism, challenge);
                Ok(deriving.advance(keys, out))
            }
            Exchange::Plain => Err(HandshakeFailure::violation(
                STEP,
                "the server asks for another step, which PLAIN does not have".to_string(),
            )),
        }
    }

    fn handle_refusal(
        mut self,
        status: Status,
        packet: &Packet<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Step, HandshakeFailure> {
        let auth = |why: &str| HandshakeFailure::refused(STEP, ErrorKind::Auth, why, packet);
        if is_unsupported(status) && self.progress.listed.is_none() {
            return Err(auth("this server has no authentication: connect without a user"));
        }
        if !is_unsupported(status) && !matches!(status, Status::AUTH_ERROR | Status::EACCESS) {
            return Err(HandshakeFailure::unexpected(STEP, packet));
        }
        let login = self.login.restart(&mut self.progress, out).map_err(|why| auth(&why))?;
        Ok(State::Auth(Self { progress: self.progress, login }).into())
    }
}
