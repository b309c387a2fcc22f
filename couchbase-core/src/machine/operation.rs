//! What the machine must know of each operation, one file a family. Adding one adds a file and its line here.

mod answer;
mod concat;
mod counter;
mod delete;
mod get;
mod store;
mod touch;

pub(super) use answer::{Answer, Carries};
pub(super) use concat::{APPEND, PREPEND};
pub(super) use counter::{DECREMENT, INCREMENT};
pub(super) use delete::DELETE;
pub(super) use get::{GET, GET_AND_TOUCH};
pub(super) use store::{ADD, REPLACE, SET};
pub(super) use touch::TOUCH;

use super::Request;
use crate::wire::{Opcode, Status};
use crate::{ErrorKind, Expiry};

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
    /// What a success carries.
    pub(super) carries: Carries,
    /// What a status means for this operation where it differs from the rest.
    pub(super) refusal: fn(Status) -> Option<ErrorKind>,
}

impl core::fmt::Debug for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
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
