//! Design documents: the views of a bucket by name, as the server stores them.

mod operation;
#[cfg(test)]
mod tests;

pub use operation::DesignOp;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A design document: named views, each a map function and perhaps a reduce function.
///
/// One that was read keeps whatever else is stored in it, and in its views, such as `options`: created again, it is
/// what it was.
///
/// ```
/// use couchbase_views::DesignDocument;
///
/// let beer = DesignDocument::new()
///     .view("by_name", "function (doc, meta) { emit(doc.name, null); }")
///     .view_reduce("count", "function (doc, meta) { emit(doc.type, 1); }", "_count");
/// assert_eq!(beer.views().map(|view| view.name()).collect::<Vec<_>>(), ["by_name", "count"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesignDocument {
    /// By name, as they are stored.
    #[serde(default)]
    views: BTreeMap<String, Value>,
    #[serde(flatten, deserialize_with = "without_names")]
    others: Map<String, Value>,
}

/// What else is stored, but for the name and the revision that the server keeps in the document: created under another
/// name, it has its own.
fn without_names<'de, D: Deserializer<'de>>(stored: D) -> Result<Map<String, Value>, D::Error> {
    let mut others = Map::deserialize(stored)?;
    others.retain(|name, _| !name.starts_with('_'));
    Ok(others)
}

impl DesignDocument {
    /// A design document without views.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a view, or replaces the one of that name. `map` is JavaScript.
    #[must_use]
    pub fn view(self, name: &str, map: &str) -> Self {
        self.with(name, json!({ "map": map }))
    }

    /// Adds a view with a reduce function: `_count`, `_sum`, `_stats`, or JavaScript.
    #[must_use]
    pub fn view_reduce(self, name: &str, map: &str, reduce: &str) -> Self {
        self.with(name, json!({ "map": map, "reduce": reduce }))
    }

    /// The views, by name.
    pub fn views(&self) -> impl Iterator<Item = ViewDef<'_>> {
        self.views.iter().map(|(name, stored)| ViewDef { name, stored })
    }

    fn with(mut self, name: &str, view: Value) -> Self {
        self.views.insert(name.to_owned(), view);
        self
    }
}

/// A view of a [`DesignDocument`].
#[derive(Clone, Copy, Debug)]
pub struct ViewDef<'a> {
    name: &'a str,
    stored: &'a Value,
}

impl<'a> ViewDef<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Its map function, if it has one.
    pub fn map(&self) -> Option<&'a str> {
        self.stored.get("map")?.as_str()
    }

    /// Its reduce function, if it has one.
    pub fn reduce(&self) -> Option<&'a str> {
        self.stored.get("reduce")?.as_str()
    }
}
