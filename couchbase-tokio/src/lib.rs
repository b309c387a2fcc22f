//! The Couchbase client on tokio.

#![forbid(unsafe_code)]

mod runtime;

pub use couchbase_core::*;
pub use runtime::Tokio;

/// Views and design documents.
#[cfg(feature = "views")]
pub mod views {
    pub use couchbase_views::*;
}
