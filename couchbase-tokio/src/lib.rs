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
//! # The library in five minutes
//!
//! **A [`Connection`] is a bucket.** [`connect`] waits until it is ready; [`open`] returns at once, and operations wait
//! for it. It is one pointer: clone it, and use it from all tasks. Hosts, user and options stand in the string, or are
//! set on a [`Config`].
//!
//! **An operation is a builder and a future.** Its options are its methods. It is sent when it is first polled, or at
//! once with `send`.
//!
//! ```
//! use std::time::Duration;
//!
//! # doc_examples::run(async |cb| {
//! cb.set("name", "Ada").ttl(Duration::from_secs(3600)).timeout(Duration::from_millis(500)).await?;
//!
//! let set = cb.set("count", 1).send(); // on its way now
//! let get = cb.get("count").send(); // the same key: always after the set
//! set.await?;
//! assert_eq!(get.await?.value::<u64>()?, 1);
//!
//! // Both in flight at once: all that takes futures takes operations.
//! let (name, visits) = tokio::try_join!(cb.get("name").value::<String>(), cb.incr("visits").initial(1))?;
//! assert_eq!((name.as_str(), visits.value()), ("Ada", 1));
//! # Ok(())
//! # });
//! ```
//!
//! **Values** are whatever serde serializes, by reference, and numbers; they are stored as JSON. [`Text`], [`Raw`] and
//! [`Bytes`] are stored as they are. `value` reads a document as the type that you ask for.
//!
//! **Errors** have one type, [`Error`]. Its [`kind`](Error::kind) says what is wrong. With
//! [`is_ambiguous`](Error::is_ambiguous) the server may have carried out what failed; without it there was no effect.
//!
//! ```
//! use couchbase_tokio::ErrorKind;
//!
//! # doc_examples::run(async |cb| {
//! // A missing document is an error, or `None` if you expect that.
//! let nobody: Option<String> = cb.get("nobody").optional().value().await?;
//! assert_eq!(nobody, None);
//!
//! // The CAS of what was read: replace that, and nothing newer.
//! cb.set("account", 10).await?;
//! let found = cb.get("account").await?;
//! match cb.replace("account", found.value::<i64>()? + 5).cas(&found).await {
//!     Ok(stored) => println!("stored with CAS {}", stored.cas()),
//!     Err(e) if e.is_cas_mismatch() => println!("somebody was faster: read it again"),
//!     Err(e) if e.kind() == ErrorKind::Timeout && e.is_ambiguous() => println!("it may have happened"),
//!     Err(e) => return Err(e),
//! }
//! # Ok(())
//! # });
//! ```
//!
//! **Many keys** go in one call, which has one outcome: all results, or one error that has them all.
//!
//! ```
//! # doc_examples::run(async |cb| {
//! cb.set_multi([("foo", 1), ("bar", 2)]).await?;
//! for (key, found) in &cb.get_multi(["foo", "bar"]).await? {
//!     println!("{key}: {}", found?.value::<u64>()?);
//! }
//! # Ok(())
//! # });
//! ```
//!
//! **Without futures** the same connection takes callbacks, [`Connection::callbacks`], or puts answers into a
//! [`CompletionQueue`].
//!
//! **Views** are the module [`views`], with the feature of that name: begin with [`ViewExt`](views::ViewExt).
//!
//! **At the end** [`close`](Connection::close) waits for what is under way. A connection whose last clone is gone does
//! the same by itself, as long as the runtime lives.
//!
//! # The runtime
//!
//! It may be of either flavour, and needs sockets and time (`enable_all`). The client runs as one task on it and ends
//! with it: operations that it leaves behind end with [`ErrorKind::Closed`]. A worker that a task blocks may be the one
//! that the client would run on next, and then nothing moves, deadlines included: where a task must wait for an operation
//! without `.await`, use `tokio::task::block_in_place` or `spawn_blocking`.
//!
//! A paused clock (`tokio::time::pause`) is the client's clock too. tokio moves it on by itself whenever all tasks wait,
//! also for a server: what is asked then times out before there can be an answer. Pause it in between, and resume it to
//! connect and to operate.
//!
//! # Where things are
//!
//! Everything but [`connect`], [`open`], [`open_parts`] and [`Tokio`] is the same on every runtime and comes from
//! `couchbase_core`, on which libraries depend that take a `&Connection`. The operations with their options are in
//! [`ops`]. What is promised of order, deadlines and limits stands at [`Connection`]. Of the modules applications need
//! [`ops`] and [`views`]; the others are for tools, and for runtimes of one's own.

#![cfg_attr(not(feature = "views"), allow(rustdoc::broken_intra_doc_links))]
#![forbid(unsafe_code)]

mod runtime;

pub use couchbase_core::*;
pub use runtime::Tokio;

/// Views and design documents: begin with [`ViewExt`](views::ViewExt).
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
/// Sockets and timers are tokio's still, so that the tokio runtime must be running too, for as long as there is a
/// driver: a current-thread one stands still outside its `block_on`, and tokio's timers panic when their runtime is
/// gone. Nor can the driver be turned by hand from within a task, where tokio's sockets rest until the task is polled
/// anew, except in `tokio::task::block_in_place`. To turn it without a runtime, use `couchbase-async-std`.
///
/// # Errors
/// As [`open`].
pub fn open_parts(config: impl Into<Config>) -> Result<(Connection, Driver)> {
    couchbase_core::open_parts(config, Tokio::current()?)
}
