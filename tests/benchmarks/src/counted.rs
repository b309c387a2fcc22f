//! A runtime that counts the writes to its sockets.

use couchbase_core::Instant;
use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// How many writes there were.
#[derive(Debug, Default)]
pub struct Writes(AtomicUsize);

impl Writes {
    /// Their number so far.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

/// A runtime whose sockets count.
pub(crate) struct Counted<R> {
    runtime: R,
    writes: Arc<Writes>,
}

impl<R: Runtime> Counted<R> {
    pub(crate) fn new(runtime: R, writes: &Arc<Writes>) -> Self {
        Self { runtime, writes: writes.clone() }
    }
}

impl<R: Runtime> Runtime for Counted<R> {
    fn now(&self) -> Instant {
        self.runtime.now()
    }

    fn timer(&self) -> Box<dyn Timer> {
        self.runtime.timer()
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        self.runtime.resolve(host, port)
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        let (connecting, writes) = (self.runtime.connect(addr), self.writes.clone());
        Box::pin(async move {
            let socket = connecting.await?;
            Ok(Box::new(CountedSocket { socket, writes }) as Box<dyn Socket>)
        })
    }

    fn spawn(&self, task: BoxFuture<()>) {
        self.runtime.spawn(task);
    }

    fn unix_time(&self) -> Duration {
        self.runtime.unix_time()
    }

    fn seed(&self) -> [u8; 32] {
        self.runtime.seed()
    }
}

struct CountedSocket {
    socket: Box<dyn Socket>,
    writes: Arc<Writes>,
}

impl Socket for CountedSocket {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_read(cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.writes.add(1);
        self.socket.poll_write(cx, bufs)
    }
}
