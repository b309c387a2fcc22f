//! What the machine must know of each operation, one file a family. Adding one adds a file and its line here.

mod concat;
mod counter;
mod delete;
mod get;
mod store;
mod touch;

pub(super) use concat::{APPEND, PREPEND};
pub(super) use counter::{DECREMENT, INCREMENT};
pub(super) use delete::DELETE;
pub(super) use get::{GET, GET_AND_TOUCH};
pub(super) use store::{ADD, REPLACE, SET};
pub(super) use touch::TOUCH;

use super::Request;
use crate::wire::{Opcode, Packet, Status};
use crate::{Cas, Encoded, ErrorKind, Expiry, Key, Reply};
use bytes::Bytes;

/// An operation's share in the protocol.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) opcode: Opcode,
    /// It changes nothing: two reads of a key never conflict, and a lost one is sent again.
    pub(super) is_read: bool,
    /// Its value is a whole document, which may be marked as JSON.
    pub(super) carries_document: bool,
    /// The quiet rule applies: a missing document may be a reply without success.
    pub(super) can_be_quiet: bool,
    /// The extras of its request, which has been checked.
    pub(super) extras: fn(&Request, &mut Extras),
    /// What a success says; `None` if it is malformed. `value` is the packet's, already in the caller's hands.
    pub(super) read: fn(&Packet<'_>, Bytes) -> Option<Answer>,
    /// What a status means for this operation where it differs from the rest.
    pub(super) refusal: fn(Status) -> Option<ErrorKind>,
}

impl core::fmt::Debug for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

/// What the packet of a success says: a reply that lacks its key.
pub(super) struct Answer {
    cas: Cas,
    document: Encoded,
    number: Option<u64>,
}

impl Answer {
    fn new(packet: &Packet<'_>, document: Encoded) -> Self {
        Self { cas: Cas::from_u64(packet.cas()), document, number: None }
    }

    #[inline]
    pub(super) fn into_reply(self, key: Key) -> Reply {
        Reply::new(key, self.cas, self.document, self.number)
    }
}

/// Room for the longest extras of a request.
#[derive(Default)]
pub(super) struct Extras {
    bytes: [u8; 20],
    len: usize,
}

impl Extras {
    fn push<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.len..self.len + N].copy_from_slice(&bytes);
        self.len += N;
    }

    fn push_expiry(&mut self, expiry: Expiry) {
        self.push(expiry.settled().to_be_bytes());
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Operations without extras.
fn no_extras(_request: &Request, _extras: &mut Extras) {}

/// Operations whose statuses mean what they mean everywhere.
fn as_everywhere(_status: Status) -> Option<ErrorKind> {
    None
}

/// What operations return that return a CAS and nothing else.
fn read_cas(packet: &Packet<'_>, _value: Bytes) -> Option<Answer> {
    Some(Answer::new(packet, Encoded::default()))
}
