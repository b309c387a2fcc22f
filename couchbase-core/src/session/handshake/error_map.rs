//! Waits for the server's map of statuses. Nothing that is wrong with it keeps a link from working.

use super::mechanisms::AwaitMechanisms;
use super::{HandshakeFailure, Login, Progress, State, Step};
use crate::session::error_map::ErrorMap;
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "GET_ERROR_MAP";

#[derive(Debug)]
pub(super) struct AwaitErrorMap {
    pub(super) progress: Progress,
    pub(super) login: Option<Login>,
}

impl AwaitErrorMap {
    pub(super) fn handle_packet(mut self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        if self.progress.admit(packet, Opcode::GET_ERROR_MAP)? == Status::SUCCESS {
            self.progress.error_map = ErrorMap::parse(packet.value());
        }
        Ok(match self.login {
            Some(login) => State::Mechanisms(AwaitMechanisms { progress: self.progress, login }).into(),
            None => self.progress.await_tail(),
        })
    }
}
