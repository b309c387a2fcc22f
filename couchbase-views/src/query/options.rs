//! A query's options: encoded where they are given, checked as a whole before anything is sent.

use couchbase_core::{Encode, Error, ErrorKind, Json, Result};
use serde::Serialize;
use std::fmt::Display;
use std::time::Duration;

/// Whether the index is brought up to date for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stale {
    /// The index as it is.
    Ok,
    /// Bring it up to date first, then answer.
    UpdateBefore,
    /// Answer, then bring it up to date. The server's default.
    UpdateAfter,
}

impl Stale {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::UpdateBefore => "false",
            Self::UpdateAfter => "update_after",
        }
    }
}

/// What was asked for. Keys are JSON text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) key: Option<String>,
    /// A JSON array.
    pub(crate) keys: Option<String>,
    pub(crate) start_key: Option<String>,
    pub(crate) end_key: Option<String>,
    pub(crate) inclusive_end: Option<bool>,
    pub(crate) limit: Option<u64>,
    pub(crate) skip: Option<u64>,
    pub(crate) descending: Option<bool>,
    pub(crate) reduce: Option<bool>,
    pub(crate) group: Option<bool>,
    pub(crate) group_level: Option<u32>,
    pub(crate) stale: Option<Stale>,
    pub(crate) timeout: Option<Duration>,
    /// The first key that could not be encoded.
    pub(super) fault: Option<Error>,
}

impl Options {
    /// JSON of one key; a fault is kept for [`check`](Self::check).
    pub(crate) fn encode<K: Serialize + ?Sized>(&mut self, option: &str, key: &K) -> Option<String> {
        // As documents are, which refuses what is no number instead of making it null.
        let encoded = Json(key).encode();
        encoded
            .map_err(|error| self.refuse(option, error))
            .ok()
            .map(|json| String::from_utf8_lossy(&json.bytes).into_owned())
    }

    /// A JSON array of keys.
    pub(crate) fn encode_all<K: Serialize>(&mut self, keys: impl IntoIterator<Item = K>) -> Option<String> {
        let mut array = String::from("[");
        for key in keys {
            if array.len() > 1 {
                array.push(',');
            }
            array.push_str(&self.encode("keys", &key)?);
        }
        array.push(']');
        Some(array)
    }

    fn refuse(&mut self, option: &str, error: impl Display) {
        let error = || Error::value_format(format!("{option} cannot be encoded as JSON: {error}"));
        self.fault.get_or_insert_with(error);
    }

    /// What no server would accept is refused here.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let has_range = self.start_key.is_some() || self.end_key.is_some();
        let is_grouped = self.group == Some(true) || self.group_level.is_some();
        let mistake = if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            "a timeout of zero leaves no time for an answer; give it some seconds"
        } else if self.key.is_some() && self.keys.is_some() {
            "`key` and `keys` exclude each other; give one of them"
        } else if has_range && (self.key.is_some() || self.keys.is_some()) {
            "a key range and `key` or `keys` exclude each other; give one of them"
        } else if self.group == Some(true) && self.group_level.is_some() {
            "`group` and `group_level` exclude each other; give one of them"
        } else if self.reduce == Some(false) && is_grouped {
            "grouping needs the view to be reduced; leave `reduce` on"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Argument, mistake))
    }

    /// The parameters of the query string, not encoded, without `keys`.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let text = |name, value: Option<String>| value.map(|value| (name, value));
        let shown = |value: Option<bool>| value.map(|value| value.to_string());
        [
            text("stale", self.stale.map(|stale| stale.name().to_owned())),
            text("key", self.key.clone()),
            text("startkey", self.start_key.clone()),
            text("endkey", self.end_key.clone()),
            text("inclusive_end", shown(self.inclusive_end)),
            text("descending", shown(self.descending)),
            text("limit", self.limit.map(|count| count.to_string())),
            text("skip", self.skip.map(|count| count.to_string())),
            text("reduce", shown(self.reduce)),
            text("group", shown(self.group)),
            text("group_level", self.group_level.map(|level| level.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
