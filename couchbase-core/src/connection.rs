//! Handles: what users hold and clone.
//!
//! One pointer wide, without a runtime parameter. A handle with other defaults is derived from another; both belong
//! to one connection, which closes when the last of them is gone.

mod event;
pub mod face;
mod open;
mod operations;

pub use event::Event;
pub use open::{open, open_parts};

use crate::driver::Shared;
use crate::machine::Request;
use crate::pending::{AsyncResult, Deferred, SentPromise};
use face::{Callbacks, Face, Futures};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// A bucket: whatever operations go to. Clone it freely; it is one pointer wide, `Send` and `Sync`.
///
/// Operations are built by its methods and do nothing until they are awaited or sent. Order on a key is the order of
/// sending, on all clones together: two operations on one key, at least one of them a write, that both succeed took
/// effect in the order in which they were sent. One that is awaited takes its place when it is first polled.
///
/// ```
/// # doc_examples::run(async |cb| {
/// cb.set("greeting", "hello").await?;
/// let greeting: String = cb.get("greeting").value().await?;
/// assert_eq!(greeting, "hello");
/// # Ok(())
/// # });
/// ```
///
/// # Errors of every operation
/// Before anything is sent: `Argument` for a key that is empty or longer than 250 bytes, or a timeout of zero;
/// `Overloaded` at the limits below; `Closed`; and the connection's own error, if it failed. From then on:
/// `Timeout`; `Network` for a write whose link was lost; `Locked` for a write to a document that another client has
/// locked; `TemporaryFail` where the server is out of resources for good, or the operation was
/// [overtaken](crate::Error::is_overtaken); `Auth` for a user who may not do this, or whom the key's node refuses
/// when its link is made again; `NotSupported`, `Protocol` and `Other` for answers that nobody expects.
/// [`is_ambiguous`](crate::Error::is_ambiguous) tells whether it may have happened all the same.
///
/// # Deadlines and limits
/// An operation ends within 2.5 s, or what the [configuration](crate::Config::timeout),
/// [`with_timeout`](Self::with_timeout) or its own `timeout` says, waits and retries included; at most 16 ms later,
/// while the driver gets to run. The time counts from sending, or from the first connection, if that comes later.
///
/// 4,096 operations, with 64 MiB of keys and values, may be in flight unless [configured](crate::Config::max_in_flight)
/// otherwise. Beyond that, one that is awaited stands in line within its time, with 65,536 others at most; what comes
/// in any other way is `Overloaded`.
///
/// # The end
/// When the last handle of a connection is gone, and no operation holds one, the connection finishes what is under
/// way and closes. [`close`](Connection::close) does so at once.
pub struct Connection<F: Face = Futures>(Arc<View>, PhantomData<F>);

/// The callback face of a [`Connection`], which has the operations: they take `on_ok`, `on_err`, `then`, or a
/// [`CompletionQueue`](crate::CompletionQueue).
///
/// ```
/// # doc_examples::run(async |cb| {
/// let cb = cb.callbacks();
/// cb.get("greeting").then(|outcome| match outcome {
///     Ok(found) => println!("{:?}", found.value::<String>()),
///     Err(error) => eprintln!("{error}"),
/// });
/// # Ok(())
/// # });
/// ```
pub type AsyncConnection = Connection<Callbacks>;

const _: () = assert!(size_of::<Connection>() == size_of::<usize>());
const _: () = assert!(size_of::<AsyncConnection>() == size_of::<usize>());
const fn shareable<T: Send + Sync + Unpin + 'static>() {}
const _: () = shareable::<Connection>();
const _: () = shareable::<AsyncConnection>();

/// One connection with defaults.
#[derive(Clone)]
struct View {
    shared: Arc<Shared>,
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "held to be dropped"))]
    handle: Arc<Handle>,
    timeout: Duration,
    quiet: bool,
}

/// As long as one of these is there, the connection stays open.
pub(crate) struct Handle(pub(crate) Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.orphan();
    }
}

impl<F: Face> Clone for Connection<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<F: Face> Connection<F> {
    /// True once the connection has been made, also after it was closed; false before, and if it failed.
    pub fn connected(&self) -> bool {
        self.0.shared.is_connected()
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.0.shared.bucket
    }

    /// The same connection, with another default for how long operations may take. A time of zero is an argument error
    /// of each operation.
    #[must_use = "this handle is as it was: use the one that is returned"]
    pub fn with_timeout(&self, after: Duration) -> Self {
        Self(Arc::new(View { timeout: after, ..View::clone(&self.0) }), PhantomData)
    }

    /// The same connection, with another default for what a missing document is where an operation is about an
    /// existing one (get, delete, touch): a result without success instead of an error.
    #[must_use = "this handle is as it was: use the one that is returned"]
    pub fn with_quiet(&self, quiet: bool) -> Self {
        Self(Arc::new(View { quiet, ..View::clone(&self.0) }), PhantomData)
    }

    /// The request with this handle's defaults.
    #[inline(always)]
    pub(crate) fn request(&self, request: Request) -> Request {
        request.with_quiet(self.0.quiet)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    #[cfg(feature = "http")]
    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.0.handle
    }

    fn wait(&self, event: Event) -> SentPromise<()> {
        let shared = &self.0.shared;
        let promise = match event {
            Event::Connect => shared.wait_connected(),
            Event::Dtor => shared.wait_gone(),
        };
        SentPromise::new(promise, shared.clone())
    }

    fn closing(&self) -> SentPromise<()> {
        SentPromise::new(self.0.shared.close(), self.0.shared.clone())
    }
}

impl Connection {
    /// Resolves once connected, or with the reason why not. Each call is a waiter of its own; late ones get the same
    /// outcome.
    ///
    /// # Errors
    /// After the connect timeout (10 s unless [configured](crate::Config::connect_timeout)) at the latest, what stood
    /// in the way: `UnknownHost`, `Network`, `Timeout`, `Auth`, `BucketNotFound` and so on. `Closed`, if it was closed
    /// before.
    #[doc(alias = "wait_until_ready")]
    pub fn connect(&self) -> Deferred<()> {
        self.register_event(Event::Connect)
    }

    /// Resolves when the event comes, or at once if it has come. [`Event::Connect`] has the errors of
    /// [`connect`](Self::connect), [`Event::Dtor`] has none.
    ///
    /// ```
    /// use couchbase_core::Event;
    ///
    /// # doc_examples::run(async |cb| {
    /// let gone = cb.register_event(Event::Dtor);
    /// drop(cb);
    /// gone.await?; // What was under way has ended, the sockets are closed.
    /// # Ok(())
    /// # });
    /// ```
    #[doc(alias = "register_deferred")]
    pub fn register_event(&self, event: Event) -> Deferred<()> {
        Deferred::new(self.wait(event))
    }

    /// Refuses new operations, waits for those under way, closes the links. All handles of the connection are closed
    /// with it. Resolves when it is done, and never fails; calling it again is harmless.
    ///
    /// View queries, and operations on design documents, are operations in this too: what a node is being asked is
    /// waited for, but no other node is asked. They run on the task that awaits them: one that was begun, and is
    /// neither polled nor dropped, is waited for until its time must be over.
    pub fn close(&self) -> Deferred<()> {
        Deferred::new(self.closing())
    }

    /// The callback face of the same connection.
    #[must_use]
    pub fn callbacks(&self) -> AsyncConnection {
        Connection(self.0.clone(), PhantomData)
    }
}

impl AsyncConnection {
    /// Succeeds once connected, or fails with the reason why not. Each call is a waiter of its own; late ones get the
    /// same outcome.
    #[doc(alias = "wait_until_ready")]
    pub fn connect(&self) -> AsyncResult<()> {
        self.register_event(Event::Connect)
    }

    /// Succeeds when the event comes, or soon if it has come.
    #[doc(alias = "register_deferred")]
    pub fn register_event(&self, event: Event) -> AsyncResult<()> {
        AsyncResult::other(self.wait(event))
    }

    /// Refuses new operations, waits for those under way, closes the links. All handles of the connection are closed
    /// with it. View queries are waited for as [`Connection::close`](Connection::close) says.
    pub fn close(&self) -> AsyncResult<()> {
        AsyncResult::other(self.closing())
    }

    /// The future face of the same connection.
    #[must_use]
    pub fn futures(&self) -> Connection {
        Connection(self.0.clone(), PhantomData)
    }

    /// A sent operation as a future. Callbacks that it has are called all the same.
    pub fn defer<T: Clone + Send + 'static>(&self, result: AsyncResult<T>) -> Deferred<T> {
        result.into_deferred()
    }
}

impl<F: Face> fmt::Debug for Connection<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("bucket", &self.bucket())
            .field("connected", &self.connected())
            .field("timeout", &self.0.timeout)
            .field("quiet", &self.0.quiet)
            .finish()
    }
}
