//! What an answer says besides its rows. Everything kept is bounded, whatever the server sends.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Reports beyond this many are dropped: each node of a cluster sends one or two.
const MAX_ERRORS: usize = 1000;

/// Reports longer than this in all, in bytes, are counted but not read.
const MAX_ERRORS_LEN: usize = 1 << 20;

/// What a view's answer says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub(super) total_rows: Option<u64>,
    pub(super) errors: Vec<ViewError>,
    pub(super) debug_info: Option<Box<str>>,
    pub(super) error: Option<Box<str>>,
    pub(super) reason: Option<Box<str>>,
}

impl Metadata {
    /// Rows in the whole index, whatever the query selected; 0 for a reduced view, which does not tell.
    pub fn total_rows(&self) -> u64 {
        self.total_rows.unwrap_or(0)
    }

    /// What nodes could not contribute. Not empty means: rows are missing. At most 1,000 are kept.
    pub fn errors(&self) -> &[ViewError] {
        &self.errors
    }

    /// The server's diagnostics as JSON, if it sent any.
    pub fn debug_info(&self) -> Option<&str> {
        self.debug_info.as_deref()
    }

    /// The server's words if the answer as a whole is an error.
    pub(crate) fn failure(&self) -> Option<String> {
        match (&self.error, &self.reason) {
            (Some(error), Some(reason)) => Some(format!("{error}: {reason}")),
            (Some(error), None) => Some(error.to_string()),
            (None, _) => None,
        }
    }
}

/// What one node could not contribute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewError {
    /// The node, or `local` for the one that was asked. Empty if the server did not say.
    pub from: String,
    /// The server's explanation.
    pub reason: String,
}

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
}

impl From<Report<'_>> for ViewError {
    fn from(report: Report<'_>) -> Self {
        Self { from: report.from.into_owned(), reason: report.reason.into_owned() }
    }
}

/// Reads a valid JSON value as text: a string is decoded, anything else stays JSON.
pub(super) fn text(json: &RawValue) -> Box<str> {
    serde_json::from_str(json.get()).unwrap_or_else(|_| json.get().into())
}

/// Reads the member `errors` in any of its shapes: reports, strings, or an object of node to explanation.
pub(super) fn errors(json: &RawValue) -> Vec<ViewError> {
    if json.get().len() > MAX_ERRORS_LEN {
        let reason = format!("{} bytes of error reports, too many to keep", json.get().len());
        return vec![ViewError { from: String::new(), reason }];
    }
    if let Ok(report) = serde_json::from_str::<Report<'_>>(json.get())
        && json.get().starts_with('{')
    {
        return vec![report.into()];
    }
    if let Ok(by_node) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json.get()) {
        let errors = by_node.into_iter().take(MAX_ERRORS);
        return errors.map(|(from, reason)| ViewError { from, reason: text(reason).into() }).collect();
    }
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json.get()) else {
        return Vec::from_iter(
            (json.get() != "null").then(|| ViewError { from: String::new(), reason: text(json).into() }),
        );
    };
    let read = |entry: &&RawValue| match serde_json::from_str::<Report<'_>>(entry.get()) {
        Ok(report) => report.into(),
        Err(_) => ViewError { from: String::new(), reason: text(entry).into() },
    };
    list.iter().take(MAX_ERRORS).map(read).collect()
}
