//! GETL and UNLOCK.

use super::link::Link;
use super::read::answer_document;
use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use super::store::{Place, Store};
use couchbase_core::wire::Status;
use std::time::Duration;

/// How long a lock holds that does not say so, or that asks for more than [`LONGEST`].
const USUAL: u32 = 15;
const LONGEST: u32 = 30;

impl Store {
    /// GETL: the CAS of the answer is the key to the lock.
    pub(crate) fn get_locked(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        let cas = self.clock.next(request.at);
        let document = self.live(place, request.at).ok_or(Status::KEY_ENOENT)?;
        if document.is_locked(request.at.now) {
            return Err(Refusal::from(Status::LOCKED).about_the_lock());
        }
        let seconds = match request.extras_u32(0) {
            seconds @ 1..=LONGEST => seconds,
            _ => USUAL,
        };
        document.cas = cas;
        document.locked = Some(request.at.now + Duration::from_secs(seconds.into()));
        answer_document(link, request, document, cas)
    }

    /// UNLOCK: the answer has no CAS.
    pub(crate) fn unlock(&mut self, link: &mut Link, request: &Request<'_>, place: Place<'_>) -> Outcome {
        let document = self.live(place, request.at).ok_or(Status::KEY_ENOENT)?;
        if !document.is_locked(request.at.now) {
            return Err(Refusal::from(Status::NOT_LOCKED).about_the_lock());
        }
        if document.cas != request.packet.cas() {
            return Err(Status::LOCKED.into());
        }
        document.locked = None;
        link.answer(request, &Reply::default())
    }
}
