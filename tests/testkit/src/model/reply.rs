//! What a request can end in: a reply with content, or a refusal.

use super::store::Change;
use couchbase_core::wire::{Datatype, Status};
use serde::Serialize;
use std::borrow::Cow;

/// The content of a successful reply, in borrowed parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply<'a> {
    pub(crate) status: Status,
    pub(crate) datatype: Datatype,
    pub(crate) cas: u64,
    pub(crate) extras: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

impl Default for Reply<'_> {
    fn default() -> Self {
        Self { status: Status::SUCCESS, datatype: Datatype::RAW, cas: 0, extras: &[], key: &[], value: &[] }
    }
}

/// A mutation token as extras: the vbucket's UUID, then the sequence number.
pub(crate) fn token(change: &Change) -> [u8; 16] {
    let mut token = [0; 16];
    token[..8].copy_from_slice(&change.vbucket_uuid.to_be_bytes());
    token[8..].copy_from_slice(&change.seqno.to_be_bytes());
    token
}

/// How a request ended: answered, or to be refused.
pub(crate) type Outcome = Result<(), Refusal>;

/// Why a request was not done.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: Status,
    /// The refusal of GETL or UNLOCK itself; only these are told apart without extended errors.
    pub(crate) about_the_lock: bool,
    detail: Detail,
}

#[derive(Debug, Clone)]
enum Detail {
    None,
    /// The whole body, ready made.
    Body(Vec<u8>),
    Error {
        context: Option<Cow<'static, str>>,
        reference: Option<String>,
    },
}

#[derive(Serialize)]
struct Body<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

impl Refusal {
    /// Malformed: 0x04 with the reason in words.
    pub(crate) fn invalid(context: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Status::EINVAL).because(context)
    }

    /// Adds the reason in words.
    pub(crate) fn because(self, words: impl Into<Cow<'static, str>>) -> Self {
        let reference = match self.detail {
            Detail::Error { reference, .. } => reference,
            _ => None,
        };
        Self { detail: Detail::Error { context: Some(words.into()), reference }, ..self }
    }

    /// Adds a reference under which a real server would have logged it.
    pub(crate) fn logged_as(self, reference: String) -> Self {
        let context = match self.detail {
            Detail::Error { context, .. } => context,
            _ => None,
        };
        Self { detail: Detail::Error { context, reference: Some(reference) }, ..self }
    }

    /// Takes this for the whole body.
    pub(crate) fn with_body(self, body: Vec<u8>) -> Self {
        Self { detail: Detail::Body(body), ..self }
    }

    /// Marks the refusal of GETL or UNLOCK itself.
    pub(crate) fn about_the_lock(self) -> Self {
        Self { about_the_lock: true, ..self }
    }

    /// The reply's value: JSON, or nothing.
    pub(crate) fn body(&self) -> Cow<'_, [u8]> {
        match &self.detail {
            Detail::None => Cow::Borrowed(&[]),
            Detail::Body(body) => Cow::Borrowed(body),
            Detail::Error { context, reference } => Cow::Owned(
                serde_json::to_vec(&Body {
                    error: ErrorBody { context: context.as_deref(), reference: reference.as_deref() },
                })
                .expect("strings serialise"),
            ),
        }
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self { status, about_the_lock: false, detail: Detail::None }
    }
}
