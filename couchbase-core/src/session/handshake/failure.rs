//! Why a handshake ended without a ready link, in words that say what to do about it.

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::ErrorKind;
use crate::session::error_body::ErrorBody;
use crate::session::scram::ScramError;
use crate::wire::{Packet, Status};

/// The end of a handshake that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandshakeFailure {
    /// The request that it failed at, by its name in the protocol.
    pub step: &'static str,
    /// What kind of failure it is: whether to try again, elsewhere, or never.
    pub kind: ErrorKind,
    /// The status that the server answered, where that is the trouble.
    pub status: Option<Status>,
    /// What happened and what helps, with the server's own words.
    pub message: String,
}

impl HandshakeFailure {
    /// The server broke the protocol.
    pub(super) fn violation(step: &'static str, message: String) -> Self {
        Self { step, kind: ErrorKind::Protocol, status: None, message }
    }

    /// The server said no with `packet`, and `message` says what that means.
    pub(super) fn refused(step: &'static str, kind: ErrorKind, message: &str, packet: &Packet<'_>) -> Self {
        let mut message = String::from(message);
        if let Some(body) = ErrorBody::parse(packet.value()) {
            message.push_str(&format!(" (the server says: {body})"));
        }
        Self { step, kind, status: Some(packet.status()), message }
    }

    /// The server said no with `packet`, for no reason that is special to this step.
    pub(super) fn unexpected(step: &'static str, packet: &Packet<'_>) -> Self {
        Self::refused(step, kind(packet.status()), "the server refused", packet)
    }

    pub(super) fn scram(step: &'static str, error: &ScramError) -> Self {
        let kind = if error.is_auth() { ErrorKind::Auth } else { ErrorKind::Protocol };
        Self { step, kind, status: None, message: format!("{error}") }
    }
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.step, self.message)?;
        match self.status {
            Some(status) => write!(f, "; status {status}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for HandshakeFailure {}

/// Whether a request is one that this server does not have.
pub(super) fn is_unsupported(status: Status) -> bool {
    matches!(status, Status::UNKNOWN_COMMAND | Status::NOT_SUPPORTED)
}

fn kind(status: Status) -> ErrorKind {
    match status {
        Status::AUTH_ERROR | Status::AUTH_STALE | Status::EACCESS => ErrorKind::Auth,
        Status::UNKNOWN_COMMAND | Status::NOT_SUPPORTED => ErrorKind::NotSupported,
        Status::NOT_INITIALIZED
        | Status::EWOULDTHROTTLE
        | Status::RATE_LIMITED_NETWORK_INGRESS
        | Status::RATE_LIMITED_NETWORK_EGRESS
        | Status::RATE_LIMITED_MAX_CONNECTIONS
        | Status::RATE_LIMITED_MAX_COMMANDS
        | Status::BUCKET_PAUSED
        | Status::ENOMEM
        | Status::EBUSY
        | Status::ETMPFAIL => ErrorKind::TemporaryFail,
        _ => ErrorKind::Other,
    }
}
