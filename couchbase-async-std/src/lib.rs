//! The Couchbase client for async-std, smol, `futures::executor`, any other executor, or none.
//!
//! ```
//! fn main() -> couchbase_async_std::Result<()> {
//!     # let cluster = couchbase_testkit::Cluster::builder().start();
//!     # let address = cluster.connection_string();
//!     // let address = "couchbase://app:secret@localhost/default";
//!     smol::block_on(async {
//!         let cb = couchbase_async_std::connect(address).await?;
//!         cb.set("foo", "bar").await?;
//!         assert_eq!(cb.get("foo").value::<String>().await?, "bar");
//!         Ok(())
//!     })
//! }
//! ```
//!
//! Sockets and timers are async-io's, which bring a reactor of their own; operations can be awaited anywhere. What
//! runs the client is for you to say:
//!
//! - [`connect`], [`open`]: a background thread of this crate, one for all connections;
//! - [`on`]: your executor, by a closure that spawns one detached task;
//! - [`open_parts`]: you hold the [`Driver`], and poll it as a future or turn it by hand.
//!
//! # The library in five minutes
//!
//! **A [`Connection`] is a bucket.** It is one pointer: clone it, and use it from all tasks and threads. Hosts, user
//! and options stand in the string, or are set on a [`Config`].
//!
//! **An operation is a builder and a future.** Its options are its methods. It is sent when it is first polled, or at
//! once with `send`.
//!
//! **Values** are whatever serde serializes, by reference, and numbers; they are stored as JSON. [`Text`], [`Raw`] and
//! [`Bytes`] are stored as they are. `value` reads a document as the type that you ask for.
//!
//! **Errors** have one type, [`Error`]. Its [`kind`](Error::kind) says what is wrong. With
//! [`is_ambiguous`](Error::is_ambiguous) the server may have carried out what failed; without it there was no effect.
//!
//! ```
//! use std::time::Duration;
//!
//! # doc_examples::run(async |cb| {
//! cb.set("name", "Ada").ttl(Duration::from_secs(3600)).await?;
//!
//! let set = cb.set("account", 10).send(); // on its way now
//! let get = cb.get("account").send(); // the same key: always after the set
//! set.await?;
//! let found = get.await?;
//!
//! // The CAS of what was read: replace that, and nothing newer.
//! match cb.replace("account", found.value::<i64>()? + 5).cas(&found).await {
//!     Ok(stored) => println!("stored with CAS {}", stored.cas()),
//!     Err(e) if e.is_cas_mismatch() => println!("somebody was faster: read it again"),
//!     Err(e) => return Err(e),
//! }
//!
//! // A missing document is an error, or `None` if you expect that.
//! let nobody: Option<String> = cb.get("nobody").optional().value().await?;
//! assert_eq!(nobody, None);
//!
//! // Many keys: all results, or one error that has them all.
//! for (key, found) in &cb.get_multi(["name", "account"]).await? {
//!     println!("{key}: {} bytes", found?.bytes().len());
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
//! the same by itself, as long as the process lives.
//!
//! # Where things are
//!
//! Everything but [`connect`], [`open`], [`open_parts`], [`on`] and [`AsyncIo`] is the same on every runtime and comes
//! from `couchbase_core`, on which libraries depend that take a `&Connection`. The operations with their options are in
//! [`ops`]. What is promised of order, deadlines and limits stands at [`Connection`]. Of the modules applications need
//! [`ops`] and [`views`]; the others are for tools, and for runtimes of one's own.

#![cfg_attr(not(feature = "views"), allow(rustdoc::broken_intra_doc_links))]
#![forbid(unsafe_code)]

mod background;
mod runtime;

pub use couchbase_core::*;
pub use runtime::AsyncIo;

use couchbase_core::rt::BoxFuture;

/// Views and design documents: begin with [`ViewExt`](views::ViewExt).
#[cfg(feature = "views")]
pub mod views {
    pub use couchbase_views::*;
}

/// Opens a connection on the background thread and waits until it is connected.
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

/// Opens a connection on the background thread and returns at once: operations wait, in their order, until it is
/// connected.
///
/// # Errors
/// [`Argument`](ErrorKind::Argument) for a configuration with a mistake, [`NoRuntime`](ErrorKind::NoRuntime) if the
/// system gives no thread, or no file descriptors to wait for sockets with.
pub fn open(config: impl Into<Config>) -> Result<Connection> {
    couchbase_core::open(config, AsyncIo::background()?)
}

/// As [`open`], but spawns nothing: the driver is yours to poll as a future or to turn by hand, and nothing moves
/// while you do not.
///
/// On one thread, do not wait for an operation with a `block_on` that does not run the driver as well: it would wait
/// for ever. With `futures::executor::LocalPool`, spawn the driver on the pool and use `run_until`.
///
/// # Errors
/// As [`open`], and needs no thread.
///
/// ```
/// use std::time::Duration;
///
/// # let cluster = couchbase_testkit::Cluster::builder().start();
/// # let address = cluster.connection_string();
/// let (cb, mut driver) = couchbase_async_std::open_parts(address)?;
/// let stored = cb.set("foo", "bar").send();
/// while !stored.is_finished() {
///     driver.turn_for(Duration::from_millis(100)); // sleeps until there is something to do
/// }
/// # Ok::<(), couchbase_async_std::Error>(())
/// ```
pub fn open_parts(config: impl Into<Config>) -> Result<(Connection, Driver)> {
    couchbase_core::open_parts(config, AsyncIo::on(background::spawn))
}

/// Opens connections whose drivers run where `spawn` puts them. `spawn` must detach the task.
///
/// ```
/// # let cluster = couchbase_testkit::Cluster::builder().start();
/// # let address = cluster.connection_string();
/// # smol::block_on(async {
/// let on_mine = couchbase_async_std::on(|task| smol::spawn(task).detach());
/// let cb = on_mine.connect(address).await?;
/// cb.set("foo", "bar").await?;
/// # Ok(())
/// # })?;
/// # Ok::<(), couchbase_async_std::Error>(())
/// ```
pub fn on(spawn: impl Fn(BoxFuture<()>) + Send + Sync + 'static) -> On {
    On(AsyncIo::on(spawn))
}

/// An executor to run drivers on: see [`on`].
#[derive(Clone, Debug)]
#[must_use = "it connects when it is told to"]
pub struct On(AsyncIo);

impl On {
    /// As [`connect`](crate::connect()), on this executor.
    ///
    /// # Errors
    /// As there.
    pub async fn connect(&self, config: impl Into<Config>) -> Result<Connection> {
        let cb = self.open(config)?;
        cb.connect().await?;
        Ok(cb)
    }

    /// As [`open`](crate::open()), on this executor.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for a configuration with a mistake.
    pub fn open(&self, config: impl Into<Config>) -> Result<Connection> {
        couchbase_core::open(config, self.0.clone())
    }
}
