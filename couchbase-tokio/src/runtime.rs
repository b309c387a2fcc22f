//! The runtime traits on tokio: its sockets, its timer wheel, its tasks.
//!
//! All time comes from tokio's clock, so that a paused one pauses the client too. What needs tokio's context enters
//! it by the handle taken at the start: a driver that some other executor polls works all the same.

use couchbase_core::rt::{self, BoxFuture, Runtime, blocking_resolve};
use couchbase_core::{Error, ErrorKind, Instant, Result};
use std::future::{self, Future};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::Sleep;

/// The tokio runtime that was current when [`current`](Self::current) was called.
///
/// [`open`](crate::open) makes one for you. It is here for those who wrap it in a [`Runtime`] of their own, to look
/// up names in another way, say.
#[derive(Clone, Debug)]
pub struct Tokio {
    handle: Handle,
    epoch: tokio::time::Instant,
}

impl Tokio {
    /// The runtime of the calling task or thread.
    ///
    /// # Errors
    /// [`ErrorKind::NoRuntime`] outside of one, and for one that was built without its time driver.
    ///
    /// ```
    /// use couchbase_tokio::{ErrorKind, Tokio};
    ///
    /// assert_eq!(Tokio::current().unwrap_err().kind(), ErrorKind::NoRuntime);
    /// ```
    pub fn current() -> Result<Self> {
        let no_runtime = |words: &str| Error::new(ErrorKind::NoRuntime, words);
        let handle = Handle::try_current().map_err(|_| {
            no_runtime("there is no tokio runtime here: call it from within one, or use couchbase-async-std")
        })?;
        // Nothing but the attempt tells whether the runtime has a time driver.
        let epoch = catch_unwind(|| {
            let _timer = tokio::time::sleep(Duration::ZERO);
            tokio::time::Instant::now()
        })
        .map_err(|_| no_runtime("this tokio runtime cannot keep time: build it with `enable_all`"))?;
        Ok(Self { handle, epoch })
    }
}

impl Runtime for Tokio {
    fn now(&self) -> Instant {
        self.epoch.elapsed().into()
    }

    fn timer(&self) -> Box<dyn rt::Timer> {
        let _context = self.handle.enter();
        Box::new(Timer {
            epoch: self.epoch,
            armed: false,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        })
    }

    // Not tokio's own: it looks up in its pool, and a runtime that shuts down waits for the pool.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        blocking_resolve(host, port)
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn rt::Socket>>> {
        let handle = self.handle.clone();
        Box::pin(async move {
            let mut connecting = pin!(TcpStream::connect(addr));
            let stream = future::poll_fn(|cx| {
                let _context = handle.enter();
                let polled = AssertUnwindSafe(|| connecting.as_mut().poll(cx));
                catch_unwind(polled).unwrap_or_else(|_| {
                    let words = "this tokio runtime has no sockets: build it with `enable_all`";
                    Poll::Ready(Err(io::Error::new(io::ErrorKind::Unsupported, words)))
                })
            })
            .await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(Tcp(stream)) as Box<dyn rt::Socket>)
        })
    }

    fn spawn(&self, task: BoxFuture<()>) {
        self.handle.spawn(task);
    }
}

struct Tcp(TcpStream);

impl rt::Socket for Tcp {
    // `poll_read` and not `try_read`: it knows from a short read that the socket is empty, and saves one call.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }
}

struct Timer {
    epoch: tokio::time::Instant,
    armed: bool,
    sleep: Pin<Box<Sleep>>,
}

impl rt::Timer for Timer {
    fn reset(&mut self, at: Instant) {
        // An instant that tokio cannot express is centuries away: as good as never.
        let at = self.epoch.checked_add(at - Instant::ZERO);
        self.armed = at.is_some();
        if let Some(at) = at {
            self.sleep.as_mut().reset(at);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.armed { self.sleep.as_mut().poll(cx) } else { Poll::Pending }
    }
}
