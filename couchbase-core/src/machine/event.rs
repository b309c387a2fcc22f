//! What the machine tells its driver, and what the driver tells of links.

use super::{LinkId, OpId, Request, ResolveId};
use crate::{Error, Reply, Result};
use alloc::string::String;
use core::fmt;
use core::net::SocketAddr;

/// What the machine wants done, or has to say. Taken with [`Client::poll_event`](super::Client::poll_event).
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Look up a host; answer with [`handle_resolved`](super::Client::handle_resolved), or with
    /// [`handle_unresolved`](super::Client::handle_unresolved).
    Resolve {
        /// What to answer under.
        query: ResolveId,
        /// The host's name.
        host: String,
        /// The port to put into the addresses.
        port: u16,
    },
    /// Give a look-up up. An answer to it changes nothing any more.
    Forget {
        /// Which one.
        query: ResolveId,
    },
    /// Connect a socket; answer with [`handle_connected`](super::Client::handle_connected) or
    /// [`handle_lost`](super::Client::handle_lost).
    Open {
        /// The link it becomes.
        link: LinkId,
        /// Where to.
        addr: SocketAddr,
    },
    /// Close the socket, or give up connecting it. Nothing more is to be said of the link.
    Close {
        /// The link that ends.
        link: LinkId,
    },
    /// An operation has ended. Exactly once for each that was accepted and not cancelled.
    Finished {
        /// Which one.
        op: OpId,
        /// How.
        result: Result<Reply>,
    },
    /// The first map of the cluster is known. At most once.
    Connected,
    /// The first connection could not be made; all operations have ended with this error, and later ones will. At
    /// most once, and never after `Connected`.
    ConnectFailed {
        /// Why.
        error: Error,
    },
    /// After [`close`](super::Client::close): every operation has ended and every link is closed. The last event.
    Closed,
}

/// Why the machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TimerKind {
    /// An operation's deadline.
    Deadline,
    /// An operation is to be tried again.
    Retry,
    /// The first connection's deadline, or the next seed's turn.
    Connect,
    /// A link's making has its own deadlines: looking up its host, connecting, the handshake.
    Handshake,
    /// A lost link is to be made again.
    Reconnect,
    /// A link owes an answer for too long.
    Stuck,
    /// The cluster's configuration is asked for from time to time.
    Configuration,
}

/// How a link was lost, or why it could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkLoss {
    /// Nobody listens there.
    Refused,
    /// The other side reset it.
    Reset,
    /// The other side closed it.
    Eof,
    /// Anything else, in the system's words.
    Failed(String),
}

impl fmt::Display for LinkLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("connection reset"),
            Self::Eof => f.write_str("closed by the other side"),
            Self::Failed(words) => f.write_str(words),
        }
    }
}

/// An operation that was not accepted: nothing of it was sent. The request comes back.
#[derive(Debug)]
#[non_exhaustive]
pub struct SubmitError {
    /// The request as it was given.
    pub request: Request,
    /// Why: `Argument`, `TooBig`, `Overloaded`, `Closed`, or the error of a failed connection.
    pub error: Error,
}
