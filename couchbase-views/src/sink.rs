//! What receives rows: sinks, and what they and row closures may answer.

use crate::{Metadata, Rows};
use couchbase_core::{Error, Result};

/// What a sink answers to a batch of rows. More is to come: pausing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// Go on.
    More,
    /// Enough: the query ends well, without the rest.
    Stop,
}

/// Receives a view's rows as they arrive.
///
/// While `on_rows` works nothing is read from the server: a slow sink slows the server down and fills no memory.
/// Exactly one of `on_done` and `on_error` is called, once, last; neither if the query is dropped.
///
/// ```
/// use couchbase_core::{Error, Result};
/// use couchbase_views::{Flow, Metadata, RowSink, Rows};
///
/// #[derive(Default)]
/// struct FirstTen {
///     names: Vec<String>,
///     total: u64,
/// }
///
/// impl RowSink for FirstTen {
///     fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
///         for row in rows {
///             self.names.push(row.key::<&str>()?.to_owned()); // borrowed from the receive buffer
///             if self.names.len() == 10 {
///                 return Ok(Flow::Stop);
///             }
///         }
///         Ok(Flow::More)
///     }
///     fn on_done(&mut self, meta: &Metadata) {
///         self.total = meta.total_rows();
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row sink",
    note = "closures: `cb.query(design, view).each(|row| ...)`",
    note = "`query_ex` takes the sink first, then the names of design document and view"
)]
pub trait RowSink {
    /// Takes the rows that have arrived, at least one. Those left in the iterator are lost.
    ///
    /// # Errors
    /// An error ends the query and is its outcome.
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow>;

    /// The query has ended well: all rows were delivered, or it was stopped. In the latter case `meta` holds what was
    /// known by then; `total_rows` comes before the rows.
    fn on_done(&mut self, meta: &Metadata) {
        let _ = meta;
    }

    /// The query has failed, possibly after rows were delivered.
    fn on_error(&mut self, error: &Error) {
        let _ = error;
    }
}

/// What a row closure may return: nothing, a [`Flow`], or a `Result` of either.
#[diagnostic::on_unimplemented(
    message = "a row closure returns nothing, a `Flow`, or a `Result` of either, not `{Self}`"
)]
pub trait IntoFlow: sealed::Sealed {
    #[doc(hidden)]
    fn into_flow(self) -> Result<Flow>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! into_flow {
    ($($answer:ty: $self:ident => $flow:expr,)*) => {$(
        impl sealed::Sealed for $answer {}
        impl IntoFlow for $answer {
            fn into_flow($self) -> Result<Flow> {
                $flow
            }
        }
    )*};
}
into_flow! {
    (): self => Ok(Flow::More),
    Flow: self => Ok(self),
    Result<()>: self => self.map(|()| Flow::More),
    Result<Flow>: self => self,
}
