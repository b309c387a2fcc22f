//! Couchbase views on any async runtime: rows as they arrive, or all at once.
//!
//! [`ViewExt`] adds queries and design documents to a [`Connection`](couchbase_core::Connection). A query is read by
//! the task that awaits it; while its sink works nothing is read, which is all the back-pressure there is, and all
//! that is needed. Memory is bounded whatever the server sends.

mod attempts;
mod batched;
mod call;
mod design;
mod home;
mod query;
pub mod rows;
#[cfg(test)]
mod scripted;
mod sink;
mod transfer;
mod view_ext;

pub use batched::BatchedView;
pub use design::{DesignDocument, DesignOp, ViewDef};
pub use query::{All, Control, DEFAULT_MAX_BYTES, Each, Query, Running, Stale, To, Undecided};
pub use rows::{Metadata, OwnedRow, Row, Rows, ViewError};
pub use sink::{Flow, IntoFlow, RowSink};
pub use view_ext::ViewExt;

/// A row with its fields read as types of Rust's; see [`BatchedView::typed`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewRow<K, V> {
    /// The document behind the row; `None` for rows of a reduced view.
    pub id: Option<String>,
    /// The key that the view emitted.
    pub key: K,
    /// The value that the view emitted.
    pub value: V,
}
