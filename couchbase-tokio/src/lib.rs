//! The Couchbase client on tokio.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct User {
//!     name: String,
//!     visits: u64,
//! }
//!
//! #[tokio::main]
//! async fn main() -> couchbase_tokio::Result<()> {
//!     # let cluster = couchbase_testkit::Cluster::builder().start();
//!     # let address = cluster.connection_string();
//!     // let address = "couchbase://app:secret@localhost/default";
//!     let cb = couchbase_tokio::connect(address).await?;
//!     cb.set("user::1", &User { name: "Ada".into(), visits: 1 }).await?;
//!     let user: User = cb.get("user::1").value().await?;
//!     assert_eq!(user.name, "Ada");
//!     Ok(())
//! }
//! ```
//!
//! Everything but the start is the same on every runtime and lives in `couchbase_core`, re-exported here: begin with
//! [`Connection`]. Libraries take a `&Connection` and depend on `couchbase_core` alone.
//!
//! The runtime may be of either flavour, and needs sockets and time (`enable_all`). The client runs as one task on it
//! and ends with it: operations that it leaves behind end with [`ErrorKind::Closed`]. A paused clock
//! (`tokio::time::pause`) pauses the client's deadlines as well.

#![forbid(unsafe_code)]

mod runtime;

pub use couchbase_core::*;
pub use runtime::Tokio;

/// Views and design documents.
#[cfg(feature = "views")]
pub mod views {
    pub use couchbase_views::*;
}

/// Opens a connection and waits until it is connected.
///
/// # Errors
/// As [`open`], and what came in the way of connecting, within the configuration's connect timeout (10 s unless told
/// otherwise): [`UnknownHost`](ErrorKind::UnknownHost), [`Network`](ErrorKind::Network), [`Auth`](ErrorKind::Auth),
/// [`BucketNotFound`](ErrorKind::BucketNotFound), …
pub async fn connect(config: impl Into<Config>) -> Result<Connection> {
    let cb = open(config)?;
    cb.connect().await?;
    Ok(cb)
}

/// Opens a connection and returns at once: operations wait, in their order, until it is connected.
///
/// # Errors
/// [`Argument`](ErrorKind::Argument) for a configuration with a mistake, [`NoRuntime`](ErrorKind::NoRuntime) outside
/// a tokio runtime.
///
/// ```
/// use couchbase_tokio::ErrorKind;
///
/// let error = couchbase_tokio::open("couchbase://localhost/default").err().expect("there is no runtime here");
/// assert_eq!(error.kind(), ErrorKind::NoRuntime);
/// ```
pub fn open(config: impl Into<Config>) -> Result<Connection> {
    couchbase_core::open(config, Tokio::current()?)
}

/// As [`open`], but spawns nothing: the driver is a future for you to run, and nothing moves while you do not.
///
/// Sockets and timers are tokio's still, so that the tokio runtime must be running too, for as long as there is a driver:
/// a current-thread one stands still outside its `block_on`, and tokio's timers panic when their runtime is gone. Nor
/// can the driver be turned by hand from within a task, where tokio's sockets rest until the task is polled anew, except
/// in `tokio::task::block_in_place`. To turn it without a runtime, use `couchbase-async-std`.
///
/// # Errors
/// As [`open`].
pub fn open_parts(config: impl Into<Config>) -> Result<(Connection, Driver)> {
    couchbase_core::open_parts(config, Tokio::current()?)
}
