//! The bytes of one frame of the memcached binary protocol, as Couchbase extends it.
//!
//! Decoding is a view on the caller's buffer ([`peek`] gives a [`Packet`]), encoding appends to the caller's buffer
//! ([`Outgoing`]); neither allocates for what the other side announces. This module knows no operation and no policy.
//!
//! All integers are big-endian. A frame is a 24-byte [`Header`] and a body of, in this order, framing extras, extras,
//! key and value.
//!
//! ```
//! use couchbase_core::wire::{Opcode, Outgoing, peek};
//!
//! let mut out = Vec::new();
//! Outgoing { key: b"foo", opaque: 0x11, specific: 115, ..Outgoing::request(Opcode::GET) }.write_to(&mut out);
//! let packet = peek(&out, 1024)?.expect("a whole frame");
//! assert_eq!((packet.key(), packet.vbucket(), packet.len()), (&b"foo"[..], 115, 27));
//! # Ok::<(), couchbase_core::wire::WireError>(())
//! ```

mod code;
mod feature;
pub mod framing;
mod header;
mod opcode;
mod outgoing;
mod packet;
mod status;

pub use feature::Feature;
pub use header::{Datatype, HEADER_LEN, Header, Magic};
pub use opcode::Opcode;
pub use outgoing::Outgoing;
pub use packet::{Packet, WireError, peek};
pub use status::Status;

/// The largest body that a server takes: 30 MiB. Beyond it a 7.6 server closes the socket.
pub const MAX_BODY_LEN: usize = 30 * 1024 * 1024;

#[cfg(test)]
mod tests;
