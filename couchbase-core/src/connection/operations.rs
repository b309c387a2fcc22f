//! The operations of a connection: what builds them. None of them sends anything.

use super::Connection;
use super::face::Face;
use crate::machine::Request;
use crate::ops::{Add, Append, Counter, Delete, Get, GetMulti, Set, SetMulti, Touch};
use crate::{Encode, Expiry, Fragment, Key};

/// # Operations
impl<F: Face> Connection<F> {
    /// Reads a document. With [`ttl`](Get::ttl) it also gives the document a new expiry, which makes it a write.
    ///
    /// # Errors
    /// `NotFound`, unless it is quiet, and those of [every operation](Connection#errors-of-every-operation).
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// # cb.set("greeting", "hello").await?;
    /// let found = cb.get("greeting").await?;
    /// println!("{} with CAS {}", found.value::<String>()?, found.cas());
    ///
    /// let absent = cb.get("nothing").quiet(true).await?;
    /// assert!(!absent.success());
    /// # Ok(())
    /// # });
    /// ```
    #[doc(alias = "get_and_touch")]
    pub fn get(&self, key: impl Into<Key>) -> Get<F> {
        Get::new(self, self.request(Request::get(key)))
    }

    /// Stores a document, whether it exists or not. The value is encoded here and now. Without [`ttl`](Set::ttl) it
    /// never expires, also if it did before.
    ///
    /// # Errors
    /// `ValueFormat` for a value that cannot be encoded, `TooBig` above 20 MiB, `KeyExists` and `NotFound` with
    /// [`cas`](Set::cas), and those of [every operation](Connection#errors-of-every-operation).
    ///
    /// ```
    /// use couchbase_core::{Raw, Text};
    /// use std::time::Duration;
    ///
    /// # doc_examples::run(async |cb| {
    /// cb.set("json", &[1, 2, 3]).ttl(Duration::from_secs(3600)).await?;
    /// cb.set("text", Text("as it is")).await?;
    /// cb.set("bytes", Raw(vec![0, 1])).await?;
    /// # Ok(())
    /// # });
    /// ```
    #[doc(alias = "upsert")]
    pub fn set(&self, key: impl Into<Key>, value: impl Encode) -> Set<F> {
        Set::storing(self, key.into(), value, Request::set)
    }

    /// Stores a document that must not exist.
    ///
    /// # Errors
    /// `KeyExists` if it does, otherwise as [`set`](Self::set).
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// cb.add("lock", "mine").await?;
    /// let error = cb.add("lock", "theirs").await.expect_err("it is there");
    /// assert!(error.is_cas_mismatch()); // kind `KeyExists`
    /// # Ok(())
    /// # });
    /// ```
    #[doc(alias = "insert")]
    pub fn add(&self, key: impl Into<Key>, value: impl Encode) -> Add<F> {
        Add::storing(self, key.into(), value, Request::add)
    }

    /// Stores a document that must exist. Without [`ttl`](Set::ttl) it never expires, also if it did before.
    ///
    /// # Errors
    /// `NotFound` if it does not, otherwise as [`set`](Self::set).
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// cb.set("account", 10).await?;
    /// let stored = loop {
    ///     let found = cb.get("account").await?;
    ///     match cb.replace("account", found.value::<i64>()? + 5).cas(&found).await {
    ///         Err(e) if e.is_cas_mismatch() => continue, // somebody was faster: read again
    ///         outcome => break outcome?,
    ///     }
    /// };
    /// println!("15 with CAS {}", stored.cas());
    /// # Ok(())
    /// # });
    /// ```
    pub fn replace(&self, key: impl Into<Key>, value: impl Encode) -> Set<F> {
        Set::storing(self, key.into(), value, Request::replace)
    }

    /// Adds text or bytes to the end of a document that must exist. Its expiry stays.
    ///
    /// # Errors
    /// `NotStored` if it does not exist, `TooBig` if it would exceed 20 MiB, `KeyExists` with [`cas`](Append::cas), and
    /// those of [every operation](Connection#errors-of-every-operation).
    ///
    /// ```
    /// use couchbase_core::Text;
    ///
    /// # doc_examples::run(async |cb| {
    /// cb.set("log", Text("one")).await?;
    /// cb.append("log", ", two").await?;
    /// cb.prepend("log", "zero, ").await?;
    /// assert_eq!(cb.get("log").value::<String>().await?, "zero, one, two");
    /// # Ok(())
    /// # });
    /// ```
    pub fn append(&self, key: impl Into<Key>, tail: impl Into<Fragment>) -> Append<F> {
        Append::new(self, self.request(Request::append(key, tail)))
    }

    /// Adds text or bytes to the front of a document that must exist. Its expiry stays.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn prepend(&self, key: impl Into<Key>, head: impl Into<Fragment>) -> Append<F> {
        Append::new(self, self.request(Request::prepend(key, head)))
    }

    /// Deletes a document.
    ///
    /// # Errors
    /// `NotFound`, unless it is quiet; `KeyExists` with [`cas`](Delete::cas); and those of
    /// [every operation](Connection#errors-of-every-operation).
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// let stored = cb.set("draft", "text").await?;
    /// cb.delete("draft").cas(&stored).await?; // only what was stored, nothing newer
    /// assert!(cb.delete("draft").optional().await?.is_none());
    /// # Ok(())
    /// # });
    /// ```
    #[doc(alias = "remove")]
    pub fn delete(&self, key: impl Into<Key>) -> Delete<F> {
        Delete::new(self, self.request(Request::delete(key)))
    }

    /// Sets a document's expiry or, without [`ttl`](Touch::ttl), makes it permanent.
    ///
    /// # Errors
    /// `NotFound`, unless it is quiet, and those of [every operation](Connection#errors-of-every-operation).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # doc_examples::run(async |cb| {
    /// # cb.set("session", "Ada").await?;
    /// cb.touch("session").ttl(Duration::from_secs(1800)).await?;
    /// cb.touch("session").await?; // permanent again
    /// # Ok(())
    /// # });
    /// ```
    pub fn touch(&self, key: impl Into<Key>) -> Touch<F> {
        Touch::new(self, self.request(Request::touch(key, Expiry::NEVER)))
    }

    /// Adds 1 to a counter, or what [`by`](Counter::by) says: a document that is a decimal number from 0 to 2^64 - 1.
    /// From the largest it goes on at 0.
    ///
    /// # Errors
    /// `NotFound`, unless [`initial`](Counter::initial) creates it; `DeltaBadValue` for a document that is no such
    /// number; and those of [every operation](Connection#errors-of-every-operation).
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// assert_eq!(cb.incr("hits").initial(1).await?.value(), 1);
    /// assert_eq!(cb.incr("hits").by(10).await?.value(), 11);
    /// assert_eq!(cb.decr("hits").by(100).await?.value(), 0);
    /// # Ok(())
    /// # });
    /// ```
    #[doc(alias = "increment")]
    pub fn incr(&self, key: impl Into<Key>) -> Counter<F> {
        self.counter(key, 1)
    }

    /// Subtracts 1 from a counter, or what [`by`](Counter::by) says. It stops at zero.
    ///
    /// # Errors
    /// As [`incr`](Self::incr).
    #[doc(alias = "decrement")]
    pub fn decr(&self, key: impl Into<Key>) -> Counter<F> {
        self.counter(key, -1)
    }

    /// Adds `delta` to a counter: [`incr`](Self::incr), or with a negative number [`decr`](Self::decr).
    ///
    /// # Errors
    /// As [`incr`](Self::incr).
    #[doc(alias = "arithmetic")]
    pub fn counter(&self, key: impl Into<Key>, delta: i64) -> Counter<F> {
        Counter::new(self, self.request(Request::counter(key, delta)))
    }

    /// Reads many documents at once. An example stands at [`GetMulti`].
    ///
    /// # Errors
    /// `Argument` without a key. Otherwise, if any key fails, that of the first one that did, with all results in
    /// [`all_results`](crate::Error::all_results). On the callback face all keys need a place at once: more of them
    /// than may be in flight (4,096) are `Overloaded`.
    pub fn get_multi<K: Into<Key>>(&self, keys: impl IntoIterator<Item = K>) -> GetMulti<F> {
        let requests = keys.into_iter().map(|key| self.request(Request::get(key))).collect();
        GetMulti::new(self, Ok(requests))
    }

    /// Stores many documents at once: pairs of key and value, from a list or a map. The values are encoded here and
    /// now; if one of them cannot be, nothing is sent.
    ///
    /// # Errors
    /// As [`get_multi`](Self::get_multi). Documents whose keys did not fail are stored.
    #[doc(alias = "upsert_multi")]
    pub fn set_multi<K: Into<Key>, V: Encode>(&self, items: impl IntoIterator<Item = (K, V)>) -> SetMulti<F> {
        let requests = items.into_iter().map(|(key, value)| {
            let key = key.into();
            match value.encode() {
                Ok(document) => Ok(self.request(Request::set(key, document))),
                Err(error) => Err(error.with_key(key)),
            }
        });
        SetMulti::new(self, requests.collect())
    }
}
