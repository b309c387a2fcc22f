//! A log of what took effect, for checks that compare it with what clients were told.
//!
//! Off unless asked for: it grows with every change and never shrinks.

use super::store::{Document, Place};
use couchbase_core::wire::Opcode;

/// One change that took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Its place among all changes of the cluster, from 0.
    pub order: u64,
    /// Index of the bucket, in the order in which buckets were declared.
    pub bucket: usize,
    /// The vbucket that the request named.
    pub vbucket: u16,
    /// The document's key, without collection prefix.
    pub key: Vec<u8>,
    /// The operation; a quiet one is logged as its loud form.
    pub opcode: Opcode,
    /// The CAS that the change gave.
    pub cas: u64,
    /// The value after the change; `None` when the document was removed.
    pub value: Option<Vec<u8>>,
}

impl Effect {
    pub(crate) fn new(
        order: u64,
        place: Place<'_>,
        opcode: Opcode,
        cas: u64,
        document: Option<&Document>,
    ) -> Self {
        Self {
            order,
            bucket: place.bucket,
            vbucket: place.vbucket,
            key: place.key.to_vec(),
            opcode,
            cas,
            value: document.map(|document| document.value.clone()),
        }
    }
}

/// The log, if it is kept.
#[derive(Debug, Default)]
pub(crate) struct Effects(Option<Vec<Effect>>);

impl Effects {
    pub(crate) fn new(kept: bool) -> Self {
        Self(kept.then(Vec::new))
    }

    pub(crate) fn record(&mut self, effect: impl FnOnce(u64) -> Effect) {
        if let Some(log) = &mut self.0 {
            log.push(effect(log.len() as u64));
        }
    }

    pub(crate) fn log(&self) -> &[Effect] {
        self.0.as_deref().unwrap_or_default()
    }
}
