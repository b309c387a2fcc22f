//! One link's session: how it is bootstrapped and authenticated, and what the server at its other end can do.
//!
//! [`Handshake`] is a state machine over packets: it appends requests to a buffer and consumes itself at each reply,
//! until the link is [`Established`] or [`HandshakeFailure`] says why not. It knows one link and nothing else: no
//! socket, no clock, no other node.

mod credentials;
mod error_body;
mod error_map;
mod features;
mod handshake;
mod mechanism;
mod scram;

#[cfg(test)]
mod tests;

pub use credentials::{Credentials, Secret};
pub use error_body::ErrorBody;
pub use error_map::{Attributes, ErrorEntry, ErrorMap};
pub use features::{Features, WANTED as WANTED_FEATURES};
pub use handshake::{Established, Handshake, HandshakeFailure, Settings, Step};
pub use mechanism::Mechanism;
pub use scram::DerivedKeys;
