//! The results of operations on many keys.

use crate::{Cas, Decode, Error, Key, Reply, Result, ValueResult};
use alloc::vec::{self, Vec};
use core::{fmt, slice};

/// Every key of a multi-operation with its own outcome, in the order of the call.
///
/// A key that was given twice stands here twice, each with its own outcome.
///
/// ```
/// use couchbase_core::Key;
/// use std::collections::HashMap;
///
/// # doc_examples::run(async |cb| {
/// # cb.set_multi([("foo", 1), ("bar", 2)]).await?;
/// let found = cb.get_multi(["foo", "bar", "nothing"]).quiet(true).await?;
/// let numbers: HashMap<Key, u64> = found.values()?;
/// assert_eq!((numbers.len(), numbers["foo"]), (2, 1));
/// # Ok(())
/// # });
/// ```
#[derive(Clone)]
pub struct MultiResult<R = Reply> {
    entries: Vec<(Key, Result<R>)>,
}

impl<R> MultiResult<R> {
    /// Of no keys.
    pub(crate) const EMPTY: Self = Self { entries: Vec::new() };

    // Only the handles collect results of many keys.
    #[cfg_attr(not(feature = "driver"), allow(dead_code))]
    pub(crate) fn new(entries: Vec<(Key, Result<R>)>) -> Self {
        Self { entries }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True if no key failed.
    pub fn all_ok(&self) -> bool {
        self.entries.iter().all(|(_, result)| result.is_ok())
    }

    /// The outcome of `key`; of its last occurrence, if it was given more than once. Looks through all keys.
    pub fn get(&self, key: &str) -> Option<Result<&R>> {
        let (_, result) = self.entries.iter().rev().find(|(k, _)| k.as_str() == key)?;
        Some(result.as_ref().map_err(Error::clone))
    }

    /// Keys and outcomes in the order of the call. A failure's error is cloned (one reference count).
    pub fn iter(&self) -> Iter<'_, R> {
        Iter(self.entries.iter())
    }

    /// The keys without an error, also those that `quiet` let pass.
    pub fn successes(&self) -> impl Iterator<Item = (&Key, &R)> {
        self.entries.iter().filter_map(|(key, result)| Some((key, result.as_ref().ok()?)))
    }

    /// The keys that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&Key, &Error)> {
        self.entries.iter().filter_map(|(key, result)| Some((key, result.as_ref().err()?)))
    }
}

impl MultiResult<ValueResult> {
    /// Decodes the documents that are there into any map or list of pairs. Keys that `quiet` let pass, and keys that
    /// failed, are left out.
    ///
    /// # Errors
    /// `ValueFormat` for the first document that is something else, with its key.
    pub fn values<T: Decode, B: FromIterator<(Key, T)>>(&self) -> Result<B> {
        let found = self.successes().filter(|(_, document)| document.success());
        found.map(|(key, document)| Ok((key.clone(), document.value()?))).collect()
    }

    /// The keys of the documents that are there with the CAS of each. Keys that `quiet` let pass, and keys that failed,
    /// are left out.
    pub fn cas(&self) -> impl Iterator<Item = (Key, Cas)> {
        let found = self.successes().filter(|(_, document)| document.success());
        found.map(|(key, document)| (key.clone(), document.cas()))
    }
}

impl<R: fmt::Debug> fmt::Debug for MultiResult<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries.iter().map(|(key, result)| (key, result))).finish()
    }
}

/// Iterates over a [`MultiResult`].
#[derive(Debug)]
pub struct Iter<'a, R>(slice::Iter<'a, (Key, Result<R>)>);

impl<'a, R> Iterator for Iter<'a, R> {
    type Item = (&'a Key, Result<&'a R>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, result)| (key, result.as_ref().map_err(Error::clone)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<R> ExactSizeIterator for Iter<'_, R> {}

impl<'a, R> IntoIterator for &'a MultiResult<R> {
    type Item = (&'a Key, Result<&'a R>);
    type IntoIter = Iter<'a, R>;

    fn into_iter(self) -> Iter<'a, R> {
        self.iter()
    }
}

impl<R> IntoIterator for MultiResult<R> {
    type Item = (Key, Result<R>);
    type IntoIter = vec::IntoIter<(Key, Result<R>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
