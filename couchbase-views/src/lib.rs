//! Couchbase views on any async runtime: rows as they arrive, or all at once.
//!
//! [`ViewExt`] adds queries and design documents to a [`Connection`](couchbase_core::Connection):
//!
//! ```
//! use couchbase_views::{DesignDocument, Flow, Stale, ViewExt};
//!
//! # doc_examples::run_with_beers(async |cb| {
//! let strong = DesignDocument::new().view("by_abv", "function (doc, meta) { emit(doc.abv, doc.name); }");
//! cb.design_create("strong", &strong).production().await?;
//!
//! // All rows at once, of an index that knows what has been stored until now.
//! let rows = cb.query_all("strong", "by_abv").stale(Stale::UpdateBefore).start_key(&6.0).await?;
//! for row in &rows {
//!     println!("{:?}: {} with {} %", row.id(), row.value::<&str>()?, row.key::<f64>()?);
//! }
//! assert_eq!(rows.len(), 2);
//!
//! // Row by row as they arrive, until the closure has seen enough.
//! let mut strongest = String::new();
//! cb.query("strong", "by_abv")
//!     .descending(true)
//!     .each(|row| {
//!         strongest = row.value()?;
//!         Ok(Flow::Stop)
//!     })
//!     .await?;
//! assert_eq!(strongest, "Old Porter");
//! # Ok(())
//! # });
//! ```
//!
//! Rows may also go to a type of yours, a [`RowSink`], with [`query_ex`](ViewExt::query_ex), which gives it back at the
//! end. A query is read by the task that awaits it, or in the background after [`start`](Query::start). While its sink
//! works nothing is read, which slows the server down; memory is bounded whatever the server sends.
//!
//! A node that cannot contribute its rows does not make a query fail: look at [`errors`](BatchedView::errors), which is
//! not empty if rows are missing.

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
