//! Faults that a test wants to see from the HTTP side, as plain data.
//!
//! A node's front hands the fault to [`ServerLink::respond`](super::ServerLink::respond); how often it applies is
//! the control API's business.

use ::http::StatusCode;
use bytes::Bytes;

use super::{Response, json_response};

/// What goes wrong with one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The link is closed after so many bytes of body (framing of chunks not counted), or without any answer.
    Close {
        /// Bytes of body that still go out; `None` sends not even the head.
        after: Option<usize>,
    },
    /// Nothing more is sent after so many bytes of body, and the link stays open.
    Stall {
        /// Bytes of body that still go out; `None` sends not even the head.
        after: Option<usize>,
    },
    /// This is answered instead of what the service says.
    Answer {
        /// HTTP status, 200 to 999; any other becomes 500.
        status: u16,
        /// The whole body, sent as `application/json`.
        body: Bytes,
    },
}

impl Fault {
    /// The answer that replaces the service's, if this fault is one: the service need not be asked then.
    pub fn answer(&self) -> Option<Response> {
        match self {
            Self::Answer { status, body } => Some(json_response(*status, body.clone())),
            Self::Close { .. } | Self::Stall { .. } => None,
        }
    }
}

/// A status that may end an exchange: informational ones announce another response.
pub(super) fn final_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
