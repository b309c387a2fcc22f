//! Waits for the server's list of mechanisms. Without one, the mechanism already under way stands.

use super::authentication::AwaitAuth;
use super::{HandshakeFailure, Login, Progress, State, Step};
use crate::session::mechanism::parse_list;
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "SASL_LIST_MECHS";

#[derive(Debug)]
pub(super) struct AwaitMechanisms {
    pub(super) progress: Progress,
    pub(super) login: Login,
}

impl AwaitMechanisms {
    pub(super) fn handle_packet(mut self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        if self.progress.admit(packet, Opcode::SASL_LIST_MECHS)? == Status::SUCCESS {
            self.progress.listed = Some(parse_list(packet.value()));
        }
        Ok(State::Auth(AwaitAuth { progress: self.progress, login: self.login }).into())
    }
}
