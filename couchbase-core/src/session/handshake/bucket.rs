//! Waits for the bucket. A server that cannot select buckets has only one, and the link is in it.

use alloc::format;

use super::config::AwaitConfig;
use super::failure::is_unsupported;
use super::{HandshakeFailure, Progress, State, Step};
use crate::ErrorKind;
use crate::wire::{Opcode, Packet, Status};

pub(super) const STEP: &str = "SELECT_BUCKET";

#[derive(Debug)]
pub(super) struct AwaitBucket {
    pub(super) progress: Progress,
}

impl AwaitBucket {
    pub(super) fn handle_packet(mut self, packet: &Packet<'_>) -> Result<Step, HandshakeFailure> {
        match self.progress.admit(packet, Opcode::SELECT_BUCKET)? {
            // Ordinary users get the first status for a bucket that does not exist, administrators the second.
            Status::EACCESS | Status::KEY_ENOENT => {
                let why = format!("bucket {:?} is missing or not yours", self.progress.bucket());
                Err(HandshakeFailure::refused(STEP, ErrorKind::BucketNotFound, &why, packet))
            }
            status if status == Status::SUCCESS || is_unsupported(status) => {
                Ok(State::Config(AwaitConfig { progress: self.progress }).into())
            }
            _ => Err(HandshakeFailure::unexpected(STEP, packet)),
        }
    }
}
