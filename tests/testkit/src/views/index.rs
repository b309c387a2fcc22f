//! The index of one view: its rows in order, and how they follow the documents.
//!
//! An update maps only the documents that changed since the last one (their CAS tells), then sorts: the rows that
//! stayed are in order already.

use std::cmp::Ordering::{self, Equal, Greater, Less};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use bytes::Bytes;

use super::collation::Key;
use super::options::{Bound, Span};
use super::{Document, DocumentSource, engine};

/// One row of an index.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) id: Bytes,
    pub(super) vbucket: u16,
    /// The key as it was emitted.
    pub(super) key_text: String,
    pub(super) value: String,
}

/// All rows of a view.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: Vec<Row>,
    /// CAS of each document whose rows are here.
    documents: HashMap<Bytes, u64>,
    /// The bucket's sequence that was seen.
    sequence: Option<u64>,
    failure: Option<String>,
}

impl Index {
    /// Brings the rows up to date with the bucket.
    pub(super) fn update(&mut self, code: &str, source: &dyn DocumentSource, bucket: &str) {
        // Read first: what changes meanwhile is seen again next time.
        let sequence = source.sequence(bucket);
        if self.sequence == Some(sequence) {
            return;
        }
        self.sequence = Some(sequence);
        self.failure = None;

        let mut changed: Vec<Document> = Vec::new();
        let mut present = HashMap::new();
        source.for_each(bucket, &mut |document| {
            present.insert(document.id.clone(), document.cas);
            if self.documents.get(&document.id) != Some(&document.cas) {
                changed.push(document.clone());
            }
        });
        let stale: HashSet<&Bytes> = self
            .documents
            .iter()
            .filter(|(id, cas)| present.get(*id) != Some(cas))
            .map(|(id, _)| id)
            .collect();
        if !stale.is_empty() {
            self.rows.retain(|row| !stale.contains(&row.id));
        }
        self.documents = present;
        if changed.is_empty() {
            return;
        }
        match engine::map(code, &changed) {
            Ok(emitted) => {
                self.rows.extend(emitted.into_iter().filter_map(|emitted| {
                    // Keys that the collation cannot place (nested too deeply, half a surrogate) make no row.
                    let key = serde_json::from_str(&emitted.key).ok()?;
                    let Document { id, vbucket, .. } = &changed[emitted.document];
                    let (id, vbucket) = (id.clone(), *vbucket);
                    Some(Row { key, id, vbucket, key_text: emitted.key, value: emitted.value })
                }));
                // Stable: what one document emits under equal keys stays in the order in which it did.
                self.rows.sort_by(|a, b| a.key.collate(&b.key).then_with(|| a.id.cmp(&b.id)));
            }
            Err(failure) => {
                // Nothing is known of the documents behind the one that failed: begin anew at the next change.
                self.rows.clear();
                self.documents.clear();
                self.failure = Some(failure);
            }
        }
    }

    /// All rows in ascending order, or why there are none.
    pub(super) fn rows(&self) -> Result<&[Row], &str> {
        match &self.failure {
            Some(failure) => Err(failure),
            None => Ok(&self.rows),
        }
    }
}

/// The rows of a span, as a range of the ascending order.
pub(super) fn range(rows: &[Row], span: &Span) -> Range<usize> {
    let (below, above) = if span.descending { (&span.end, &span.start) } else { (&span.start, &span.end) };
    // A row that is exactly at a bound counts as inside, unless the end excludes it.
    let below_inside = !span.exclusive_end || !span.descending;
    let above_inside = !span.exclusive_end || span.descending;
    let first = match &below.key {
        Some(key) => rows_before(rows, key, below, if below_inside { Greater } else { Less }),
        None => 0,
    };
    let end = match &above.key {
        Some(key) => rows_before(rows, key, above, if above_inside { Less } else { Greater }),
        None => rows.len(),
    };
    first..end.max(first)
}

/// How many rows lie before a bound, where those exactly at it are on the side `at_bound`. A bound without an id is
/// at all rows of its key.
fn rows_before(rows: &[Row], key: &Key, bound: &Bound, at_bound: Ordering) -> usize {
    rows.partition_point(|row| {
        let order = row.key.collate(key).then_with(|| match &bound.id {
            Some(id) => row.id[..].cmp(id.as_bytes()),
            None => Equal,
        });
        order.then(at_bound) == Less
    })
}
