//! The driver's runtime: its clock is virtual, its sockets lead into the simulated network.
//!
//! It is as strict as the trait allows: a waker is woken once and forgotten, a timer that is armed anew forgets who
//! had waited. What is alive of sockets, timers and attempts is counted, to see that nothing is left behind.

use super::hub::Hub;
use crate::network::{Moved, SocketId, Stage};
use crate::world::UNIX_TIME;
use couchbase_core::Instant;
use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer};
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Wake-ups of timers have their own numbers, apart from the script's.
pub(super) const TIMERS: u64 = 1 << 32;

pub(super) struct SimRuntime(pub(super) Arc<Hub>);

impl Runtime for SimRuntime {
    fn now(&self) -> Instant {
        if let Some(interrupt) = self.0.take_interruption() {
            interrupt();
        }
        self.0.world().now
    }

    fn timer(&self) -> Box<dyn Timer> {
        Box::new(SimTimer::new(self.0.clone()))
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        let mut wakers = self.0.wakers();
        wakers.queries += 1;
        let query = wakers.queries;
        drop(wakers);
        self.0.world().resolve(query, host, port);
        Box::pin(Resolving { hub: self.0.clone(), query, _alive: Alive::new(&self.0) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        Box::pin(Connecting { hub: self.0.clone(), addr, socket: None, alive: Some(Alive::new(&self.0)) })
    }

    fn spawn(&self, task: BoxFuture<()>) {
        self.0.spawned().push(task);
    }

    fn unix_time(&self) -> Duration {
        UNIX_TIME + (self.now() - Instant::ZERO)
    }

    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        let random = &mut self.0.world().random;
        for part in seed.chunks_mut(8) {
            part.copy_from_slice(&random.next().to_be_bytes());
        }
        seed
    }
}

/// Counts what is alive.
struct Alive(Arc<Hub>);

impl Alive {
    fn new(hub: &Arc<Hub>) -> Self {
        hub.wakers().alive += 1;
        Self(hub.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.wakers().alive -= 1;
    }
}

struct Resolving {
    hub: Arc<Hub>,
    query: u64,
    _alive: Alive,
}

impl Future for Resolving {
    type Output = io::Result<Vec<SocketAddr>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut wakers = self.hub.wakers();
        match wakers.resolved.remove(&self.query) {
            Some(addrs) if addrs.is_empty() => {
                Poll::Ready(Err(io::Error::new(ErrorKind::NotFound, "no such host")))
            }
            Some(addrs) => Poll::Ready(Ok(addrs)),
            None => {
                wakers.resolving.insert(self.query, cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

struct Connecting {
    hub: Arc<Hub>,
    addr: SocketAddr,
    socket: Option<SocketId>,
    alive: Option<Alive>,
}

impl Future for Connecting {
    type Output = io::Result<Box<dyn Socket>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let addr = self.addr;
        let socket = match self.socket {
            Some(socket) => socket,
            None => {
                let socket = self.hub.world().dial(addr);
                self.socket = Some(socket);
                socket
            }
        };
        let stage = self.hub.world().sockets[socket.0].stage;
        match stage {
            Stage::Dialing => {
                self.hub.wakers().read.insert(socket, cx.waker().clone());
                Poll::Pending
            }
            Stage::Refused | Stage::Closed => {
                self.socket = None;
                Poll::Ready(Err(ErrorKind::ConnectionRefused.into()))
            }
            Stage::Open | Stage::Reset => {
                self.socket = None;
                let alive = self.alive.take().expect("it has not been ready before");
                Poll::Ready(Ok(Box::new(SimSocket { hub: self.hub.clone(), socket, _alive: alive })))
            }
        }
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Some(socket) = self.socket {
            self.hub.close(socket);
        }
    }
}

struct SimSocket {
    hub: Arc<Hub>,
    socket: SocketId,
    _alive: Alive,
}

impl Socket for SimSocket {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        assert!(!buf.is_empty(), "the driver reads into nothing");
        let moved = self.hub.world().read(self.socket, buf);
        match moved {
            Moved::Bytes(count) => Poll::Ready(Ok(count)),
            Moved::Eof => Poll::Ready(Ok(0)),
            Moved::Reset => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Moved::Blocked => {
                self.hub.wakers().read.insert(self.socket, cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut written = 0;
        for buf in bufs.iter().filter(|buf| !buf.is_empty()) {
            let moved = self.hub.world().write(self.socket, buf);
            match moved {
                Moved::Bytes(count) => {
                    written += count;
                    if count < buf.len() {
                        break;
                    }
                }
                Moved::Blocked if written == 0 => {
                    self.hub.wakers().write.insert(self.socket, cx.waker().clone());
                    return Poll::Pending;
                }
                Moved::Blocked => break,
                Moved::Eof | Moved::Reset => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            }
        }
        assert!(written > 0, "the driver writes nothing");
        Poll::Ready(Ok(written))
    }
}

impl Drop for SimSocket {
    fn drop(&mut self) {
        self.hub.close(self.socket);
    }
}

pub(super) struct SimTimer {
    hub: Arc<Hub>,
    id: u64,
    at: Option<Instant>,
    _alive: Alive,
}

impl SimTimer {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        let mut wakers = hub.wakers();
        wakers.timer_count += 1;
        let id = TIMERS + wakers.timer_count;
        drop(wakers);
        Self { id, at: None, _alive: Alive::new(&hub), hub }
    }
}

impl Timer for SimTimer {
    fn reset(&mut self, at: Instant) {
        self.at = Some(at);
        self.hub.wakers().timers.remove(&self.id);
        self.hub.world().plan_wake(at, self.id);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.hub.world().now;
        if self.at.is_some_and(|at| at <= now) {
            return Poll::Ready(());
        }
        self.hub.wakers().timers.insert(self.id, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for SimTimer {
    fn drop(&mut self) {
        self.hub.wakers().timers.remove(&self.id);
    }
}
