//! The kinds of failure, their categories, and the original client's codes.

use crate::wire::Status;
use core::fmt;

/// What kind of failure an [`Error`](crate::Error) is. More may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument that no server would take. Nothing was sent, unless the error has a status: then the server found
    /// it.
    Argument,
    /// A value that cannot be encoded, or a document that cannot be decoded as asked.
    ValueFormat,
    /// No such document.
    NotFound,
    /// The document exists already, or its CAS is another one.
    KeyExists,
    /// Append or prepend to a document that is not there.
    NotStored,
    /// Larger than a limit: a value than the server takes (20 MiB), the rows of a view than their memory, a row than a
    /// row may be.
    TooBig,
    /// A counter operation on a document that is no number.
    DeltaBadValue,
    /// The document is locked by another client.
    Locked,
    /// The server cannot do it at the moment, or it was [overtaken](crate::Error::is_overtaken).
    TemporaryFail,
    /// The deadline passed; [`is_ambiguous`](crate::Error::is_ambiguous) tells whether it may have happened.
    Timeout,
    /// The link to the node could not be made or was lost.
    Network,
    /// A host name that does not resolve.
    UnknownHost,
    /// The server refuses the user, the password, or the right to do this.
    Auth,
    /// The bucket is missing, or not this user's: the server does not tell which.
    BucketNotFound,
    /// No such scope or collection.
    UnknownCollection,
    /// The durability asked for was not reached.
    Durability,
    /// A sub-document operation does not fit its document. No operation has this yet.
    SubDocument,
    /// The server does not offer this.
    NotSupported,
    /// A limit of this client is reached: operations in flight, operations waiting, or a completion queue.
    Overloaded,
    /// The connection is closed, or its driver is gone.
    Closed,
    /// The server broke the protocol.
    Protocol,
    /// An HTTP service answered with an error.
    Http,
    /// The view engine reported an error.
    ViewEngine,
    /// There is no runtime here to run on.
    NoRuntime,
    /// A status that this client does not know.
    Other,
}

/// The code that the original client library gave for a node's answer.
pub(super) const fn rc_of(status: Status) -> u16 {
    match status {
        Status::KEY_ENOENT => 0x0d,
        // Nodes of that time answered KEY_EEXISTS for a document that was locked.
        Status::KEY_EEXISTS | Status::LOCKED => 0x0c,
        Status::E2BIG => 0x04,
        Status::EINVAL => 0x07,
        Status::NOT_STORED => 0x12,
        Status::DELTA_BADVAL => 0x03,
        Status::NOT_MY_VBUCKET => 0x17,
        Status::AUTH_ERROR => 0x02,
        Status::AUTH_CONTINUE => 0x01,
        Status::ERANGE => 0x09,
        Status::UNKNOWN_COMMAND => 0x14,
        Status::ENOMEM => 0x08,
        Status::NOT_SUPPORTED => 0x13,
        Status::EINTERNAL => 0x06,
        Status::EBUSY => 0x05,
        Status::ETMPFAIL => 0x0b,
        _ => 0x0a,
    }
}

impl ErrorKind {
    /// The code of the original client library; 0 where it had none.
    pub(crate) const fn rc(self) -> u16 {
        match self {
            Self::Auth => 0x02,
            Self::DeltaBadValue => 0x03,
            Self::TooBig => 0x04,
            Self::Other => 0x0a,
            Self::TemporaryFail => 0x0b,
            Self::KeyExists | Self::Locked => 0x0c,
            Self::NotFound => 0x0d,
            Self::Network => 0x10,
            Self::NotStored => 0x12,
            Self::NotSupported => 0x13,
            Self::UnknownHost => 0x15,
            Self::Protocol => 0x16,
            Self::Timeout => 0x17,
            Self::BucketNotFound => 0x19,
            Self::Overloaded | Self::Closed => 0x1b,
            Self::Argument
            | Self::ValueFormat
            | Self::UnknownCollection
            | Self::Durability
            | Self::SubDocument
            | Self::Http
            | Self::ViewEngine
            | Self::NoRuntime => 0,
        }
    }

    pub(crate) const fn is_transient(self) -> bool {
        matches!(self, Self::TemporaryFail | Self::Timeout | Self::Locked | Self::Overloaded | Self::Network)
    }

    pub(crate) const fn is_network(self) -> bool {
        matches!(self, Self::Network | Self::UnknownHost | Self::Protocol | Self::Timeout)
    }

    pub(crate) const fn is_input(self) -> bool {
        matches!(
            self,
            Self::Argument
                | Self::ValueFormat
                | Self::TooBig
                | Self::DeltaBadValue
                | Self::UnknownHost
                | Self::Auth
                | Self::BucketNotFound
                | Self::UnknownCollection
        )
    }

    pub(crate) const fn is_data(self) -> bool {
        matches!(
            self,
            Self::NotFound
                | Self::KeyExists
                | Self::NotStored
                | Self::TooBig
                | Self::DeltaBadValue
                | Self::Locked
                | Self::SubDocument
        )
    }

    pub(crate) const fn is_fatal(self) -> bool {
        matches!(self, Self::Auth | Self::BucketNotFound | Self::Closed | Self::NoRuntime)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Argument => "invalid argument",
            Self::ValueFormat => "value format",
            Self::NotFound => "not found",
            Self::KeyExists => "key exists or CAS differs",
            Self::NotStored => "not stored",
            Self::TooBig => "too big",
            Self::DeltaBadValue => "not a number",
            Self::Locked => "locked",
            Self::TemporaryFail => "temporary failure",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::UnknownHost => "unknown host",
            Self::Auth => "authentication",
            Self::BucketNotFound => "bucket not found",
            Self::UnknownCollection => "unknown collection",
            Self::Durability => "durability",
            Self::SubDocument => "sub-document",
            Self::NotSupported => "not supported",
            Self::Overloaded => "overloaded",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Http => "HTTP",
            Self::ViewEngine => "view engine",
            Self::NoRuntime => "no runtime",
            Self::Other => "server error",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}
