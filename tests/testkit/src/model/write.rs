//! The writes that take a value: SET, ADD, REPLACE, APPEND and PREPEND; and DELETE.
//!
//! One rule for all: a locked document is changed only with the CAS of its lock, which ends the lock.

use super::link::Link;
use super::reply::{Outcome, Reply, token};
use super::request::Request;
use super::store::{Change, Document, Place, Store};
use couchbase_core::wire::{Feature, Opcode, Status};

const MAX_VALUE: usize = 20 * 1024 * 1024;

/// Answers a write with its new CAS, and with the mutation token if the client wants them.
pub(crate) fn answer_change(
    link: &mut Link,
    request: &Request<'_>,
    change: &Change,
    value: &[u8],
) -> Outcome {
    let token = token(change);
    let extras: &[u8] = if link.has(Feature::MUTATION_SEQNO) { &token } else { &[] };
    link.answer(request, &Reply { cas: change.cas, extras, value, ..Reply::default() })
}

/// Whether a request may change this document.
fn may_change(document: &Document, request: &Request<'_>) -> Outcome {
    let cas = request.packet.cas();
    if document.is_locked(request.at.now) {
        return if cas == document.cas { Ok(()) } else { Err(Status::LOCKED.into()) };
    }
    if cas == 0 || cas == document.cas { Ok(()) } else { Err(Status::KEY_EEXISTS.into()) }
}

impl Store {
    /// SET, ADD and REPLACE.
    pub(crate) fn store(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        request.check_durability()?;
        let found = self.live(place, request.at);
        let kept_expiry = match (found, request.opcode) {
            (Some(_), Opcode::ADD) => return Err(Status::KEY_EEXISTS.into()),
            (Some(document), _) => {
                may_change(document, request)?;
                request.preserve_ttl.then_some(document.expiry)
            }
            (None, Opcode::REPLACE) => return Err(Status::KEY_ENOENT.into()),
            (None, _) if request.packet.cas() != 0 => return Err(Status::KEY_ENOENT.into()),
            (None, _) => None,
        };
        let expiry = kept_expiry.unwrap_or_else(|| request.at.absolute_expiry(request.extras_u32(4)));
        let change = self.put(place, request.opcode, request.at, |document| {
            document.set_value(request.packet.value());
            document.flags = request.extras_u32(0);
            document.expiry = expiry;
        });
        answer_change(link, request, &change, &[])
    }

    /// APPEND and PREPEND: flags and expiry stay.
    pub(crate) fn concatenate(
        &mut self,
        link: &mut Link,
        request: &Request<'_>,
        place: Place<'_>,
    ) -> Outcome {
        let document = self.live(place, request.at).ok_or(Status::NOT_STORED)?;
        request.check_durability()?;
        may_change(document, request)?;
        let added = request.packet.value();
        if document.value.len() + added.len() > MAX_VALUE {
            return Err(Status::E2BIG.into());
        }
        let change = self.put(place, request.opcode, request.at, |document| match request.opcode {
            Opcode::APPEND => document.extend_value(&[], added),
            _ => document.extend_value(added, &[]),
        });
        answer_change(link, request, &change, &[])
    }

    /// DELETE: the CAS of the answer is the tombstone's.
    pub(crate) fn delete(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        request.check_durability()?;
        let document = self.live(place, request.at).ok_or(Status::KEY_ENOENT)?;
        may_change(document, request)?;
        let change = self.remove(place, request.opcode, request.at);
        answer_change(link, request, &change, &[])
    }
}
