//! Couchbase views on any async runtime: rows as they arrive, or all at once.

pub mod rows;

pub use rows::{Metadata, OwnedRow, Row, Rows, ViewError};
