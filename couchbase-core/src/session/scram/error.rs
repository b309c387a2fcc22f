//! Why a SCRAM exchange ends without success. The texts name the field at fault, never key material.

use alloc::string::String;
use core::fmt;

use super::{MAX_ITERATIONS, MAX_MESSAGE, MIN_ITERATIONS};

/// The fault found in a server's SCRAM message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScramError {
    /// The message is not text.
    NotText,
    /// The message is longer than [`MAX_MESSAGE`] bytes.
    TooLong(usize),
    /// The field that must come next in this message is not there.
    Missing(&'static str),
    /// The message demands an extension (`m=`) that nobody here knows.
    UnknownExtension,
    /// The server's nonce is not ours with more behind it.
    Nonce,
    /// The field is not base64.
    Base64(&'static str),
    /// The salt is empty.
    NoSalt,
    /// The iteration count is not a number.
    NotANumber,
    /// Fewer rounds than a password may be protected with.
    TooFewIterations(u32),
    /// More rounds than a server may make us compute.
    TooManyIterations(u64),
    /// The server ends the exchange with an error of its own (`e=`).
    Refused(String),
    /// The signature is not the one that the password gives, or there is none.
    NotProven,
}

impl ScramError {
    /// Whether trust is at stake, rather than the form of a message.
    pub(crate) fn is_auth(&self) -> bool {
        match self {
            Self::TooFewIterations(_) | Self::TooManyIterations(_) | Self::Refused(_) | Self::NotProven => {
                true
            }
            Self::NotText
            | Self::TooLong(_)
            | Self::Missing(_)
            | Self::UnknownExtension
            | Self::Nonce
            | Self::Base64(_)
            | Self::NoSalt
            | Self::NotANumber => false,
        }
    }
}

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("the server's SCRAM message is not text"),
            Self::TooLong(len) => {
                write!(f, "the server's SCRAM message has {len} bytes, more than {MAX_MESSAGE}")
            }
            Self::Missing(field) => write!(f, "the server's SCRAM message lacks its {field}"),
            Self::UnknownExtension => {
                f.write_str("the server demands a SCRAM extension that this client does not know")
            }
            Self::Nonce => f.write_str("the server's SCRAM nonce does not extend ours"),
            Self::Base64(field) => write!(f, "the server's SCRAM {field} is not base64"),
            Self::NoSalt => f.write_str("the server's SCRAM salt is empty"),
            Self::NotANumber => f.write_str("the server's SCRAM iteration count is not a number"),
            Self::TooFewIterations(count) => write!(
                f,
                "the server asks for {count} SCRAM iterations, fewer than {MIN_ITERATIONS}: too weak to \
                 answer; raise its iteration count"
            ),
            Self::TooManyIterations(count) => write!(
                f,
                "the server asks for {count} SCRAM iterations, more than {MAX_ITERATIONS}: refused, since \
                 it would only burn processor time"
            ),
            Self::Refused(words) => write!(f, "the server refused the SCRAM exchange: {words}"),
            Self::NotProven => f.write_str("the server did not prove that it knows the password"),
        }
    }
}

impl core::error::Error for ScramError {}
