//! What successful operations return.

use crate::value::decode_borrowed;
use crate::{Cas, Decode, Encoded, Error, ErrorKind, Flags, Key, Result};
use bytes::Bytes;
use serde::Deserialize;

/// The result of an operation that stores, deletes or touches: there is no value.
#[derive(Clone, Debug)]
pub struct OperationResult {
    key: Key,
    cas: Cas,
    success: bool,
}

impl OperationResult {
    /// The key it was about.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The document's new CAS; zero without success.
    pub fn cas(&self) -> Cas {
        self.cas
    }

    /// False only where `quiet` let a missing key pass.
    pub fn success(&self) -> bool {
        self.success
    }
}

/// A document as it came: bytes, flags and CAS. It is decoded when you ask for a value, as often as you ask.
///
/// ```
/// # doc_examples::run(async |cb| {
/// cb.set("point", &[1, 2]).await?;
/// let found = cb.get("point").await?;
/// assert_eq!(found.value::<(i32, i32)>()?, (1, 2));
/// assert_eq!(found.bytes(), "[1,2]");
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct ValueResult {
    key: Key,
    doc: Encoded,
    cas: Cas,
    success: bool,
}

impl ValueResult {
    /// The document's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The CAS of this state of the document; zero without success.
    pub fn cas(&self) -> Cas {
        self.cas
    }

    /// What the document's bytes are.
    pub fn flags(&self) -> Flags {
        self.doc.flags
    }

    /// False only where `quiet` let a missing key pass.
    pub fn success(&self) -> bool {
        self.success
    }

    /// The document, decoded as its flags say.
    ///
    /// # Errors
    /// `ValueFormat` for a document that is something else; `NotFound` without success.
    #[doc(alias = "content_as")]
    pub fn value<T: Decode>(&self) -> Result<T> {
        self.found()?;
        T::decode(&self.doc).map_err(|error| error.with_key(self.key.clone()))
    }

    /// The document decoded in place: `&str` and serde_json's `&RawValue` borrow from this result.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn value_ref<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        self.found()?;
        decode_borrowed(&self.doc).map_err(|error: Error| error.with_key(self.key.clone()))
    }

    /// The document's bytes as they are stored; none without success.
    pub fn bytes(&self) -> &Bytes {
        &self.doc.bytes
    }

    /// The document's bytes as they are stored, without a copy; none without success.
    pub fn into_bytes(self) -> Bytes {
        self.doc.bytes
    }

    fn found(&self) -> Result<()> {
        if self.success { Ok(()) } else { Err(not_found(&self.key)) }
    }
}

/// What `value()` of a result without success is.
fn not_found(key: &Key) -> Error {
    Error::new(ErrorKind::NotFound, "no such document (the operation was quiet about it)")
        .with_key(key.clone())
}

/// A counter's new value.
#[derive(Clone, Debug)]
pub struct CounterResult {
    key: Key,
    cas: Cas,
    value: u64,
}

impl CounterResult {
    /// The counter's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The value after the operation.
    pub fn value(&self) -> u64 {
        self.value
    }

    /// The document's new CAS.
    pub fn cas(&self) -> Cas {
        self.cas
    }
}

/// Any operation's answer, where kinds mix: queues, and [`Error::all_results`].
#[derive(Clone, Debug)]
pub struct Reply {
    result: ValueResult,
    /// A counter's number: it travels in binary, not as a document.
    number: Option<u64>,
}

impl Reply {
    #[inline]
    pub(crate) fn new(key: Key, cas: Cas, doc: Encoded, number: Option<u64>) -> Self {
        Self { result: ValueResult { key, doc, cas, success: true }, number }
    }

    /// What a quiet operation on a missing document returns.
    pub(crate) fn missing(key: Key) -> Self {
        let result = ValueResult { key, doc: Encoded::default(), cas: Cas::default(), success: false };
        Self { result, number: None }
    }

    /// The key it was about.
    pub fn key(&self) -> &Key {
        &self.result.key
    }

    /// The document's CAS; zero without success.
    pub fn cas(&self) -> Cas {
        self.result.cas
    }

    /// The flags of a document that was read.
    pub fn flags(&self) -> Flags {
        self.result.doc.flags
    }

    /// False only where `quiet` let a missing key pass.
    pub fn success(&self) -> bool {
        self.result.success
    }

    /// A document that was read, or a counter's new value.
    ///
    /// # Errors
    /// `ValueFormat` for a document that is something else, and for operations that return none; `NotFound` without
    /// success.
    pub fn value<T: Decode>(&self) -> Result<T> {
        match self.number {
            Some(number) => T::decode(&Encoded::new(alloc::format!("{number}"), Flags::JSON)),
            None => self.result.value(),
        }
    }

    /// The bytes of a document that was read; empty for other operations.
    pub fn bytes(&self) -> &Bytes {
        self.result.bytes()
    }
}

/// How any answer becomes an operation's own result. Sealed.
pub trait FromReply: sealed::Sealed + Sized {
    #[doc(hidden)]
    fn from_reply(reply: Reply) -> Result<Self>;
}

pub(crate) mod sealed {
    /// Keeps traits for this crate's own types.
    pub trait Sealed {}
}

impl sealed::Sealed for OperationResult {}
impl FromReply for OperationResult {
    fn from_reply(reply: Reply) -> Result<Self> {
        let ValueResult { key, cas, success, .. } = reply.result;
        Ok(Self { key, cas, success })
    }
}

impl sealed::Sealed for ValueResult {}
impl FromReply for ValueResult {
    fn from_reply(reply: Reply) -> Result<Self> {
        Ok(reply.result)
    }
}

impl sealed::Sealed for CounterResult {}
impl FromReply for CounterResult {
    fn from_reply(reply: Reply) -> Result<Self> {
        let value = reply.number.unwrap_or_default();
        Ok(Self { key: reply.result.key, cas: reply.result.cas, value })
    }
}

impl sealed::Sealed for Reply {}
impl FromReply for Reply {
    fn from_reply(reply: Reply) -> Result<Self> {
        Ok(reply)
    }
}

impl sealed::Sealed for () {}
impl FromReply for () {
    fn from_reply(_reply: Reply) -> Result<Self> {
        Ok(())
    }
}
