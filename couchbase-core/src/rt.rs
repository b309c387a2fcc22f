//! What an adapter implements to bring the client to a runtime: a clock, timers, sockets, name look-up, tasks.
//!
//! The traits are object-safe, so that connections carry no type parameter. Reading, writing and timers are polled
//! and allocate nothing; only what is rare (connecting, resolving, spawning) is a boxed future. Nothing here may know
//! the protocol.

mod entropy;
mod resolve;

pub use resolve::blocking_resolve;

use crate::Instant;
use std::boxed::Box;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::vec::Vec;

/// A boxed future that may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A runtime, as the driver sees it.
///
/// The program `runtime` in the repository's `examples/programs` is a whole one on the standard library; the suite in
/// `tests/conformance` tells whether one keeps the contract.
///
/// One value serves one connection or many. Tasks and sockets are `Send`: runtimes whose tasks must stay on one
/// thread are not served (a single-threaded executor is: give its thread the driver of `open_parts`).
///
/// Nothing here may block the thread that calls it for longer than a system call takes, with one exception: a runtime
/// that gives each task a thread of its own may block that thread.
pub trait Runtime: Send + Sync + 'static {
    /// The monotonic time that deadlines are reckoned in. The epoch is the runtime's own; it must be the same for
    /// [`now`](Self::now) and for [`timer`](Self::timer).
    ///
    /// It is called while a connection is locked, so it must not use one.
    fn now(&self) -> Instant;

    /// A timer, not armed yet.
    fn timer(&self) -> Box<dyn Timer>;

    /// The addresses of a host, each with `port`; the order is the order of preference.
    ///
    /// `host` is a name or an IP address (version 6 with or without brackets). An unknown host is an error or an empty
    /// list. [`blocking_resolve`] does it for runtimes that have no way of their own.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>>;

    /// A connected TCP socket with `TCP_NODELAY` set. There is no time limit here: the driver drops the future when
    /// its own has passed, and the attempt must end with it.
    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>>;

    /// Runs a task, detached: to its end, whatever happens to whoever spawned it.
    fn spawn(&self, task: BoxFuture<()>);

    /// The time of day, since 1 January 1970 UTC: for expiry times of more than 30 days, which the server takes as
    /// dates. Zero for a clock that stands before then.
    fn unix_time(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// 256 unpredictable bits, different at each call. They seed the client's only random generator, which spreads
    /// retries in time and makes the nonces of SCRAM authentication.
    ///
    /// The provided body takes what the standard library has to offer: the keys of its hash maps, which come from the
    /// operating system (128 bits for each thread that calls), mixed with the time and a memory address. That is good
    /// for these two purposes. It is not a source of keys: a runtime with a better generator may override it, and a
    /// simulated one must, to be repeatable.
    fn seed(&self) -> [u8; 32] {
        entropy::gather(self.unix_time())
    }
}

/// One connected socket.
///
/// Each call tries first and keeps the waker only if it would have blocked; the one waker that is kept for reading
/// and the one for writing may be different, and the last one given counts. Waking without need is fine.
pub trait Socket: Send {
    /// Reads into `buf`, which is never empty. `Ok(0)` is the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the buffers, in order, as much as fits: how many bytes were taken. They are never all empty.
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;
}

/// A timer that is armed again and again.
pub trait Timer: Send {
    /// Arms it for `at`, in place of what was there. It wakes only who polls it after this.
    fn reset(&mut self, at: Instant);

    /// Ready once the runtime's clock has reached the instant it was armed for, never before it, and from then on
    /// until it is armed anew. One that was never armed is never ready.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A connected, non-blocking std socket with `TCP_NODELAY` set, for runtimes that build on the standard library.
///
/// This blocks the calling thread while it connects, up to ten seconds.
///
/// # Errors
/// What connecting met with; `TimedOut` after ten seconds of silence.
pub fn std_socket(addr: SocketAddr) -> io::Result<TcpStream> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let socket = TcpStream::connect_timeout(&addr, PATIENCE)?;
    socket.set_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

macro_rules! forward {
    ($($pointer:ident),*) => {$(
        impl<R: Runtime + ?Sized> Runtime for $pointer<R> {
            fn now(&self) -> Instant {
                (**self).now()
            }
            fn timer(&self) -> Box<dyn Timer> {
                (**self).timer()
            }
            fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
                (**self).resolve(host, port)
            }
            fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
                (**self).connect(addr)
            }
            fn spawn(&self, task: BoxFuture<()>) {
                (**self).spawn(task);
            }
            fn unix_time(&self) -> Duration {
                (**self).unix_time()
            }
            fn seed(&self) -> [u8; 32] {
                (**self).seed()
            }
        }
    )*};
}
forward!(Arc, Box);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpListener;

    #[test]
    fn std_socket_is_connected_and_never_blocks() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = std_socket(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();

        assert!(near.nodelay().unwrap());
        assert_eq!(near.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        near.write_all(b"ping").unwrap();
        let mut got = [0; 4];
        far.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"ping");
    }

    #[test]
    fn std_socket_says_what_went_wrong() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(std_socket(closed).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
