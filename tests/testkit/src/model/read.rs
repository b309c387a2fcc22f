//! GET and GETK, and the two that change a document's expiry: TOUCH and GAT.

use super::link::Link;
use super::reply::{Outcome, Reply};
use super::request::Request;
use super::store::{Document, Place, Store};
use couchbase_core::wire::{Datatype, Feature, Opcode, Status};

/// The CAS that a locked document shows to everyone but its holder.
const LOCKED_CAS: u64 = u64::MAX;

/// Answers with a document as it is stored.
pub(crate) fn answer_document(
    link: &mut Link,
    request: &Request<'_>,
    document: &mut Document,
    cas: u64,
) -> Outcome {
    let datatype = if link.has(Feature::JSON) && document.is_json() { Datatype::JSON } else { Datatype::RAW };
    link.answer(
        request,
        &Reply {
            datatype,
            cas,
            extras: &document.flags.to_be_bytes(),
            key: if request.opcode == Opcode::GETK { request.packet.key() } else { &[] },
            value: &document.value,
            ..Reply::default()
        },
    )
}

impl Store {
    /// GET and GETK.
    pub(crate) fn get(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        let document = self.live(place, request.at).ok_or(Status::KEY_ENOENT)?;
        let cas = if document.is_locked(request.at.now) { LOCKED_CAS } else { document.cas };
        answer_document(link, request, document, cas)
    }

    /// TOUCH and GAT: a new expiry is a change, with a new CAS; the same one again changes nothing.
    pub(crate) fn touch(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        let document = self.live(place, request.at).ok_or(Status::KEY_ENOENT)?;
        if document.is_locked(request.at.now) {
            return Err(Status::LOCKED.into());
        }
        let expiry = request.at.absolute_expiry(request.extras_u32(0));
        let cas = if document.expiry == expiry {
            document.cas
        } else {
            self.put(place, request.opcode, request.at, |document| document.expiry = expiry).cas
        };
        if request.opcode == Opcode::TOUCH {
            return link.answer(request, &Reply { cas, ..Reply::default() });
        }
        // It may be gone: an expiry in the past is one that has come.
        let document = self.vbucket(place).stored(place.key).ok_or(Status::KEY_ENOENT)?;
        answer_document(link, request, document, cas)
    }
}
