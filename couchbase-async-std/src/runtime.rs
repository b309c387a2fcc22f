//! The runtime traits on async-io: its sockets and timers work under any executor, or none.
//!
//! Tasks go where the user's closure puts them, or onto the one background thread of this crate.

use crate::background;
use async_io::Async;
use couchbase_core::rt::{self, BoxFuture, Runtime, blocking_resolve};
use couchbase_core::{Instant, Result};
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time;

/// Sockets and timers of async-io, with an executor for tasks.
///
/// [`open`](crate::open) and [`on`](crate::on) make one for you. It is here for those who wrap it in a [`Runtime`] of
/// their own, to look up names in another way, say.
#[derive(Clone)]
pub struct AsyncIo {
    epoch: time::Instant,
    spawn: Arc<dyn Fn(BoxFuture<()>) + Send + Sync>,
}

impl AsyncIo {
    /// Tasks run on a background thread that all connections share. It starts with the first of them, sleeps while
    /// there is nothing to do, and ends with the process.
    ///
    /// # Errors
    /// [`NoRuntime`](couchbase_core::ErrorKind::NoRuntime) if the system gives no thread, or no file descriptors to wait
    /// for sockets with.
    pub fn background() -> Result<Self> {
        background::start()?;
        Ok(Self::on(background::spawn))
    }

    /// Tasks run where `spawn` puts them. It must detach them: they outlive whoever spawned them.
    pub fn on(spawn: impl Fn(BoxFuture<()>) + Send + Sync + 'static) -> Self {
        Self { epoch: time::Instant::now(), spawn: Arc::new(spawn) }
    }
}

impl fmt::Debug for AsyncIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncIo").finish_non_exhaustive()
    }
}

impl Runtime for AsyncIo {
    fn now(&self) -> Instant {
        self.epoch.elapsed().into()
    }

    fn timer(&self) -> Box<dyn rt::Timer> {
        Box::new(Timer { epoch: self.epoch, at: None, timer: async_io::Timer::never() })
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        blocking_resolve(host, port)
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn rt::Socket>>> {
        Box::pin(async move {
            let stream = Async::<TcpStream>::connect(addr).await?;
            stream.get_ref().set_nodelay(true)?;
            Ok(Box::new(Tcp(stream)) as Box<dyn rt::Socket>)
        })
    }

    fn spawn(&self, task: BoxFuture<()>) {
        (self.spawn)(task);
    }
}

struct Tcp(Async<TcpStream>);

impl rt::Socket for Tcp {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.0.get_ref().read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => ready!(self.0.poll_readable(cx))?,
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            match self.0.get_ref().write_vectored(bufs) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => ready!(self.0.poll_writable(cx))?,
                done => return Poll::Ready(done),
            }
        }
    }
}

struct Timer {
    epoch: time::Instant,
    at: Option<time::Instant>,
    timer: async_io::Timer,
}

impl rt::Timer for Timer {
    fn reset(&mut self, at: Instant) {
        // An instant that std cannot express is centuries away: as good as never.
        self.at = self.epoch.checked_add(at - Instant::ZERO);
        match self.at {
            Some(at) => self.timer.set_at(at),
            None => self.timer = async_io::Timer::never(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // async-io's timer fires once; ours stays ready until it is armed anew.
        if self.at.is_some_and(|at| at <= time::Instant::now()) {
            return Poll::Ready(());
        }
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}
