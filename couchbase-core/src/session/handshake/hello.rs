//! Waits for the features that the server grants. A server without HELLO grants none.

use alloc::format;

use super::error_map::AwaitErrorMap;
use super::failure::is_unsupported;
use super::{HandshakeFailure, Login, Progress, State, Step};
use crate::session::features::Features;
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "HELLO";

#[derive(Debug)]
pub(super) struct AwaitHello {
    pub(super) progress: Progress,
    pub(super) login: Option<Login>,
}

impl AwaitHello {
    pub(super) fn handle_packet(mut self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        let status = self.progress.admit(packet, Opcode::HELLO)?;
        if status == Status::SUCCESS {
            let wanted = self.progress.wanted_features();
            self.progress.features = Features::parse_granted(packet.value(), wanted).ok_or_else(|| {
                let len = packet.value().len();
                HandshakeFailure::violation(
                    STEP,
                    format!("a list of features has {len} bytes, an odd number"),
                )
            })?;
        } else if !is_unsupported(status) {
            return Err(HandshakeFailure::unexpected(STEP, packet));
        }
        Ok(State::ErrorMap(AwaitErrorMap { progress: self.progress, login: self.login }).into())
    }
}
