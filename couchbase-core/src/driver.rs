//! The driver: the one future behind a connection, which runs the machine on sockets.
//!
//! Handles lock the machine shortly and encode into it, or leave their operation in front of it when it is in use; their
//! waker lies there too. The driver reads and writes outside the lock. Protocol rules are none of its business. One pass
//! is in `pass`, what it shares with the handles in `shared`.

mod alarm;
mod buffers;
mod clock;
mod completions;
mod deliveries;
mod effects;
mod errands;
mod front;
mod inner;
mod leftovers;
mod lifecycle;
mod link;
#[cfg(all(test, models))]
mod models;
mod outcomes;
mod park;
mod pass;
mod sending;
mod shared;
mod signal;
mod sources;

pub(crate) use completions::{CompletionId, Sink};
pub(crate) use effects::{Effect, guarded};
#[cfg(feature = "http")]
pub(crate) use errands::Notice;
pub use errands::Standing;
pub(crate) use front::Submission;
pub(crate) use shared::Shared;

use crate::machine::{Client, Event, LinkId};
use crate::rt::Runtime;
use crate::sync::{Arc, Mutex, MutexGuard};
use crate::{Config, Error, ErrorKind, Instant, Reply, Result};
use alarm::Alarm;
use buffers::Buffers;
use effects::Effects;
use park::Parker;
use sources::Sources;
use std::boxed::Box;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll};
use std::time::{self, Duration};
use std::vec::Vec;

/// What is called with an operation's outcome.
pub(crate) type Callback = Box<dyn FnOnce(Result<Reply>) + Send>;

/// The one future behind a connection: nothing of the connection moves unless it is polled or turned.
///
/// [`open`](crate::open) spawns it; [`open_parts`](crate::open_parts) hands it over, to be spawned on an executor of
/// one's own or turned by hand from a loop. It ends when the connection has been closed, or when the last handle is
/// gone. Dropping it closes all sockets at once and ends every operation with
/// [`ErrorKind::Closed`](crate::ErrorKind::Closed).
///
/// Callbacks run where it runs: they must not block.
#[must_use = "a connection makes progress only while its driver is polled or turned"]
pub struct Driver {
    shared: Arc<Shared>,
    sources: Sources,
    buffers: Buffers,
    alarm: Alarm,
    parker: Arc<Parker>,
    /// The clock, as of this pass.
    now: Instant,
    /// When the time of day was told last.
    unix_time_at: Instant,
    /// Tasks woken since the machine's bytes were pulled last.
    woken: usize,
    /// How often writing was put off since then.
    yields: u8,
    /// Anything happened in this pass.
    has_moved: bool,
    /// The machine was told something: it may want something.
    is_unsettled: bool,
    is_closed: bool,

    // Kept for their memory. Empty between passes.
    ready: Vec<usize>,
    effects: Effects,
    events: Vec<Event>,
    /// Positions of links with bytes to be written.
    writing: Vec<usize>,
    /// Links that have written all and for which the machine has more.
    behind: Vec<LinkId>,
}

impl Driver {
    /// A machine with its driver, connecting as soon as the driver runs.
    pub(crate) fn new(config: Config, runtime: Box<dyn Runtime>) -> Result<(Arc<Shared>, Self)> {
        let now = runtime.now();
        let mut client = Client::new(config, runtime.seed(), now)?;
        client.handle_unix_time(runtime.unix_time(), now);
        let timer = runtime.timer();
        let shared = Arc::new(Shared::new(client, runtime));
        let driver = Self {
            sources: Sources::new(&shared.signal),
            buffers: Buffers::default(),
            alarm: Alarm::new(timer, &shared.signal),
            parker: Arc::default(),
            now,
            unix_time_at: now,
            woken: 0,
            yields: 0,
            has_moved: false,
            is_unsettled: false,
            is_closed: false,
            ready: Vec::new(),
            effects: Effects::default(),
            events: Vec::new(),
            writing: Vec::new(),
            behind: Vec::new(),
            shared: shared.clone(),
        };
        Ok((shared, driver))
    }

    /// One pass, without blocking: what the sockets have to offer is taken, what is due is done, what waits is
    /// written, callbacks are called. True if anything happened.
    ///
    /// Whether sockets and timers report without a thread of the runtime's own is the runtime's matter: with
    /// `couchbase-async-std` they do, on any thread.
    pub fn turn(&mut self) -> bool {
        let waker = self.parker.waker();
        if self.pass(&waker, false) {
            self.end();
        }
        self.has_moved
    }

    /// Turns, and if nothing happened sleeps until something does, for so long at most. True if anything happened.
    ///
    /// The thread sleeps; an operation sent by another thread wakes it.
    pub fn turn_for(&mut self, at_most: Duration) -> bool {
        // A time too far to be told is never.
        let end = time::Instant::now().checked_add(at_most);
        loop {
            if self.turn() || self.is_closed {
                return self.has_moved;
            }
            // What wakes it need not be anything that happens, and may do so without end.
            let is_over = end.is_some_and(|end| end <= time::Instant::now());
            if is_over || !self.parker.park_until(end) {
                return false;
            }
        }
    }

    /// Closes all sockets and ends what is left of the operations.
    fn end(&mut self) {
        let links: Vec<_> = self.sources.link_ids().collect();
        self.is_closed = true;
        self.sources.clear();
        self.shared.signal.end();
        // A pass that the runtime has ended by a panic has left its own behind.
        let mut effects = mem::take(&mut self.effects);
        self.shared.lock().end(&links, self.now, &mut effects);
        // What is handed over while they run comes behind them.
        loop {
            effects.run_last();
            let Some(late) = self.shared.lock().take_last() else { return };
            effects = late;
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.pass(cx.waker(), true) {
            self.end();
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("is_closed", &self.is_closed).finish_non_exhaustive()
    }
}

/// Locks, also after a panic: whatever is guarded here is consistent between its calls.
#[inline]
pub(crate) fn enter<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of everything that comes after the end.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the connection is closed, or its driver is gone")
}
