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
                let bucket = self.progress.bucket();
                let why = match self.progress.credentials() {
                    Some(login) => format!(
                        "bucket {bucket:?} is missing or not yours; check its name and the rights of {:?}",
                        login.user()
                    ),
                    None => format!("bucket {bucket:?} is missing or not yours; check its name, or log in"),
                };
                Err(HandshakeFailure::refused(STEP, ErrorKind::BucketNotFound, &why, packet))
            }
            status if status == Status::SUCCESS || is_unsupported(status) => {
                Ok(State::Config(AwaitConfig { progress: self.progress }).into())
            }
            _ => Err(HandshakeFailure::unexpected(STEP, packet)),
        }
    }
}
