//! All rows of a query in one block of memory, bounded.

use crate::rows::Fields;
use crate::{Metadata, Row, Rows, ViewError, ViewRow};
use bytes::Bytes;
use couchbase_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// The rows of a query, complete, in one block of memory. Iterate over them as often as you like; clones share them.
///
/// ```
/// use couchbase_views::ViewExt;
///
/// # doc_examples::run_with_beers(async |cb| {
/// let rows = cb.query_all("beer", "brewery_beers").limit(2).await?;
/// for row in &rows {
///     let (brewery, beer) = row.key::<(&str, &str)>()?; // borrowed from the rows
///     println!("{:?}: {beer} of {brewery}", row.id());
/// }
/// for row in rows.typed::<(String, String), ()>() {
///     println!("{:?}", row?.key);
/// }
/// assert_eq!((rows.len(), rows.total_rows()), (2, 3));
/// assert!(rows.errors().is_empty()); // otherwise rows are missing
/// # Ok(())
/// # });
/// ```
#[derive(Clone)]
pub struct BatchedView {
    block: Bytes,
    fields: Arc<[Fields]>,
    meta: Metadata,
}

impl BatchedView {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The row at that position, counted from 0.
    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        self.fields.get(index).map(|fields| Row::new(&self.block, fields))
    }

    /// The rows in the order of the answer.
    pub fn iter(&self) -> Rows<'_> {
        Rows::new(&self.block, &self.fields)
    }

    /// The rows with key and value read as the types given, which may borrow.
    ///
    /// # Errors
    /// Each row on its own: `ValueFormat` if it is of other types, `ViewEngine` if the server could not compute it.
    pub fn typed<'a, K: Deserialize<'a>, V: Deserialize<'a>>(
        &'a self,
    ) -> impl Iterator<Item = Result<ViewRow<K, V>>> + use<'a, K, V> {
        self.iter()
            .map(|row| Ok(ViewRow { id: row.id().map(str::to_owned), key: row.key()?, value: row.value()? }))
    }

    /// Rows in the whole index; see [`Metadata::total_rows`].
    pub fn total_rows(&self) -> u64 {
        self.meta.total_rows()
    }

    /// What nodes could not contribute. Not empty means: rows are missing.
    pub fn errors(&self) -> &[ViewError] {
        self.meta.errors()
    }

    /// What the answer says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.meta
    }
}

impl<'a> IntoIterator for &'a BatchedView {
    type Item = Row<'a>;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.iter()
    }
}

impl fmt::Debug for BatchedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchedView").field("rows", &self.iter()).field("metadata", &self.meta).finish()
    }
}

/// Gathers rows up to a limit.
#[derive(Debug)]
pub(crate) struct Gather {
    block: Vec<u8>,
    fields: Vec<Fields>,
    /// Bytes of ids that had to be decoded.
    decoded: usize,
    max_bytes: usize,
}

impl Gather {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { block: Vec::new(), fields: Vec::new(), decoded: 0, max_bytes }
    }

    pub(crate) fn push(&mut self, row: Row<'_>) -> Result<()> {
        let decoded = self.decoded + row.fields().decoded_len();
        let fields = (self.fields.len() + 1) * size_of::<Fields>();
        if self.block.len() + row.json().len() + fields + decoded > self.max_bytes {
            let words = format!(
                "the rows exceed {} bytes: take them one by one with `query`, set a `limit`, or raise `max_bytes`",
                self.max_bytes
            );
            return Err(Error::new(ErrorKind::TooBig, words));
        }
        self.decoded = decoded;
        self.fields.push(row.fields().moved_to(self.block.len()));
        self.block.extend_from_slice(row.json());
        Ok(())
    }

    pub(crate) fn finish(self, meta: Metadata) -> BatchedView {
        BatchedView { block: self.block.into(), fields: self.fields.into(), meta }
    }
}
