//! One operation in the machine's terms.

use super::operation::{self, Kind};
use crate::value::MAX_VALUE_LEN;
use crate::{Cas, Encoded, Error, ErrorKind, Expiry, Flags, Fragment, Key, Result};
use bytes::Bytes;
use core::fmt;
use core::mem;
use core::time::Duration;

/// One operation: what is asked, of which key, with which options. Owns everything it needs.
///
/// Constructors take what is mandatory, `with_*` what is optional; an option that the operation does not have is
/// ignored. Arguments are checked when it is submitted.
#[derive(Clone)]
pub struct Request {
    pub(super) key: Key,
    pub(super) body: Body,
    pub(super) cas: Cas,
    pub(super) kind: &'static Kind,
    pub(super) expiry: Expiry,
    timeout: Timeout,
    pub(super) is_quiet: bool,
    /// Somebody else's code may run when the last of the value's bytes goes.
    #[cfg_attr(not(feature = "driver"), allow(dead_code, reason = "only the driver locks"))]
    may_have_owner: bool,
}

/// What an operation carries beside its key.
#[derive(Clone, Debug)]
pub(super) enum Body {
    None,
    Document { bytes: Bytes, flags: Flags },
    Counter { amount: u64, initial: Option<u64> },
}

/// A time of day before 2001 was never told, or comes from a clock that was never set: a document whose expiry is
/// counted from there would be gone at once.
const LATER_THAN_THIS: Duration = Duration::from_secs(1_000_000_000);

/// How long an operation may take, in whole milliseconds rounded up: no operation needs more than 49 days.
#[derive(Clone, Copy, Debug)]
enum Timeout {
    Default,
    Zero,
    Millis(u32),
}

const _: () = assert!(size_of::<Request>() <= 112);

impl Request {
    /// Reads a document.
    #[inline]
    pub fn get(key: impl Into<Key>) -> Self {
        Self::new(&operation::GET, key.into(), Body::None)
    }

    /// Reads a document and sets its expiry.
    pub fn get_and_touch(key: impl Into<Key>, expiry: impl Into<Expiry>) -> Self {
        Self::new(&operation::GET_AND_TOUCH, key.into(), Body::None).with_expiry(expiry)
    }

    /// Stores a document.
    pub fn set(key: impl Into<Key>, document: Encoded) -> Self {
        Self::store(&operation::SET, key.into(), document)
    }

    /// Stores a document that must not exist.
    pub fn add(key: impl Into<Key>, document: Encoded) -> Self {
        Self::store(&operation::ADD, key.into(), document)
    }

    /// Stores a document that must exist.
    pub fn replace(key: impl Into<Key>, document: Encoded) -> Self {
        Self::store(&operation::REPLACE, key.into(), document)
    }

    /// Adds bytes to a document's end.
    pub fn append(key: impl Into<Key>, tail: impl Into<Fragment>) -> Self {
        Self::store(&operation::APPEND, key.into(), tail.into().into_encoded())
    }

    /// Adds bytes to a document's front.
    pub fn prepend(key: impl Into<Key>, head: impl Into<Fragment>) -> Self {
        Self::store(&operation::PREPEND, key.into(), head.into().into_encoded())
    }

    /// Deletes a document.
    pub fn delete(key: impl Into<Key>) -> Self {
        Self::new(&operation::DELETE, key.into(), Body::None)
    }

    /// Sets a document's expiry.
    pub fn touch(key: impl Into<Key>, expiry: impl Into<Expiry>) -> Self {
        Self::new(&operation::TOUCH, key.into(), Body::None).with_expiry(expiry)
    }

    /// Adds to a counter, or subtracts from it. Above 2^64 it wraps, below zero it stops at zero.
    pub fn counter(key: impl Into<Key>, delta: i64) -> Self {
        let kind = if delta < 0 { &operation::DECREMENT } else { &operation::INCREMENT };
        Self::new(kind, key.into(), Body::Counter { amount: delta.unsigned_abs(), initial: None })
    }

    fn store(kind: &'static Kind, key: Key, document: Encoded) -> Self {
        let may_have_owner = document.may_have_owner();
        let body = Body::Document { bytes: document.bytes, flags: document.flags };
        Self { may_have_owner, ..Self::new(kind, key, body) }
    }

    #[inline(always)]
    fn new(kind: &'static Kind, key: Key, body: Body) -> Self {
        Self {
            key,
            body,
            cas: Cas::default(),
            kind,
            expiry: Expiry::NEVER,
            timeout: Timeout::Default,
            is_quiet: false,
            may_have_owner: false,
        }
    }

    /// Only if the document still has this CAS.
    pub fn with_cas(mut self, cas: Cas) -> Self {
        self.cas = cas;
        self
    }

    /// When the document expires. A counter takes it only when it is created. A get becomes a get-and-touch.
    pub fn with_expiry(mut self, expiry: impl Into<Expiry>) -> Self {
        self.expiry = expiry.into();
        if self.kind.opcode == operation::GET.opcode {
            self.kind = &operation::GET_AND_TOUCH;
        }
        self
    }

    /// By how much a counter changes, in the direction it already has.
    pub fn with_amount(mut self, by: u64) -> Self {
        if let Body::Counter { amount, .. } = &mut self.body {
            *amount = by;
        }
        self
    }

    /// Creates the counter with this value if it is missing.
    pub fn with_initial(mut self, value: u64) -> Self {
        if let Body::Counter { initial, .. } = &mut self.body {
            *initial = Some(value);
        }
        self
    }

    /// A missing document is then a reply without success, not an error.
    #[inline(always)]
    pub fn with_quiet(mut self, quiet: bool) -> Self {
        self.is_quiet = quiet && self.kind.can_be_quiet;
        self
    }

    /// The deadline of this operation, counted from its submission; instead of the one given there. Zero is an
    /// argument error.
    pub fn with_timeout(mut self, after: Duration) -> Self {
        let millis = after.as_nanos().div_ceil(1_000_000);
        self.timeout = match u32::try_from(millis) {
            Ok(0) => Timeout::Zero,
            Ok(millis) => Timeout::Millis(millis),
            Err(_) => Timeout::Millis(u32::MAX),
        };
        self
    }

    /// Moves it out, once. What stays asks for nothing, and is to be dropped.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Self {
        let key = mem::replace(&mut self.key, Key::from_static(""));
        let body = mem::replace(&mut self.body, Body::None);
        Self { key, body, ..*self }
    }

    /// Exchanges the value's bytes, if they may have an owner whose code runs when the last of them goes.
    #[cfg(feature = "driver")]
    pub(crate) fn exchange_owned(&mut self, exchange: impl FnOnce(Bytes) -> Bytes) {
        if let Body::Document { bytes, .. } = &mut self.body
            && mem::take(&mut self.may_have_owner)
        {
            *bytes = exchange(mem::take(bytes));
        }
    }

    /// The key it is about.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The operation's name: `get`, `set` and so on.
    pub fn name(&self) -> &'static str {
        self.kind.name
    }

    /// True if it changes nothing.
    pub(super) fn is_read(&self) -> bool {
        self.kind.is_read
    }

    /// The bytes of the value it carries.
    pub(super) fn value(&self) -> Option<&Bytes> {
        match &self.body {
            Body::Document { bytes, .. } => Some(bytes),
            Body::None | Body::Counter { .. } => None,
        }
    }

    /// Bytes that it holds in memory until it ends.
    pub(super) fn size(&self) -> usize {
        self.key.len() + self.value().map_or(0, Bytes::len)
    }

    /// Its own timeout, or `default`.
    pub(super) fn timeout_or(&self, default: Duration) -> Duration {
        match self.timeout {
            Timeout::Default => default,
            Timeout::Zero => Duration::ZERO,
            Timeout::Millis(millis) => Duration::from_millis(u64::from(millis)),
        }
    }

    /// Refuses what no server would take, and settles the expiry in the wire's terms.
    #[inline]
    pub(super) fn check(&mut self, unix_time: impl FnOnce() -> Duration) -> Result<()> {
        self.verify()?;
        if self.expiry.is_settled() {
            return Ok(());
        }
        let unix_time = unix_time();
        if self.expiry.depends_on_today() && unix_time < LATER_THAN_THIS {
            let words = "an expiry of 30 days and more needs the time of day, which is not known here";
            return Err(Error::new(ErrorKind::Argument, words));
        }
        self.expiry = Expiry::from_wire(self.expiry.to_wire(unix_time)?);
        Ok(())
    }

    /// Refuses what no server would take.
    pub(crate) fn verify(&self) -> Result<()> {
        let wrong = |words: &str| Err(Error::new(ErrorKind::Argument, words));
        if self.key.is_empty() {
            return wrong("the key is empty; keys have 1 to 250 bytes");
        }
        if self.key.len() > Key::MAX_LEN {
            return Err(Error::new(
                ErrorKind::Argument,
                alloc::format!("the key has {} bytes; keys have 1 to 250", self.key.len()),
            ));
        }
        if matches!(self.timeout, Timeout::Zero) {
            return Err(no_time());
        }
        let len = self.value().map_or(0, Bytes::len);
        if len > MAX_VALUE_LEN {
            let words = alloc::format!(
                "the value has {len} bytes; servers take 20 MiB ({MAX_VALUE_LEN} bytes): store it in parts"
            );
            return Err(Error::new(ErrorKind::TooBig, words));
        }
        // Whether a date can be said at all depends on today by a few years in a century.
        self.expiry.to_wire(Duration::ZERO).map(drop)
    }
}

impl fmt::Debug for Request {
    // Without the value: it may be large, or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("name", &self.kind.name)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// No operation can be carried out in no time.
pub(super) fn no_time() -> Error {
    Error::new(ErrorKind::Argument, "a timeout of zero; give it at least a millisecond")
}
