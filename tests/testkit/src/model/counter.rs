//! INCREMENT and DECREMENT: decimal text in the document, a 64-bit number in the answer.

use super::link::Link;
use super::reply::Outcome;
use super::request::Request;
use super::store::{Place, Store};
use super::write::answer_change;
use couchbase_core::wire::{Opcode, Status};

/// An expiry that says: do not create.
const NEVER_CREATE: u32 = u32::MAX;

/// The number in a document, if there is an unsigned one and nothing else.
fn number(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok()?.parse().ok()).flatten()
}

impl Store {
    /// Upwards it wraps at 2^64, downwards it stops at 0. A locked document is refused only if it holds a number.
    pub(crate) fn count(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        let (delta, initial, expiry) = (request.extras_u64(0), request.extras_u64(8), request.extras_u32(16));
        let (counted, created) = match self.live(place, request.at) {
            None if expiry == NEVER_CREATE => return Err(Status::KEY_ENOENT.into()),
            None => (initial, true),
            Some(document) => {
                let before = number(&document.value).ok_or(Status::DELTA_BADVAL)?;
                if document.is_locked(request.at.now) {
                    return Err(Status::LOCKED.into());
                }
                let counted = match request.opcode {
                    Opcode::INCREMENT => before.wrapping_add(delta),
                    _ => before.saturating_sub(delta),
                };
                (counted, false)
            }
        };
        let change = self.put(place, request.opcode, request.at, |document| {
            document.set_value(counted.to_string().as_bytes());
            if created {
                document.flags = 0;
                document.expiry = request.at.absolute_expiry(expiry);
            }
        });
        answer_change(link, request, &change, &counted.to_be_bytes())
    }
}
