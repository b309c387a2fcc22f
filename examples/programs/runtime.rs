//! A whole runtime on std: threads for tasks, non-blocking sockets, a millisecond ticker for readiness.

mod cluster;

use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer, blocking_resolve, std_socket};
use couchbase_core::{Config, Instant};
use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::task::{Context, Poll};
use std::{thread, time};

struct Threads(time::Instant);
struct Tcp(TcpStream);
struct Sleep(time::Instant, Option<Instant>);

fn tick<T>(cx: &mut Context<'_>) -> Poll<T> {
    let waker = cx.waker().clone();
    thread::spawn(move || (thread::sleep(time::Duration::from_millis(1)), waker.wake()));
    Poll::Pending
}

impl Runtime for Threads {
    fn now(&self) -> Instant {
        self.0.elapsed().into()
    }
    fn timer(&self) -> Box<dyn Timer> {
        Box::new(Sleep(self.0, None))
    }
    fn spawn(&self, task: BoxFuture<()>) {
        thread::spawn(|| futures::executor::block_on(task));
    }
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        blocking_resolve(host, port)
    }
    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        Box::pin(async move { Ok(Box::new(Tcp(std_socket(addr)?)) as Box<dyn Socket>) })
    }
}
fn unless_blocked(tried: io::Result<usize>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    match tried {
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => tick(cx),
        done => Poll::Ready(done),
    }
}

impl Socket for Tcp {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        unless_blocked(self.0.read(buf), cx)
    }
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        unless_blocked(self.0.write_vectored(bufs), cx)
    }
}
impl Timer for Sleep {
    fn reset(&mut self, at: Instant) {
        self.1 = Some(at);
    }
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.1.is_some_and(|at| Instant::from(self.0.elapsed()) >= at) {
            Poll::Ready(())
        } else {
            tick(cx)
        }
    }
}

fn main() -> couchbase_core::Result<()> {
    let cb = couchbase_core::open(Config::new(cluster::address()), Threads(time::Instant::now()))?;
    futures::executor::block_on(cb.set("foo", "bar"))?;
    Ok(())
}
