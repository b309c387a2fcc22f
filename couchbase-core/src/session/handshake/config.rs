//! Waits for the cluster config, the last reply. Whether a link without one is of use, the caller decides.

use alloc::string::ToString;

use super::{HandshakeFailure, Progress, Step};
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "GET_CLUSTER_CONFIG";

#[derive(Debug)]
pub(super) struct AwaitConfig {
    pub(super) progress: Progress,
}

impl AwaitConfig {
    pub(super) fn handle_packet(mut self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        match self.progress.admit(packet, Opcode::GET_CLUSTER_CONFIG)? {
            Status::SUCCESS => {
                if !packet.datatype().is_plain() {
                    return Err(HandshakeFailure::violation(
                        STEP,
                        "the config is compressed, which was not agreed on".to_string(),
                    ));
                }
                let config = Some(packet.value()).filter(|json| !json.is_empty());
                Ok(self.progress.establish(config.map(<[u8]>::to_vec)))
            }
            // None yet, none for this user, or none over this protocol.
            Status::KEY_ENOENT
            | Status::EINVAL
            | Status::NO_BUCKET
            | Status::EACCESS
            | Status::UNKNOWN_COMMAND
            | Status::NOT_SUPPORTED => Ok(self.progress.establish(None)),
            _ => Err(HandshakeFailure::unexpected(STEP, packet)),
        }
    }
}
