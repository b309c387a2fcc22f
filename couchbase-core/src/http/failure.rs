//! Why an HTTP exchange failed. Peer text appears only as the library quotes it; credentials never do.

use crate::{Error, ErrorKind};
use std::{fmt, string::String};

/// Why an exchange failed. The link that carried it cannot be used again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request cannot be sent as it is; nothing was.
    Request(String),
    /// The server closed the link before it answered anything.
    Closed,
    /// The server closed the link in the middle of its answer.
    Truncated,
    /// Status line and headers, or a line of a chunked body, exceed [`MAX_HEAD`](super::MAX_HEAD).
    HeadTooLarge,
    /// More than [`MAX_INTERIM`](super::MAX_INTERIM) interim responses (1xx) came instead of an answer.
    TooManyInterim,
    /// What arrived is not HTTP/1.1, with the rule it breaks.
    Malformed(String),
}

impl HttpError {
    pub(super) fn malformed(rule: impl Into<String>) -> Self {
        Self::Malformed(rule.into())
    }

    /// The same as the error of all crates: of kind `Argument`, `Network` or `Protocol`.
    pub fn into_error(self) -> Error {
        let kind = match self {
            Self::Request(_) => ErrorKind::Argument,
            Self::Closed | Self::Truncated => ErrorKind::Network,
            Self::HeadTooLarge | Self::TooManyInterim | Self::Malformed(_) => ErrorKind::Protocol,
        };
        Error::new(kind, self)
    }

    pub(super) fn request(reason: impl std::string::ToString) -> Self {
        Self::Request(reason.to_string())
    }
}

impl From<ureq_proto::Error> for HttpError {
    fn from(error: ureq_proto::Error) -> Self {
        Self::Malformed(std::format!("{error}"))
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(reason) => write!(f, "the HTTP request cannot be sent: {reason}"),
            Self::Closed => f.write_str("the server closed the link without an answer"),
            Self::Truncated => {
                f.write_str("the server closed the link in the middle of its answer; ask again")
            }
            Self::HeadTooLarge => {
                write!(f, "the head of the HTTP response exceeds {} bytes", super::MAX_HEAD)
            }
            Self::TooManyInterim => {
                write!(f, "more than {} interim responses came instead of an answer", super::MAX_INTERIM)
            }
            Self::Malformed(rule) => write!(f, "the answer is not HTTP/1.1: {rule}"),
        }
    }
}

impl std::error::Error for HttpError {}
