//! The Couchbase client for async-std, smol, any other executor, or none.

#![forbid(unsafe_code)]

mod background;
mod runtime;

pub use couchbase_core::*;
pub use runtime::AsyncIo;

/// Views and design documents.
#[cfg(feature = "views")]
pub mod views {
    pub use couchbase_views::*;
}
