//! INCREMENT and DECREMENT: decimal text in the document, a 64-bit number in the answer.

use super::link::Link;
use super::reply::Outcome;
use super::request::Request;
use super::store::{Place, Store};
use super::write::answer_change;
use couchbase_core::wire::{Opcode, Status};

/// An expiry that says: do not create.
const NEVER_CREATE: u32 = u32::MAX;

/// What C calls white space.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// The number at the front of a document. As on a real server, white space and one plus sign may stand before it, and
/// anything after it once white space has ended it.
fn number(value: &[u8]) -> Option<u64> {
    let start = value.iter().position(|byte| !is_space(*byte))?;
    let value = value[start..].strip_prefix(b"+").unwrap_or(&value[start..]);
    let end = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    // A sign of its own is no digit, so what is parsed here has none.
    let ended = end > 0 && value.get(end).is_none_or(|byte| is_space(*byte));
    ended.then(|| std::str::from_utf8(&value[..end]).ok()?.parse().ok()).flatten()
}

impl Store {
    /// Upwards it wraps at 2^64, downwards it stops at 0. A locked document is refused only if it holds a number.
    pub(crate) fn count(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        let (delta, initial, expiry) = (request.extras_u64(0), request.extras_u64(8), request.extras_u32(16));
        let (counted, created) = match self.live(place, request.at) {
            None if expiry == NEVER_CREATE => return Err(Status::KEY_ENOENT.into()),
            None => {
                request.check_durability()?;
                (initial, true)
            }
            Some(document) => {
                let before = number(&document.value).ok_or(Status::DELTA_BADVAL)?;
                request.check_durability()?;
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
