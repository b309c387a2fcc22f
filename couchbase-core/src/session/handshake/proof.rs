//! Waits for the server's proof that it knows the password too. Without it nobody is logged in.

use alloc::string::ToString;

use super::{HandshakeFailure, Progress, Step};
use crate::ErrorKind;
use crate::session::mechanism::Mechanism;
use crate::session::scram::ClientFinal;
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "SASL_STEP";

#[derive(Debug)]
pub(super) struct AwaitProof {
    pub(super) progress: Progress,
    pub(super) mechanism: Mechanism,
    pub(super) last: ClientFinal,
}

impl AwaitProof {
    pub(super) fn handle_packet(mut self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        match self.progress.admit(packet, Opcode::SASL_STEP)? {
            Status::SUCCESS => {
                self.last
                    .handle_server_final(packet.value())
                    .map_err(|error| HandshakeFailure::scram(STEP, &error))?;
                self.progress.mechanism = Some(self.mechanism);
                Ok(self.progress.await_tail())
            }
            Status::AUTH_CONTINUE => Err(HandshakeFailure::violation(
                STEP,
                "the server asks for one more step than SCRAM has".to_string(),
            )),
            Status::AUTH_ERROR | Status::EACCESS => {
                Err(HandshakeFailure::refused(STEP, ErrorKind::Auth, &self.progress.wrong_password(), packet))
            }
            _ => Err(HandshakeFailure::unexpected(STEP, packet)),
        }
    }
}
